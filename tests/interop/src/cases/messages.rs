//! Sections 3, 6, 7 and vectors V1: requests, answers, and what net:distro:sys says to other nodes.

use std::time::Duration;

use rmpv::Value;
use serde_json::json;

use crate::bench::{Bench, Cases};
use crate::framing::Transport;
use crate::messages::{ask, decode, encode, Blob, Capability, KernelMessage, Message, NetAction, NetResponse};
use crate::node::{ACTOR, ECHO, QUIET_ECHO, UNCONNECTED};
use crate::peer::{Claim, Peer, PATIENCE};
use crate::problem::{During, Result};
use crate::shapes::bytes_of;
use crate::{check, same};

fn hello_with(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    for (id, text) in [(1, "hello"), (u64::MAX, ""), (77, "\u{1b}[31mred\u{1b}[0m and \u{7} bell"), (0, "\u{e9}")] {
        let hello = peer.hello(id, text);
        let answer = peer.call(&hello)?;
        same!(answer, hello.answer(b"ack"), "the answer");
    }
    // Answered although none is expected, to its source.
    let mut hello = peer.hello(5, "no answer, please");
    hello.rsvp = None;
    hello.request_mut().expects_response = None;
    let answer = peer.call(&hello).during("a hello that expects no response")?;
    same!(answer, hello.answer(b"ack"), "the answer");
    // Not text.
    let mut hello = peer.hello(6, "");
    hello.request_mut().body = vec![0xff, 0xfe, 0x00];
    same!(peer.call(&hello)?, hello.answer(b"ack"), "the answer to what is no text");
    // As `our`.
    let mut hello = peer.hello(7, "to our");
    hello.target = "our@net:distro:sys".into();
    let answer = peer.call(&hello).during("a hello to `our`")?;
    same!(answer.source, bench.node().at("net:distro:sys"), "who answers");
    Ok(())
}

/// B24: what a peer says does not reach the terminal as it is.
fn hello_is_cleaned(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    let hello = peer.hello(1, "before\u{1b}]0;title\u{7}after");
    peer.call(&hello)?;
    let said = bench.node().said();
    check!(bench.foreign() || !said.contains("\u{1b}]0;title"), "a terminal's commands are printed");
    Ok(())
}

fn thousand_hellos(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    for id in 0..1000 {
        let hello = peer.hello(id, "one of a thousand");
        peer.send(&hello)?;
    }
    for id in 0..1000 {
        same!(peer.receive().during(&format!("answer {id}"))?.id, id, "id of the answer");
    }
    Ok(())
}

/// One request to the echo; its answer must bring all back.
fn echo(peer: &mut Peer, change: impl FnOnce(&mut KernelMessage)) -> Result<KernelMessage> {
    let echo = format!("{}@{ECHO}", peer.other);
    let mut request =
        ask(u64::from_be_bytes(crate::identity::random()), &peer.me.at("asker:interop:test.os"), &echo, b"hello");
    change(&mut request);
    let answer = peer.call(&request)?;
    let (asked, told) = (request.request()?, answer.response()?);
    same!(answer.source, echo, "source");
    same!(answer.target, request.rsvp.clone().unwrap_or_else(|| request.source.clone()), "target");
    same!(answer.rsvp, None, "rsvp");
    check!(told.body == asked.body, "the body comes back changed: {} bytes of {}", told.body.len(), asked.body.len());
    check!(told.metadata == asked.metadata, "the metadata comes back changed");
    check!(answer.lazy_load_blob == request.lazy_load_blob, "the blob comes back changed");
    match &answer.message {
        Message::Response(_, context) => same!(context, &None, "context on the wire"),
        _ => unreachable!(),
    }
    Ok(answer)
}

fn echo_in(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    echo(&mut peer, |_| {})?;
    echo(&mut peer, |request| request.rsvp = None).during("without rsvp")?;
    let other = peer.me.at("other:interop:test.os");
    echo(&mut peer, |request| request.rsvp = Some(other)).during("with rsvp to another process").map(|_| ())
}

