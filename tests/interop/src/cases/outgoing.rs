//! Sections 4.1, 5.1, 5.2, 7.2, 7.3 and vectors V16: the node begins, and what it does when it cannot.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::bench::{reach, Bench, Cases};
use crate::framing::{Listener, Transport, BOTH};
use crate::identity::{Known, Person, Reach};
use crate::messages::{encode, Blob};
use crate::node::{Node, Source};
use crate::peer::{Claim, Peer, PATIENCE};
use crate::problem::{During, Problem, Result};
use crate::shapes::{bytes_as_bin, bytes_of, value_of};
use crate::{check, rpc, same};

/// The kind of the error that a process gets for a request to the node, and after how many seconds.
fn error_of(bench: &Bench, name: &str, expects: u64) -> Result<(String, f64)> {
    let node = bench.node();
    let begin = Instant::now();
    let to = format!("{name}@asked:interop:test.os");
    let told = node.actor().act(json!([{"do": "send_and_await", "to": to, "body": "hello", "expects": expects}]))?;
    let seconds = begin.elapsed().as_secs_f64();
    let kind = told[0]["error"].as_str().map(str::to_string);
    Ok((kind.ok_or_else(|| Problem::Wrong(format!("no error but {}", told[0])))?, seconds))
}

fn offline(bench: &Bench, name: &str, least: f64, most: f64) -> Result<()> {
    let (kind, seconds) = error_of(bench, name, 12)?;
    same!(kind, "Offline", "the error");
    check!((least..most).contains(&seconds), "told after {seconds:.1} s");
    Ok(())
}

fn unknown_name(bench: &Bench) -> Result<()> {
    offline(bench, "nobody-at-all.dev", 0.0, 3.0)
}

fn refused_port(bench: &Bench, transport: Transport) -> Result<()> {
    let person = bench.person("refused");
    bench.node().tell(&person, &reach(&Listener::open(transport)))?;
    offline(bench, &person.name, 0.0, 3.0)
}

/// It accepts, and says nothing: 5 s in all.
fn silent_peer(bench: &Bench, transport: Transport) -> Result<()> {
    let (person, listener) = bench.listening_person(bench.node(), transport)?;
    thread::scope(|scope| {
        let silent = scope.spawn(|| listener.accept_stream(PATIENCE));
        let outcome = offline(bench, &person.name, 4.0, 9.0);
        drop(silent.join());
        outcome
    })
}

/// Upgraded, and nothing after it.
fn silent_after_upgrade(bench: &Bench) -> Result<()> {
    let (person, listener) = bench.listening_person(bench.node(), Transport::Ws)?;
    thread::scope(|scope| {
        let silent = scope.spawn(|| listener.accept(PATIENCE));
        let outcome = offline(bench, &person.name, 4.0, 9.0);
        drop(silent.join());
        outcome
    })
}

fn swallowed(bench: &Bench, transport: Transport) -> Result<()> {
    let (me, listener) = bench.listening_person(bench.node(), transport)?;
    thread::scope(|scope| {
        let peer = scope.spawn(|| -> Result<Peer> {
            let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &bench.node().known)?;
            peer.receive()?;
            Ok(peer)
        });
        let (kind, seconds) = error_of(bench, &me.name, 2)?;
        same!(kind, "Timeout", "the error");
        check!((1.5..5.0).contains(&seconds), "told after {seconds:.1} s");
        peer.join().expect("it does not panic")?.expect_alive()
    })
}

/// The connection ends while an answer is awaited: told in time, by whichever error.
fn vanished(bench: &Bench, transport: Transport) -> Result<()> {
    let (me, listener) = bench.listening_person(bench.node(), transport)?;
    thread::scope(|scope| {
        let peer = scope.spawn(|| -> Result<()> {
            let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &bench.node().known)?;
            peer.receive()?;
            peer.socket.close();
            Ok(())
        });
        let (kind, seconds) = error_of(bench, &me.name, 3)?;
        check!(kind == "Timeout" || kind == "Offline", "{kind}");
        check!(seconds < 6.0, "told after {seconds:.1} s");
        peer.join().expect("it does not panic")
    })
}

