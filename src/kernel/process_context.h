// ProcessContext: a process's access to the kernel, in the name of its own address.
//
// Runtime modules use it as it is. A guest is given the same through Conversation, which adds what the
// WIT interface remembers between calls: the request being handled, the last blob, inheritance.
//
// Threads: `receive` is for the thread that polls the process. Everything else is for any thread.
// Lifetime: the context lives until its process is deleted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/result.h"
#include "kernel/envelope.h"
#include "kernel/process.h"
#include "types/message.h"

namespace kinode::kernel {

class Kernel;
struct ProcessEntry;

/// A request to send.
struct Outgoing {
  Address target;
  Request request;
  std::optional<Blob> blob;
  /// Given back with the response or the error; kept only where a response is expected.
  std::optional<Bytes> context;
  /// The request being handled, if any: what `request.inherit` carries on, and what is handled again
  /// when the response comes.
  std::shared_ptr<const Prompting> prompting;
  /// Its sender waits for the response before it takes anything else.
  bool awaited = false;
  /// How long it stands before a full mailbox; kept here by `send` between its calls.
  std::optional<Instant> wait_until = std::nullopt;
};

enum class SendStatus : uint8_t {
  /// On its way, or its failure is: a request that expects a response always ends in one envelope.
  sent,
  /// The target's mailbox, or the way to its node, is full; the request was not sent and is still the caller's.
  /// The process is woken when there is room or when the time to wait is over: then call again.
  full,
};

class ProcessContext {
 public:
  ProcessContext(Kernel& kernel, ProcessEntry& entry) : kernel_(kernel), entry_(entry) {}
  ProcessContext(const ProcessContext&) = delete;
  ProcessContext& operator=(const ProcessContext&) = delete;

  [[nodiscard]] const Address& our() const;
  [[nodiscard]] Kernel& kernel() { return kernel_; }
  [[nodiscard]] ProcessEntry& entry() { return entry_; }

  /// The next envelope, or none; then the process is polled again when there is one.
  std::unique_ptr<Envelope> receive();
  /// The response or error of the request sent with `awaited`, or none; then the process is polled
  /// again when it is there. Other envelopes keep.
  std::unique_ptr<Envelope> receive_awaited();

  /// Sends a request, all checks done here and now. On `sent`, `outgoing` is used up.
  SendStatus send(Outgoing& outgoing);
  /// Answers `prompting`. Attached capabilities the process neither holds nor issues are left out. A
  /// response that the asker may not, or cannot, be sent comes back as an error; one that nobody waits for any
  /// more is dropped.
  void respond(const Prompting& prompting, Response response, std::optional<Blob> blob);

  /// Has the process polled again.
  void wake(WakeHint hint = WakeHint::elsewhere);

  // ---- capabilities of others, for modules that guard something --------------------------------

  /// Whether the local process `holder` holds `capability`.
  [[nodiscard]] bool holds(const ProcessId& holder, const Capability& capability) const;
  /// Gives a local process what of that this one issues; false where it then lacks any: it is gone, or at its limit.
  bool grant(const ProcessId& holder, std::vector<Capability> capabilities);

  void print(uint8_t verbosity, std::string text) const;

 private:
  Kernel& kernel_;
  ProcessEntry& entry_;
};

/// A request taken from a mailbox, as what its response needs. For modules, which answer later.
Prompting prompting_of(const Envelope& request);

}  // namespace kinode::kernel
