//! Frames over TCP and over WebSocket (specification 4.1 to 4.3).
//!
//! A frame is what Noise makes of one message or chunk: over TCP two bytes of length stand before it, over WebSocket it
//! is one Binary message. One thread at a time reads or writes a socket.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

use crate::problem::{Problem, Result};

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Transport {
    Tcp,
    Ws,
}

pub const BOTH: [Transport; 2] = [Transport::Tcp, Transport::Ws];

impl Transport {
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Ws => "ws",
        }
    }
}

/// What is read of a stream, with what was read too early.
pub struct Tcp {
    pub stream: TcpStream,
    held: Vec<u8>,
}

pub struct Ws {
    pub socket: WebSocket<TcpStream>,
    /// Payloads that came.
    pub pings: Vec<Vec<u8>>,
    pub pongs: Vec<Vec<u8>>,
}

pub enum Socket {
    Tcp(Tcp),
    Ws(Box<Ws>),
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(None).max_frame_size(None)
}

fn websocket_problem(error: tungstenite::Error) -> Problem {
    use tungstenite::error::ProtocolError;
    use tungstenite::Error;
    match error {
        Error::Io(error) => error.into(),
        Error::ConnectionClosed | Error::AlreadyClosed => Problem::Closed,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            Problem::Closed
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) => Problem::Closed,
        other => Problem::Wrong(format!("WebSocket: {other}")),
    }
}

fn set_patience(stream: &TcpStream, end: Instant) -> Result<()> {
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    Ok(stream.set_read_timeout(Some(left))?)
}

impl Tcp {
    pub fn new(stream: TcpStream) -> Tcp {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(Duration::from_secs(20)));
        Tcp { stream, held: Vec::new() }
    }

    pub fn read_exact(&mut self, size: usize, patience: Duration) -> Result<Vec<u8>> {
        let end = Instant::now() + patience;
        let mut part = vec![0; 65_536];
        while self.held.len() < size {
            set_patience(&self.stream, end)?;
            match self.stream.read(&mut part) {
                Ok(0) => return Err(Problem::Closed),
                Ok(count) => self.held.extend_from_slice(&part[..count]),
                Err(error) if Instant::now() < end && Problem::from_ref(&error) == Problem::Late => {}
                Err(error) => return Err(error.into()),
            }
        }
        let rest = self.held.split_off(size);
        Ok(std::mem::replace(&mut self.held, rest))
    }

    /// What was read beyond the last frame.
    pub fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

impl Problem {
    fn from_ref(error: &std::io::Error) -> Problem {
        std::io::Error::from(error.kind()).into()
    }
}

impl Socket {
    pub fn dial(transport: Transport, port: u16) -> Result<Socket> {
        match transport {
            Transport::Tcp => Ok(Socket::Tcp(Tcp::new(TcpStream::connect(("127.0.0.1", port))?))),
            Transport::Ws => {
                let request = format!("ws://127.0.0.1:{port}/").into_client_request().map_err(websocket_problem)?;
                Socket::dial_with(request, port)
            }
        }
    }

    /// WebSocket, with a request of one's own.
    pub fn dial_with(request: tungstenite::handshake::client::Request, port: u16) -> Result<Socket> {
        let stream = Tcp::new(TcpStream::connect(("127.0.0.1", port))?).stream;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        match tungstenite::client::client_with_config(request, stream, Some(config())) {
            Ok((socket, _)) => Ok(Socket::from_websocket(socket)),
            Err(tungstenite::HandshakeError::Failure(error)) => Err(websocket_problem(error)),
            Err(_) => Err(Problem::Late),
        }
    }

    /// The accepting side of a stream.
    pub fn upgrade(transport: Transport, stream: TcpStream) -> Result<Socket> {
        let tcp = Tcp::new(stream);
        match transport {
            Transport::Tcp => Ok(Socket::Tcp(tcp)),
            Transport::Ws => {
                tcp.stream.set_read_timeout(Some(Duration::from_secs(10)))?;
                match tungstenite::accept_with_config(tcp.stream, Some(config())) {
                    Ok(socket) => Ok(Socket::from_websocket(socket)),
                    Err(tungstenite::HandshakeError::Failure(error)) => Err(websocket_problem(error)),
                    Err(_) => Err(Problem::Late),
                }
            }
        }
    }