/// Each of the requests that wait for a connection has its own end.
fn queued(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let (actor, to) = (node.actor(), me.at("asked:interop:test.os"));
    let request = |body: &str| json!({"do": "send", "to": to, "body": body, "expects": 12});
    thread::scope(|scope| {
        scope.spawn(|| listener.accept_stream(PATIENCE).map(drop));
        actor.act(json!([request("one"), request("two"), request("three")]))?;
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let told = actor.act(json!([{"do": "events", "clear": false}]))?;
            let events: Vec<&Value> =
                told[0].as_array().into_iter().flatten().filter(|event| event["target"] == json!(to)).collect();
            if events.len() == 3 {
                check!(events.iter().all(|event| event["error"] == json!("Offline")), "{events:?}");
                return Ok(());
            }
            check!(Instant::now() < end, "{} of 3 requests have an end", events.len());
            thread::sleep(Duration::from_millis(50));
        }
    })
}

/// What was sent while the connection was made leaves in order.
fn in_order(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let requests: Vec<Value> =
        (0..50).map(|number| json!({"to": me.at("asked:interop:test.os"), "body": format!("{number}")})).collect();
    node.actor().act(json!([{"do": "send_many", "requests": requests}]))?;
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &node.known)?;
    for number in 0..50 {
        let request = peer.receive().during(&format!("request {number}"))?;
        same!(String::from_utf8_lossy(request.body()), format!("{number}"), "body");
        same!(request.request()?.expects_response, None, "expected response");
        same!(request.rsvp, None, "rsvp");
    }
    Ok(())
}

/// A request by RPC with all that it can have; answered with all that an answer can have.
fn request_and_answer(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let (port, blob) = (node.http_port, vec![0xc3; 5_000_000]);
    let call = rpc::Call {
        node: Some(me.name.clone()),
        process: "asked:interop:test.os".into(),
        body: "with all".into(),
        expects: Some(11),
        metadata: Some("some metadata".into()),
        blob: Some(blob.clone()),
    };
    let asking = thread::spawn(move || rpc::call(port, &call));
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &node.known)?;
    let request = peer.receive()?;
    same!(request.source, node.at("http-server:distro:sys"), "source");
    same!(request.target, me.at("asked:interop:test.os"), "target");
    same!(request.rsvp, Some(request.source.clone()), "rsvp");
    let told = request.request()?;
    check!(told.expects_response.is_some(), "no response is expected");
    same!(told.body, b"with all".to_vec(), "body");
    same!(told.metadata, Some("some metadata".to_string()), "metadata");
    same!(told.inherit, false, "inherit");
    check!(request.lazy_load_blob.as_ref().is_some_and(|sent| sent.bytes == blob), "the blob is changed");
    let mut answer = request.answer(b"an answer \xff\x00");
    answer.lazy_load_blob = Some(Blob { mime: Some("a/b".into()), bytes: vec![0xff, 0, 0x80] });
    peer.send_bytes(&bytes_of(&bytes_as_bin(value_of(&answer))))?;
    let got = asking.join().expect("it does not panic")?;
    same!(got.body, b"an answer \xff\x00".to_vec(), "body of the answer");
    same!(got.blob, Some(vec![0xff, 0, 0x80]), "blob of the answer");
    // The next one goes over the same connection.
    let asking = node.request(&me.name, "asked:interop:test.os", "again", 20);
    let request = peer.receive()?;
    peer.send(&request.answer(b"and again"))?;
    same!(asking.join().expect("it does not panic")?.body, b"and again", "the second answer");
    Ok(())
}

fn tcp_first(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let me = bench.person("both");
    let (tcp, ws) = (Listener::open(Transport::Tcp), Listener::open(Transport::Ws));
    node.tell(&me, &Reach::at(Some(tcp.port), Some(ws.port)))?;
    answer_one(bench, &me, &tcp)?;
    check!(ws.accept_stream(Duration::from_millis(100)).is_err(), "WebSocket is dialled too");
    Ok(())
}

