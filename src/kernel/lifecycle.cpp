#include "kernel/lifecycle.h"

#include <algorithm>

#include "base/check.h"

namespace kinode::kernel {

void Lifecycle::print(uint8_t verbosity, std::string text) const {
  environment_.printer.print({verbosity, address_.process(), std::move(text)});
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

// ---- modules -------------------------------------------------------------------------------------

void Lifecycle::add_kernel() {
  std::shared_ptr<ProcessEntry> entry = make_entry(address_.process(), ProcessEntry::Kind::kernel);
  entry->exempt = true;
  entry->stage = ProcessEntry::Stage::running;
  entry->on_exit = OnExit::restart();
  entry->program.wit_version = 1;
  entry->capabilities.emplace(entry->messaging, Bytes());
  entry->capabilities.emplace(Capability::network(address_), Bytes());
  table_.add(entry);
}

void Lifecycle::add_module(const ProcessId& id, bool is_public, const Kernel::MakeProcess& make) {
  std::shared_ptr<ProcessEntry> entry = make_entry(id, ProcessEntry::Kind::module);
  entry->is_public = is_public;
  // The operator's hand, and those that the reference exempts (kernel.md 4.1).
  entry->exempt =
      id.text() == "state:distro:sys" || id.text() == "vfs:distro:sys" || id.text() == "terminal:distro:sys";
  entry->on_exit = OnExit::restart();
  entry->program.wit_version = 1;
  entry->process = make(entry->context);
  for (const std::shared_ptr<ProcessEntry>& other : table_.all()) {
    if (other->kind != ProcessEntry::Kind::guest) {
      AttachedCapability to_new{entry->messaging, {}};
      capabilities_.add(*other, std::span(&to_new, 1));
      entry->capabilities.emplace(other->messaging, Bytes());
    }
  }
  entry->capabilities.emplace(entry->messaging, Bytes());
  entry->capabilities.emplace(Capability::network(address_), Bytes());
  bool added = table_.add(entry);
  KINODE_CHECK(added, "two modules {}", id.text());
  start(entry);
}

// ---- boot ----------------------------------------------------------------------------------------

Result<void> Lifecycle::load(const std::function<Result<Program>(const std::string& handle)>& load) {
  std::vector<std::pair<ProcessId, ProcessRecord>> found;
  Result<void> scanned = records_.scan_processes(
      [&](ProcessId id, ProcessRecord record) { found.emplace_back(std::move(id), std::move(record)); });
  if (!scanned) {
    return scanned;
  }
  std::vector<ProcessId> forgotten;
  for (auto& [id, record] : found) {
    Result<void> safe = id.check_name_safe();
    Result<Program> program = safe ? load(record.handle) : std::unexpected(safe.error());
    if (!program) {
      print(0, fmt::format("{} is forgotten: {}", id.text(), program.error().message));
      forgotten.push_back(id);
      continue;
    }
    std::shared_ptr<ProcessEntry> entry = make_entry(id, ProcessEntry::Kind::guest);
    entry->program = std::move(*program);
    entry->program.handle = record.handle;
    entry->program.wit_version = record.wit_version;
    entry->on_exit = std::move(record.on_exit);
    entry->is_public = record.is_public;
    entry->from_journal = true;
    table_.add(std::move(entry));
  }
  std::vector<std::pair<ProcessId, AttachedCapability>> held;
  scanned = records_.scan_capabilities([&](ProcessId holder, AttachedCapability attached) {
    held.emplace_back(std::move(holder), std::move(attached));
  });
  if (!scanned) {
    return scanned;
  }
  for (auto& [holder, attached] : held) {
    if (std::shared_ptr<ProcessEntry> entry = table_.find(holder)) {
      std::scoped_lock lock(entry->mutex);
      entry->capabilities.emplace(std::move(attached.capability), std::move(attached.signature));
    } else if (std::ranges::find(forgotten, holder) != forgotten.end()) {
      records_.erase_capabilities(holder, std::span(&attached.capability, 1));
    } else {
      capabilities_.add_pending(holder, std::span(&attached, 1));
    }
  }
  for (const std::shared_ptr<ProcessEntry>& entry : table_.all()) {
    capabilities_.index(*entry);
  }
  for (const ProcessId& id : forgotten) {
    records_.erase_process(id, {});
  }
  return {};
}

Result<void> Lifecycle::install(ProcessSpec spec) {
  std::shared_ptr<ProcessEntry> entry = table_.find(spec.id);
  if (!entry) {
    return initialize(std::move(spec));
  }
  if (entry->kind != ProcessEntry::Kind::guest) {
    return fail("{}: names of the runtime's modules are its own", spec.id.text());
  }
  Result<void> component = environment_.factory.inspect(spec.program);
  if (!component) {
    return std::unexpected(component.error().at(spec.id.text()));
  }
  bool found = with_living(table_, spec.id, [&](ProcessEntry& living) {
    living.program = std::move(spec.program);
    living.is_public = spec.is_public;
    for (Capability& capability : spec.capabilities) {
      living.capabilities.emplace(std::move(capability), Bytes());
    }
    change_on_exit(living, std::move(spec.on_exit));
    entry = living.shared_from_this();
  });
  if (!found) {
    return fail("{}: ended while it was brought up to date", spec.id.text());
  }
  capabilities_.index(*entry);
  return {};
}

void Lifecycle::run_all() {
  for (const std::shared_ptr<ProcessEntry>& entry : table_.all()) {
    OnExit before_start;
    {
      std::scoped_lock lock(entry->mutex);
      if (entry->stage != ProcessEntry::Stage::initialized) {
        continue;
      }
      if (std::exchange(entry->from_journal, false)) {
        before_start = entry->on_exit;
      }
    }
    send_on_exit_requests(*entry, before_start);
    start(entry);
  }
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
  entry->on_exit = std::move(spec.on_exit);
  entry->is_public = spec.is_public;
  entry->capabilities.emplace(entry->messaging, Bytes());
  for (Capability& capability : spec.capabilities) {
    entry->capabilities.emplace(std::move(capability), Bytes());
  }
  for (AttachedCapability& passed_on : spec.passed_on) {
    entry->capabilities.emplace(std::move(passed_on.capability), std::move(passed_on.signature));
  }
  {
    // Locked until it is written, so that what is changed meanwhile comes after that in the journal.
    std::scoped_lock lock(entry->mutex);
    if (!table_.add(entry)) {
      return fail("{}: a process of this name exists", spec.id.text());
    }
    std::vector<Capability> granted_before;
    for (AttachedCapability& granted : capabilities_.take_pending(spec.id)) {
      granted_before.push_back(granted.capability);
      entry->capabilities.emplace(std::move(granted.capability), std::move(granted.signature));
    }
    if (entry->lasts()) {
      persist(*entry);
    } else {
      records_.erase_capabilities(spec.id, granted_before);
    }
  }
  capabilities_.index(*entry);
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

Result<void> Lifecycle::run(const ProcessId& id) {
  std::shared_ptr<ProcessEntry> entry = table_.find(id);
  if (!entry) {
    return fail("{}: no such process", id.text());
  }
  start(entry);
  return {};
}

void Lifecycle::start(const std::shared_ptr<ProcessEntry>& entry) {
  {
    std::scoped_lock lock(entry->mutex);
    if (entry->stage != ProcessEntry::Stage::initialized) {
      return;
    }
    entry->stage = ProcessEntry::Stage::running;
    entry->from_journal = false;
  }
  environment_.executor.wake(entry, WakeHint::elsewhere);
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
  std::vector<std::weak_ptr<ProcessEntry>> waiters;
  std::unique_ptr<Envelope> unread;
  std::unique_ptr<Envelope> awaited;
  {
    std::scoped_lock lock(entry.mutex);
    if (entry.ended()) {
      return false;
    }
    entry.stage = ProcessEntry::Stage::ended;
    waiters = entry.mailbox.take_waiters();
    unread = entry.mailbox.take_all();
    awaited = std::move(entry.awaited);
    last();
  }
  Mailbox::discard(std::move(unread));
  for (const std::weak_ptr<ProcessEntry>& waiter : waiters) {
    if (std::shared_ptr<ProcessEntry> sender = waiter.lock()) {
      environment_.executor.wake(std::move(sender), WakeHint::elsewhere);
    }
  }
  cancel_timers(entry);
  return true;
}

bool Lifecycle::remove(ProcessEntry& entry, bool revoke) {
  {
    std::scoped_lock order(order_of(entry.id()));
    std::vector<Capability> held;
    bool was_alive = end(entry, [&] {
      held = CapabilityStore::keys_of(entry.capabilities);
      entry.capabilities.clear();
      if (entry.lasts()) {
        records_.erase_process(entry.id(), held);
      }
    });
    if (!was_alive) {
      return false;
    }
    capabilities_.forget(entry.id(), held);
    if (revoke) {
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
      break;
    }
    // It ended just now; its next life, if it has one, is in the table.
  }
  return found;
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
      if (history.next && *history.next > now) {
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
