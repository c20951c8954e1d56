//! Section 5.3, 5.4 and vectors V13: the node behind a router, as a router, and reaching others by way of one.

use std::thread;
use std::time::{Duration, Instant};

use rmpv::Value;
use serde_json::json;

use crate::bench::{known_at, reach, Bench, Cases};
use crate::framing::{Listener, Transport};
use crate::identity::{Known, Person, Reach};
use crate::messages::{ask, RoutingRequest};
use crate::node::{Node, Source, ECHO};
use crate::peer::{routing_request, Peer, PATIENCE};
use crate::problem::{During, Problem, Result};
use crate::router::{announce, ask_for_passage, let_in, take_passage, Indirect};
use crate::shapes::with_less;
use crate::{check, same};

/// A peer asks a process of the node.
fn ask_echo(peer: &mut Peer) -> Result<()> {
    let request = ask(7, &peer.me.at("asker:interop:test.os"), &format!("{}@{ECHO}", peer.other), &[0x80; 100_000]);
    let answer = peer.call(&request)?;
    check!(answer.body() == request.body(), "the body comes back changed");
    Ok(())
}

/// One peer of ours asks another, and is answered.
fn say(from: &mut Peer, to: &mut Peer, size: usize) -> Result<()> {
    let hello = ask(1, &from.me.at("hi:terminal:sys"), &to.me.at("net:distro:sys"), &vec![0x55; size]);
    from.send(&hello)?;
    same!(to.receive()?, hello, "the request");
    to.send(&hello.answer(&vec![0xaa; size]))?;
    same!(from.receive()?, hello.answer(&vec![0xaa; size]), "the answer");
    Ok(())
}

fn talk(one: &mut Peer, two: &mut Peer) -> Result<()> {
    for size in [0, 65_516, 300_000] {
        say(one, two, size)?;
        say(two, one, size)?;
    }
    Ok(())
}

// ---- the node behind our router --------------------------------------------------------------------------------------

struct Behind {
    node: Node,
    router: Person,
    listener: Listener,
    /// The node's standing connection.
    proxied: Peer,
}

fn behind(bench: &Bench, transport: Transport, name: &str) -> Result<Behind> {
    let router = bench.person("router");
    let listener = Listener::open(transport);
    let others = [(&router, reach(&listener))];
    let node = Node::start_among(&bench.settings, name, Source::Records, &others, &["--router", &router.name])?;
    same!(node.known.reach.routers, vec![router.name.clone()], "the node's routers");
    check!(node.known.reach.ports().is_empty(), "it has ports: {:?}", node.known.reach);
    let proxied = standing_connection(&router, &node, &listener)?;
    Ok(Behind { node, router, listener, proxied })
}

fn standing_connection(router: &Person, node: &Node, listener: &Listener) -> Result<Peer> {
    let socket = listener.accept(Duration::from_secs(10)).during("the node's dial to its router")?;
    let peer = Peer::respond(socket, router, &node.known)?;
    check!(peer.introduction.payload.proxy_request, "the node does not ask to be proxied");
    Ok(peer)
}

/// `person` asks our router for the node, and our router lets it in.
fn enter(behind: &mut Behind, person: &Person) -> Result<Peer> {
    let Behind { node, router, listener, proxied } = behind;
    let router_known = known_at(router, listener);
    thread::scope(|scope| {
        let transport = listener.transport;
        let known = &node.known;
        let asking = scope.spawn(move || Peer::connect_through(person, known, &router_known, transport));
        let mut socket = listener.accept(PATIENCE)?;
        take_passage(&mut socket, &person.known(Reach::default()), &node.known.name, &router.name)?;
        let_in(router, proxied, &node.known, (socket, &person.name), listener)?;
        asking.join().expect("it does not panic").during("through the router")
    })
}

fn reached(bench: &Bench, transport: Transport) -> Result<()> {
    let mut behind = behind(bench, transport, &format!("behind-{}.os", transport.name()))?;
    behind.proxied.expect_alive().during("the standing connection")?;
    let person = bench.known_person(&behind.node, "entering")?;
    let mut peer = enter(&mut behind, &person)?;
    peer.expect_alive()?;
    ask_echo(&mut peer)?;
    // What the node has to say goes the same way back.
    let asking = behind.node.request(&person.name, "net:distro:sys", "from behind", 20);
    let request = peer.receive()?;
    peer.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    // To its router, too (B17).
    let asking = behind.node.request(&behind.router.name, "net:distro:sys", "to the router", 20);
    let request = behind.proxied.receive().during("a request to the router")?;
    behind.proxied.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    // Another, while the first is there.
    let other = bench.known_person(&behind.node, "entering")?;
    enter(&mut behind, &other)?.expect_alive().during("the second")?;
    peer.expect_alive().during("the first, after the second")?;
    // It dials direct nodes itself.
    let (direct, listener) = bench.listening_person(&behind.node, transport)?;
    let asking = behind.node.request(&direct.name, "net:distro:sys", "directly", 20);
    let mut peer = Peer::respond(listener.accept(PATIENCE)?, &direct, &behind.node.known)?;
    let request = peer.receive()?;
    peer.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    Ok(())
}

