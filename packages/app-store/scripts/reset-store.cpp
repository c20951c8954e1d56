// reset-store: looks at all that other nodes know of packages, from the beginning.

#include "calls.h"

namespace {

kinode::ScriptResult reset_store(std::string_view /*arguments*/) {
  const auto answer = app_store::ask("chain", "Reset", 10);
  if (!answer) return std::unexpected(answer.error());
  if (*answer != "ResetOk") return std::unexpected("not reset: " + kinode::dump(*answer));
  return "the listings of other nodes are read anew";
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(reset_store); }
