//! Sends messages to processes as a program of this machine does: POST /rpc:distro:sys/message (specification 2.3).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{json, Value};

use crate::problem::{Problem, Result};

#[derive(Clone, Default)]
pub struct Call {
    pub node: Option<String>,
    pub process: String,
    pub body: String,
    pub expects: Option<u64>,
    pub metadata: Option<String>,
    pub blob: Option<Vec<u8>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Of the response; or what the node said in its place.
    pub body: Vec<u8>,
    pub blob: Option<Vec<u8>>,
}

fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    value.as_array()?.iter().map(|item| item.as_u64().and_then(|number| u8::try_from(number).ok())).collect()
}

pub fn call(port: u16, call: &Call) -> Result<Answer> {
    let mut message = json!({"process": call.process, "body": call.body});
    if let Some(node) = &call.node {
        message["node"] = json!(node);
    }
    if let Some(expects) = call.expects {
        message["expects_response"] = json!(expects);
    }
    if let Some(metadata) = &call.metadata {
        message["metadata"] = json!(metadata);
    }
    if let Some(blob) = &call.blob {
        message["data"] = json!(BASE64.encode(blob));
    }
    let (status, body) = post(port, &message.to_string())?;
    if status != 200 || body.is_empty() {
        return Ok(Answer { status, body, blob: None });
    }
    let Ok(told) = serde_json::from_slice::<Value>(&body) else {
        return Ok(Answer { status, body, blob: None });
    };
    // The blob's bytes are the characters of its base64 text.
    let blob = bytes_of(&told["lazy_load_blob"]["bytes"]).and_then(|text| BASE64.decode(&text).ok());
    Ok(Answer { status, body: bytes_of(&told["body"]).unwrap_or_default(), blob })
}

fn post(port: u16, body: &str) -> Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let head = format!(
        "POST /rpc:distro:sys/message HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(Problem::Closed)?;
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(Problem::Closed)?;
    let mut content = answer[end + 4..].to_vec();
    if head.contains("transfer-encoding: chunked") {
        content = unchunk(&content)?;
    }
    Ok((status, content))
}

fn unchunk(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let line = bytes.windows(2).position(|two| two == b"\r\n").ok_or(Problem::Closed)?;
        let size =
            std::str::from_utf8(&bytes[..line]).ok().and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
        let size = size.ok_or(Problem::Closed)?;
        if size == 0 {
            return Ok(content);
        }
        let start = line + 2;
        content.extend_from_slice(bytes.get(start..start + size).ok_or(Problem::Closed)?);
        bytes = &bytes[start + size + 2..];
    }
}
