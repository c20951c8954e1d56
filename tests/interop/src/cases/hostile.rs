//! Sections 4.3, 7.1 and vectors V14: what a peer may not do, and how little it takes others with it.

use std::time::Duration;

use crate::bench::{Bench, Cases};
use crate::check;
use crate::framing::{Socket, Transport};
use crate::identity::random;
use crate::messages::{ask, encode, LARGEST};
use crate::node::ECHO;
use crate::peer::{dial, Peer};
use crate::problem::{During, Problem, Result};

/// A source that the connection's peer is not, or that no process can have.
fn bad_source(bench: &Bench, transport: Transport, source: impl Fn(&Peer) -> String) -> Result<()> {
    for target in [ECHO, "net:distro:sys", "nobody:is:here"] {
        let mut peer = bench.peer(transport)?;
        let mut request = ask(1, "a", &bench.node().at(target), b"hello");
        request.source = source(&peer);
        request.rsvp = Some(peer.me.at("a:b:c"));
        peer.send(&request)?;
        peer.expect_closed().during(&format!("source `{}`, target {target}", request.source))?;
    }
    Ok(())
}

fn spoofed(bench: &Bench, transport: Transport) -> Result<()> {
    let other = bench.known_person(bench.node(), "other")?.name;
    let node = bench.node().known.name.clone();
    for name in [other, node, "our".to_string(), "nobody.dev".to_string()] {
        bad_source(bench, transport, move |_| format!("{name}@hi:terminal:sys"))?;
    }
    Ok(())
}

fn unsafe_process(bench: &Bench, transport: Transport) -> Result<()> {
    for process in [
        "Upper:b:c",
        "a:b:Upper.os",
        "under_score:b:c",
        "a b:b:c",
        "\u{e9}:b:c",
        "a.b:b:c",
        "a:b.b:c",
        "a:b/c:d",
        "a\n:b:c",
    ] {
        bad_source(bench, transport, |peer| peer.me.at(process))?;
    }
    // A publisher may have a dot.
    let mut peer = bench.peer(transport)?;
    let request = ask(1, &peer.me.at("a-1:b-2:c.d.os"), &bench.node().at(ECHO), b"hello");
    peer.call(&request).map(|_| ())
}

/// B6: a message for another node ends the connection, and that node hears nothing.
fn foreign_target(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let mut third = bench.peer(Transport::Ws)?;
    third.expect_alive()?;
    for process in [ECHO, "net:distro:sys", "nobody:is:here"] {
        let mut peer = bench.peer(transport)?;
        let request = ask(1, &peer.me.at("a:b:c"), &third.me.at(process), b"pass it on");
        peer.send(&request)?;
        peer.expect_closed().during(process)?;
    }
    third.expect_alive()
}

fn replayed(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    let hello = peer.hello(1, "once");
    let frame = peer.seal_message(&hello).remove(0);
    peer.send_length(encode(&hello).len())?;
    peer.socket.write_frame(&frame)?;
    let answer = peer.receive().during("the first answer")?;
    crate::same!(answer.id, 1, "id of the first answer");
    peer.send_length(encode(&hello).len())?;
    peer.socket.write_frame(&frame)?;
    peer.expect_closed()
}

fn reordered(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    let (one, two) = (peer.hello(1, "first"), peer.hello(2, "later"));
    let (first, second) = (peer.seal_message(&one).remove(0), peer.seal_message(&two).remove(0));
    for frame in [second, first] {
        // After the first of them the connection may be gone.
        let sent = peer.send_length(encode(&one).len()).and_then(|_| peer.socket.write_frame(&frame));
        check!(sent.is_ok() || sent == Err(Problem::Closed), "{sent:?}");
    }
    peer.expect_closed()
}

fn altered(bench: &Bench, transport: Transport) -> Result<()> {
    for place in [0, 20, usize::MAX] {
        let mut peer = bench.peer(transport)?;
        let hello = peer.hello(1, "hello");
        let mut frame = peer.seal_message(&hello).remove(0);
        let place = place.min(frame.len() - 1);
        frame[place] ^= 0x80;
        peer.send_length(encode(&hello).len())?;
        peer.socket.write_frame(&frame)?;
        peer.expect_closed().during(&format!("byte {place}"))?;
    }
    Ok(())
}

fn cut(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    let hello = peer.hello(1, "hello");
    let frame = peer.seal_message(&hello).remove(0);
    peer.send_length(encode(&hello).len())?;
    peer.socket.write_frame(&frame[..frame.len() - 1])?;
    peer.expect_closed()
}