fn ids(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Ws)?;
    for id in [0, 1, 127, 128, 255, 256, 65_535, 65_536, u32::MAX.into(), 1 << 32, i64::MAX as u64, 1 << 63, u64::MAX] {
        echo(&mut peer, |request| request.id = id).during(&format!("id {id}"))?;
    }
    Ok(())
}

fn expected_responses(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    for seconds in [1, 127, 128, 255, 256, 65_535, 65_536, u32::MAX.into(), 1 << 32, u64::MAX] {
        echo(&mut peer, |request| request.request_mut().expects_response = Some(seconds))
            .during(&format!("expects {seconds}"))?;
    }
    Ok(())
}

/// An answer that nobody expects stays at home. The process has been asked nothing before, which it would answer now.
fn no_response_expected(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    let mut request = ask(1, &peer.me.at("a:b:c"), &bench.node().at(QUIET_ECHO), b"for nobody");
    request.request_mut().expects_response = None;
    request.rsvp = None;
    peer.send(&request)?;
    let request = ask(2, &peer.me.at("a:b:c"), &bench.node().at(QUIET_ECHO), b"for somebody");
    same!(peer.call(&request)?.body(), b"for somebody", "the answer");
    Ok(())
}

/// What stands behind the payload says whether a peer is of the node's kind; whatever else it is, the handshake goes on.
fn features(bench: &Bench) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let map = |entries: Vec<(Value, Value)>| bytes_of(&Value::Map(entries));
    let kinode = |version: Value| (Value::from("kinode"), version);
    let tails = [
        (map(vec![kinode(7.into())]), true),
        (map(vec![("other".into(), Value::Array(vec![1.into()])), kinode(1.into())]), true),
        (Vec::new(), false),
        (map(vec![]), false),
        (map(vec![kinode("1".into())]), false),
        (map(vec![kinode((-1).into())]), false),
        (map(vec![(1.into(), 1.into())]), false),
        (bytes_of(&Value::from("kinode")), false),
        (vec![0x81, 0xa6, b'k'], false),
        (vec![0xc1; 200], false),
    ];
    for (tail, is_kin) in &tails {
        let me = bench.known_person(bench.node(), "featured")?;
        let mut peer = Peer::connect_as(Claim::of(&me).tail(tail), &me, &bench.node().known, Transport::Tcp)?;
        let what = format!("{tail:02x?}");
        let request = ask(5, &me.at("asker:interop:test.os"), &bench.node().at("nobody:is:here"), b"hello");
        peer.send(&request).during(&what)?;
        if *is_kin {
            same!(peer.receive().during(&what)?.id, 5, "id of the notice");
        }
        peer.expect_alive().during(&what)?;
    }
    // The whole payload has its bounds.
    let me = bench.known_person(bench.node(), "featured")?;
    Peer::connect_as(Claim::of(&me).tail(&[0x90; 5000]), &me, &bench.node().known, Transport::Ws)?
        .expect_closed()
        .during("a payload of more than 4096 bytes")
}

fn bodies(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Ws)?;
    for size in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536, 1_000_000] {
        for byte in [0, 0x7f, 0x80, 0xff] {
            echo(&mut peer, |request| request.request_mut().body = vec![byte; size])
                .during(&format!("{size} bytes {byte:#x}"))?;
        }
    }
    echo(&mut peer, |request| request.request_mut().body = (0..=255).collect()).map(|_| ())
}

fn metadata(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    for size in [0, 1, 31, 32, 255, 256, 65_535, 65_536] {
        echo(&mut peer, |request| request.request_mut().metadata = Some("m".repeat(size)))
            .during(&format!("{size} characters"))?;
    }
    echo(&mut peer, |request| request.request_mut().metadata = Some("\u{e9}\u{1f600}".into())).map(|_| ())
}

fn blobs(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Ws)?;
    for mime in [None, Some("text/plain".to_string()), Some(String::new())] {
        for size in [0, 1, 15, 16, 65_535, 65_536, 5_000_000] {
            let blob = Blob { mime: mime.clone(), bytes: vec![0x41; size] };
            echo(&mut peer, |request| request.lazy_load_blob = Some(blob))
                .during(&format!("{size} bytes, {mime:?}"))?;
        }
    }
    Ok(())
}

