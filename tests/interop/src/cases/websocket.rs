//! Section 4.1: what is particular to WebSocket.

use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::Message;

use crate::bench::{Bench, Cases};
use crate::framing::{Socket, Transport};
use crate::noise::{Handshake, Role};
use crate::peer::{dial, Peer, PATIENCE};
use crate::problem::{During, Problem, Result};
use crate::{check, same};

fn peer(bench: &Bench) -> Result<Peer> {
    bench.peer(Transport::Ws)
}

fn text_after_the_handshake(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    peer.socket.ws().send(Message::text("hello"))?;
    peer.expect_closed()
}

fn text_in_the_handshake(bench: &Bench) -> Result<()> {
    let mut socket = dial(&bench.node().known, Transport::Ws)?;
    socket.ws().send(Message::text("x".repeat(32)))?;
    socket.expect_closed(Duration::from_secs(4))
}

fn empty_binary(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    peer.socket.ws().send(Message::binary(Vec::new()))?;
    peer.expect_closed()
}

fn close(bench: &Bench) -> Result<()> {
    for frame in [None, Some(CloseFrame { code: CloseCode::Normal, reason: "bye".into() })] {
        let mut peer = peer(bench)?;
        peer.socket.ws().send(Message::Close(frame))?;
        peer.expect_closed()?;
    }
    Ok(())
}

fn ping_is_answered(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    for payload in [&b""[..], b"12345678", &[7; 125]] {
        peer.socket.ws().send(Message::Ping(payload.to_vec().into()))?;
        peer.expect_alive()?;
        same!(peer.socket.ws().pongs.pop(), Some(payload.to_vec()), "payload of the pong");
    }
    peer.socket.ws().send(Message::Pong(b"unasked".to_vec().into()))?;
    peer.expect_alive().during("after an unasked pong")
}

fn ping_in_the_handshake(bench: &Bench) -> Result<()> {
    let me = bench.known_person(bench.node(), "peer")?;
    let mut socket = dial(&bench.node().known, Transport::Ws)?;
    socket.ws().send(Message::Ping(b"already".to_vec().into()))?;
    let mut peer = Peer::initiate(socket, crate::peer::Claim::of(&me), &me, &bench.node().known)?;
    peer.expect_alive()?;
    same!(peer.socket.ws().pongs.len(), 1, "pongs");
    Ok(())
}

fn fragmented(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    let hello = peer.hello(1, "in fragments");
    let sealed = peer.seal_message(&hello).remove(0);
    let parts: Vec<&[u8]> = sealed.chunks(10).collect();
    for (index, part) in parts.iter().enumerate() {
        let kind = if index == 0 { Data::Binary } else { Data::Continue };
        let frame = Frame::message(part.to_vec(), OpCode::Data(kind), index + 1 == parts.len());
        peer.socket.ws().send(Message::Frame(frame))?;
        if index == 1 {
            peer.socket.ws().send(Message::Ping(b"between".to_vec().into()))?;
        }
    }
    same!(peer.receive()?, hello.answer(b"ack"), "the answer");
    Ok(())
}

/// As a client must not send it.
fn unmasked(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    let hello = peer.hello(1, "unmasked");
    let sealed = peer.seal_message(&hello).remove(0);
    check!(sealed.len() > 125, "the length is in two bytes");
    let frame = [&[0x82, 126][..], &(sealed.len() as u16).to_be_bytes(), &sealed].concat();
    peer.socket.write_raw(&frame)?;
    peer.expect_closed()
}

/// A frame of more than any may have, before and after the handshake: refused at its header.
fn oversize_frame(bench: &Bench) -> Result<()> {
    let header = [&[0x82, 0xff][..], &(16u64 * 1024 * 1024 + 1).to_be_bytes(), &[1, 2, 3, 4]].concat();
    let mut socket = dial(&bench.node().known, Transport::Ws)?;
    socket.write_raw(&header)?;
    socket.expect_closed(Duration::from_secs(4)).during("before the handshake")?;
    let mut peer = peer(bench)?;
    peer.socket.write_raw(&header)?;
    peer.expect_closed().during("after the handshake")
}

