// What processes say to each other (kernel.md 2.1). Values; no rules of delivery here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "types/address.h"
#include "types/capability.h"

namespace kinode {

/// Data beside a message, which enters a process only when it asks for it.
struct Blob {
  std::optional<std::string> mime;
  Bytes bytes;

  friend bool operator==(const Blob&, const Blob&) = default;
};

struct Request {
  bool inherit = false;
  /// Seconds until the sender gets a Timeout in place of the response; none: no response wanted.
  std::optional<uint64_t> expects_response;
  Bytes body;
  /// JSON text by convention; never parsed here.
  std::optional<std::string> metadata;
  std::vector<AttachedCapability> capabilities;

  friend bool operator==(const Request&, const Request&) = default;
};

struct Response {
  bool inherit = false;
  Bytes body;
  std::optional<std::string> metadata;
  std::vector<AttachedCapability> capabilities;

  friend bool operator==(const Response&, const Response&) = default;
};

using Message = std::variant<Request, Response>;

enum class SendErrorKind : uint8_t {
  offline,  // the target's node cannot be reached
  timeout,  // no answer in time, no such process here, or no right to message it
};

/// A message as it travels between nodes.
struct KernelMessage {
  uint64_t id = 0;
  Address source;
  Address target;
  /// Who gets the response, where that is not the source.
  std::optional<Address> rsvp;
  Message message;
  /// Beside a Response only. Never leaves its node: absent on the wire, dropped when read from it.
  std::optional<Bytes> context;
  std::optional<Blob> blob;

  friend bool operator==(const KernelMessage&, const KernelMessage&) = default;
};

/// One message of OnExit: expects_response is ignored.
struct OnExitRequest {
  Address target;
  Request request;
  std::optional<Blob> blob;

  friend bool operator==(const OnExitRequest&, const OnExitRequest&) = default;
};

/// What happens when a process returns or crashes.
struct OnExit {
  enum class Kind : uint8_t { none, restart, requests };
  Kind kind = Kind::none;
  std::vector<OnExitRequest> requests;  // for Kind::requests

  static OnExit none() { return {}; }
  static OnExit restart() { return {Kind::restart, {}}; }

  friend bool operator==(const OnExit&, const OnExit&) = default;
};

}  // namespace kinode
