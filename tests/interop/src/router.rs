//! The roles in routing that are not the node's (specification 5.4): joining two sockets, and being reached by way of a router.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use rmpv::Value;
use tungstenite::Message;

use crate::framing::{Socket, Tcp, Transport, Ws};
use crate::identity::{Known, Person};
use crate::messages::{encode, KernelMessage, NetAction};
use crate::peer::{dial, read_routing_request, routing_request, Claim, Peer, PATIENCE};
use crate::problem::{During, Problem, Result};
use crate::shapes::{bytes_of, value_of};

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut part = vec![0; 65_536];
    loop {
        match from.read(&mut part) {
            Ok(count) if count > 0 && to.write_all(&part[..count]).is_ok() => {}
            _ => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn join_tcp(mut one: Tcp, mut two: Tcp) {
    let _ = two.stream.write_all(&one.take_held());
    let _ = one.stream.write_all(&two.take_held());
    let _ = one.stream.set_read_timeout(None);
    let _ = two.stream.set_read_timeout(None);
    let (Ok(from), Ok(to)) = (one.stream.try_clone(), two.stream.try_clone()) else { return };
    thread::spawn(move || copy(from, to));
    thread::spawn(move || copy(two.stream, one.stream));
}

fn pass_on(from: &mut Ws, to: &mut Ws) -> Result<()> {
    match from.read_any(Duration::from_millis(2)) {
        Ok(Message::Close(_)) => Err(Problem::Closed),
        Ok(message) => to.send(message),
        Err(Problem::Late) => Ok(()),
        Err(other) => Err(other),
    }
}

fn join_ws(mut one: Box<Ws>, mut two: Box<Ws>) {
    thread::spawn(move || {
        while pass_on(&mut one, &mut two).and_then(|_| pass_on(&mut two, &mut one)).is_ok() {}
        let _ = one.socket.close(None);
        let _ = two.socket.close(None);
        let _ = one.socket.flush();
        let _ = two.socket.flush();
    });
}

/// Copies both ways until either side ends.
pub fn join(one: Socket, two: Socket) -> Result<()> {
    match (one, two) {
        (Socket::Tcp(one), Socket::Tcp(two)) => join_tcp(one, two),
        (Socket::Ws(one), Socket::Ws(two)) => join_ws(one, two),
        _ => return Err("sockets of two transports cannot be joined".into()),
    }
    Ok(())
}

/// As the router `me`, asks the node at `proxied` to let `source` in.
pub fn announce(me: &Person, proxied: &mut Peer, source: &str) -> Result<()> {
    let target = format!("{}@net:distro:sys", proxied.other);
    let body = encode(&NetAction::ConnectionRequest(source.into()));
    let mut request = crate::messages::ask(1, &me.at("net:distro:sys"), &target, &body);
    request.id = u64::from_be_bytes(crate::identity::random());
    request.rsvp = None;
    request.request_mut().expects_response = Some(5);
    proxied.send(&request)
}

/// As the router `me`: `asking` wants to reach the node `target`, which has its connection `proxied` to us and dials
/// `listener`. Checks what the node sends, and joins the two.
pub fn let_in(
    me: &Person,
    proxied: &mut Peer,
    target: &Known,
    asking: (Socket, &str),
    listener: &crate::framing::Listener,
) -> Result<()> {
    announce(me, proxied, asking.1)?;
    let mut answer = listener.accept(Duration::from_secs(5)).during("the node's dial to its router")?;
    let frame = answer.read_frame(Duration::from_secs(5)).during("the node's routing request")?;
    read_routing_request(&frame, target, asking.1, &me.name)?;
    join(asking.0, answer)
}

/// A node that is reached by way of a router: its standing connection there.
pub struct Indirect {
    pub me: Person,
    pub router: Known,
    pub connection: Peer,
    transport: Transport,
}

impl Indirect {
    pub fn register(me: &Person, router: &Known, transport: Transport) -> Result<Indirect> {
        let connection = Peer::connect_as(Claim::of(me).proxied(), me, router, transport)?;
        Ok(Indirect { me: me.clone(), router: router.clone(), connection, transport })
    }

    /// Waits for the router to tell of `source`; what it says must be as the specification has it.
    pub fn wait_for(&mut self, source: &str) -> Result<KernelMessage> {
        let request = self.connection.receive().during("the connection request")?;
        crate::same!(request.source, self.router.at("net:distro:sys"), "its source");
        crate::same!(request.target, self.me.at("net:distro:sys"), "its target");
        crate::same!(request.rsvp, None, "its rsvp");
        crate::same!(request.request()?.expects_response, Some(5), "the response it expects");
        crate::same!(request.body(), encode(&NetAction::ConnectionRequest(source.into())), "its body");
        Ok(request)
    }

    /// Dials the router to meet `source`, who is the initiator all the same.
    pub fn meet(&self, source: &Known) -> Result<Peer> {
        let mut socket = dial(&self.router, self.transport)?;
        socket.write_frame(&encode(&routing_request(&self.me, &source.name, &self.router.name)))?;
        Peer::respond(socket, &self.me, source)
    }
}

/// Sends a routing request, wrong in some way, and message 1 right behind it.
pub fn ask_for_passage(
    router: &Known,
    transport: Transport,
    request: &crate::messages::RoutingRequest,
    form: impl Fn(Value) -> Value,
) -> Result<Socket> {
    let mut socket = dial(router, transport)?;
    socket.write_frame(&bytes_of(&form(value_of(request))))?;
    let first = crate::noise::Handshake::new(crate::noise::Role::Initiator).write(&[]);
    // The router may have refused it already.
    let _ = socket.write_frame(&first);
    Ok(socket)
}

/// As a router: takes a routing request of the node at a socket.
pub fn take_passage(socket: &mut Socket, source: &Known, target: &str, me: &str) -> Result<()> {
    let frame = socket.read_frame(PATIENCE).during("the routing request")?;
    read_routing_request(&frame, source, target, me)
}
