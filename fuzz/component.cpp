// Bytes as a component: judged, compiled and linked, never run. What the engine refuses it refuses with a
// reason. Its Rust is compiled without coverage: in place of it, what the engine answers tells libFuzzer
// which inputs are new.
#include <engine.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wasm/engine.h"

using namespace kinode;
using namespace kinode::wasm;

namespace {

const Engine& engine() {
  static const std::shared_ptr<Engine> engine = *Engine::start({});
  return *engine;
}

// libFuzzer takes a counter that was not set before for new coverage.
[[gnu::section("__libfuzzer_extra_counters")]] uint8_t answers[4096];

void count_answer(size_t answer) { answers[answer % std::size(answers)] = 1; }

/// Reasons that differ by numbers only are one.
size_t kind_of(const kn_text& reason) {
  std::string text(reason.data, reason.size);
  std::erase_if(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return std::hash<std::string>{}(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kn_component_status judged = kn_component_inspect({data, size});
  kn_component* component = nullptr;
  kn_text reason{};
  const kn_component_status status = kn_component_compile(engine().get(), {data, size}, &component, &reason);
  KINODE_CHECK((status == KN_COMPONENT_OK) == (component != nullptr));
  if (component == nullptr) {
    KINODE_CHECK(reason.size > 0, "status {}", static_cast<int>(status));
    KINODE_CHECK(judged == KN_COMPONENT_OK || judged == status, "{} then {}", static_cast<int>(judged),
                 static_cast<int>(status));
    count_answer(kind_of(reason));
    kn_text_delete(reason);
    return 0;
  }
  KINODE_CHECK(judged == KN_COMPONENT_OK);
  const kn_text compiled = kn_component_serialize(component);
  KINODE_CHECK(compiled.size > 0);
  count_answer(std::bit_width(compiled.size));
  kn_text_delete(compiled);
  kn_component_delete(component);
  return 0;
}
