// GuestHost: what a guest's calls reach: the functions of kn_host, each carried out on the guest's
// Conversation.
//
// A call that must wait tells the engine so and is called again without arguments at each poll, until
// it is done; `waiting_` tells the two apart. A call that cannot be carried out ends the guest with a
// reason. No exception passes into the engine.
//
// One for each guest; the polling thread's alone. Does not move: the engine knows its address.
#pragma once

#include <engine.h>

#include <memory>
#include <optional>
#include <string>

#include "kernel/conversation.h"
#include "wasm/output.h"
#include "wasm/process_limits.h"
#include "wasm/translate.h"

namespace kinode::wasm {

class GuestHost {
 public:
  GuestHost(kernel::ProcessContext& context, const OutputLimits& limits);
  GuestHost(const GuestHost&) = delete;
  GuestHost& operator=(const GuestHost&) = delete;

  /// For kn_process_new, with `this` as the process and wake functions that the caller adds.
  static kn_host functions();
  /// Null where the guest has written nothing.
  [[nodiscard]] Output* output() { return output_.get(); }

 private:
  struct Calls;

  kn_call settle(kernel::Progress progress);

  kernel::ProcessContext& context_;
  const OutputLimits& limits_;
  kernel::Conversation conversation_;
  Translator translator_;
  std::unique_ptr<Output> output_;
  bool waiting_ = false;
  std::string trap_reason_;
  // Handed to the guest, and kept until its next call.
  std::optional<Bytes> state_;
  std::optional<ProcessId> child_;
};

}  // namespace kinode::wasm
