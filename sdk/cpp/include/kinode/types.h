#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kinode/bytes.h"

/// The values that a process and its node exchange. Plain data: made by designated initialisers,
/// compared by content, freely copied and moved. The rules behind them stand in wit/kinode.wit.

namespace kinode {

/// Text form: `package:publisher`.
struct PackageId {
  std::string package_name;
  std::string publisher_node;

  /// Nothing if a part is missing, empty or one too many.
  static std::optional<PackageId> parse(std::string_view text);
  std::string text() const;
  /// Whether the parts are made of the characters allowed in names: a-z 0-9 - and, for the
  /// publisher, dots. Only such a package can hold processes.
  bool is_safe() const;

  bool operator==(const PackageId&) const = default;
};

/// Text form: `process:package:publisher`.
struct ProcessId {
  std::string process_name;
  std::string package_name;
  std::string publisher_node;

  static std::optional<ProcessId> parse(std::string_view text);
  std::string text() const;
  PackageId package() const { return {package_name, publisher_node}; }

  bool operator==(const ProcessId&) const = default;
};

/// Text form: `node@process:package:publisher`. The node `our` is the one that we run on.
struct Address {
  std::string node;
  ProcessId process;

  static std::optional<Address> parse(std::string_view text);
  /// A process of our own node: `Address::local("vfs:distro:sys")`. Traps if the text is no
  /// process id, so use it for what is written in the source.
  static Address local(std::string_view process);
  std::string text() const;

  bool operator==(const Address&) const = default;
};

/// A right at its issuer. `params` is JSON text: `"messaging"`, with the quotes.
struct Capability {
  Address issuer;
  std::string params;

  bool operator==(const Capability&) const = default;
};

/// The right to message a process of our own node.
inline constexpr std::string_view messaging = "\"messaging\"";

/// Data beside a message; it enters the process only when asked for.
struct Blob {
  std::optional<std::string> mime{};
  Bytes bytes{};

  bool operator==(const Blob&) const = default;
};

struct Request {
  /// Carries on the request being handled; see wit/kinode.wit.
  bool inherit = false;
  /// Seconds to wait for a response; none: no response wanted.
  std::optional<uint64_t> expects_response{};
  Bytes body{};
  std::optional<std::string> metadata{};
  std::vector<Capability> capabilities{};
};

struct Response {
  /// Sends the last message's blob on.
  bool inherit = false;
  Bytes body{};
  std::optional<std::string> metadata{};
  std::vector<Capability> capabilities{};
};

/// A message as it is received.
struct Message {
  Address source;
  std::variant<Request, Response> content;
  /// That of our request which this response answers.
  std::optional<Bytes> context;

  bool is_request() const { return content.index() == 0; }
  const Request* request() const { return std::get_if<Request>(&content); }
  const Response* response() const { return std::get_if<Response>(&content); }

  const Bytes& body() const;
  const std::optional<std::string>& metadata() const;
  const std::vector<Capability>& capabilities() const;
  /// Whether its sender waits for a response.
  bool expects_response() const;
};

/// A message of ours that did not arrive, or was not answered in time.
struct SendError {
  enum class Kind { offline, timeout };

  Kind kind;
  Address target;
  /// What we had sent; `source` is ourselves.
  Message message;
  std::optional<Blob> blob;
  std::optional<Bytes> context;
};

/// A request with all that goes with it.
struct Outgoing {
  Address target;
  Request request{};
  /// Comes back with the response, or with the error; kept only if a response is expected.
  std::optional<Bytes> context{};
  std::optional<Blob> blob{};
};

/// What happens when this process returns or crashes.
struct OnExit {
  enum class Kind { none, restart, requests };

  Kind kind = Kind::none;
  /// For `requests`; none of them expects a response, contexts are not kept.
  std::vector<Outgoing> requests{};
};

}  // namespace kinode
