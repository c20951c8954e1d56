#include "launcher.h"

#include <kinode/kernel.h>
#include <kinode/vfs.h>
#include <unistd.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "script_entry.h"

namespace terminal {

using kinode::Address;
using kinode::Capability;
using kinode::ProcessId;

namespace {

/// Of a scripts.json.
constexpr uint64_t most_bytes = uint64_t{1} << 20;

std::expected<uint64_t, std::string> random_number() {
  uint64_t number = 0;
  if (getentropy(&number, sizeof number) != 0) return std::unexpected("there is no random number");
  return number;
}

std::expected<ScriptEntry, std::string> read_entry(const std::string& folder, const ProcessId& script) {
  const std::string path = folder + "scripts.json";
  const std::string package = script.package().text();
  const auto file = kinode::vfs::metadata(path);
  if (!file) return std::unexpected("no scripts.json in package " + package + ": " + file.error().text);
  if (file->size > most_bytes) {
    return std::unexpected(package + ": scripts.json has " + std::to_string(file->size) + " bytes, too many");
  }
  const auto text = kinode::vfs::read(path);
  if (!text) return std::unexpected(package + ": scripts.json: " + text.error().text);
  auto entry = parse_script_entry(text->text(), script.process_name);
  if (!entry) return std::unexpected(package + ": " + entry.error());
  return entry;
}

std::vector<Capability> capabilities_of(const ScriptEntry& entry, const Address& our) {
  std::vector<Capability> wanted;
  if (entry.root) wanted = kinode::our_capabilities();
  for (const CapabilityItem& item : entry.request_capabilities) {
    wanted.push_back({{our.node, item.process}, item.params});
  }
  // To answer whoever typed it.
  wanted.push_back({our, std::string(kinode::messaging)});
  if (entry.request_networking) {
    wanted.push_back({{our.node, Address::local("kernel:distro:sys").process}, "\"network\""});
  }
  return wanted;
}

std::expected<void, std::string> grant(const Address& script, const ScriptEntry& entry) {
  for (const CapabilityItem& item : entry.grant_capabilities) {
    auto granted = kinode::kernel::grant(item.process, {{script, item.params}});
    if (!granted) return granted;
  }
  return {};
}

}  // namespace

std::expected<ProcessId, std::string> launch(const Address& our, const ProcessId& script) {
  if (!script.package().is_safe() || script.process_name.find('/') != std::string::npos) {
    return std::unexpected(script.text() + " cannot be the id of a script");
  }
  const std::string folder = "/" + script.package().text() + "/pkg/";
  const auto entry = read_entry(folder, script);
  if (!entry) return std::unexpected(entry.error());
  const auto number = random_number();
  if (!number) return std::unexpected(number.error());

  const ProcessId process{std::to_string(*number), script.package_name, script.publisher_node};
  const auto made = kinode::kernel::initialize({.process = process,
                                                .wasm_path = folder + script.process_name + ".wasm",
                                                .capabilities = capabilities_of(*entry, our),
                                                .wit_version = entry->wit_version,
                                                .is_public = entry->is_public});
  if (!made) return std::unexpected(made.error());
  // Before it runs: it may be answered at once.
  auto started = grant({our.node, process}, *entry);
  if (started) started = kinode::kernel::run(process);
  if (!started) {
    (void)kinode::kernel::kill(process);
    return std::unexpected(started.error());
  }
  return process;
}

}  // namespace terminal
