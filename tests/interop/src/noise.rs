//! The handshake Noise_XX_25519_ChaChaPoly_BLAKE2s in both roles (specification 4.2), by the crate snow.

use snow::params::DHChoice;
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::{Builder, HandshakeState, TransportState};

use crate::identity::random;
use crate::problem::{Problem, Result};

pub const PROTOCOL: &str = "Noise_XX_25519_ChaChaPoly_BLAKE2s";
pub const TAG: usize = 16;
pub const LARGEST_FRAME: usize = 65_535;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Role {
    Initiator,
    Responder,
}

pub struct Handshake {
    state: HandshakeState,
    /// Ours, which the identity signs.
    pub static_public: [u8; 32],
}

fn wrong(error: snow::Error) -> Problem {
    Problem::Wrong(format!("Noise: {error}"))
}

pub fn public_of(private: &[u8; 32]) -> [u8; 32] {
    let mut curve = DefaultResolver.resolve_dh(&DHChoice::Curve25519).expect("the curve is compiled in");
    curve.set(private);
    curve.pubkey().try_into().expect("a key has 32 bytes")
}

impl Handshake {
    pub fn new(role: Role) -> Handshake {
        Handshake::with_keys(role, &random(), None)
    }

    /// A fixed ephemeral key is for vectors alone.
    pub fn with_keys(role: Role, static_private: &[u8; 32], ephemeral: Option<&[u8; 32]>) -> Handshake {
        let mut builder = Builder::new(PROTOCOL.parse().expect("snow knows the protocol"))
            .local_private_key(static_private)
            .expect("one key is set once");
        if let Some(key) = ephemeral {
            builder = builder.fixed_ephemeral_key_for_testing_only(key);
        }
        let state = match role {
            Role::Initiator => builder.build_initiator(),
            Role::Responder => builder.build_responder(),
        };
        Handshake { state: state.expect("the keys are complete"), static_public: public_of(static_private) }
    }

    pub fn write(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut message = vec![0; LARGEST_FRAME];
        let size = self.state.write_message(payload, &mut message).expect("it is our turn, and the payload is short");
        message.truncate(size);
        message
    }

    pub fn read(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        let mut payload = vec![0; LARGEST_FRAME];
        let size = self.state.read_message(message, &mut payload).map_err(wrong)?;
        payload.truncate(size);
        Ok(payload)
    }

    /// The other side's, once it came.
    pub fn remote_static(&self) -> Result<[u8; 32]> {
        let key = self.state.get_remote_static().and_then(|key| key.try_into().ok());
        key.ok_or_else(|| "no static key came".into())
    }

    pub fn hash(&self) -> Vec<u8> {
        self.state.get_handshake_hash().to_vec()
    }

    /// Keys from the initiator to the responder, and back.
    pub fn keys(&mut self) -> ([u8; 32], [u8; 32]) {
        self.state.dangerously_get_raw_split()
    }

    pub fn finish(self) -> Result<Ciphers> {
        Ok(Ciphers(self.state.into_transport_mode().map_err(wrong)?))
    }
}

/// What follows the handshake.
pub struct Ciphers(TransportState);

impl Ciphers {
    pub fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut sealed = vec![0; plain.len() + TAG];
        let size = self.0.write_message(plain, &mut sealed).expect("chunks are short enough");
        sealed.truncate(size);
        sealed
    }

    pub fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>> {
        let mut plain = vec![0; sealed.len()];
        let size = self.0.read_message(sealed, &mut plain).map_err(wrong)?;
        plain.truncate(size);
        Ok(plain)
    }
}