fn redials(bench: &Bench, transport: Transport) -> Result<()> {
    let mut behind = behind(bench, transport, &format!("redials-{}.os", transport.name()))?;
    for _ in 0..2 {
        behind.proxied.socket.close();
        behind.proxied = standing_connection(&behind.router, &behind.node, &behind.listener)?;
    }
    let person = bench.known_person(&behind.node, "entering")?;
    enter(&mut behind, &person)?.expect_alive()
}

/// Only its own routers let others in, and only those whom the node knows; whoever comes must speak within 5 s.
fn lets_in(bench: &Bench) -> Result<()> {
    let mut behind = behind(bench, Transport::Ws, "lets-in.os")?;
    let person = bench.known_person(&behind.node, "entering")?;
    let stranger = bench.person("stranger");
    let quiet = Duration::from_millis(700);
    announce(&behind.router, &mut behind.proxied, &stranger.name)?;
    check!(behind.listener.accept_stream(quiet).is_err(), "it dials for somebody unknown");

    let (other, other_listener) = bench.listening_person(&behind.node, Transport::Ws)?;
    let asking = behind.node.request(&other.name, "net:distro:sys", "hello", 20);
    let mut peer = Peer::respond(other_listener.accept(PATIENCE)?, &other, &behind.node.known)?;
    let request = peer.receive()?;
    peer.send(&request.answer(b"ack"))?;
    asking.join().expect("it does not panic")?;
    announce(&other, &mut peer, &person.name)?;
    check!(other_listener.accept_stream(quiet).is_err(), "it dials a node that is not its router");
    check!(behind.listener.accept_stream(quiet).is_err(), "it dials its router for another node");
    peer.expect_alive()?;

    announce(&behind.router, &mut behind.proxied, &person.name)?;
    let mut socket = behind.listener.accept(Duration::from_secs(5))?;
    take_passage(&mut socket, &behind.node.known, &person.name, &behind.router.name)?;
    let begin = Instant::now();
    socket.expect_closed(Duration::from_secs(9)).during("the passage that nobody takes")?;
    check!(begin.elapsed() > Duration::from_secs(3), "closed after {:?}", begin.elapsed());
    behind.proxied.expect_alive()
}

// ---- the node as a router --------------------------------------------------------------------------------------------

/// Two that the router knows: the second can be dialled, or is behind the router.
fn asking_person(bench: &Bench, router: &Node) -> Result<Person> {
    bench.known_person(router, "asking")
}

fn indirect_person(bench: &Bench, router: &Node, transport: Transport) -> Result<Indirect> {
    let person = bench.person("indirect");
    router.tell(&person, &Reach::behind(&[&router.known.name]))?;
    let mut indirect = Indirect::register(&person, &router.known, transport)?;
    indirect.connection.expect_alive()?;
    Ok(indirect)
}

fn unknown_reach(person: &Person) -> Known {
    person.known(Reach::default())
}

fn direct_target(bench: &Bench, transport: Transport) -> Result<()> {
    let router = bench.router();
    let a = asking_person(bench, router)?;
    let (b, listener) = bench.listening_person(router, transport)?;
    thread::scope(|scope| {
        let asking = scope.spawn(|| Peer::connect_through(&a, &unknown_reach(&b), &router.known, transport));
        let socket = listener.accept(PATIENCE).during("the router's dial")?;
        let mut two = Peer::respond(socket, &b, &unknown_reach(&a))?;
        let mut one = asking.join().expect("it does not panic")?;
        talk(&mut one, &mut two)?;
        // Either end ends both.
        two.socket.close();
        one.expect_closed()
    })
}

fn indirect_target(bench: &Bench, transport: Transport) -> Result<()> {
    let router = bench.router();
    let a = asking_person(bench, router)?;
    let mut b = indirect_person(bench, router, transport)?;
    let target = unknown_reach(&b.me);
    thread::scope(|scope| {
        let asking = scope.spawn(|| Peer::connect_through(&a, &target, &router.known, transport));
        b.wait_for(&a.name)?;
        let mut two = b.meet(&unknown_reach(&a)).during("the target")?;
        let mut one = asking.join().expect("it does not panic").during("the initiator")?;
        talk(&mut one, &mut two)?;
        one.socket.close();
        two.expect_closed()
    })?;
    b.connection.expect_alive().during("the standing connection")
}