    fn from_websocket(socket: WebSocket<TcpStream>) -> Socket {
        Socket::Ws(Box::new(Ws { socket, pings: Vec::new(), pongs: Vec::new() }))
    }

    pub fn transport(&self) -> Transport {
        match self {
            Socket::Tcp(_) => Transport::Tcp,
            Socket::Ws(_) => Transport::Ws,
        }
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        match self {
            Socket::Tcp(tcp) => &mut tcp.stream,
            Socket::Ws(ws) => ws.socket.get_mut(),
        }
    }

    pub fn ws(&mut self) -> &mut Ws {
        match self {
            Socket::Ws(ws) => ws,
            Socket::Tcp(_) => panic!("not a WebSocket"),
        }
    }

    pub fn write_frame(&mut self, frame: &[u8]) -> Result<()> {
        match self {
            Socket::Tcp(tcp) => {
                let mut bytes = Vec::with_capacity(frame.len() + 2);
                bytes.extend_from_slice(&(frame.len() as u16).to_be_bytes());
                bytes.extend_from_slice(frame);
                Ok(tcp.stream.write_all(&bytes)?)
            }
            Socket::Ws(ws) => ws.socket.send(Message::binary(frame.to_vec())).map_err(websocket_problem),
        }
    }

    /// Over TCP as they are, without a length.
    pub fn write_raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream().write_all(bytes)?)
    }

    pub fn read_frame(&mut self, patience: Duration) -> Result<Vec<u8>> {
        match self {
            Socket::Tcp(tcp) => {
                let end = Instant::now() + patience;
                let size = tcp.read_exact(2, patience)?;
                let size = u16::from_be_bytes([size[0], size[1]]);
                tcp.read_exact(size.into(), end.saturating_duration_since(Instant::now()))
            }
            Socket::Ws(ws) => ws.read_binary(patience),
        }
    }

    /// The other side must end the connection, and say nothing before.
    pub fn expect_closed(&mut self, patience: Duration) -> Result<()> {
        match self.read_frame(patience) {
            Err(Problem::Closed) => Ok(()),
            Err(Problem::Late) => Err(format!("not closed within {patience:?}").into()),
            Err(other) => Err(other),
            Ok(frame) => Err(format!("{} bytes came in place of the end of the connection", frame.len()).into()),
        }
    }

    pub fn close(&mut self) {
        let _ = self.stream().shutdown(Shutdown::Both);
    }
}

impl Ws {
    /// Whatever comes next; control messages too.
    pub fn read_any(&mut self, patience: Duration) -> Result<Message> {
        let end = Instant::now() + patience;
        loop {
            set_patience(self.socket.get_ref(), end)?;
            match self.socket.read() {
                Ok(message) => return Ok(message),
                Err(error) => match websocket_problem(error) {
                    Problem::Late if Instant::now() < end => {}
                    problem => return Err(problem),
                },
            }
        }
    }

    pub fn send(&mut self, message: Message) -> Result<()> {
        self.socket.send(message).map_err(websocket_problem)
    }

    fn read_binary(&mut self, patience: Duration) -> Result<Vec<u8>> {
        let end = Instant::now() + patience;
        loop {
            match self.read_any(end.saturating_duration_since(Instant::now()))? {
                Message::Binary(bytes) => return Ok(bytes.into()),
                Message::Ping(payload) => {
                    self.pings.push(payload.to_vec());
                    let _ = self.socket.flush();
                }
                Message::Pong(payload) => self.pongs.push(payload.to_vec()),
                Message::Close(_) => return Err(Problem::Closed),
                other => return Err(format!("a message that is not binary: {other}").into()),
            }
        }
    }
}

/// Where a peer is dialled. The port is free for as long as this lives.
pub struct Listener {
    listener: TcpListener,
    pub transport: Transport,
    pub port: u16,
}

impl Listener {
    pub fn open(transport: Transport) -> Listener {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        listener.set_nonblocking(true).expect("a listener can poll");
        Listener { listener, transport, port }
    }

    pub fn accept_stream(&self, patience: Duration) -> Result<TcpStream> {
        let end = Instant::now() + patience;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Ok(stream);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if Instant::now() >= end {
                        return Err(Problem::Late);
                    }
                    std::thread::sleep(Duration::from_millis(3));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub fn accept(&self, patience: Duration) -> Result<Socket> {
        Socket::upgrade(self.transport, self.accept_stream(patience)?)
    }
}