/// B31: nobody listens for TCP.
fn fall_back(bench: &Bench) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let me = bench.person("fallback");
    let closed = Listener::open(Transport::Tcp).port;
    let ws = Listener::open(Transport::Ws);
    bench.node().tell(&me, &Reach::at(Some(closed), Some(ws.port)))?;
    answer_one(bench, &me, &ws).map(|_| ())
}

/// Waits for the node to dial, and answers its request.
fn answer_one(bench: &Bench, me: &Person, listener: &Listener) -> Result<Peer> {
    let node = bench.node();
    let asking = node.request(&me.name, "net:distro:sys", "hello", 20);
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, me, &node.known)?;
    let request = peer.receive()?;
    peer.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    Ok(peer)
}

/// Both dial at once (B8): whichever connection stays, what is asked is answered.
fn simultaneous(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let asking = node.request(&me.name, "net:distro:sys", "from the node", 20);
    let theirs = listener.accept(PATIENCE)?;
    let mut ours = Peer::connect(&me, &node.known, transport).during("our dial")?;
    let mut theirs = Peer::respond(theirs, &me, &node.known).during("their dial")?;
    answer_on_either(&mut ours, &mut theirs, b"ack")?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    for round in 0..5 {
        let asking = node.request(&me.name, "net:distro:sys", "once more", 20);
        answer_on_either(&mut ours, &mut theirs, b"ack").during(&format!("round {round}"))?;
        same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    }
    check!(listener.accept_stream(Duration::from_millis(200)).is_err(), "the node dials a third connection");
    Ok(())
}

fn answer_on_either(one: &mut Peer, two: &mut Peer, body: &[u8]) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        for peer in [&mut *one, &mut *two] {
            match peer.receive_within(Duration::from_millis(20)) {
                Ok(request) => return peer.send(&request.answer(body)),
                Err(Problem::Late | Problem::Closed) => {}
                Err(other) => return Err(other),
            }
        }
    }
    Err("the request comes on neither connection".into())
}