fn random_frames(bench: &Bench, transport: Transport) -> Result<()> {
    for size in [0usize, 1, 15, 16, 17, 1000, 65_535] {
        let mut peer = bench.peer(transport)?;
        let seed: [u8; 32] = random();
        let frame: Vec<u8> = (0..size).map(|index| seed[index % 32].wrapping_add((index / 32) as u8)).collect();
        peer.send_length(88)?;
        peer.socket.write_frame(&frame)?;
        peer.expect_closed().during(&format!("{size} bytes"))?;
    }
    Ok(())
}

/// Random bytes in place of a handshake: whatever they are as lengths, the connection ends.
fn garbage(bench: &Bench, transport: Transport) -> Result<()> {
    for _ in 0..5 {
        let mut socket = dial(&bench.node().known, transport)?;
        let noise: [u8; 3000] = random();
        let _ = socket.write_raw(&noise);
        match socket.expect_closed(Duration::from_secs(8)) {
            Err(Problem::Wrong(what)) if !what.contains("not closed") => {} // what came is no frame either
            other => other?,
        }
    }
    Ok(())
}

/// As HTTP on the port for TCP.
fn http_on_tcp(bench: &Bench) -> Result<()> {
    let mut socket = dial(&bench.node().known, Transport::Tcp)?;
    socket.write_raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    socket.expect_closed(Duration::from_secs(8))
}

fn message_of_no_bytes(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    peer.send_bytes(&[])?;
    if transport == Transport::Ws {
        peer.send_chunk(&0u32.to_be_bytes())?;
    }
    peer.expect_closed()
}

/// Over TCP: a chunk of more than is left, and an empty one.
fn chunk_of_more_than_is_left(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    let hello = encode(&peer.hello(1, "hello"));
    peer.send_length(hello.len() - 1)?;
    peer.send_chunk(&hello)?;
    peer.expect_closed()
}

fn empty_chunk(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    peer.send_length(88)?;
    peer.send_chunk(&[])?;
    peer.expect_closed()
}

/// Over WebSocket: the length does not fit in the first chunk.
fn first_chunk_of_three_bytes(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Ws)?;
    peer.send_chunk(&[0, 0, 0])?;
    peer.expect_closed()
}

/// B10: what is announced is refused before it comes.
fn announced(bench: &Bench, transport: Transport, size: u32) -> Result<()> {
    if bench.foreign() && transport == Transport::Tcp {
        return Ok(());
    }
    let mut peer = bench.peer(transport)?;
    match transport {
        Transport::Tcp => peer.send_length(size as usize)?,
        Transport::Ws => {}
    }
    let first = match transport {
        Transport::Tcp => vec![0x96; 100],
        Transport::Ws => [&size.to_be_bytes()[..], &[0x96; 100]].concat(),
    };
    let sent = peer.send_chunk(&first);
    check!(sent.is_ok() || sent == Err(Problem::Closed), "{sent:?}");
    peer.expect_closed()
}

/// B32: who says nothing keeps nobody else out.
fn many_silent_ones(bench: &Bench) -> Result<()> {
    let known = &bench.node().known;
    let mut silent: Vec<Socket> = Vec::new();
    for _ in 0..100 {
        match dial(known, Transport::Tcp) {
            Ok(socket) => silent.push(socket),
            Err(_) => break,
        }
    }
    let me = bench.known_person(bench.node(), "peer")?;
    for _ in 0..50 {
        match Peer::connect(&me, known, Transport::Ws).and_then(|mut peer| peer.expect_alive()) {
            Ok(()) => return Ok(()),
            Err(_) if bench.foreign() => return Ok(()),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
    Err("a peer cannot connect in 10 s beside 100 silent strangers".into())
}

pub fn cases(cases: &mut Cases) {
    cases.group("Hostile");
    cases.both("spoofed_source", spoofed);
    cases.both("unsafe_process_name", unsafe_process);
    cases.both("foreign_target_B6", foreign_target);
    cases.both("replayed_frame", replayed);
    cases.both("reordered_frames", reordered);
    cases.both("altered_frame", altered);
    cases.both("cut_frame", cut);
    cases.both("random_frames", random_frames);
    cases.both("garbage_in_place_of_a_handshake", garbage);
    cases.add("http_on_tcp", http_on_tcp);
    cases.both("message_of_no_bytes", message_of_no_bytes);
    cases.add("chunk_of_more_than_is_left_tcp", chunk_of_more_than_is_left);
    cases.add("empty_chunk_tcp", empty_chunk);
    cases.add("first_chunk_of_three_bytes_ws", first_chunk_of_three_bytes);
    cases.both("announced_10485801", |bench, transport| announced(bench, transport, LARGEST as u32 + 1));
    cases.both("announced_1_GiB_B10", |bench, transport| announced(bench, transport, 1 << 30));
    cases.both("announced_4_GiB_B10", |bench, transport| announced(bench, transport, u32::MAX));
    cases.add("many_silent_ones_B32", many_silent_ones);
}