/// What the actor saw of a request of ours.
fn seen_by_actor(bench: &Bench, capabilities: Vec<(Capability, Vec<u8>)>) -> Result<serde_json::Value> {
    let mut peer = bench.peer(Transport::Tcp)?;
    let body = json!({"steps": ["message"]}).to_string();
    let mut request = ask(9, &peer.me.at("asker:interop:test.os"), &bench.node().at(ACTOR), body.as_bytes());
    request.request_mut().capabilities = capabilities;
    let answer = peer.call(&request)?;
    let told: serde_json::Value = serde_json::from_slice(answer.body()).map_err(|error| error.to_string())?;
    Ok(told["results"][0].clone())
}

fn capabilities(bench: &Bench) -> Result<()> {
    for count in [0usize, 1, 15, 16] {
        let issuer = bench.person("issuer");
        let sent: Vec<(Capability, Vec<u8>)> = (0..count)
            .map(|number| {
                let params = format!("{{ \"number\" :  {number} }}");
                let capability = Capability { issuer: issuer.at("some:process:test.os"), params };
                let signature = issuer.sign(&encode(&capability));
                (capability, signature)
            })
            .collect();
        let seen = seen_by_actor(bench, sent.clone())?;
        let seen = seen["capabilities"].as_array().cloned().unwrap_or_default();
        same!(seen.len(), count, "capabilities that arrived");
        for (capability, _) in &sent {
            let wanted = json!({"issuer": capability.issuer, "params": capability.params});
            check!(seen.contains(&wanted), "{wanted} is not among {seen:?}");
        }
    }
    Ok(())
}

/// The message is delivered, the capability is not.
fn forged_capability(bench: &Bench) -> Result<()> {
    let issuer = bench.node().at("vfs:distro:sys");
    let capability = Capability { issuer, params: "\"messaging\"".into() };
    let seen = seen_by_actor(bench, vec![(capability, vec![7; 64])])?;
    same!(seen["body"].as_str().is_some(), true, "the message arrives");
    same!(seen["capabilities"], json!([]), "capabilities that arrived");
    Ok(())
}

/// Signed by the node over their MessagePack, and good when they come back.
fn own_capability(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, Transport::Ws)?;
    let to = me.at("asked:interop:test.os");
    let sending = node.actor().start(json!([{"do": "send_and_await", "to": to, "body": "take this", "expects": 20,
                                         "capabilities": ["vfs:distro:sys"]}]));
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &node.known)?;
    let request = peer.receive()?;
    peer.send(&request.answer(b"thanks"))?;
    sending.join().expect("it does not panic")?;
    let capabilities = &request.request()?.capabilities;
    same!(capabilities.len(), 1, "capabilities that came");
    let (capability, signature) = &capabilities[0];
    same!(capability.issuer, node.at("vfs:distro:sys"), "issuer");
    same!(capability.params, "\"messaging\"", "params");
    check!(node.known.signed(&encode(capability), signature), "its signature is wrong");
    let seen = seen_by_actor(bench, capabilities.clone())?;
    same!(seen["capabilities"][0]["issuer"], json!(capability.issuer), "what comes back");
    Ok(())
}

fn missing_process(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    let request = ask(3, &peer.me.at("a:b:c"), &bench.node().at("nobody:is:here"), b"hello");
    peer.send(&request)?;
    peer.expect_alive()
}

