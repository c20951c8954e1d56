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
  if (!ended() && stage != Stage::running) {
    return Outcome::wait;
  }
  Process::Poll poll;
  if (!ended() && (process || lifecycle.make_process(*this))) {
    poll = process->poll();
    memory.store(process->memory(), std::memory_order_relaxed);
    if (over_limit) {
      over_limit = false;  // what it has to say at its exit is still heard
      poll = {Process::Status::exited, {true, "it sends without end and receives none of the answers"}};
    }
  }
  if (ended()) {
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

ProcessStatistics ProcessEntry::statistics() {
  ProcessStatistics shown{.id = id(), .is_module = kind != Kind::guest};
  {
    std::scoped_lock lock(mutex);
    shown.is_waiting_to_restart = stage == Stage::backing_off;
    shown.mailbox_messages = mailbox.size();
    shown.mailbox_bytes = mailbox.bytes();
    shown.open_requests = outstanding.size();
    shown.received = mailbox.pushed() + awaited_received;
  }
  shown.sent = sent.load(std::memory_order_relaxed);
  shown.busy = busy();
  shown.memory = memory.load(std::memory_order_relaxed);
  return shown;
}

}  // namespace kinode::kernel