/// After the peer has gone the node dials anew when there is something to send; what was sent into the end may be lost.
fn reconnect(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    for round in 0..3 {
        let mut peer = answer_one(bench, &me, &listener).during(&format!("round {round}"))?;
        peer.socket.close();
        // It has seen the end when it no longer counts us.
        let end = Instant::now() + Duration::from_secs(5);
        while peers_of(bench)?.contains(&me.name) && Instant::now() < end && !bench.foreign() {
            thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(())
}

fn peers_of(bench: &Bench) -> Result<Vec<String>> {
    match bench.node().ask_net(&encode(&crate::messages::NetAction::GetPeers), None)?.0 {
        crate::messages::NetResponse::Peers(peers) => Ok(peers.into_iter().map(|identity| identity.name).collect()),
        other => Err(format!("GetPeers gives {other:?}").into()),
    }
}

/// The peer that restarted, with its new key, is the one that is dialled.
fn restarted(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, Transport::Tcp)?;
    answer_one(bench, &me, &listener)?.socket.close();
    let anew = Person::new(&me.name);
    let listener = Listener::open(Transport::Ws);
    node.tell(&anew, &reach(&listener))?;
    let end = Instant::now() + Duration::from_secs(5);
    while peers_of(bench)?.contains(&me.name) && Instant::now() < end && !bench.foreign() {
        thread::sleep(Duration::from_millis(10));
    }
    answer_one(bench, &anew, &listener).map(|_| ())
}

/// The node ends: its peers see the end of their connections, and can connect to the next of its name with its new key.
fn node_restarts(bench: &Bench) -> Result<()> {
    let me = bench.person("staying");
    let others = [(&me, Reach::refused())];
    for _ in 0..2 {
        let node = Node::start_among(&bench.settings, "restarts.os", Source::Records, &others, &[])?;
        let mut peers: Vec<Peer> =
            BOTH.iter().map(|transport| Peer::connect(&me, &node.known, *transport)).collect::<Result<_>>()?;
        peers[1].expect_alive()?;
        drop(node);
        peers.iter_mut().try_for_each(Peer::expect_closed)?;
    }
    Ok(())
}

/// Of two connections of one peer the newer one gets what the node sends (5.2).
fn newest(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let me = bench.known_person(node, "twice")?;
    let mut old = Peer::connect(&me, &node.known, transport)?;
    old.expect_alive()?;
    let mut new = Peer::connect(&me, &node.known, transport)?;
    new.expect_alive()?;
    let asking = node.request(&me.name, "net:distro:sys", "to the newest", 20);
    let request = new.receive().during("on the newer connection")?;
    new.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    // The older one is closed, or what comes on it is answered on the newer.
    let hello = old.hello(77, "on the older");
    match old.send(&hello).and_then(|_| new.receive_within(Duration::from_secs(2))) {
        Ok(answer) => same!(answer, hello.answer(b"ack"), "the answer"),
        Err(Problem::Late | Problem::Closed) => old.expect_closed().during("the older connection")?,
        Err(other) => return Err(other),
    }
    new.expect_alive()
}

/// The older connection's end leaves the newer one alone (B8).
fn end_of_the_older(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let mut old = answer_one(bench, &me, &listener)?;
    let mut new = Peer::connect(&me, &node.known, transport)?;
    new.expect_alive()?;
    old.socket.close();
    for _ in 0..3 {
        new.expect_alive()?;
    }
    let asking = node.request(&me.name, "net:distro:sys", "on the newer", 20);
    let request = new.receive().during("on the newer connection")?;
    new.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    check!(
        bench.foreign() || listener.accept_stream(Duration::from_millis(200)).is_err(),
        "the node dials a third connection"
    );
    Ok(())
}

/// A peer of its kind says that the process is missing: whoever waits is told at once.
fn told_of_missing_process(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, transport)?;
    let known: Known = node.known.clone();
    thread::scope(|scope| {
        let peer = scope.spawn(|| -> Result<Peer> {
            let mut peer = Peer::respond_as(listener.accept(PATIENCE)?, Claim::of(&me).marked(), &me, &known)?;
            let request = peer.receive()?;
            let asker = request.source.split('@').nth(1).unwrap_or_default().to_string();
            let body = encode(&crate::messages::Notice::NoSuchProcess(request.id, asker));
            let mut notice = request.answer(&body);
            notice.source = me.at("net:distro:sys");
            notice.target = known.at("net:distro:sys");
            peer.send(&notice)?;
            Ok(peer)
        });
        let (kind, seconds) = error_of(bench, &me.name, 12)?;
        check!(seconds < 4.0, "told after {seconds:.1} s ({kind})");
        peer.join().expect("it does not panic")?.expect_alive()
    })
}

pub fn cases(cases: &mut Cases) {
    cases.group("Outgoing");
    cases.both("silent_peer_is_offline", silent_peer);
    cases.add("silent_after_the_upgrade_is_offline", silent_after_upgrade);
    cases.both("swallowed_request_times_out", swallowed);
    cases.both("vanished_peer", vanished);
    cases.add("unknown_name_is_offline", unknown_name);
    cases.both("refused_port_is_offline", refused_port);
    cases.both("each_queued_request_is_offline", queued);
    cases.both("requests_while_connecting_in_order", in_order);
    cases.both("request_and_answer", request_and_answer);
    cases.add("tcp_is_dialled_first", tcp_first);
    cases.add("falls_back_to_ws_B31", fall_back);
    cases.both("simultaneous_dial_B8", simultaneous);
    cases.both("reconnect", reconnect);
    cases.add("peer_restarts_with_a_new_key", restarted);
    cases.add("node_restarts", node_restarts);
    for transport in BOTH {
        cases.add(&format!("newest_connection_is_written_{}", transport.name()), move |bench| newest(bench, transport));
    }
    cases.both("end_of_the_older_connection_B8", end_of_the_older);
    cases.both("told_of_missing_process", told_of_missing_process);
}
