// The fields that a handshake payload and a routing request share. Of this room alone.
#pragma once

#include <string>
#include <string_view>

#include "codec/msgpack.h"
#include "crypto/ed25519.h"

namespace kinode::wire {

/// The error, if `input` is longer than a stranger's first words may be.
Result<void> check_greeting_size(const Bytes& input, std::string_view what);
uint8_t read_version(codec::MsgpackReader& reader);
/// A name that a node can have.
std::string read_node_name(codec::MsgpackReader& reader);
crypto::Signature read_signature(codec::MsgpackReader& reader);

}  // namespace kinode::wire
