#include "kernel/lifecycle.h"

#include <algorithm>

#include "kernel/planted_fault.h"

namespace kinode::kernel {

void Lifecycle::print(uint8_t verbosity, std::string text) const {
  environment_.printer.print({verbosity, address_.process(), std::move(text)});
}

void Lifecycle::print_refused(size_t refused, const ProcessId& holder) const {
  if (refused > 0) {
    print(0, refused_text(refused, holder, environment_.limits));
  }
}

std::shared_ptr<ProcessEntry> Lifecycle::make_entry(const ProcessId& id, ProcessEntry::Kind kind) {
  auto entry = std::make_shared<ProcessEntry>(kernel_, *this, address_.neighbour(id), kind);
  entry->wake_timer.owner = entry;
  entry->restart_timer.owner = entry;
  return entry;
}

void Lifecycle::cancel_timers(ProcessEntry& entry) {
  router_.abandon_requests_of(entry);
  wheel_.cancel(entry.wake_timer);
  wheel_.cancel(entry.restart_timer);
}

// ---- processes -----------------------------------------------------------------------------------

Result<void> Lifecycle::check_new(const ProcessSpec& spec) const {
  Result<void> safe = spec.id.check_name_safe();
  if (!safe) {
    return safe;
  }
  if (spec.id.package() == "distro" && spec.id.publisher() == "sys") {
    return fail("{}: names of distro:sys are the runtime's own", spec.id.text());
  }
  if (shut_down_) {
    return fail("{}: the node is shutting down", spec.id.text());
  }
  if (table_.size() >= environment_.limits.processes) {
    return fail("{}: the node has its limit of {} processes", spec.id.text(), environment_.limits.processes);
  }
  Result<void> component = environment_.factory.inspect(spec.program);
  if (!component) {
    return std::unexpected(component.error().at(spec.id.text()));
  }
  return {};
}

Result<void> Lifecycle::initialize(ProcessSpec spec) {
  Result<void> checked = check_new(spec);
  if (!checked) {
    return checked;
  }
  std::scoped_lock order(order_of(spec.id));
  std::shared_ptr<ProcessEntry> entry = make_entry(spec.id, ProcessEntry::Kind::guest);
  entry->program = std::move(spec.program);
  entry->program.wasm = environment_.factory.deduplicate(std::move(entry->program.wasm));
  entry->on_exit = std::move(spec.on_exit);
  entry->is_public = spec.is_public;
  size_t refused = 0;
  {
    // Locked until it is written, so that what is changed meanwhile comes after that in the journal.
    std::scoped_lock lock(entry->mutex);
    if (!table_.add(entry)) {
      return fail("{}: a process of this name exists", spec.id.text());
    }
    capabilities_.fill(*entry, without_signatures({entry->messaging}));
    refused += capabilities_.fill(*entry, without_signatures(spec.capabilities));
    refused += capabilities_.fill(*entry, spec.passed_on);
    std::vector<Capability> granted_before;
    refused += capabilities_.fill_with_pending(*entry, granted_before);
    std::erase_if(granted_before, [&](const Capability& capability) {
      return entry->lasts() && entry->capabilities.contains(capability);
    });
    records_.erase_capabilities(spec.id, granted_before);
    if (entry->lasts()) {
      persist(*entry);
    }
  }
  print_refused(refused, spec.id);
  if (shut_down_) {
    end(*entry, [] {});  // it came after `shutdown` had looked
  }
  return {};
}

void Lifecycle::persist(ProcessEntry& entry) {
  std::vector<AttachedCapability> held;
  held.reserve(entry.capabilities.size());
  for (const auto& [capability, signature] : entry.capabilities) {
    held.push_back({capability, signature});
  }
  records_.put_process(entry.id(),
                       {entry.program.handle, entry.program.wit_version, entry.on_exit, entry.is_public.load()}, held);
}

void Lifecycle::change_on_exit(ProcessEntry& entry, OnExit on_exit) {
  bool lasted = entry.lasts();
  entry.on_exit = std::move(on_exit);
  if (entry.lasts()) {
    persist(entry);
  } else if (lasted) {
    records_.erase_process(entry.id(), CapabilityStore::keys_of(entry.capabilities));
  }
}

Result<void> Lifecycle::run(const ProcessId& id, WakeHint hint) {
  std::shared_ptr<ProcessEntry> entry;
  with_living(table_, id, [&](ProcessEntry& living) { entry = living.shared_from_this(); });
  if (!entry) {
    return fail("{}: no such process", id.text());
  }
  start(entry, hint);
  return {};
}

void Lifecycle::start(const std::shared_ptr<ProcessEntry>& entry, WakeHint hint) {
  {
    std::scoped_lock lock(entry->mutex);
    if (entry->stage != ProcessEntry::Stage::initialized) {
      return;
    }
    entry->stage = ProcessEntry::Stage::running;
    entry->from_journal = false;
  }
  environment_.executor.wake(entry, hint);
}

Result<void> Lifecycle::promise(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  // Of any other name there will never be a process.
  if (Result<void> safe = holder.check_name_safe(); !safe) {
    return safe;
  }
  std::scoped_lock order(order_of(holder));
  if (!kernel_.grant(holder, capabilities)) {
    capabilities_.add_pending(holder, without_signatures(capabilities));
  }
  return {};
}

bool Lifecycle::set_on_exit(const ProcessId& id, OnExit on_exit) {
  bool is_guest = false;
  with_living(table_, id, [&](ProcessEntry& entry) {
    is_guest = entry.kind == ProcessEntry::Kind::guest;
    if (is_guest) {
      change_on_exit(entry, std::move(on_exit));
    }
  });
  return is_guest;
}

void Lifecycle::set_on_exit(ProcessEntry& entry, OnExit on_exit) {
  std::scoped_lock lock(entry.mutex);
  if (!entry.ended()) {
    change_on_exit(entry, std::move(on_exit));
  }
}

// ---- the end -------------------------------------------------------------------------------------

template <class Last>
bool Lifecycle::end(ProcessEntry& entry, Last last) {
  std::vector<std::weak_ptr<Task>> waiters;
  std::unique_ptr<Envelope> unread;
  std::unique_ptr<Envelope> awaited;
  std::vector<std::function<void()>> watchers;
  {
    std::scoped_lock lock(entry.mutex);
    if (entry.ended()) {
      return false;
    }
    entry.stage = ProcessEntry::Stage::ended;
    waiters = entry.mailbox.take_waiters();
    unread = entry.mailbox.take_all();
    awaited = std::move(entry.awaited);
    watchers = std::move(entry.watchers);
    last();
  }
  std::shared_ptr<ProcessEntry> next = planted(Fault::mail_of_another_life) ? table_.find(entry.id()) : nullptr;
  while (next && next.get() != &entry && unread) {
    std::unique_ptr<Envelope> rest = std::move(unread->next);
    next->mailbox.push(std::move(unread));
    unread = std::move(rest);
  }
  tally_.count(Fate::died, Mailbox::discard(std::move(unread)));
  router_.wake_all(waiters);
  cancel_timers(entry);
  for (const std::function<void()>& ended : watchers) {
    ended();
  }
  return true;
}

bool Lifecycle::remove(ProcessEntry& entry, bool revoke) {
  {
    std::scoped_lock order(order_of(entry.id()));
    bool was_alive = end(entry, [&] {
      std::vector<Capability> held = capabilities_.clear(entry);
      if (entry.lasts() && !planted(Fault::death_not_stored)) {
        records_.erase_process(entry.id(), held);
      }
    });
    if (!was_alive) {
      return false;
    }
    if (revoke && !planted(Fault::revocation_forgotten)) {
      capabilities_.revoke(entry.address);
    }
    table_.remove(entry);
  }
  router_.fail_requests_to(entry);
  return true;
}

bool Lifecycle::kill(const ProcessId& id, bool revoke) {
  bool found = false;
  while (std::shared_ptr<ProcessEntry> entry = table_.find(id)) {
    if (entry->kind != ProcessEntry::Kind::guest) {
      return false;
    }
    found = true;
    if (remove(*entry, revoke)) {
      environment_.executor.wake(entry, WakeHint::elsewhere);  // to delete its Process
      return true;
    }
    if (shut_down_) {
      return false;  // it ended with the node, and comes back with it
    }
    // It ended just now; its next life, if it has one, is in the table.
  }
  return found;
}

bool Lifecycle::watch(const ProcessId& id, std::function<void()> ended) {
  return with_living(table_, id, [&](ProcessEntry& entry) { entry.watchers.push_back(std::move(ended)); });
}

bool Lifecycle::make_process(ProcessEntry& entry) {
  Program program;
  {
    std::scoped_lock lock(entry.mutex);
    program = entry.program;
  }
  Result<std::unique_ptr<Process>> made = environment_.factory.make(entry.context, program);
  if (!made) {
    exited(entry, {true, made.error().message});
    return false;
  }
  entry.process = std::move(*made);
  return true;
}

void Lifecycle::exited(ProcessEntry& entry, const Exit& exit) {
  if (exit.crashed) {
    print(0, fmt::format("process {} ended with error: {}", entry.id().text(), exit.reason));
  } else {
    print(1, fmt::format("process {} returned without error", entry.id().text()));
  }
  OnExit on_exit;
  {
    std::scoped_lock lock(entry.mutex);
    on_exit = entry.on_exit;
  }
  switch (on_exit.kind) {
    case OnExit::Kind::none:
      print(1, fmt::format("process {} had OnExit behavior None", entry.id().text()));
      break;
    case OnExit::Kind::restart:
      print(1, fmt::format("process {} had OnExit behavior Restart", entry.id().text()));
      restart(entry);
      return;
    case OnExit::Kind::requests:
      print(1, fmt::format("process {} had OnExit behavior Requests", entry.id().text()));
      send_on_exit_requests(entry, on_exit);
      break;
  }
  remove(entry, /*revoke=*/true);
}

void Lifecycle::send_on_exit_requests(ProcessEntry& entry, const OnExit& on_exit) {
  for (const OnExitRequest& last_word : on_exit.requests) {
    Outgoing outgoing{.target = last_word.target, .request = last_word.request, .blob = last_word.blob};
    outgoing.request.expects_response.reset();
    outgoing.wait_until = environment_.clock.now();  // a full mailbox is not waited for
    router_.send(entry, outgoing);
  }
}

void Lifecycle::restart(ProcessEntry& entry) {
  Instant now = environment_.clock.now();
  Instant start_at = now;
  std::shared_ptr<ProcessEntry> next = make_entry(entry.id(), entry.kind);
  {
    std::scoped_lock order(order_of(entry.id()));
    bool was_alive = end(entry, [&] {
      next->is_public = entry.is_public.load();
      next->program = std::move(entry.program);
      next->on_exit = entry.on_exit;
      next->capabilities = std::move(entry.capabilities);
      next->restarts = entry.restarts;
      RestartHistory& history = next->restarts;
      if (history.next && *history.next > now && !planted(Fault::start_without_wait)) {
        start_at = *history.next;
        std::chrono::seconds delay(uint64_t{1} << std::min(history.attempts, 30U));
        history = {start_at + std::min(delay, environment_.limits.restart_delay), history.attempts + 1};
        next->stage = ProcessEntry::Stage::backing_off;
      } else {
        history = {now + std::chrono::seconds(1), 0};
      }
      // Within the lock: whoever finds this life ended finds the next one in its place.
      table_.replace(entry, next);
    });
    if (!was_alive) {
      return;
    }
  }
  router_.fail_requests_to(entry);
  if (shut_down_) {
    end(*next, [] {});  // it came after `shutdown` had looked
    return;
  }
  if (start_at > now) {
    print(1, fmt::format("process {} starts again in {} ms", entry.id().text(),
                         std::chrono::duration_cast<std::chrono::milliseconds>(start_at - now).count()));
    wheel_.schedule(next->restart_timer, start_at);
    return;
  }
  start(next);
}

void Lifecycle::restart_now(const std::shared_ptr<ProcessEntry>& entry) {
  {
    std::scoped_lock lock(entry->mutex);
    if (entry->stage != ProcessEntry::Stage::backing_off) {
      return;
    }
    entry->stage = ProcessEntry::Stage::initialized;
  }
  start(entry);
}

void Lifecycle::shutdown() {
  shut_down_ = true;
  for (const std::shared_ptr<ProcessEntry>& entry : table_.all()) {
    if (entry->kind == ProcessEntry::Kind::guest) {
      end(*entry, [] {});
      environment_.executor.wake(entry, WakeHint::elsewhere);
    }
  }
}

void Lifecycle::clear() {
  for (const std::shared_ptr<ProcessEntry>& entry : table_.all()) {
    cancel_timers(*entry);  // processes that ask each other keep each other
  }
  table_.clear();
}

}  // namespace kinode::kernel
