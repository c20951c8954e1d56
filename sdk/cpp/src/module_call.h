#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "kinode/json.h"
#include "kinode/process.h"

/// A request in JSON to one of the runtime's modules, for the wrappers of vfs, kv and sqlite. Inner part of the
/// library.

namespace kinode {

struct ModuleCall {
  Address module;
  Json body;
  const Blob* blob = nullptr;
  uint64_t timeout_s = 30;
  bool inherit = false;
};

/// Waits for the answer; its body. It is then the message last received: its blob is to be had by get_blob. Else what
/// went wrong, as text: the module's `{"Err": error}` as `Name` or `Name: detail`; `Timeout`, `Offline`.
std::expected<Json, std::string> ask(const ModuleCall& call);

}  // namespace kinode
