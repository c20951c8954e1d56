// Letter: what one process says to another, as the simulation writes it. Each has a number of its own,
// which travels in its metadata, so that whoever gets it knows which one it is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "types/message.h"

namespace kinode::simulation {

/// The node of all simulations, and an address on it.
extern const std::string node_name;
Address local(std::string_view process_id);
extern const Address kernel_address;

/// By what makes two capabilities equal.
using CapabilityMap = std::map<std::string, Capability>;
std::string key_of(const Capability& capability);
/// A capability that is none of the two which the kernel reads.
Capability make_capability(const Address& issuer, std::string params);

/// What a letter asks of kernel:distro:sys.
struct Command {
  enum class Kind : uint8_t { kill, grant, drop, set_on_exit, initialize, run };
  Kind kind;
  ProcessId process;
  std::vector<Capability> capabilities = {};  // grant, drop, initialize
  OnExit on_exit = {};                        // set_on_exit, initialize
  bool is_public = false;                     // initialize
  bool keeps_capabilities = false;            // kill: metadata "no-revoke"

  [[nodiscard]] std::string body() const;
};

/// A request, or a response (which has no target, timeout or context of its own).
struct Letter {
  uint64_t number = 0;
  std::optional<std::string> tag;  // its metadata
  std::string body;
  Address target = kernel_address;
  bool inherit = false;
  std::optional<uint64_t> expects;
  std::vector<Capability> capabilities = {};
  std::optional<std::string> blob = {};
  std::optional<std::string> context = {};
  std::optional<Command> command = {};

  [[nodiscard]] std::string name() const { return tag.value_or("an answer of the kernel"); }
};

Request request_of(const Letter& letter);
Response response_of(const Letter& letter);
std::optional<Blob> blob_of(const std::optional<std::string>& text);
std::optional<Bytes> bytes_of(const std::optional<std::string>& text);
/// The letter that an on-exit request becomes when it is sent.
Letter letter_of(const OnExitRequest& request, uint64_t number);

/// For the trace.
std::string describe(const Letter& letter);
std::string describe(const std::vector<Capability>& capabilities);
std::string describe(const OnExit& on_exit);
/// A process without the node, `p1` for those of the simulation's own package.
std::string short_name(const Address& address);

}  // namespace kinode::simulation
