// HandshakePayload: who a node says it is, in the second and third message of a Noise handshake (networking.md 3.3).
//
// A node proves its name by a signature of its Noise static key, made with the networking key that the registry has
// for that name. The static key is fresh for each connection, so the signature is of no use in another.
//
// Our kind of node adds what it can do beyond the first protocol, as one more MessagePack value behind the payload:
// the first client ignores what follows there. Values; functions of any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/msgpack.h"
#include "crypto/ed25519.h"

namespace kinode::wire {

/// The only one there is.
constexpr uint8_t protocol_version = 1;
/// Of a node, as in the domain name system.
constexpr size_t max_name_size = 253;
/// Of a handshake payload or a routing request. Honest ones have less than 700 bytes; this is read of strangers.
constexpr size_t max_greeting_size = 4096;

/// What a node of our kind can do: the map {"kinode": version}; other keys are for later versions.
struct PeerFeatures {
  uint32_t version = 1;

  friend bool operator==(const PeerFeatures&, const PeerFeatures&) = default;
};

struct HandshakePayload {
  uint8_t protocol_version = wire::protocol_version;
  std::string name;
  crypto::Signature signature{};
  /// The sender, who begins the handshake, asks that connections to it be passed on.
  bool proxy_request = false;
  /// Absent from a node of the first kind.
  std::optional<PeerFeatures> features;

  friend bool operator==(const HandshakePayload&, const HandshakePayload&) = default;
};

/// Signs the 32 bytes of a Noise static public key.
crypto::Signature handshake_signature(const crypto::SigningKey& key, std::span<const uint8_t, 32> static_key);

/// Whether this payload is of the owner of `key`, said on a connection with that static key, in a version we speak.
Result<void> check_handshake(const HandshakePayload& payload, const crypto::PublicKey& key,
                             std::span<const uint8_t, 32> static_key);

/// The first client reads both forms of bytes, and writes integers.
Bytes encode_handshake_payload(const HandshakePayload& payload, codec::ByteForm form = codec::ByteForm::bin);
/// Refuses a name that no node can have, and a signature of another length. Any version is read; features that are
/// malformed count as none.
Result<HandshakePayload> decode_handshake_payload(const Bytes& input);

}  // namespace kinode::wire
