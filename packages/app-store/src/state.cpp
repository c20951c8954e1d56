#include "state.h"

#include <kinode/process.h>

#include <utility>

namespace app_store {

using kinode::Json;

namespace {

Json load() {
  const auto bytes = kinode::get_state();
  auto json = bytes ? kinode::parse_json(bytes->text()) : std::nullopt;
  return json && json->is_object() ? std::move(*json) : Json::object();
}

}  // namespace

Json state_member(const char* name) { return kinode::member(load(), name); }

void set_state_member(const char* name, Json value) {
  Json state = load();
  state[name] = std::move(value);
  kinode::set_state(kinode::Bytes(kinode::dump(state)));
}

}  // namespace app_store
