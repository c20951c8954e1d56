//! Who we are, and how others are told (specification 1.1; the record is that of a development folder).

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use std::collections::BTreeMap;

use crate::messages::KnsUpdate;
use crate::problem::{Problem, Result};

pub fn random<const SIZE: usize>() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// How a node is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    pub ip: String,
    pub tcp: Option<u16>,
    pub ws: Option<u16>,
    pub routers: Vec<String>,
}

impl Reach {
    pub fn at(tcp: Option<u16>, ws: Option<u16>) -> Reach {
        Reach { ip: "127.0.0.1".into(), tcp, ws, routers: Vec::new() }
    }

    /// Known, and not to be reached.
    pub fn refused() -> Reach {
        Reach::at(Some(1), None)
    }

    pub fn behind(routers: &[&str]) -> Reach {
        Reach { routers: routers.iter().map(|name| name.to_string()).collect(), ..Default::default() }
    }

    pub fn ports(&self) -> BTreeMap<String, u16> {
        let both = [("tcp", self.tcp), ("ws", self.ws)];
        both.iter().filter_map(|(name, port)| port.map(|port| (name.to_string(), port))).collect()
    }
}

/// One of our own identities.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    pub key: SigningKey,
}

impl Person {
    pub fn new(name: &str) -> Person {
        Person::with_seed(name, random())
    }

    pub fn with_seed(name: &str, seed: [u8; 32]) -> Person {
        Person { name: name.into(), key: SigningKey::from_bytes(&seed) }
    }

    pub fn public(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(bytes).to_bytes().to_vec()
    }

    pub fn at(&self, process: &str) -> String {
        format!("{}@{process}", self.name)
    }

    pub fn known(&self, reach: Reach) -> Known {
        Known { name: self.name.clone(), key: self.public(), reach }
    }

    pub fn update(&self, reach: &Reach) -> KnsUpdate {
        KnsUpdate {
            name: self.name.clone(),
            public_key: format!("0x{}", HEXLOWER.encode(self.public().as_bytes())),
            ips: if reach.ip.is_empty() { vec![] } else { vec![reach.ip.clone()] },
            ports: reach.ports(),
            routers: reach.routers.clone(),
        }
    }

    /// The record that a development folder holds.
    pub fn record(&self, reach: &Reach, issued: u64) -> String {
        let key = HEXLOWER.encode(self.public().as_bytes());
        let mut signed = format!("kinode node record 1\nname={}\nkey={key}\nip={}\n", self.name, reach.ip);
        let mut text = format!("[[node]]\nname = \"{}\"\nkey = \"0x{key}\"\n", self.name);
        if !reach.ip.is_empty() {
            text += &format!("ip = \"{}\"\n", reach.ip);
        }
        for (protocol, port) in reach.ports() {
            signed += &format!("{protocol}={port}\n");
            text += &format!("{protocol} = {port}\n");
        }
        if !reach.routers.is_empty() {
            text += &format!("routers = [\"{}\"]\n", reach.routers.join("\", \""));
        }
        signed += &format!("routers={}\nissued={issued}\n", reach.routers.join(","));
        let signature = HEXLOWER.encode(&self.sign(signed.as_bytes()));
        text + &format!("issued = {issued}\nsignature = \"{signature}\"\n")
    }
}

/// What is known of another node.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: String,
    pub key: VerifyingKey,
    pub reach: Reach,
}

impl Known {
    pub fn at(&self, process: &str) -> String {
        format!("{}@{process}", self.name)
    }

    pub fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify(bytes, &signature).is_ok())
    }

    /// Reads a record, and proves its signature.
    pub fn from_record(text: &str) -> Result<Known> {
        let wrong = |what: &str| Problem::Wrong(format!("a record without {what}:\n{text}"));
        let field = |name: &str| {
            text.lines().find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.split('#').next().unwrap_or("").trim().trim_matches('"').to_string())
            })
        };
        let name = field("name").ok_or_else(|| wrong("name"))?;
        let key = key_of(&field("key").ok_or_else(|| wrong("key"))?)?;
        let port = |name: &str| field(name).and_then(|value| value.parse().ok());
        let routers = field("routers").unwrap_or_default();
        let routers: Vec<String> = routers
            .trim_matches(['[', ']'])
            .split(',')
            .map(|each| each.trim().trim_matches('"').to_string())
            .filter(|each| !each.is_empty())
            .collect();
        let reach = Reach { ip: field("ip").unwrap_or_default(), tcp: port("tcp"), ws: port("ws"), routers };
        let known = Known { name, key, reach };
        let mut signed = format!("kinode node record 1\nname={}\n", known.name);
        signed += &format!("key={}\nip={}\n", HEXLOWER.encode(key.as_bytes()), known.reach.ip);
        for (protocol, port) in known.reach.ports() {
            signed += &format!("{protocol}={port}\n");
        }
        signed += &format!("routers={}\n", known.reach.routers.join(","));
        signed += &format!("issued={}\n", field("issued").ok_or_else(|| wrong("issued"))?);
        let signature = field("signature").ok_or_else(|| wrong("signature"))?;
        let signature = HEXLOWER.decode(signature.as_bytes()).map_err(|_| wrong("a signature in hex"))?;
        crate::check!(known.signed(signed.as_bytes(), &signature), "a record with a wrong signature:\n{text}");
        Ok(known)
    }
}

/// A public key in hex, with or without 0x.
pub fn key_of(text: &str) -> Result<VerifyingKey> {
    let hex = text.trim_start_matches("0x").to_lowercase();
    let bytes = HEXLOWER.decode(hex.as_bytes()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or_else(|| Problem::Wrong(format!("no key: {text}")))
}
