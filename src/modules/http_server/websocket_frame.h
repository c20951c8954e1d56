// A message of a WebSocket, or one of its control frames (RFC 6455, 5).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace kinode::modules {

enum class FrameType : uint8_t { text, binary, ping, pong, close };

struct WebSocketFrame {
  FrameType type = FrameType::text;
  /// Of a close the reason.
  Bytes payload = {};
};

/// Of a ping or a pong.
constexpr size_t longest_control_payload = 125;

}  // namespace kinode::modules
