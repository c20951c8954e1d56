// What Lifecycle does while the node boots.
#include <algorithm>

#include "base/check.h"
#include "kernel/lifecycle.h"

namespace kinode::kernel {

void Lifecycle::hold(ProcessEntry& entry, const std::vector<Capability>& capabilities) {
  std::scoped_lock lock(entry.mutex);
  capabilities_.fill(entry, without_signatures(capabilities));
}

// ---- modules -------------------------------------------------------------------------------------

void Lifecycle::add_kernel() {
  std::shared_ptr<ProcessEntry> entry = make_entry(address_.process(), ProcessEntry::Kind::kernel);
  entry->exempt = true;
  entry->reachable = false;
  entry->stage = ProcessEntry::Stage::running;
  entry->on_exit = OnExit::restart();
  entry->program.wit_version = 1;
  hold(*entry, {entry->messaging, Capability::network(address_)});
  table_.add(entry);
}

void Lifecycle::add_module(const ProcessId& id, bool is_public, const Kernel::MakeProcess& make, Kernel::Reach reach) {
  std::shared_ptr<ProcessEntry> entry = make_entry(id, ProcessEntry::Kind::module);
  entry->is_public = is_public;
  entry->reachable = reach == Kernel::Reach::all_nodes;
  // Those that the reference exempts (kernel.md 4.1).
  entry->exempt = id.text() == "state:distro:sys" || id.text() == "vfs:distro:sys";
  entry->on_exit = OnExit::restart();
  entry->program.wit_version = 1;
  entry->process = make(entry->context);
  hold(*entry, {entry->messaging, Capability::network(address_)});
  for (const std::shared_ptr<ProcessEntry>& other : table_.all()) {
    if (other->kind != ProcessEntry::Kind::guest) {
      hold(*other, {entry->messaging});
      hold(*entry, {other->messaging});
    }
  }
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
      capabilities_.fill(*entry, std::span(&attached, 1));
    } else if (std::ranges::find(forgotten, holder) != forgotten.end()) {
      records_.erase_capabilities(holder, std::span(&attached.capability, 1));
    } else {
      capabilities_.add_pending(holder, std::span(&attached, 1));
    }
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
  size_t refused = 0;
  bool found = with_living(table_, spec.id, [&](ProcessEntry& living) {
    living.program = std::move(spec.program);
    living.is_public = spec.is_public;
    refused = capabilities_.fill(living, without_signatures(spec.capabilities));
    change_on_exit(living, std::move(spec.on_exit));
  });
  if (!found) {
    return fail("{}: ended while it was brought up to date", spec.id.text());
  }
  print_refused(refused, spec.id);
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

}  // namespace kinode::kernel
