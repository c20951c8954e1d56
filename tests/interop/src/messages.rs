//! What nodes say to each other, as MessagePack: the structs of the specification, sections 1.1, 3 and 6.
//!
//! A struct is an array of its fields, an enum a map of one entry or a word, bytes are arrays of integers. What a node
//! sends is decoded here and must encode to the same bytes again; odd forms of the same values are made in `shapes`.

use rmpv::Value;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::problem::{Problem, Result};

/// The most bytes that a serialised message may have.
pub const LARGEST: usize = 10_485_800;

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct KernelMessage {
    pub id: u64,
    pub source: String,
    pub target: String,
    pub rsvp: Option<String>,
    pub message: Message,
    pub lazy_load_blob: Option<Blob>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum Message {
    Request(Request),
    Response(Response, Option<Vec<u8>>),
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct Request {
    pub inherit: bool,
    pub expects_response: Option<u64>,
    pub body: Vec<u8>,
    pub metadata: Option<String>,
    pub capabilities: Vec<(Capability, Vec<u8>)>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct Response {
    pub inherit: bool,
    pub body: Vec<u8>,
    pub metadata: Option<String>,
    pub capabilities: Vec<(Capability, Vec<u8>)>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Capability {
    pub issuer: String,
    pub params: String,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Blob {
    pub mime: Option<String>,
    pub bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct HandshakePayload {
    pub protocol_version: u8,
    pub name: String,
    pub signature: Vec<u8>,
    pub proxy_request: bool,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct RoutingRequest {
    pub protocol_version: u8,
    pub source: String,
    pub signature: Vec<u8>,
    pub target: String,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum NodeRouting {
    Routers(Vec<String>),
    Direct(String, BTreeMap<String, u16>),
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Identity {
    pub name: String,
    pub networking_key: String,
    pub routing: NodeRouting,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct KnsUpdate {
    pub name: String,
    pub public_key: String,
    pub ips: Vec<String>,
    pub ports: BTreeMap<String, u16>,
    pub routers: Vec<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum NetAction {
    ConnectionRequest(String),
    KnsUpdate(KnsUpdate),
    KnsBatchUpdate(Vec<KnsUpdate>),
    GetPeers,
    GetPeer(String),
    GetDiagnostics,
    Sign,
    Verify(String, Vec<u8>),
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum NetResponse {
    Accepted(String),
    Rejected(String),
    Peers(Vec<Identity>),
    Peer(Option<Identity>),
    Diagnostics(String),
    Signed,
    Verified(bool),
}

/// What a node of this kind is told when a process that one of its own asked is not there: the request's id, and who
/// asked.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub enum Notice {
    NoSuchProcess(u64, String),
}

pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec(value).expect("values of these types can be encoded")
}

/// The value, and what stands behind it.
pub fn decode_front<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8])> {
    let mut rest = bytes;
    let value = rmp_serde::from_read(&mut rest)
        .map_err(|error| Problem::Wrong(format!("{} bytes that are not what they should be: {error}", bytes.len())))?;
    Ok((value, rest))
}

/// The value that is all of the bytes, as one would encode it.
pub fn decode<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T> {
    let (value, rest) = decode_front::<T>(bytes)?;
    crate::check!(rest.is_empty(), "{} bytes behind the value", rest.len());
    crate::check!(is_encoding_of(&value, bytes), "not as it would be encoded here: {}", shown(bytes));
    Ok(value)
}

/// Whether a node may write the value so: byte strings as arrays of integers or as runs of bytes, all else in one way.
pub fn is_encoding_of<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    if encode(value) == bytes {
        return true;
    }
    let mut with_bin = Vec::new();
    let mut writer = rmp_serde::Serializer::new(&mut with_bin).with_bytes(rmp_serde::config::BytesMode::ForceAll);
    value.serialize(&mut writer).expect("values of these types can be encoded");
    match (rmpv::decode::read_value(&mut &bytes[..]), rmpv::decode::read_value(&mut &with_bin[..])) {
        (Ok(got), Ok(wanted)) => crate::shapes::bytes_of(&got) == bytes && is_same(&got, &wanted),
        _ => false,
    }
}

/// No bytes at all are an empty array or an empty run.
fn is_same(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Binary(bytes), Value::Array(items)) => bytes.is_empty() && items.is_empty(),
        (Value::Array(got), Value::Array(wanted)) => {
            got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| is_same(got, wanted))
        }
        (Value::Map(got), Value::Map(wanted)) => {
            got.len() == wanted.len()
                && got.iter().zip(wanted).all(|(got, wanted)| got.0 == wanted.0 && is_same(&got.1, &wanted.1))
        }
        _ => got == wanted,
    }
}

pub fn shown(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&bytes[..bytes.len().min(300)])
}

impl KernelMessage {
    pub fn request(&self) -> Result<&Request> {
        match &self.message {
            Message::Request(request) => Ok(request),
            _ => Err(format!("a response came in place of a request: {self:?}").into()),
        }
    }

    pub fn response(&self) -> Result<&Response> {
        match &self.message {
            Message::Response(response, _) => Ok(response),
            _ => Err(format!("a request came in place of a response: {self:?}").into()),
        }
    }

    pub fn body(&self) -> &[u8] {
        match &self.message {
            Message::Request(request) => &request.body,
            Message::Response(response, _) => &response.body,
        }
    }

    /// The answer to this request, as a node sends it.
    pub fn answer(&self, body: &[u8]) -> KernelMessage {
        KernelMessage {
            id: self.id,
            source: self.target.clone(),
            target: self.rsvp.clone().unwrap_or_else(|| self.source.clone()),
            rsvp: None,
            message: Message::Response(Response { body: body.to_vec(), ..Default::default() }, None),
            lazy_load_blob: None,
        }
    }

    pub fn request_mut(&mut self) -> &mut Request {
        match &mut self.message {
            Message::Request(request) => request,
            _ => panic!("no request"),
        }
    }
}

/// A request that expects a response in ten seconds.
pub fn ask(id: u64, source: &str, target: &str, body: &[u8]) -> KernelMessage {
    KernelMessage {
        id,
        source: source.into(),
        target: target.into(),
        rsvp: Some(source.into()),
        message: Message::Request(Request { expects_response: Some(10), body: body.to_vec(), ..Default::default() }),
        lazy_load_blob: None,
    }
}
