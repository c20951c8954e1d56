#include "kernel.h"

#include <kinode/process.h>

namespace app_store::kernel {

using kinode::Json;

namespace {

// A component may have to be compiled before the kernel answers.
constexpr uint64_t timeout_s = 120;

const kinode::Address& address() {
  static const kinode::Address kernel = kinode::Address::local("kernel:distro:sys");
  return kernel;
}

/// Not answered by the kernel.
void tell(const Json& command) { kinode::send({.target = address(), .request = {.body = kinode::dump(command)}}); }

/// Whether the kernel answered `expected`. With `inherit` the last message's blob goes along.
bool ask(const Json& command, bool inherit, const char* expected) {
  auto answer = kinode::send_and_await(
      address(), {.inherit = inherit, .expects_response = timeout_s, .body = kinode::dump(command)});
  if (!answer) return false;
  const auto json = kinode::parse_json(answer->body().text());
  return json && *json == expected;
}

}  // namespace

void kill(const kinode::ProcessId& process) { tell({{"KillProcess", process.text()}}); }

bool initialize(const ManifestEntry& entry, const std::string& wasm_path, std::optional<uint64_t> wit_version) {
  // The bytes go from the vfs to the kernel by inheritance, without passing through our memory.
  static const kinode::Address vfs = kinode::Address::local("vfs:distro:sys");
  const Json read = {{"path", wasm_path}, {"action", "Read"}};
  auto file = kinode::send_and_await(vfs, {.expects_response = timeout_s, .body = kinode::dump(read)});
  if (!file || !kinode::has_blob()) return false;

  Json command = {{"id", entry.process.text()}, {"wasm_bytes_handle", wasm_path},        {"wit_version", nullptr},
                  {"on_exit", entry.on_exit},   {"initial_capabilities", Json::array()}, {"public", entry.is_public}};
  if (wit_version) command["wit_version"] = *wit_version;
  return ask({{"InitializeProcess", std::move(command)}}, true, "InitializedProcess");
}

bool run(const kinode::ProcessId& process) { return ask({{"RunProcess", process.text()}}, false, "StartedProcess"); }

void grant(const kinode::ProcessId& process, const std::vector<kinode::Capability>& capabilities) {
  Json list = Json::array();
  for (const kinode::Capability& each : capabilities) {
    list.push_back({{"issuer", each.issuer.text()}, {"params", each.params}});
  }
  tell({{"GrantCapabilities", {{"target", process.text()}, {"capabilities", std::move(list)}}}});
}

}  // namespace app_store::kernel
