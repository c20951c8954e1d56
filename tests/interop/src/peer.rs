//! Peer: one connection to another node after its handshake (specification 4.2, 4.3), in either role.

use std::time::Duration;

use rmpv::Value;

use crate::framing::{Socket, Transport};
use crate::identity::{Known, Person};
use crate::messages::{
    decode, decode_front, encode, is_encoding_of, shown, HandshakePayload, KernelMessage, RoutingRequest, LARGEST,
};
use crate::noise::{Ciphers, Handshake, Role};
use crate::problem::{During, Problem, Result};
use crate::shapes::{bytes_of, value_of};

/// The most plaintext in one frame.
pub const CHUNK: usize = 65_519;
/// For what should come soon, on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What we say of ourselves in the handshake, true or not.
pub struct Claim {
    pub payload: HandshakePayload,
    /// Signs our static key; the payload's signature stays as it is without one.
    pub signer: Option<Person>,
    pub form: Box<dyn Fn(Value) -> Value>,
    /// Behind the payload.
    pub tail: Vec<u8>,
}

impl Claim {
    pub fn of(me: &Person) -> Claim {
        Claim {
            payload: HandshakePayload {
                protocol_version: 1,
                name: me.name.clone(),
                signature: Vec::new(),
                proxy_request: false,
            },
            signer: Some(me.clone()),
            form: Box::new(|value| value),
            tail: Vec::new(),
        }
    }

    pub fn proxied(mut self) -> Claim {
        self.payload.proxy_request = true;
        self
    }

    pub fn version(mut self, version: u8) -> Claim {
        self.payload.protocol_version = version;
        self
    }

    pub fn name(mut self, name: &str) -> Claim {
        self.payload.name = name.into();
        self
    }

    pub fn signed_by(mut self, other: &Person) -> Claim {
        self.signer = Some(other.clone());
        self
    }

    pub fn signature(mut self, bytes: Vec<u8>) -> Claim {
        self.payload.signature = bytes;
        self.signer = None;
        self
    }

    pub fn form(mut self, form: impl Fn(Value) -> Value + 'static) -> Claim {
        self.form = Box::new(form);
        self
    }

    pub fn tail(mut self, tail: &[u8]) -> Claim {
        self.tail = tail.to_vec();
        self
    }

    /// As a node of the kind that is told what is missing.
    pub fn marked(self) -> Claim {
        self.tail(&marker())
    }

    fn bytes(&self, static_public: &[u8; 32]) -> Vec<u8> {
        let mut payload = self.payload.clone();
        if let Some(signer) = &self.signer {
            payload.signature = signer.sign(static_public);
        }
        let mut bytes = bytes_of(&(self.form)(value_of(&payload)));
        bytes.extend_from_slice(&self.tail);
        bytes
    }
}

/// {"kinode": 1}
pub fn marker() -> Vec<u8> {
    bytes_of(&Value::Map(vec![(Value::from("kinode"), Value::from(1))]))
}

/// What the other side said of itself, its signature proved.
#[derive(Clone, Debug)]
pub struct Introduction {
    pub payload: HandshakePayload,
    pub tail: Vec<u8>,
}

fn introduction(bytes: &[u8], remote_static: &[u8; 32], other: &Known) -> Result<Introduction> {
    let (payload, tail) = decode_front::<HandshakePayload>(bytes)?;
    crate::check!(
        is_encoding_of(&payload, &bytes[..bytes.len() - tail.len()]),
        "a payload that is not as it would be encoded here: {}",
        shown(bytes)
    );
    crate::same!(payload.protocol_version, 1, "protocol version");
    crate::same!(payload.name, other.name, "name in the payload");
    crate::check!(other.signed(remote_static, &payload.signature), "the payload's signature is wrong");
    Ok(Introduction { tail: tail.to_vec(), payload })
}

/// The request for a connection by way of a router.
pub fn routing_request(source: &Person, target: &str, router: &str) -> RoutingRequest {
    RoutingRequest {
        protocol_version: 1,
        source: source.name.clone(),
        signature: source.sign(format!("{target}{router}").as_bytes()),
        target: target.into(),
    }
}

/// Reads a routing request of a node, and proves it.
pub fn read_routing_request(frame: &[u8], source: &Known, target: &str, router: &str) -> Result<()> {
    let request = decode::<RoutingRequest>(frame).during("routing request")?;
    crate::same!(request.protocol_version, 1, "version of the routing request");
    crate::same!(request.source, source.name, "source of the routing request");
    crate::same!(request.target, target, "target of the routing request");
    crate::check!(
        source.signed(format!("{target}{router}").as_bytes(), &request.signature),
        "the signature of the routing request is wrong"
    );
    Ok(())
}

