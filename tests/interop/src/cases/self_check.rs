//! Two peers of this suite with each other: what fails here is no fault of a node.

use std::thread;

use crate::bench::{known_at, Bench, Cases};
use crate::check;
use crate::framing::{Listener, Transport};
use crate::identity::{Known, Person};
use crate::messages::{ask, encode, KernelMessage, LARGEST};
use crate::peer::{Claim, Peer, PATIENCE};
use crate::problem::{During, Result};
use crate::router::{join, take_passage, Indirect};
use crate::{router, same};

fn talk(initiator: &mut Peer, responder: &mut Peer) -> Result<()> {
    for size in [0, 1, 65_515, 65_516, 65_519, 65_520, 131_038] {
        let hello =
            ask(size as u64, &initiator.me.at("hi:terminal:sys"), &responder.me.at("net:distro:sys"), &vec![7; size]);
        initiator.send(&hello)?;
        same!(responder.receive()?, hello, "the request");
        responder.send(&hello.answer(&vec![200; size]))?;
        same!(initiator.receive()?, hello.answer(&vec![200; size]), "the answer");
    }
    Ok(())
}

fn pair(bench: &Bench, transport: Transport, claim: impl Fn(&Person) -> Claim) -> Result<(Peer, Peer)> {
    let (a, b) = (bench.person("a"), bench.person("b"));
    let listener = Listener::open(transport);
    let known = known_at(&b, &listener);
    let claim = claim(&a);
    thread::scope(|scope| {
        let responder = scope.spawn(|| Peer::respond(listener.accept(PATIENCE)?, &b, &a.known(Default::default())));
        let initiator = Peer::connect_as(claim, &a, &known, transport)?;
        Ok((initiator, responder.join().expect("it does not panic")?))
    })
}

fn two_peers(bench: &Bench, transport: Transport) -> Result<()> {
    let (mut one, mut two) = pair(bench, transport, |me| Claim::of(me).marked())?;
    check!(two.introduction.tail == crate::peer::marker(), "what stands behind the payload is lost");
    talk(&mut one, &mut two)
}

fn largest(bench: &Bench, transport: Transport) -> Result<()> {
    let (mut one, mut two) = pair(bench, transport, Claim::of)?;
    let mut message = ask(1, &one.me.at("a:b:c"), &two.me.at("net:distro:sys"), b"");
    let room = LARGEST - encode(&message).len() - 4;
    message.request_mut().body = vec![1; room];
    let bytes = encode(&message);
    same!(bytes.len(), LARGEST, "bytes of the message");
    let got = thread::scope(|scope| {
        let reader = scope.spawn(|| two.receive());
        one.send_bytes(&bytes)?;
        reader.join().expect("it does not panic")
    })?;
    check!(got == message, "the largest message is changed on the way");
    same!(two.frames.len(), 161, "frames");
    Ok(())
}

fn altered(bench: &Bench, transport: Transport) -> Result<()> {
    let (mut one, mut two) = pair(bench, transport, Claim::of)?;
    let hello: KernelMessage = one.hello(1, "hello");
    let mut frame = one.seal_message(&hello).remove(0);
    frame[0] ^= 1;
    one.send_length(encode(&hello).len())?;
    one.socket.write_frame(&frame)?;
    check!(two.receive().is_err(), "an altered frame is taken");
    Ok(())
}

fn wrong_signature(bench: &Bench, transport: Transport) -> Result<()> {
    let other = bench.person("other");
    check!(pair(bench, transport, |me| Claim::of(me).signed_by(&other)).is_err(), "a wrong signature is taken");
    check!(pair(bench, transport, |me| Claim::of(me).version(2)).is_err(), "another version is taken");
    Ok(())
}

fn routed(bench: &Bench, transport: Transport) -> Result<()> {
    let (a, b, r) = (bench.person("a"), bench.person("b"), bench.person("r"));
    let listener = Listener::open(transport);
    let (router, a_known) = (known_at(&r, &listener), a.known(Default::default()));
    let b_known: Known = b.known(Default::default());
    let (registered, is_registered) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let indirect = scope.spawn(|| {
            let mut indirect = Indirect::register(&b, &router, transport)?;
            indirect.wait_for(&a.name)?;
            indirect.meet(&a_known)
        });
        let (listener, r, a, b, a_known, b_known) = (&listener, &r, &a, &b, &a_known, &b_known);
        let routing = scope.spawn(move || -> Result<Peer> {
            let mut proxied = Peer::respond(listener.accept(PATIENCE)?, r, b_known)?;
            let _ = registered.send(());
            check!(proxied.introduction.payload.proxy_request, "no proxy request");
            let mut first = listener.accept(PATIENCE)?;
            take_passage(&mut first, a_known, &b.name, &r.name).during("from A")?;
            router::announce(r, &mut proxied, &a.name)?;
            let mut second = listener.accept(PATIENCE)?;
            take_passage(&mut second, b_known, &a.name, &r.name).during("from B")?;
            join(first, second)?;
            Ok(proxied)
        });
        // A dials when B is there: the router takes them in this order.
        let _ = is_registered.recv();
        let mut initiator = Peer::connect_through(a, b_known, &router, transport).during("A")?;
        let mut responder = indirect.join().expect("it does not panic").during("B")?;
        routing.join().expect("it does not panic").during("R")?;
        talk(&mut initiator, &mut responder)
    })
}

fn record(bench: &Bench) -> Result<()> {
    let person = bench.person("recorded");
    for reach in [
        crate::identity::Reach::at(Some(10_001), Some(9_001)),
        crate::identity::Reach::at(None, Some(9_001)),
        crate::identity::Reach::behind(&["r.dev", "s.dev"]),
    ] {
        let text = person.record(&reach, 1_764_000_000);
        let known = Known::from_record(&text)?;
        same!(known.reach, reach, "what is read of a record");
        same!(known.key, person.public(), "the key of a record");
        check!(Known::from_record(&text.replace("1764000000", "1764000001")).is_err(), "a changed record is taken");
    }
    Ok(())
}

pub fn cases(cases: &mut Cases) {
    cases.group("SelfCheck");
    cases.both("two_peers", two_peers);
    cases.both("largest_message", largest);
    cases.both("altered_frame", altered);
    cases.both("wrong_signature", wrong_signature);
    cases.both("router_and_indirect_peer", routed);
    cases.add("record", record);
}
