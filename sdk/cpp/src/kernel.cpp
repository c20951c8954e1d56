#include "kinode/kernel.h"

#include <utility>

#include "module_call.h"

namespace kinode::kernel {

namespace {

// A component may have to be compiled before the kernel answers.
constexpr uint64_t timeout_s = 120;

const Address& address() {
  static const Address kernel = Address::local("kernel:distro:sys");
  return kernel;
}

Result<Json> command(Json body, bool inherit = false) {
  return ask({.module = address(), .body = std::move(body), .timeout_s = timeout_s, .inherit = inherit});
}

/// For commands that have one good answer.
Result<void> expect(const Result<Json>& answer, const Json& expected) {
  if (!answer) return std::unexpected(answer.error());
  if (*answer != expected) return std::unexpected("the kernel answered " + dump(*answer));
  return {};
}

Json to_json(const std::vector<Capability>& capabilities) {
  Json list = Json::array();
  for (const Capability& each : capabilities) {
    list.push_back({{"issuer", each.issuer.text()}, {"params", each.params}});
  }
  return list;
}

}  // namespace

Result<void> initialize(const NewProcess& process) {
  // The bytes go from the vfs to the kernel by inheritance, without passing through our memory.
  static const Address vfs = Address::local("vfs:distro:sys");
  const auto file =
      ask({.module = vfs, .body = {{"path", process.wasm_path}, {"action", "Read"}}, .timeout_s = timeout_s});
  if (!file) return std::unexpected(process.wasm_path + ": " + file.error());

  Json arguments = {{"id", process.process.text()},
                    {"wasm_bytes_handle", process.wasm_path},
                    {"wit_version", nullptr},
                    {"on_exit", process.on_exit},
                    {"initial_capabilities", to_json(process.capabilities)},
                    {"public", process.is_public}};
  if (process.wit_version) arguments["wit_version"] = *process.wit_version;
  return expect(command({{"InitializeProcess", std::move(arguments)}}, true), "InitializedProcess");
}

Result<void> run(const ProcessId& process) {
  return expect(command({{"RunProcess", process.text()}}), "StartedProcess");
}

Result<void> kill(const ProcessId& process) {
  return expect(command({{"KillProcess", process.text()}}), {{"KilledProcess", process.text()}});
}

Result<void> grant(const ProcessId& process, const std::vector<Capability>& capabilities) {
  return expect(command({{"GrantCapabilities", {{"target", process.text()}, {"capabilities", to_json(capabilities)}}}}),
                "Ok");
}

void shut_down() { send({.target = address(), .request = {.body = "\"Shutdown\""}}); }

Result<Json> process_map() {
  auto answer = command({{"Debug", "ProcessMap"}});
  if (!answer) return answer;
  return member(member(*answer, "Debug"), "ProcessMap");
}

Result<Json> process(const ProcessId& process) {
  auto answer = command({{"Debug", {{"Process", process.text()}}}});
  if (!answer) return answer;
  return member(member(*answer, "Debug"), "Process");
}

}  // namespace kinode::kernel