/// A process that may not be reached over the network, and modules that serve this node alone (B2, B3, B5).
fn not_for_others(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Ws)?;
    let bind = r#"{"Bind":{"path":"/","authenticated":false,"local_only":false,"cache":true}}"#;
    let get = r#"{"Http":{"method":"GET","url":"http://127.0.0.1:1/","headers":{},"version":null}}"#;
    let requests: Vec<(&str, String)> = vec![
        (UNCONNECTED, json!({"steps": ["our"]}).to_string()),
        ("vfs:distro:sys", json!({"path": "/a:b/c", "action": "ReadDir"}).to_string()),
        ("kernel:distro:sys", json!({"Debug": "ProcessMap"}).to_string()),
        ("state:distro:sys", json!({"GetState": "a:b:c"}).to_string()),
        ("timer:distro:sys", json!({"SetTimer": 1}).to_string()),
        ("terminal:distro:sys", "hello".into()),
        ("http-server:distro:sys", bind.into()),
        ("http-client:distro:sys", get.into()),
        ("fd-manager:distro:sys", "\"GetState\"".into()),
    ];
    if bench.foreign() {
        return Ok(());
    }
    for (process, body) in &requests {
        for source in ["asker:interop:test.os", "homepage:homepage:sys", process] {
            let request = ask(3, &peer.me.at(source), &bench.node().at(process), body.as_bytes());
            peer.send(&request)?;
        }
        peer.expect_alive().during(process)?;
    }
    peer.expect_silence(Duration::from_millis(500))
}

fn unknown_response(bench: &Bench, transport: Transport) -> Result<()> {
    let mut peer = bench.peer(transport)?;
    for process in [ACTOR, ECHO, "net:distro:sys", "http-server:distro:sys", "nobody:is:here"] {
        let mut response =
            ask(12_345, &bench.node().at(process), &peer.me.at("a:b:c"), b"").answer(b"an answer to nothing");
        response.source = peer.me.at("a:b:c");
        response.target = bench.node().at(process);
        peer.send(&response)?;
        peer.expect_alive().during(process)?;
    }
    Ok(())
}

/// B26: an answer is taken by its id alone, which none but those asked can know; one with another id is dropped.
fn guessed_response(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, Transport::Tcp)?;
    let mut forger = bench.peer(Transport::Ws)?;
    let to = me.at("asked:interop:test.os");
    let asking = node.actor().start(json!([{"do": "send_and_await", "to": to, "body": "who?", "expects": 12}]));
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, &me, &node.known)?;
    let request = peer.receive()?;
    for id in [request.id ^ 1, request.id ^ (1 << 63), 0, 1, u64::MAX] {
        let mut forged = request.answer(b"the forger");
        forged.id = id;
        forged.source = forger.me.at("asked:interop:test.os");
        forger.send(&forged)?;
    }
    forger.expect_alive()?;
    peer.send(&request.answer(b"who was asked"))?;
    let told = asking.join().expect("it does not panic")?;
    same!(told[0]["body"], json!("who was asked"), "the answer that is taken");
    Ok(())
}

/// B34: that a process is missing is believed of the node that was asked alone.
fn forged_notice(bench: &Bench) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let node = bench.node();
    let (me, listener) = bench.listening_person(node, Transport::Tcp)?;
    let forging = bench.known_person(node, "forger")?;
    let mut forger = Peer::connect_as(Claim::of(&forging).marked(), &forging, &node.known, Transport::Ws)?;
    let to = me.at("asked:interop:test.os");
    let asking = node.actor().start(json!([{"do": "send_and_await", "to": to, "body": "who?", "expects": 12}]));
    let mut peer = Peer::respond_as(listener.accept(PATIENCE)?, Claim::of(&me).marked(), &me, &node.known)?;
    let request = peer.receive()?;
    let asker = request.source.split('@').nth(1).unwrap_or_default().to_string();
    let mut notice = request.answer(&encode(&crate::messages::Notice::NoSuchProcess(request.id, asker)));
    notice.source = forging.at("net:distro:sys");
    notice.target = node.at("net:distro:sys");
    forger.send(&notice)?;
    forger.expect_alive()?;
    peer.send(&request.answer(b"here"))?;
    let told = asking.join().expect("it does not panic")?;
    same!(told[0]["body"], json!("here"), "the answer");
    Ok(())
}

