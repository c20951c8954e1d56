#include "wasm/factory.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kinode::wasm {
namespace {

// Components of one memory are the rule; a second is allowed for.
uint64_t address_space(const EngineSettings& settings) {
  return 2 * (std::max(settings.memory_reservation, settings.memory_growth) + settings.memory_guard);
}

}  // namespace

using kernel::Process;
using kernel::ProcessContext;
using kernel::Program;

WasmFactory::WasmFactory(const Engine& engine, ComponentCache& cache, Options options)
    : cache_(cache),
      settings_{options.limits, options.output},
      tmp_folder_(std::move(options.tmp_folder)),
      room_(std::make_shared<MachineRoom>(options.machine, address_space(engine.settings()))) {}

Result<void> WasmFactory::inspect(const Program& program) {
  std::string_view place = program.handle.empty() ? "the program" : std::string_view(program.handle);
  switch (kn_component_inspect(view(program.wasm))) {
    case KN_COMPONENT_OK:
      return {};
    case KN_COMPONENT_CORE_MODULE:
      return fail(
          "{} is a core Wasm module, and a process must be a component: make one of it with `wasm-tools component new`",
          place);
    default:
      break;
  }
  std::string_view text = program.wasm.text().substr(0, 4096);
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return fail("{} is empty, not a Wasm component", place);
  }
  if (text.substr(first).starts_with("(") || text.substr(first).starts_with(";;")) {
    return fail("{} is in Wasm's text format, and a process must be binary: make it so with `wasm-tools parse`", place);
  }
  return fail("{} is not a Wasm component: it does not begin as one", place);
}

Result<std::unique_ptr<Process>> WasmFactory::make(ProcessContext& context, const Program& program) {
  Result<MachineRoom::Place> place = room_->admit();
  if (!place) {
    return std::unexpected(place.error());
  }
  std::string tmp_folder = tmp_folder_ ? tmp_folder_(context.our().process()) : std::string();
  return std::make_unique<WasmProcess>(context, program, settings_, cache_, std::move(tmp_folder), std::move(*place));
}

}  // namespace kinode::wasm
