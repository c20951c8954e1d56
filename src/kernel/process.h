// Process: what runs behind a mailbox. A Wasm component and a runtime module are both one; the kernel
// knows no other difference between them.
//
// A process is polled by one thread at a time. In `poll` it takes what it finds with
// ProcessContext::receive and works until it must wait. It never blocks: slow work goes to threads of
// its own, which answer through the context, from any thread, or call ProcessContext::wake.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "types/message.h"

namespace kinode::kernel {

class ProcessContext;

/// How a process came to its end. Killed processes have none.
struct Exit {
  bool crashed = false;
  /// For the log: why it crashed, empty where it returned.
  std::string reason;
};

class Process {
 public:
  virtual ~Process() = default;

  enum class Status : uint8_t { waiting, yielded, exited };
  struct Poll {
    Status status = Status::waiting;
    Exit exit;  // for Status::exited
  };
  virtual Poll poll() = 0;

  /// Bytes of its own that it occupies. On the polling thread.
  [[nodiscard]] virtual uint64_t memory() const { return 0; }
};

/// What a Wasm process is made from.
struct Program {
  Bytes wasm;
  /// Where it was read from, `/package:publisher/drive/...`, as others may see it.
  std::string handle;
  std::optional<uint32_t> wit_version;
};

/// Makes processes of programs; given to the kernel by who composes the node.
class ProcessFactory {
 public:
  virtual ~ProcessFactory() = default;
  /// Judges the program by its first bytes alone, at once.
  virtual Result<void> inspect(const Program& program) = 0;
  /// Equal bytes that are in memory already, where there are such, or these: so that many processes of one
  /// program keep it once. At once.
  virtual Bytes deduplicate(Bytes wasm) { return wasm; }
  /// Does not compile yet and returns at once. The context outlives the process. Fails where the
  /// machine has no room for one more.
  virtual Result<std::unique_ptr<Process>> make(ProcessContext& context, const Program& program) = 0;
};

}  // namespace kinode::kernel
