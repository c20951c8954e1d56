// uninstall PACKAGE: ends a package's processes and removes its files.

#include "../../terminal/src/command_line.h"
#include "calls.h"

namespace {

kinode::ScriptResult uninstall(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  const auto package = words->size() == 1 ? app_store::package_json((*words)[0]) : kinode::Json();
  if (package.is_null()) return std::unexpected("usage: uninstall PACKAGE:PUBLISHER");
  const auto answer = app_store::ask("main", {{"Uninstall", package}}, 60);
  if (!answer) return std::unexpected(answer.error());
  if (kinode::text_member(*answer, "UninstallResponse") != "Success") {
    return std::unexpected("not removed; the reason is printed here");
  }
  return "removed " + (*words)[0];
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(uninstall); }
