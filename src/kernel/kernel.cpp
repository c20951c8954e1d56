#include "kernel/kernel.h"

#include "kernel/parts.h"

namespace kinode::kernel {
Kernel::Kernel(Environment environment) : parts_(std::make_unique<Parts>(*this, std::move(environment))) {
  parts_->router.on_command([this](ProcessEntry& from, const Request& request, const std::optional<Blob>& blob) {
    return parts_->commands.execute(from, request, blob);
  });
  parts_->lifecycle.add_kernel();
}

Kernel::~Kernel() { parts_->lifecycle.clear(); }

const std::string& Kernel::node() const { return parts_->address.node(); }
const Address& Kernel::address() const { return parts_->address; }
Address Kernel::local(const ProcessId& process) const { return parts_->address.neighbour(process); }
Kernel::Environment& Kernel::environment() { return parts_->environment; }

void Kernel::add_module(const ProcessId& id, bool is_public, const MakeProcess& make, Reach reach) {
  parts_->lifecycle.add_module(id, is_public, make, reach);
}
Result<void> Kernel::load(const std::function<Result<Program>(const std::string& handle)>& load) {
  return parts_->lifecycle.load(load);
}
Result<void> Kernel::install(ProcessSpec spec) { return parts_->lifecycle.install(std::move(spec)); }
void Kernel::run_all() { parts_->lifecycle.run_all(); }

Result<void> Kernel::initialize(ProcessSpec spec) { return parts_->lifecycle.initialize(std::move(spec)); }
Result<void> Kernel::run(const ProcessId& id, WakeHint hint) { return parts_->lifecycle.run(id, hint); }
bool Kernel::kill(const ProcessId& id, bool revoke) { return parts_->lifecycle.kill(id, revoke); }
bool Kernel::exists(const ProcessId& id) const { return parts_->table.find(id) != nullptr; }
Result<void> Kernel::tell_itself(const ProcessId& id, Request request) {
  return parts_->router.tell_itself(id, std::move(request));
}
bool Kernel::watch(const ProcessId& id, std::function<void()> ended) {
  return parts_->lifecycle.watch(id, std::move(ended));
}

bool Kernel::holds(const ProcessId& holder, const Capability& capability) const {
  return parts_->capabilities.holds(holder, capability);
}

bool Kernel::grant(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  std::optional<size_t> refused = parts_->capabilities.add(holder, without_signatures(capabilities));
  if (refused.value_or(0) > 0) {
    parts_->environment.printer.print(
        {0, parts_->address.process(), refused_text(*refused, holder, parts_->environment.limits)});
  }
  return refused.has_value();
}

Result<void> Kernel::promise(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  return parts_->lifecycle.promise(holder, capabilities);
}

bool Kernel::drop(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  return parts_->capabilities.drop(holder, capabilities);
}

std::vector<Capability> Kernel::capabilities(const ProcessId& holder) const { return parts_->capabilities.all(holder); }

bool Kernel::set_on_exit(const ProcessId& id, OnExit on_exit) {
  return parts_->lifecycle.set_on_exit(id, std::move(on_exit));
}

std::optional<codec::ProcessMapEntry> Kernel::process(const ProcessId& id) const {
  std::optional<codec::ProcessMapEntry> shown;
  with_living(parts_->table, id, [&](ProcessEntry& entry) {
    shown = {.wasm_bytes_handle = entry.program.handle,
             .wit_version = entry.program.wit_version,
             .on_exit = entry.on_exit,
             .capabilities = CapabilityStore::keys_of(entry.capabilities),
             .is_public = entry.is_public};
  });
  return shown;
}

codec::ProcessMap Kernel::process_map() const {
  codec::ProcessMap map;
  for (const std::shared_ptr<ProcessEntry>& entry : parts_->table.all()) {
    if (auto shown = process(entry->id())) {
      map.emplace(entry->id(), std::move(*shown));
    }
  }
  return map;
}

Kernel::Arrival Kernel::arrive(KernelMessage& message, const std::shared_ptr<Task>& waiter) {
  return parts_->router.arrive(message, waiter);
}
void Kernel::undelivered(KernelMessage message) { parts_->router.undelivered(std::move(message)); }
void Kernel::refused(const std::string& node, const ProcessId& asker, uint64_t id) {
  parts_->router.refused(node, asker, id);
}

Counters Kernel::counters() const { return parts_->tally.sums(); }

std::vector<ProcessStatistics> Kernel::statistics() const {
  std::vector<std::shared_ptr<ProcessEntry>> entries = parts_->table.all();
  std::vector<ProcessStatistics> all;
  all.reserve(entries.size());
  for (const std::shared_ptr<ProcessEntry>& entry : entries) {
    all.push_back(entry->statistics());
  }
  return all;
}

void Kernel::advance() {
  for (TimerWheel::Due& due : parts_->wheel.advance(parts_->environment.clock.now())) {
    switch (due.purpose) {
      case Timer::Purpose::request:
        parts_->router.time_out(due.owner, due.id);
        break;
      case Timer::Purpose::wake:
        parts_->environment.executor.wake(std::move(due.owner), WakeHint::elsewhere);
        break;
      case Timer::Purpose::restart:
        parts_->lifecycle.restart_now(due.owner);
        break;
    }
  }
}

std::optional<Instant> Kernel::next_deadline() const { return parts_->wheel.next_deadline(); }
void Kernel::on_deadline(std::function<void(Instant)> notify) { parts_->wheel.on_deadline(std::move(notify)); }
void Kernel::shutdown() { parts_->lifecycle.shutdown(); }

}  // namespace kinode::kernel
