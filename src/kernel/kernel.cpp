#include "kernel/kernel.h"

#include "kernel/parts.h"

namespace kinode::kernel {
namespace {

std::vector<AttachedCapability> unsigned_capabilities(const std::vector<Capability>& capabilities) {
  std::vector<AttachedCapability> attached;
  attached.reserve(capabilities.size());
  for (const Capability& capability : capabilities) {
    attached.push_back({capability, {}});
  }
  return attached;
}

}  // namespace

Kernel::Kernel(Environment environment) : parts_(std::make_unique<Parts>(*this, std::move(environment))) {
  parts_->router.on_command([this](ProcessEntry& from, const Request& request, const std::optional<Blob>& blob) {
    return parts_->commands.execute(from, request, blob);
  });
  parts_->lifecycle.add_kernel();
}

Kernel::~Kernel() = default;

const std::string& Kernel::node() const { return parts_->address.node(); }
const Address& Kernel::address() const { return parts_->address; }
Address Kernel::local(const ProcessId& process) const { return parts_->address.neighbour(process); }
Kernel::Environment& Kernel::environment() { return parts_->environment; }

void Kernel::add_module(const ProcessId& id, bool is_public, const MakeProcess& make) {
  parts_->lifecycle.add_module(id, is_public, make);
}
Result<void> Kernel::load(const std::function<Result<Program>(const std::string& handle)>& load) {
  return parts_->lifecycle.load(load);
}
Result<void> Kernel::install(ProcessSpec spec) { return parts_->lifecycle.install(std::move(spec)); }
void Kernel::run_all() { parts_->lifecycle.run_all(); }

Result<void> Kernel::initialize(ProcessSpec spec) { return parts_->lifecycle.initialize(std::move(spec)); }
Result<void> Kernel::run(const ProcessId& id) { return parts_->lifecycle.run(id); }
bool Kernel::kill(const ProcessId& id, bool revoke) { return parts_->lifecycle.kill(id, revoke); }
bool Kernel::exists(const ProcessId& id) const { return parts_->table.find(id) != nullptr; }

bool Kernel::holds(const ProcessId& holder, const Capability& capability) const {
  std::shared_ptr<ProcessEntry> entry = parts_->table.find(holder);
  return entry && CapabilityStore::holds(*entry, capability);
}

bool Kernel::grant(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  std::shared_ptr<ProcessEntry> entry = parts_->table.find(holder);
  if (!entry) {
    return false;
  }
  size_t refused = parts_->capabilities.add(*entry, unsigned_capabilities(capabilities));
  if (refused > 0) {
    parts_->environment.printer.print({0, parts_->address.process(),
                                       fmt::format("{} holds its limit of {} capabilities: {} more refused",
                                                   holder.text(), parts_->environment.limits.capabilities, refused)});
  }
  return true;
}

void Kernel::promise(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  if (!grant(holder, capabilities)) {
    parts_->capabilities.add_pending(holder, unsigned_capabilities(capabilities));
  }
}

bool Kernel::drop(const ProcessId& holder, const std::vector<Capability>& capabilities) {
  std::shared_ptr<ProcessEntry> entry = parts_->table.find(holder);
  if (!entry) {
    return false;
  }
  parts_->capabilities.drop(*entry, capabilities);
  return true;
}

std::vector<Capability> Kernel::capabilities(const ProcessId& holder) const {
  std::shared_ptr<ProcessEntry> entry = parts_->table.find(holder);
  return entry ? CapabilityStore::all(*entry) : std::vector<Capability>();
}

bool Kernel::set_on_exit(const ProcessId& id, OnExit on_exit) {
  return parts_->lifecycle.set_on_exit(id, std::move(on_exit));
}

codec::ProcessMap Kernel::process_map() const {
  codec::ProcessMap map;
  for (const std::shared_ptr<ProcessEntry>& entry : parts_->table.all()) {
    codec::ProcessMapEntry shown;
    shown.capabilities = CapabilityStore::all(*entry);
    shown.is_public = entry->is_public;
    std::scoped_lock lock(entry->mutex);
    shown.wasm_bytes_handle = entry->program.handle;
    shown.wit_version = entry->program.wit_version;
    shown.on_exit = entry->on_exit;
    map.emplace(entry->id(), std::move(shown));
  }
  return map;
}

Counters Kernel::counters() const { return parts_->counters.snapshot(); }

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