pub struct Peer {
    pub me: Person,
    pub other: String,
    pub socket: Socket,
    pub ciphers: Ciphers,
    pub introduction: Introduction,
    /// Of the message last received: its bytes, and those of its frames on the wire.
    pub size: usize,
    pub frames: Vec<usize>,
}

impl Peer {
    pub fn connect(me: &Person, other: &Known, transport: Transport) -> Result<Peer> {
        Peer::connect_as(Claim::of(me), me, other, transport)
    }

    pub fn connect_as(claim: Claim, me: &Person, other: &Known, transport: Transport) -> Result<Peer> {
        Peer::initiate(dial(other, transport)?, claim, me, other)
    }

    /// By way of a router, whose port this is.
    pub fn connect_through(me: &Person, other: &Known, router: &Known, transport: Transport) -> Result<Peer> {
        let mut socket = dial(router, transport)?;
        socket.write_frame(&encode(&routing_request(me, &other.name, &router.name)))?;
        Peer::initiate(socket, Claim::of(me), me, other)
    }

    pub fn initiate(mut socket: Socket, claim: Claim, me: &Person, other: &Known) -> Result<Peer> {
        let mut noise = Handshake::new(Role::Initiator);
        let first = noise.write(&[]);
        crate::same!(first.len(), 32, "size of message 1");
        socket.write_frame(&first)?;
        let second = socket.read_frame(PATIENCE)?;
        let payload = noise.read(&second).during("message 2")?;
        crate::same!(second.len(), 96 + payload.len(), "size of message 2");
        let introduction = introduction(&payload, &noise.remote_static()?, other).during("message 2")?;
        let third = noise.write(&claim.bytes(&noise.static_public));
        socket.write_frame(&third)?;
        Ok(Peer::new(me, other, socket, noise.finish()?, introduction))
    }

    pub fn respond(socket: Socket, me: &Person, other: &Known) -> Result<Peer> {
        Peer::respond_as(socket, Claim::of(me), me, other)
    }

    pub fn respond_as(mut socket: Socket, claim: Claim, me: &Person, other: &Known) -> Result<Peer> {
        let mut noise = Handshake::new(Role::Responder);
        let first = socket.read_frame(PATIENCE).during("message 1")?;
        crate::same!(first.len(), 32, "size of message 1");
        noise.read(&first)?;
        let second = noise.write(&claim.bytes(&noise.static_public));
        socket.write_frame(&second)?;
        let third = socket.read_frame(PATIENCE)?;
        let payload = noise.read(&third).during("message 3")?;
        crate::same!(third.len(), 64 + payload.len(), "size of message 3");
        let introduction = introduction(&payload, &noise.remote_static()?, other).during("message 3")?;
        Ok(Peer::new(me, other, socket, noise.finish()?, introduction))
    }

    fn new(me: &Person, other: &Known, socket: Socket, ciphers: Ciphers, introduction: Introduction) -> Peer {
        Peer { me: me.clone(), other: other.name.clone(), socket, ciphers, introduction, size: 0, frames: Vec::new() }
    }

    // ---- messages ----

    pub fn send(&mut self, message: &KernelMessage) -> Result<()> {
        self.send_bytes(&encode(message))
    }

    pub fn send_bytes(&mut self, message: &[u8]) -> Result<()> {
        self.send_in_chunks(message, CHUNK)
    }

    pub fn send_in_chunks(&mut self, message: &[u8], size: usize) -> Result<()> {
        let length = (message.len() as u32).to_be_bytes();
        match self.socket.transport() {
            Transport::Tcp => {
                self.socket.write_raw(&length)?;
                self.send_chunks(message, size)
            }
            Transport::Ws => self.send_chunks(&[&length, message].concat(), size),
        }
    }

    fn send_chunks(&mut self, plain: &[u8], size: usize) -> Result<()> {
        for chunk in plain.chunks(size) {
            self.send_chunk(chunk)?;
        }
        Ok(())
    }

    pub fn send_chunk(&mut self, plain: &[u8]) -> Result<()> {
        let frame = self.ciphers.seal(plain);
        self.socket.write_frame(&frame)
    }

    /// The frames of one message as they would be sent; over TCP its length in clear goes first.
    pub fn seal_message(&mut self, message: &KernelMessage) -> Vec<Vec<u8>> {
        let bytes = encode(message);
        let plain = match self.socket.transport() {
            Transport::Tcp => bytes,
            Transport::Ws => [&(bytes.len() as u32).to_be_bytes()[..], &bytes].concat(),
        };
        plain.chunks(CHUNK).map(|chunk| self.ciphers.seal(chunk)).collect()
    }