/// The routing request and message 1 in one write, as TCP may join them.
fn in_one_write(bench: &Bench) -> Result<()> {
    let router = bench.router();
    let a = asking_person(bench, router)?;
    let mut b = indirect_person(bench, router, Transport::Tcp)?;
    let request = crate::messages::encode(&routing_request(&a, &b.me.name, &router.known.name));
    let first = crate::noise::Handshake::new(crate::noise::Role::Initiator).write(&[]);
    let mut bytes = Vec::new();
    for frame in [&request, &first] {
        bytes.extend((frame.len() as u16).to_be_bytes());
        bytes.extend(frame);
    }
    let mut socket = crate::peer::dial(&router.known, Transport::Tcp)?;
    socket.write_raw(&bytes)?;
    b.wait_for(&a.name)?;
    let mut other = crate::peer::dial(&router.known, Transport::Tcp)?;
    other.write_frame(&crate::messages::encode(&routing_request(&b.me, &a.name, &router.known.name)))?;
    same!(other.read_frame(PATIENCE)?, first, "what comes of the initiator");
    other.write_frame(b"and back")?;
    same!(socket.read_frame(PATIENCE)?, b"and back", "what comes of the target");
    Ok(())
}

/// What a router must not pass on is dropped at once, without a word.
fn refused(bench: &Bench, transport: Transport) -> Result<()> {
    let router = bench.router();
    let (a, other, stranger) = (asking_person(bench, router)?, asking_person(bench, router)?, bench.person("stranger"));
    let b = indirect_person(bench, router, transport)?;
    let absent = bench.person("absent");
    router.tell(&absent, &Reach::behind(&[&router.known.name]))?;
    let here = router.known.name.as_str();
    let good = || routing_request(&a, &b.me.name, here);
    let short = RoutingRequest { signature: vec![1; 63], ..good() };
    let zeros = RoutingRequest { signature: vec![0; 64], ..good() };
    let of_another = RoutingRequest { signature: routing_request(&other, &b.me.name, here).signature, ..good() };
    let requests = [
        ("a short signature", short),
        ("a signature of zeros", zeros),
        ("the signature of another", of_another),
        ("a signature for another router", routing_request(&a, &b.me.name, "elsewhere.os")),
        ("an unknown source", routing_request(&stranger, &b.me.name, here)),
        ("an unknown target", routing_request(&a, &stranger.name, here)),
        ("itself as the target", routing_request(&a, &a.name, here)),
        ("a target that is not connected", routing_request(&a, &absent.name, here)),
    ];
    for (what, request) in &requests {
        let mut socket = ask_for_passage(&router.known, transport, request, |value| value)?;
        socket.expect_closed(Duration::from_secs(3)).during(what)?;
    }
    let mut socket = ask_for_passage(&router.known, transport, &good(), with_less)?;
    socket.expect_closed(Duration::from_secs(3)).during("a missing field")?;
    let mut socket = ask_for_passage(&router.known, transport, &good(), |_| Value::from("let me in"))?;
    socket.expect_closed(Duration::from_secs(3)).during("no struct")?;
    let mut b = b;
    b.connection.expect_alive()
}

/// A node that passes nothing on, which is the default.
fn no_router(bench: &Bench, transport: Transport) -> Result<()> {
    let node = bench.node();
    let a = asking_person(bench, node)?;
    let mut b = indirect_person(bench, node, transport)?;
    let request = routing_request(&a, &b.me.name, &node.known.name);
    ask_for_passage(&node.known, transport, &request, |value| value)?.expect_closed(Duration::from_secs(3))?;
    b.connection.expect_alive()
}

/// B18: the target does not come.
fn pending_expires(bench: &Bench, transport: Transport) -> Result<()> {
    if bench.foreign() {
        return Ok(());
    }
    let router = bench.router();
    let a = asking_person(bench, router)?;
    let mut b = indirect_person(bench, router, transport)?;
    let request = routing_request(&a, &b.me.name, &router.known.name);
    let begin = Instant::now();
    let mut socket = ask_for_passage(&router.known, transport, &request, |value| value)?;
    b.wait_for(&a.name)?;
    socket.expect_closed(Duration::from_secs(9))?;
    let seconds = begin.elapsed().as_secs_f64();
    check!((3.5..8.0).contains(&seconds), "closed after {seconds:.1} s");
    // And then it is as if it had never been.
    b.connection.expect_alive()
}

