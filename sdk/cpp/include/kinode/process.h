#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kinode/types.h"

/// A process in C++: all that a node offers it, except what speaks JSON (kinode/json.h, vfs.h,
/// kv.h, timer.h: linked only where they are used).
///
///     #include <kinode/process.h>
///
///     void init(kinode::Address our) {
///       while (true) {
///         auto event = kinode::receive();
///         if (!event) continue;                       // one of our own did not arrive
///         if (event->expects_response()) kinode::respond({.body = event->body()});
///       }
///     }
///
/// One thread, no exceptions, no run-time type information. A process waits by `receive` or
/// `send_and_await`; nothing else blocks. A misuse (a request awaited without a time limit, a request
/// to oneself awaited) ends the process with a trap, as does an allocation that fails.

/// The process itself; the author of a guest defines it. When it returns, the process has ended.
void init(kinode::Address our);

namespace kinode {

// ---- messages ------------------------------------------------------------------------------------

/// Waits for the next message, or for one of our own that could not be delivered.
std::expected<Message, SendError> receive();

/// Whether the message last received came with a blob.
bool has_blob();
/// The blob of the message last received; may be asked for repeatedly.
std::optional<Blob> get_blob();
/// The blob most recently received, be it with an earlier message.
std::optional<Blob> last_blob();

/// Sends a request and goes on. If it expects a response, that or an error will be received.
void send(const Outgoing& outgoing);
/// Sends several, in order.
void send(std::span<const Outgoing> outgoing);

/// Sends a request and waits for its response. `request.expects_response` must be set. Other
/// messages keep, in order, for `receive`.
std::expected<Message, SendError> send_and_await(const Address& target, const Request& request,
                                                 const Blob* blob = nullptr);

/// Answers the request being handled.
void respond(const Response& response, const Blob* blob = nullptr);

// ---- the process itself --------------------------------------------------------------------------

Address our();

/// Verbosity 0 is always seen at the node's terminal, 1 is for debugging, 2 for details.
void print(uint8_t verbosity, std::string_view text);

/// Ends the process as crashed; the node reports the reason.
[[noreturn]] void crash(std::string_view reason);

/// The bytes last set, also in an earlier life of this process.
std::optional<Bytes> get_state();
void set_state(std::span<const uint8_t> bytes);
void clear_state();

OnExit get_on_exit();
void set_on_exit(const OnExit& on_exit);

enum class SpawnError { name_taken, no_file_at_path };

struct Grant {
  ProcessId process;
  /// JSON text; the child is the issuer.
  std::string params;
};

struct Child {
  /// Its process name; none: a random number.
  std::optional<std::string> name{};
  /// Where in the vfs its component lies: `package:publisher/pkg/child.wasm`.
  std::string wasm_path;
  OnExit on_exit{};
  /// Those that we hold or issue are given to the child.
  std::vector<Capability> request_capabilities{};
  std::vector<Grant> grant_capabilities{};
  bool is_public = false;
};

/// Starts a process in our package.
std::expected<ProcessId, SpawnError> spawn(const Child& child);

// ---- capabilities --------------------------------------------------------------------------------

std::vector<Capability> our_capabilities();
/// Keeps what was received in a message, or what we issue ourselves.
void save_capabilities(std::span<const Capability> capabilities);
void drop_capabilities(std::span<const Capability> capabilities);

}  // namespace kinode