/// B25: a process answers whom the rsvp names, as a request that is passed on over three nodes needs it; modules do not.
fn foreign_rsvp(bench: &Bench) -> Result<()> {
    let mut third = bench.peer(Transport::Tcp)?;
    third.expect_alive()?;
    let mut peer = bench.peer(Transport::Ws)?;
    let mut request = ask(3, &peer.me.at("a:b:c"), &bench.node().at(ECHO), b"to a third");
    request.rsvp = Some(third.me.at("waiting:interop:test.os"));
    peer.send(&request)?;
    let answer = third.receive().during("the echo's answer")?;
    same!(answer.id, 3, "its id");
    same!(answer.source, bench.node().at(ECHO), "its source");
    same!(answer.target, third.me.at("waiting:interop:test.os"), "its target");
    if bench.foreign() {
        return Ok(());
    }
    request.target = bench.node().at("net:distro:sys");
    peer.send(&request)?;
    third.expect_silence(Duration::from_millis(300)).during("from net:distro:sys")?;
    third.expect_alive()
}

/// Whatever is for this node's own processes is a hello from another (6).
fn actions_of_net(bench: &Bench) -> Result<()> {
    let mut peer = bench.peer(Transport::Tcp)?;
    let victim = bench.known_person(bench.node(), "victim")?;
    let stranger = bench.person("stranger");
    let actions = [
        NetAction::GetPeers,
        NetAction::GetPeer(victim.name.clone()),
        NetAction::GetDiagnostics,
        NetAction::Sign,
        NetAction::Verify(victim.at("a:b:c"), vec![1; 64]),
    ];
    for action in &actions {
        let mut request = peer.hello(4, "");
        request.request_mut().body = encode(action);
        same!(peer.call(&request)?, request.answer(b"ack"), format!("the answer to {action:?}"));
    }
    // Not answered, and nothing comes of them.
    let updates = [
        NetAction::KnsUpdate(crate::identity::Person::new(&victim.name).update(&Default::default())),
        NetAction::KnsBatchUpdate(vec![stranger.update(&crate::identity::Reach::refused())]),
        NetAction::ConnectionRequest(victim.name.clone()),
    ];
    for action in &updates {
        let mut request = peer.hello(4, "");
        request.request_mut().body = encode(action);
        peer.send(&request)?;
        peer.expect_alive().during(&format!("{action:?}"))?;
    }
    check!(bench.node().peer(&stranger.name)?.is_none(), "a peer added a node to the registry");
    let key = bench.node().peer(&victim.name)?.map(|identity| identity.networking_key).unwrap_or_default();
    let wanted = victim.update(&Default::default()).public_key;
    same!(key.trim_start_matches("0x"), wanted.trim_start_matches("0x"), "the key of a node after a peer's update");
    Ok(())
}

/// The same from one of its own processes.
fn actions_for_itself(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let mut peer = bench.peer(Transport::Ws)?;
    peer.expect_alive()?;
    match node.ask_net(&encode(&NetAction::GetPeers), None)?.0 {
        NetResponse::Peers(peers) => check!(peers.iter().any(|each| each.name == peer.me.name), "{peers:?}"),
        other => return Err(format!("GetPeers gives {other:?}").into()),
    }
    match node.ask_net(&encode(&NetAction::GetDiagnostics), None)?.0 {
        NetResponse::Diagnostics(text) => check!(text.contains(&peer.me.name), "no {} in {text}", peer.me.name),
        other => return Err(format!("GetDiagnostics gives {other:?}").into()),
    }
    check!(node.peer("nobody.dev")?.is_none(), "GetPeer knows nobody.dev");
    check!(
        node.peer(&node.known.name)?.is_some_and(|own| own.name == node.known.name),
        "GetPeer of itself gives nothing"
    );
    // By their numbers, too.
    check!(matches!(node.ask_net(&[3], None)?.0, NetResponse::Peers(_)), "3 is not GetPeers");

    let (signed, signature) = node.ask_net(&encode(&NetAction::Sign), Some("these bytes"))?;
    check!(signed == NetResponse::Signed, "Sign gives {signed:?}");
    let signature = signature.unwrap_or_default();
    let text = [node.at(crate::node::INJECTOR).as_bytes(), b"these bytes"].concat();
    check!(node.known.signed(&text, &signature), "the signature of Sign is wrong: {signature:?}");

    let from = peer.me.at("signer:interop:test.os");
    let good = peer.me.sign(format!("{from}these bytes").as_bytes());
    let verified = |from: &str, signature: Vec<u8>, data: &str| -> Result<bool> {
        match node.ask_net(&encode(&NetAction::Verify(from.into(), signature)), Some(data))?.0 {
            NetResponse::Verified(is_good) => Ok(is_good),
            other => Err(format!("Verify gives {other:?}").into()),
        }
    };
    check!(verified(&from, good.clone(), "these bytes")?, "a good signature is not verified");
    check!(!verified(&from, good.clone(), "other bytes")?, "a signature of other bytes is verified");
    check!(!verified("nobody.dev@a:b:c", good, "these bytes")?, "a signature of nobody is verified");
    Ok(())
}