/// The two ends came over different transports: they cannot be joined, and neither hangs for ever.
fn mixed(bench: &Bench) -> Result<()> {
    let router = bench.router();
    let a = asking_person(bench, router)?;
    let mut b = indirect_person(bench, router, Transport::Ws)?;
    let request = routing_request(&a, &b.me.name, &router.known.name);
    let mut one = ask_for_passage(&router.known, Transport::Tcp, &request, |value| value)?;
    if let Err(Problem::Wrong(what)) = b.wait_for(&a.name) {
        // It may refuse before it asks.
        check!(what.contains("nothing came") || what.contains("closed"), "{what}");
    }
    let mut two = crate::peer::dial(&router.known, Transport::Ws)?;
    let back = routing_request(&b.me, &a.name, &router.known.name);
    let _ = two.write_frame(&crate::messages::encode(&back));
    if bench.foreign() {
        return Ok(());
    }
    two.expect_closed(Duration::from_secs(9)).during("the target's")?;
    one.expect_closed(Duration::from_secs(9)).during("the initiator's")
}

/// B12: at its limit a router ends one, or refuses one, and lives.
fn at_the_limit(bench: &Bench) -> Result<()> {
    let router = Node::start(&bench.settings, "narrow.os", Source::Records, &["--max-passthroughs", "1"])?;
    let b = indirect_person(bench, &router, Transport::Tcp)?;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let a = asking_person(bench, &router)?;
        let request = routing_request(&a, &b.me.name, &router.known.name);
        sockets.push(ask_for_passage(&router.known, Transport::Tcp, &request, |value| value)?);
    }
    let mut closed = 0;
    for socket in &mut sockets {
        match socket.expect_closed(Duration::from_millis(800)) {
            Ok(()) => closed += 1,
            Err(Problem::Wrong(what)) if what.contains("not closed") => {}
            Err(other) => return Err(other),
        }
    }
    check!(closed >= 2, "{} of 3 passages are kept where there is room for 1", 3 - closed);
    let a = asking_person(bench, &router)?;
    Peer::connect(&a, &router.known, Transport::Tcp)?.expect_alive().during("after it")
}

/// Those in use stay within the limit, too.
fn active_at_the_limit(bench: &Bench) -> Result<()> {
    let router = Node::start(&bench.settings, "narrow-two.os", Source::Records, &["--max-passthroughs", "1"])?;
    let mut b = indirect_person(bench, &router, Transport::Tcp)?;
    let a = asking_person(bench, &router)?;
    let target = unknown_reach(&b.me);
    let (mut one, mut two) = thread::scope(|scope| -> Result<(Peer, Peer)> {
        let asking = scope.spawn(|| Peer::connect_through(&a, &target, &router.known, Transport::Tcp));
        b.wait_for(&a.name)?;
        let two = b.meet(&unknown_reach(&a))?;
        Ok((asking.join().expect("it does not panic")?, two))
    })?;
    talk(&mut one, &mut two)?;
    let other = asking_person(bench, &router)?;
    let request = routing_request(&other, &b.me.name, &router.known.name);
    let mut socket = ask_for_passage(&router.known, Transport::Tcp, &request, |value| value)?;
    let is_refused = socket.expect_closed(Duration::from_secs(1)).is_ok();
    let is_ended = one.expect_closed_within(Duration::from_millis(500)).is_ok();
    check!(is_refused != is_ended, "the new one refused: {is_refused}; the old one ended: {is_ended}");
    let a = asking_person(bench, &router)?;
    Peer::connect(&a, &router.known, Transport::Tcp)?.expect_alive().during("after it")
}

/// Two nodes of the same program with our router between them do not need us: one reaches the other through it.
fn node_to_node(bench: &Bench) -> Result<()> {
    let router = bench.router();
    if bench.foreign() {
        return Ok(());
    }
    let routing = router.known.reach.clone();
    let text = std::fs::read_to_string(router.record_path())?;
    let hidden = Node::start_with(
        &bench.settings,
        "hidden.os",
        &[(&router.known.name, &text)],
        &["--router", &router.known.name],
    )?;
    same!(hidden.known.reach.routers, vec![router.known.name.clone()], "routers");
    router.tell_record(&hidden)?;
    let seeing = Node::start_with(
        &bench.settings,
        "seeing.os",
        &[(&router.known.name, &text), ("hidden.os", &std::fs::read_to_string(hidden.record_path())?)],
        &[],
    )?;
    hidden.tell_record(&seeing)?;
    router.tell_record(&seeing)?;
    check!(!routing.ports().is_empty(), "a router without ports");
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        let told = seeing.actor().act(
            json!([{"do": "send_and_await", "to": format!("hidden.os@{ECHO}"), "body": "through", "expects": 10}]),
        )?;
        if told[0]["body"] == json!("through") {
            return Ok(());
        }
        // The hidden one may not have reached its router yet.
        check!(Instant::now() < end, "the answer is {}", told[0]);
        thread::sleep(Duration::from_millis(200));
    }
}

