// timer:distro:sys (kernel.md 10): answers a request after some time.
//
//   {"SetTimer":milliseconds}   an empty body, no blob, after that time; with 0 at once. Sent whether or
//                               not an answer was expected
//   "Debug"                     prints what waits, at verbosity 0; no answer
//   anything else               a line at verbosity 1; no answer
//
// Public. Only for processes of this node: requests from others are ignored. Timers do not outlive the
// node and cannot be cancelled. A process may have Timers::max_of_one waiting; one more is refused with a
// line at verbosity 0 and no answer, as the protocol has no error (repair of T1). Timers of processes that
// are gone are forgotten when room is needed; until then they fire, and the kernel drops the answers.
//
// Threads: polled as any process. The answers are sent by the thread that advances `timers`, which must
// not do so any more when the kernel is deleted.
#pragma once

#include <memory>

#include "base/clock.h"
#include "modules/module.h"
#include "modules/timer/timers.h"

namespace kinode::modules {

class TimerModule final : public kernel::Process {
 public:
  TimerModule(kernel::ProcessContext& context, const Clock& clock, std::shared_ptr<Timers> timers);
  ~TimerModule() override;

  Poll poll() override;

 private:
  void take(const Call& call);
  void set(const Call& call, uint64_t milliseconds);
  void print_all() const;

  kernel::ProcessContext& context_;
  const Clock& clock_;
  const std::shared_ptr<Timers> timers_;
  Instant next_sweep_;
};

}  // namespace kinode::modules
