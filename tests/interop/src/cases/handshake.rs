//! Sections 4.2 to 4.4: the handshake in both roles, what is refused in it, and for how long it may take.

use std::time::{Duration, Instant};

use rmpv::Value;

use crate::bench::{Bench, Cases};
use crate::framing::{Socket, Transport};
use crate::identity::{Person, Reach};
use crate::messages::encode;
use crate::node::{Node, Source};
use crate::noise::{Handshake, Role};
use crate::peer::{dial, marker, Claim, Peer, PATIENCE};
use crate::problem::{During, Result};
use crate::shapes::{bytes_as_bin, named, with_less, with_more, PAYLOAD};
use crate::{check, same};

fn initiator(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    check!(!peer.introduction.payload.proxy_request, "a responder asks to be proxied");
    peer.expect_alive()
}

/// Has the node dial us, and answers its request over what came of the handshake.
fn let_dial(bench: &Bench, transport: Transport, claim: impl Fn(&Person) -> Claim) -> Result<Peer> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let asking = node.request(&me.name, "net:distro:sys", "hello there", 20);
    let mut peer = Peer::respond_as(listener.accept(PATIENCE)?, claim(&me), &me, &node.known)?;
    let request = peer.receive().during("the node's request")?;
    same!(request.body(), b"hello there", "its body");
    peer.send(&request.answer(b"ack"))?;
    let answer = asking.join().expect("it does not panic")?;
    same!(answer.body, b"ack", "what the node's process got");
    Ok(peer)
}

fn responder(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = let_dial(bench, transport, Claim::of)?;
    check!(!peer.introduction.payload.proxy_request, "the node asks to be proxied");
    peer.expect_alive()
}

fn claimed(bench: &Bench, transport: Transport, claim: impl Fn(&Person) -> Claim) -> Result<()> {
    let me = bench.known_person(bench.node(), "peer")?;
    Peer::connect_as(claim(&me), &me, &bench.node().known, transport)?.expect_alive().during("as initiator")?;
    let_dial(bench, transport, claim).during("as responder").map(|_| ())
}

fn refused(bench: &Bench, transport: Transport, claim: impl Fn(&Person) -> Claim) -> Result<()> {
    let me = bench.known_person(bench.node(), "peer")?;
    let mut peer = Peer::connect_as(claim(&me), &me, &bench.node().known, transport)?;
    peer.expect_closed().during("as initiator")?;
    refused_as_responder(bench, transport, claim).during("as responder")
}

/// The node hangs up, and whoever waits for the answer hears so before its time is over.
fn refused_as_responder(bench: &Bench, transport: Transport, claim: impl Fn(&Person) -> Claim) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let begin = Instant::now();
    let asking = node.request(&me.name, "net:distro:sys", "hello", 30);
    let mut socket = listener.accept(PATIENCE)?;
    let mut noise = Handshake::new(Role::Responder);
    noise.read(&socket.read_frame(PATIENCE)?)?;
    let claim = claim(&me);
    let mut payload = claim.payload.clone();
    if let Some(signer) = &claim.signer {
        payload.signature = signer.sign(&noise.static_public);
    }
    let mut bytes = crate::shapes::bytes_of(&(claim.form)(crate::shapes::value_of(&payload)));
    bytes.extend_from_slice(&claim.tail);
    socket.write_frame(&noise.write(&bytes))?;
    socket.expect_closed(Duration::from_secs(10))?;
    let answer = asking.join().expect("it does not panic")?;
    check!(answer.body != b"ack", "the request was answered");
    check!(begin.elapsed() < Duration::from_secs(12), "told only after {:?}", begin.elapsed());
    Ok(())
}

fn unknown_name(bench: &Bench, transport: Transport) -> Result<()> {
    let stranger = bench.person("stranger");
    Peer::connect(&stranger, &bench.node().known, transport)?.expect_closed()
}

/// The name of a node that is known, with one's own key.
fn foreign_name(bench: &Bench, transport: Transport) -> Result<()> {
    let other = bench.known_person(bench.node(), "other")?;
    refused(bench, transport, move |me| Claim::of(me).name(&other.name))
}

/// A responder that is somebody else, whom the node knows as well, and who proves it (B23).
fn another_responder(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let other = bench.known_person(bench.node(), "other")?;
    refused_as_responder(bench, transport, move |_| Claim::of(&other))
}

