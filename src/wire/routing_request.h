// RoutingRequest: a node's first frame to a router, in clear: connect me to that node (networking.md 3.3, 5.4).
//
// The signature covers target and router alone, so whoever saw a request may repeat it (defect B19): what it opens is a
// pipe whose ends still have to prove who they are to each other. Values; functions of any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/msgpack.h"
#include "crypto/ed25519.h"
#include "wire/handshake_payload.h"

namespace kinode::wire {

struct RoutingRequest {
  /// Nobody looks at it.
  uint8_t protocol_version = wire::protocol_version;
  std::string source;
  crypto::Signature signature{};
  std::string target;

  friend bool operator==(const RoutingRequest&, const RoutingRequest&) = default;
};

/// The signature with which the owner of `key` asks `router` for a connection to `target`.
crypto::Signature sign_route(const crypto::SigningKey& key, std::string_view target, std::string_view router);
/// Whether the owner of `source_key` asked `router` for this.
bool verify(const RoutingRequest& request, const crypto::PublicKey& source_key, std::string_view router);

/// The first client reads both forms of bytes, and writes integers.
Bytes encode_routing_request(const RoutingRequest& request, codec::ByteForm form = codec::ByteForm::bin);
/// Refuses names that no node can have, and a signature of another length.
Result<RoutingRequest> decode_routing_request(const Bytes& input);

}  // namespace kinode::wire
