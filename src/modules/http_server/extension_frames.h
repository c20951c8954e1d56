// Frames between the node and a program that extends it, over a WebSocket bound with `extension` (modules.md 6.8).
// Both ways, in MessagePack:
//
//   {"WebSocketExtPushData": {"id": u64, "kinode_message_type": "Request"|"Response", "blob": bytes}}
//
// The names are written, and the bytes as an array of integers; from the extension structs without names and bytes in
// the form `bin` are read too.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace kinode::modules {

struct ExtensionFrame {
  /// Of the process's request. In an answer the same.
  uint64_t id = 0;
  /// To the extension: what its answer shall be. From it: what this frame is.
  bool is_response = false;
  Bytes blob;
};

Bytes write_extension_frame(const ExtensionFrame& frame);

/// What a frame of an extension is.
struct ExtensionInput {
  enum class Kind : uint8_t {
    frame,
    other,    // bytes of no form that is known here
    refused,  // another action, which is not for extensions
  };
  Kind kind = Kind::other;
  ExtensionFrame frame = {};  // for Kind::frame
};
ExtensionInput read_extension_frame(const Bytes& bytes);

}  // namespace kinode::modules