fn first_frame(bench: &Bench, transport: Transport, frame: &[u8]) -> Result<()> {
    let mut socket = dial(&bench.node().known, transport)?;
    socket.write_frame(frame)?;
    socket.expect_closed(Duration::from_secs(10)).during(&format!("after {} bytes", frame.len()))
}

fn first_frames(bench: &Bench, transport: Transport) -> Result<()> {
    for size in [0, 1, 31, 33, 100, 65_535] {
        first_frame(bench, transport, &vec![0x5a; size])?;
    }
    Ok(())
}

fn third_message(bench: &Bench, transport: Transport, change: impl Fn(&mut Vec<u8>)) -> Result<()> {
    let me = bench.known_person(bench.node(), "peer")?;
    let mut socket = dial(&bench.node().known, transport)?;
    let mut noise = Handshake::new(Role::Initiator);
    socket.write_frame(&noise.write(&[]))?;
    noise.read(&socket.read_frame(PATIENCE)?)?;
    let payload = crate::messages::HandshakePayload {
        protocol_version: 1,
        name: me.name.clone(),
        signature: me.sign(&noise.static_public),
        proxy_request: false,
    };
    let mut third = noise.write(&encode(&payload));
    change(&mut third);
    socket.write_frame(&third)?;
    socket.expect_closed(Duration::from_secs(10))
}

/// Points of small order: whoever takes one agrees on a key that everybody knows.
fn low_order(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let mut one = [0; 32];
    one[0] = 1;
    first_frame(bench, transport, &[0; 32]).during("a key of zeros")?;
    first_frame(bench, transport, &one).during("the key 1")
}

fn is_marked(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    same!(bench.peer(transport)?.introduction.tail, marker(), "behind the payload of message 2");
    same!(let_dial(bench, transport, Claim::of)?.introduction.tail, marker(), "behind the payload of message 3");
    Ok(())
}

/// A node that is told of its peers by messages of a process alone (B27: one that may).
fn by_messages(bench: &Bench) -> Result<()> {
    let node = Node::start(&bench.settings, "told.os", Source::Messages, &[])?;
    let me = bench.person("told");
    node.tell(&me, &Reach::refused())?;
    for transport in crate::framing::BOTH {
        Peer::connect(&me, &node.known, transport)?.expect_alive()?;
    }
    // As of the next handshake.
    let listener = crate::framing::Listener::open(Transport::Tcp);
    let anew = Person::new(&me.name);
    node.inject(&crate::messages::NetAction::KnsBatchUpdate(vec![
        anew.update(&crate::bench::reach(&listener)),
        bench.person("another").update(&Reach::refused()),
    ]))?;
    node.tell(&anew, &crate::bench::reach(&listener))?;
    Peer::connect(&me, &node.known, Transport::Tcp)?.expect_closed().during("with the old key")?;
    Peer::connect(&anew, &node.known, Transport::Tcp)?.expect_alive().during("with the new key")
}

fn new_key(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let me = bench.known_person(node, "changed")?;
    let anew = Person::new(&me.name);
    node.tell(&anew, &Reach::refused())?;
    Peer::connect(&me, &node.known, Transport::Tcp)?.expect_closed().during("with the old key")?;
    Peer::connect(&anew, &node.known, Transport::Tcp)?.expect_alive().during("with the new key")
}

fn closed_in(socket: &mut Socket, least: f64, most: f64) -> Result<()> {
    let begin = Instant::now();
    socket.expect_closed(Duration::from_secs_f64(most))?;
    let seconds = begin.elapsed().as_secs_f64();
    check!(seconds >= least, "closed after {seconds:.1} s");
    Ok(())
}

/// Neither message 1 nor 3 comes: 5 s in all, over WebSocket from the upgrade on.
fn silent(bench: &Bench, transport: Transport) -> Result<()> {
    let mut socket = dial(&bench.node().known, transport)?;
    closed_in(&mut socket, 3.5, 8.0)
}