/// B27: the actor may message net, and no more.
fn update_without_right(bench: &Bench) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let stranger = bench.person("stranger");
    let action = encode(&NetAction::KnsUpdate(stranger.update(&crate::identity::Reach::refused())));
    let hex = data_encoding::HEXLOWER.encode(&action);
    bench
        .node()
        .actor()
        .act(json!([{"do": "send_and_await", "to": "net:distro:sys", "body": {"hex": hex}, "expects": 1}]))?;
    check!(bench.node().peer(&stranger.name)?.is_none(), "a process without the right added a node to the registry");
    Ok(())
}

/// A peer of the node's kind is told at once that a process is missing; no other is.
fn notice_of_missing_process(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let me = bench.known_person(bench.node(), "marked")?;
    let mut peer = Peer::connect_as(Claim::of(&me).marked(), &me, &bench.node().known, transport)?;
    let request = ask(0xabcdef, &me.at("asker:interop:test.os"), &bench.node().at("nobody:is:here"), b"hello");
    peer.send(&request)?;
    let notice = peer.receive_within(Duration::from_secs(3)).during("the notice")?;
    same!(notice.source, bench.node().at("net:distro:sys"), "its source");
    same!(notice.target, me.at("net:distro:sys"), "its target");
    notice.response()?;
    let wanted = crate::messages::Notice::NoSuchProcess(0xabcdef, "asker:interop:test.os".into());
    same!(decode::<crate::messages::Notice>(notice.body())?, wanted, "its body");
    peer.expect_alive()?;
    // Who waits for nothing needs no notice.
    let mut request = ask(4, &me.at("asker:interop:test.os"), &bench.node().at("nobody:is:here"), b"hello");
    request.request_mut().expects_response = None;
    request.rsvp = None;
    peer.send(&request)?;
    peer.expect_alive().during("after a request that expects nothing")?;

    let mut plain = bench.peer(transport)?;
    let request = ask(5, &plain.me.at("asker:interop:test.os"), &bench.node().at("nobody:is:here"), b"hello");
    plain.send(&request)?;
    plain.expect_alive().during("without the mark")?;
    plain.expect_silence(Duration::from_millis(300))
}

pub fn cases(cases: &mut Cases) {
    cases.group("Messages");
    cases.both("hello", hello_with);
    cases.add("hello_is_cleaned_B24", hello_is_cleaned);
    cases.both("thousand_hellos_in_order", thousand_hellos);
    cases.both("request_to_a_process", echo_in);
    cases.add("ids", ids);
    cases.add("expected_responses", expected_responses);
    cases.add("no_response_expected", no_response_expected);
    cases.add("bodies", bodies);
    cases.add("metadata", metadata);
    cases.add("blobs", blobs);
    cases.add("capabilities", capabilities);
    cases.add("forged_capability_is_pruned", forged_capability);
    cases.add("own_capability_is_signed", own_capability);
    cases.both("missing_process", missing_process);
    cases.add("processes_not_for_others_B2_B3_B5", not_for_others);
    cases.both("unknown_response_is_dropped", unknown_response);
    cases.add("guessed_response_B26", guessed_response);
    cases.add("forged_notice_B34", forged_notice);
    cases.add("rsvp_on_a_third_node_B25", foreign_rsvp);
    cases.add("actions_of_net_from_others", actions_of_net);
    cases.add("actions_of_net_from_itself", actions_for_itself);
    cases.add("update_without_the_right_B27", update_without_right);
    cases.both("notice_of_missing_process", notice_of_missing_process);
    cases.add("features_behind_the_payload", features);
}