// ---- the node reaches others by way of our router ----------------------------------------------------------------------

/// Takes the node's passage to `b` as the router, and answers as `b` what comes on it.
fn be_reached(bench: &Bench, router: &Person, listener: &Listener, b: &Person) -> Result<()> {
    let node = bench.node();
    let asking = node.request(&b.name, "net:distro:sys", "through a router", 20);
    let mut socket = listener.accept(PATIENCE).during("the node's dial to the router")?;
    take_passage(&mut socket, &node.known, &b.name, &router.name)?;
    let mut peer = Peer::respond(socket, b, &node.known)?;
    let request = peer.receive()?;
    peer.send(&request.answer(b"ack"))?;
    same!(asking.join().expect("it does not panic")?.body, b"ack", "what the node's process got");
    peer.expect_alive()?;
    ask_echo(&mut peer)
}

fn through_our_router(bench: &Bench, transport: Transport) -> Result<()> {
    let (router, listener) = bench.listening_person(bench.node(), transport)?;
    let b = bench.person("behind");
    bench.node().tell(&b, &Reach::behind(&[&router.name]))?;
    be_reached(bench, &router, &listener, &b)
}

fn through_the_second_router(bench: &Bench) -> Result<()> {
    let dead = bench.known_person(bench.node(), "dead-router")?;
    let (router, listener) = bench.listening_person(bench.node(), Transport::Ws)?;
    for _ in 0..3 {
        let b = bench.person("behind");
        bench.node().tell(&b, &Reach::behind(&[&dead.name, "unknown-router.dev", &router.name]))?;
        be_reached(bench, &router, &listener, &b)?;
    }
    Ok(())
}

fn dead_routers(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let names: Vec<String> =
        (0..3).map(|_| bench.known_person(node, "dead-router").map(|person| person.name)).collect::<Result<_>>()?;
    let b = bench.person("behind");
    node.tell(&b, &Reach::behind(&[&names[0], &names[1], &names[2]]))?;
    let begin = Instant::now();
    let to = b.at("asked:interop:test.os");
    let told = node.actor().act(json!([{"do": "send_and_await", "to": to, "body": "hello", "expects": 12}]))?;
    same!(told[0]["error"], json!("Offline"), "the error");
    check!(begin.elapsed() < Duration::from_secs(5), "told after {:?}", begin.elapsed());
    Ok(())
}

/// The router drops the request: the next one is tried, and there is none.
fn refusing_router(bench: &Bench) -> Result<()> {
    let node = bench.node();
    let (router, listener) = bench.listening_person(node, Transport::Tcp)?;
    let b = bench.person("behind");
    node.tell(&b, &Reach::behind(&[&router.name]))?;
    let to = b.at("asked:interop:test.os");
    let asking = node.actor().start(json!([{"do": "send_and_await", "to": to, "body": "hello", "expects": 12}]));
    drop(listener.accept(PATIENCE)?);
    let told = asking.join().expect("it does not panic")?;
    same!(told[0]["error"], json!("Offline"), "the error");
    Ok(())
}

pub fn cases(cases: &mut Cases) {
    cases.group("Routing");
    cases.both("pending_expires_B18", pending_expires);
    cases.add("behind_our_router_who_is_let_in", lets_in);
    cases.both("behind_our_router_redials", redials);
    cases.both("behind_our_router_is_reached", reached);
    cases.add("mixed_transports", mixed);
    cases.add("at_the_limit_B12", at_the_limit);
    cases.add("active_at_the_limit_B12", active_at_the_limit);
    cases.both("as_router_to_a_direct_target", direct_target);
    cases.both("as_router_to_an_indirect_target", indirect_target);
    cases.add("as_router_both_in_one_write", in_one_write);
    cases.both("as_router_refuses", refused);
    cases.both("as_no_router", no_router);
    cases.add("node_to_node", node_to_node);
    cases.both("through_our_router", through_our_router);
    cases.add("through_the_second_router", through_the_second_router);
    cases.add("dead_routers_are_offline", dead_routers);
    cases.add("refusing_router_is_offline", refusing_router);
}