fn silent_after_first(bench: &Bench, transport: Transport) -> Result<()> {
    let mut socket = dial(&bench.node().known, transport)?;
    let begin = Instant::now();
    socket.write_frame(&Handshake::new(Role::Initiator).write(&[]))?;
    socket.read_frame(PATIENCE).during("message 2")?;
    socket.expect_closed(Duration::from_secs(8))?;
    let seconds = begin.elapsed().as_secs_f64();
    check!(seconds >= 3.5, "closed after {seconds:.1} s");
    Ok(())
}

fn silent_before_upgrade(bench: &Bench) -> Result<()> {
    let port = bench.node().known.reach.ws.ok_or("no port for WebSocket")?;
    closed_in(&mut Socket::dial(Transport::Tcp, port)?, 3.5, 8.0)
}

/// Half of a frame's length comes, and nothing after it.
fn silent_in_a_frame(bench: &Bench) -> Result<()> {
    let mut socket = dial(&bench.node().known, Transport::Tcp)?;
    socket.write_raw(&[0])?;
    closed_in(&mut socket, 3.5, 8.0)
}

pub fn silence(cases: &mut Cases) {
    cases.group("Silence");
    cases.both("before_message_1", silent);
    cases.both("after_message_1", silent_after_first);
    cases.add("before_the_upgrade_ws", silent_before_upgrade);
    cases.add("in_a_frame_tcp", silent_in_a_frame);
}

pub fn cases(cases: &mut Cases) {
    cases.group("Handshake");
    cases.both("as_initiator", initiator);
    cases.both("as_responder", responder);
    cases.both("payload_as_map", |bench, transport| {
        claimed(bench, transport, |me| Claim::of(me).form(|value| named(value, &PAYLOAD)))
    });
    cases.both("payload_with_bin", |bench, transport| claimed(bench, transport, |me| Claim::of(me).form(bytes_as_bin)));
    cases.both("payload_with_trailing_bytes", |bench, transport| {
        claimed(bench, transport, |me| Claim::of(me).tail(&[0xc1, 0, 1, 2, 3, 0xff]))
    });
    cases.both("payload_with_the_mark", |bench, transport| claimed(bench, transport, |me| Claim::of(me).marked()));
    cases.both("node_has_the_mark", is_marked);
    cases.both("wrong_version", |bench, transport| {
        [0, 2, 255].into_iter().try_for_each(|version| {
            refused(bench, transport, |me| Claim::of(me).version(version)).during(&format!("version {version}"))
        })
    });
    cases.both("signature_of_another_key", |bench, transport| {
        let other = bench.person("other");
        refused(bench, transport, move |me| Claim::of(me).signed_by(&other))
    });
    cases.both("signature_of_zeros", |bench, transport| {
        refused(bench, transport, |me| Claim::of(me).signature(vec![0; 64]))
    });
    cases.both("short_signature", |bench, transport| {
        refused(bench, transport, |me| Claim::of(me).signature(vec![1; 63]))
    });
    cases.both("empty_signature", |bench, transport| {
        refused(bench, transport, |me| Claim::of(me).signature(Vec::new()))
    });
    cases.both("foreign_name", foreign_name);
    cases.both("unknown_name", unknown_name);
    cases.both("another_responder_B23", another_responder);
    cases.both("missing_field", |bench, transport| refused(bench, transport, |me| Claim::of(me).form(with_less)));
    cases.both("surplus_field", |bench, transport| refused(bench, transport, |me| Claim::of(me).form(with_more)));
    cases.both("payload_is_no_struct", |bench, transport| {
        refused(bench, transport, |me| Claim::of(me).form(|_| Value::from("hello")))
    });
    cases.both("payload_is_empty", |bench, transport| {
        refused(bench, transport, |me| Claim::of(me).form(|_| Value::Array(Vec::new())))
    });
    cases.both("first_frame_of_another_length", first_frames);
    cases.both("low_order_ephemeral", low_order);
    cases.both("altered_message_3", |bench, transport| third_message(bench, transport, |third| third[70] ^= 1));
    cases.both("cut_message_3", |bench, transport| third_message(bench, transport, |third| third.truncate(100)));
    cases.both("empty_message_3", |bench, transport| third_message(bench, transport, Vec::clear));
    cases.both("random_message_3", |bench, transport| {
        third_message(bench, transport, |third| third.iter_mut().for_each(|byte| *byte = byte.wrapping_mul(7) ^ 0x35))
    });
    cases.add("new_key", new_key);
    cases.add("told_by_messages", by_messages);
}