    /// Writes the length that stands in clear before a message over TCP.
    pub fn send_length(&mut self, size: usize) -> Result<()> {
        match self.socket.transport() {
            Transport::Tcp => self.socket.write_raw(&(size as u32).to_be_bytes()),
            Transport::Ws => Ok(()),
        }
    }

    pub fn receive_bytes(&mut self, patience: Duration) -> Result<Vec<u8>> {
        self.frames.clear();
        let (size, mut message) = match &mut self.socket {
            Socket::Tcp(tcp) => {
                let length = tcp.read_exact(4, patience)?;
                (u32::from_be_bytes(length.try_into().expect("four bytes")), Vec::new())
            }
            Socket::Ws(_) => {
                let first = self.receive_chunk(patience)?;
                crate::check!(first.len() >= 4, "a first chunk of {} bytes", first.len());
                (u32::from_be_bytes(first[..4].try_into().expect("four bytes")), first[4..].to_vec())
            }
        };
        let size = size as usize;
        crate::check!(size <= LARGEST, "a message of {size} bytes");
        while message.len() < size {
            message.extend(self.receive_chunk(patience)?);
        }
        crate::same!(message.len(), size, "bytes of the message");
        self.size = size;
        Ok(message)
    }

    fn receive_chunk(&mut self, patience: Duration) -> Result<Vec<u8>> {
        let frame = self.socket.read_frame(patience)?;
        self.frames.push(frame.len());
        self.ciphers.open(&frame)
    }

    /// The next message, which must be as one would encode it here, and come from the node that we talk to.
    pub fn receive_within(&mut self, patience: Duration) -> Result<KernelMessage> {
        let message: KernelMessage = decode(&self.receive_bytes(patience)?)?;
        crate::check!(message.source.starts_with(&format!("{}@", self.other)), "source is {}", message.source);
        crate::check!(message.target.starts_with(&format!("{}@", self.me.name)), "target is {}", message.target);
        Ok(message)
    }

    pub fn receive(&mut self) -> Result<KernelMessage> {
        self.receive_within(PATIENCE)
    }

    /// The answer to what we ask next.
    pub fn call(&mut self, request: &KernelMessage) -> Result<KernelMessage> {
        self.send(request)?;
        let answer = self.receive().during("the answer")?;
        answer.response()?;
        crate::same!(answer.id, request.id, "id of the answer");
        Ok(answer)
    }

    // ---- the states that cases ask for ----

    pub fn hello(&self, id: u64, text: &str) -> KernelMessage {
        let other = format!("{}@net:distro:sys", self.other);
        crate::messages::ask(id, &self.me.at("hi:terminal:sys"), &other, text.as_bytes())
    }

    /// The connection is in order: a hello is the next thing to be answered.
    pub fn expect_alive(&mut self) -> Result<()> {
        let hello = self.hello(u64::from_be_bytes(crate::identity::random()), "are you there?");
        let answer = self.call(&hello).during("a hello")?;
        crate::same!(answer, hello.answer(b"ack"), "the answer to a hello");
        Ok(())
    }

    pub fn expect_closed(&mut self) -> Result<()> {
        self.expect_closed_within(Duration::from_secs(10))
    }

    pub fn expect_closed_within(&mut self, patience: Duration) -> Result<()> {
        match self.receive_bytes(patience) {
            Err(Problem::Closed) => Ok(()),
            Err(Problem::Late) => Err(format!("not closed within {patience:?}").into()),
            Err(other) => Err(other),
            Ok(bytes) => {
                Err(format!("came in place of the connection's end: {:?}", decode::<KernelMessage>(&bytes)).into())
            }
        }
    }

    /// Nothing comes for a while.
    pub fn expect_silence(&mut self, time: Duration) -> Result<()> {
        match self.receive_bytes(time) {
            Err(Problem::Late) => Ok(()),
            Err(other) => Err(other),
            Ok(bytes) => Err(format!("came unasked: {:?}", decode::<KernelMessage>(&bytes)).into()),
        }
    }
}

pub fn dial(other: &Known, transport: Transport) -> Result<Socket> {
    let port = match transport {
        Transport::Tcp => other.reach.tcp,
        Transport::Ws => other.reach.ws,
    };
    let port = port.ok_or_else(|| Problem::Wrong(format!("{} has no port for {}", other.name, transport.name())))?;
    Socket::dial(transport, port).during("dialling")
}