/// Fragments without end: cut off, at 64 MiB at the latest.
fn endless_message(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    let part = vec![0; 1 << 20];
    for index in 0..66 {
        let kind = if index == 0 { Data::Binary } else { Data::Continue };
        let frame = Frame::message(part.clone(), OpCode::Data(kind), false);
        match peer.socket.ws().send(Message::Frame(frame)) {
            Ok(()) => {}
            Err(Problem::Closed) => return Ok(()),
            Err(other) => return Err(other),
        }
    }
    peer.expect_closed()
}

fn other_requests(bench: &Bench) -> Result<()> {
    let port = bench.node().known.reach.ws.ok_or("no port for WebSocket")?;
    let me = bench.known_person(bench.node(), "peer")?;
    // Any path and host; offers are ignored.
    let request = tungstenite::http::Request::builder()
        .uri(format!("ws://127.0.0.1:{port}/any/path?x=1"))
        .header("Host", "elsewhere.example")
        .header("Origin", "http://elsewhere.example")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
        .body(())
        .expect("the request is complete");
    let socket = Socket::dial_with(request, port)?;
    Peer::initiate(socket, crate::peer::Claim::of(&me), &me, &bench.node().known)?.expect_alive()
}

fn no_upgrade(bench: &Bench) -> Result<()> {
    let port = bench.node().known.reach.ws.ok_or("no port for WebSocket")?;
    for request in
        ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "hello\r\n\r\n", "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n"]
    {
        let mut socket = Socket::dial(Transport::Tcp, port)?;
        socket.write_raw(request.as_bytes())?;
        // It may say so before.
        let mut answer = Vec::new();
        socket.stream().set_read_timeout(Some(Duration::from_secs(8)))?;
        match std::io::Read::read_to_end(socket.stream(), &mut answer) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Err(format!("not closed after {request:?}").into())
            }
            _ => check!(!answer.starts_with(b"HTTP/1.1 101"), "upgraded after {request:?}"),
        }
    }
    Ok(())
}

/// Message 1 as fragments: what comes before the identity is known is bounded, and still a message.
fn fragmented_message_1(bench: &Bench) -> Result<()> {
    let mut socket = dial(&bench.node().known, Transport::Ws)?;
    let first = Handshake::new(Role::Initiator).write(&[]);
    socket.ws().send(Message::Frame(Frame::message(first[..10].to_vec(), OpCode::Data(Data::Binary), false)))?;
    socket.ws().send(Message::Frame(Frame::message(first[10..].to_vec(), OpCode::Data(Data::Continue), true)))?;
    check!(socket.read_frame(PATIENCE).during("message 2")?.len() > 96, "message 2 is short");
    Ok(())
}

/// After 30 s without a message of its own the node pings.
fn ping_after_30_s(bench: &Bench) -> Result<()> {
    let mut peer = peer(bench)?;
    peer.expect_alive()?;
    let begin = Instant::now();
    match peer.socket.ws().read_any(Duration::from_secs(36))? {
        Message::Ping(payload) => check!(payload.is_empty(), "a ping with {} bytes", payload.len()),
        other => return Err(format!("came in place of a ping: {other:?}").into()),
    }
    let seconds = begin.elapsed().as_secs_f64();
    check!((28.0..35.0).contains(&seconds), "the ping came after {seconds:.1} s");
    peer.expect_alive()
}

/// Neither side says a thing; neither hangs up.
fn quiet_tcp(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    peer.expect_silence(Duration::from_secs(31))?;
    peer.expect_alive()
}

pub fn pings(cases: &mut Cases) {
    cases.group("Quiet");
    cases.add("ping_after_30_s_ws", ping_after_30_s);
    cases.add("nothing_for_31_s_tcp", quiet_tcp);
}

pub fn cases(cases: &mut Cases) {
    cases.group("WebSocket");
    cases.add("text_after_the_handshake", text_after_the_handshake);
    cases.add("text_in_the_handshake", text_in_the_handshake);
    cases.add("empty_binary", empty_binary);
    cases.add("close", close);
    cases.add("ping_is_answered", ping_is_answered);
    cases.add("ping_in_the_handshake", ping_in_the_handshake);
    cases.add("fragmented", fragmented);
    cases.add("fragmented_message_1", fragmented_message_1);
    cases.add("unmasked_frame", unmasked);
    cases.add("oversize_frame", oversize_frame);
    cases.add("endless_message", endless_message);
    cases.add("other_requests", other_requests);
    cases.add("no_upgrade", no_upgrade);
}
