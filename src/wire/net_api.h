// What processes and nodes say to net:distro:sys, and what it answers (networking.md 6). MessagePack; a variant may be
// given by its number in the order below.
//
// What is read is bounded: texts by 253 bytes, lists of an entry by 64, batches by 65536. Values; functions of any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/msgpack.h"
#include "types/address.h"
#include "types/identity.h"

namespace kinode::wire {

/// What the registry says of one node. None of it need be valid.
struct KnsUpdate {
  std::string name;
  std::string public_key;
  std::vector<std::string> ips;
  std::map<std::string, uint16_t> ports;
  std::vector<std::string> routers;

  friend bool operator==(const KnsUpdate&, const KnsUpdate&) = default;
};

// ---- requests ---------------------------------------------------------------------------------------

/// Of a router: that node wants to talk to you, come and fetch it.
struct ConnectionRequest {
  std::string node;
  friend bool operator==(const ConnectionRequest&, const ConnectionRequest&) = default;
};
/// When read, entries that break a bound are left out: one odd entry of the registry must not hide all others.
struct KnsBatchUpdate {
  std::vector<KnsUpdate> updates;
  friend bool operator==(const KnsBatchUpdate&, const KnsBatchUpdate&) = default;
};
struct GetPeers {
  friend bool operator==(const GetPeers&, const GetPeers&) = default;
};
struct GetPeer {
  std::string node;
  friend bool operator==(const GetPeer&, const GetPeer&) = default;
};
struct GetDiagnostics {
  friend bool operator==(const GetDiagnostics&, const GetDiagnostics&) = default;
};
/// Of what is in the blob.
struct Sign {
  friend bool operator==(const Sign&, const Sign&) = default;
};
/// Whether `signature` is of what is in the blob, made for the process `from` by its node.
struct Verify {
  Address from;
  Bytes signature;
  friend bool operator==(const Verify&, const Verify&) = default;
};

using NetAction =
    std::variant<ConnectionRequest, KnsUpdate, KnsBatchUpdate, GetPeers, GetPeer, GetDiagnostics, Sign, Verify>;

Bytes encode_net_action(const NetAction& action, codec::ByteForm form = codec::ByteForm::integers);
/// An error also means: of another node, this is a greeting.
Result<NetAction> decode_net_action(const Bytes& input);

// ---- answers ----------------------------------------------------------------------------------------

struct Accepted {
  std::string node;
  friend bool operator==(const Accepted&, const Accepted&) = default;
};
/// Of a node to its router: no connection with this node.
struct Rejected {
  std::string node;
  friend bool operator==(const Rejected&, const Rejected&) = default;
};
struct Peers {
  std::vector<Identity> identities;
  friend bool operator==(const Peers&, const Peers&) = default;
};
struct Peer {
  std::optional<Identity> identity;
  friend bool operator==(const Peer&, const Peer&) = default;
};
struct Diagnostics {
  std::string text;
  friend bool operator==(const Diagnostics&, const Diagnostics&) = default;
};
/// The signature is in the blob.
struct Signed {
  friend bool operator==(const Signed&, const Signed&) = default;
};
struct Verified {
  bool valid = false;
  friend bool operator==(const Verified&, const Verified&) = default;
};

using NetResponse = std::variant<Accepted, Rejected, Peers, Peer, Diagnostics, Signed, Verified>;

Bytes encode_net_response(const NetResponse& response);
Result<NetResponse> decode_net_response(const Bytes& input);

// ---- identities -------------------------------------------------------------------------------------

/// A node that is direct is written without its routers: the form with both is unknown to the libraries of guests.
void pack(codec::MsgpackWriter& writer, const Identity& identity);
/// Of no use when the reader failed.
Identity unpack_identity(codec::MsgpackReader& reader);

Bytes encode_identity(const Identity& identity);
Result<Identity> decode_identity(const Bytes& input);

}  // namespace kinode::wire
