//! Section 4.3 and vectors V8: messages around the bounds of a chunk and of all messages, to the byte, both ways.

use std::time::Duration;

use crate::bench::{Bench, Cases};
use crate::framing::Transport;
use crate::messages::{ask, encode, KernelMessage, LARGEST};
use crate::node::ECHO;
use crate::noise::TAG;
use crate::peer::{Peer, CHUNK, PATIENCE};
use crate::problem::{During, Problem, Result};
use crate::{check, same};

const SIZES: [usize; 6] = [65_515, 65_516, 65_519, 65_520, 131_038, LARGEST];

/// A request of exactly so many bytes.
fn request_of(peer: &Peer, size: usize, rsvp: bool) -> KernelMessage {
    let mut request = ask(1, &peer.me.at("asker:interop:test.os"), &format!("{}@{ECHO}", peer.other), b"");
    if !rsvp {
        request.rsvp = None;
    }
    request.request_mut().body = vec![0x41; 70_000.min(size - 1000)];
    let missing = size - encode(&request).len();
    let body = &mut request.request_mut().body;
    body.resize(body.len() + missing, 0x41);
    // The array's header grows beyond 65 535.
    let surplus = encode(&request).len() - size;
    let body = &mut request.request_mut().body;
    body.truncate(body.len() - surplus);
    assert_eq!(encode(&request).len(), size);
    request
}

/// The sizes on the wire of a message's frames.
fn frames_of(transport: Transport, size: usize) -> Vec<usize> {
    let mut rest = if transport == Transport::Ws { size + 4 } else { size };
    let mut frames = Vec::new();
    while rest > 0 {
        frames.push(rest.min(CHUNK) + TAG);
        rest -= rest.min(CHUNK);
    }
    frames
}

fn to_the_node(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    for size in SIZES {
        let request = request_of(&peer, size, true);
        let answer = peer.call(&request).during(&format!("{size} bytes"))?;
        check!(answer.body() == request.body(), "{size} bytes come back changed");
    }
    // The counters are still the same on both sides.
    peer.expect_alive()
}

/// The answer is two bytes longer than a request without rsvp.
fn from_the_node(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    for size in SIZES {
        let request = request_of(&peer, size - 2, false);
        let answer = peer.call(&request).during(&format!("{size} bytes"))?;
        same!(peer.size, size, "bytes of the answer");
        check!(answer.body() == request.body(), "{size} bytes come back changed");
        same!(peer.frames, frames_of(transport, size), format!("frames of {size} bytes"));
    }
    peer.expect_alive()
}

fn too_large(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() && transport == Transport::Tcp {
        return Ok(());
    }
    let mut peer = bench.peer(transport)?;
    let request = request_of(&peer, LARGEST + 1, true);
    // It may hang up at the first chunk.
    let sent = peer.send_bytes(&encode(&request));
    check!(sent.is_ok() || sent == Err(Problem::Closed), "{sent:?}");
    peer.expect_closed()
}

/// What a process of the node makes too large never goes out; others are served.
fn too_large_from_the_node(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    let request = request_of(&peer, LARGEST - 1, false);
    peer.send(&request)?;
    match peer.receive_within(Duration::from_secs(3)) {
        Ok(message) => return Err(format!("{} bytes came", encode(&message).len()).into()),
        Err(Problem::Closed) => {}
        Err(Problem::Late) => peer.expect_alive()?,
        Err(other) => return Err(other),
    }
    bench.peer(transport)?.expect_alive()
}

fn small_chunks(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    let least = if transport == Transport::Ws { 4 } else { 1 };
    for size in [least, 5, 17, 88] {
        let hello = peer.hello(size as u64, "in small chunks");
        peer.send_in_chunks(&encode(&hello), size)?;
        let answer = peer.receive().during(&format!("chunks of {size} bytes"))?;
        same!(answer, hello.answer(b"ack"), "the answer");
    }
    Ok(())
}

/// In several writes, and several messages in one.
fn in_pieces(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    let hello = peer.hello(1, "in pieces");
    let frame = peer.seal_message(&hello).remove(0);
    let bytes = encode(&hello);
    let wire = [&(bytes.len() as u32).to_be_bytes()[..], &(frame.len() as u16).to_be_bytes(), &frame].concat();
    for piece in wire.chunks(7) {
        peer.socket.write_raw(piece)?;
        std::thread::yield_now();
    }
    same!(peer.receive()?, hello.answer(b"ack"), "the answer");
    // Two in one write.
    let (one, two) = (peer.hello(2, "one"), peer.hello(3, "two"));
    let mut wire = Vec::new();
    for hello in [&one, &two] {
        let frame = peer.seal_message(hello).remove(0);
        wire.extend((encode(hello).len() as u32).to_be_bytes());
        wire.extend((frame.len() as u16).to_be_bytes());
        wire.extend(frame);
    }
    peer.socket.write_raw(&wire)?;
    same!(peer.receive()?.id, 2, "the first of two");
    same!(peer.receive()?.id, 3, "the second of two");
    Ok(())
}

/// The same over a connection that the node made: keys and counters are those of the other direction.
fn on_a_dialled_connection(bench: &Bench, transport: Transport) -> Result<()> {
    let (me, listener) = bench.listening_person(bench.node(), transport)?;
    let asking = bench.node().request(&me.name, "net:distro:sys", "hello", 14);
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &bench.node().known)?;
    let hello = peer.receive()?;
    peer.send(&hello.answer(b"ack"))?;
    asking.join().expect("it does not panic")?;
    for size in SIZES {
        let request = request_of(&peer, size - 2, false);
        let answer = peer.call(&request).during(&format!("{size} bytes"))?;
        check!(answer.body() == request.body(), "{size} bytes come back changed");
        same!(peer.frames, frames_of(transport, size), format!("frames of {size} bytes"));
    }
    peer.expect_alive()
}

/// One after the other on one connection.
fn several_large(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    for round in 0..20 {
        let mut request = request_of(&peer, 200_000, true);
        request.id = round;
        peer.call(&request).during(&format!("round {round}"))?;
    }
    peer.expect_alive()
}

pub fn cases(cases: &mut Cases) {
    cases.group("Sizes");
    cases.both("to_the_node", to_the_node);
    cases.both("from_the_node", from_the_node);
    cases.both("on_a_dialled_connection", on_a_dialled_connection);
    cases.both("10485801_bytes", too_large);
    cases.both("10485801_bytes_from_the_node", too_large_from_the_node);
    cases.both("small_chunks", small_chunks);
    cases.add("in_pieces_tcp", in_pieces);
    cases.both("several_large", several_large);
}
