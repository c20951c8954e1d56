#include "kernel/process_entry.h"

#include "kernel/lifecycle.h"

namespace kinode::kernel {

ProcessEntry::ProcessEntry(Kernel& kernel, Lifecycle& owner, Address process_address, Kind process_kind)
    : lifecycle(owner),
      address(std::move(process_address)),
      kind(process_kind),
      messaging(Capability::messaging(address)),
      context(kernel, *this),
      wake_timer({}, Timer::Purpose::wake),
      restart_timer({}, Timer::Purpose::restart) {}

ProcessEntry::~ProcessEntry() { lifecycle.cancel_timers(*this); }

Task::Outcome ProcessEntry::run() {
  auto stage_now = [this] {
    std::scoped_lock lock(mutex);
    return stage;
  };
  Stage before = stage_now();
  if (before == Stage::ended) {
    process.reset();
    return Outcome::wait;
  }
  if (before != Stage::running) {
    return Outcome::wait;
  }
  if (!process && !lifecycle.make_process(*this)) {
    return Outcome::wait;
  }
  Process::Poll poll = process->poll();
  if (stage_now() == Stage::ended) {
    process.reset();
    return Outcome::wait;
  }
  switch (poll.status) {
    case Process::Status::waiting:
      return Outcome::wait;
    case Process::Status::yielded:
      return Outcome::yield;
    case Process::Status::exited:
      process.reset();
      lifecycle.exited(*this, poll.exit);
      return Outcome::wait;
  }
  return Outcome::wait;
}

}  // namespace kinode::kernel
