// install PACKAGE HASH: installs a version that was fetched.

#include "../../terminal/src/command_line.h"
#include "calls.h"

namespace {

kinode::ScriptResult install(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  const auto package = words->size() == 2 ? app_store::package_json((*words)[0]) : kinode::Json();
  if (package.is_null()) return std::unexpected("usage: install PACKAGE:PUBLISHER HASH");
  const kinode::Json order = {{"package_id", package}, {"version_hash", (*words)[1]}, {"metadata", nullptr}};
  const auto answer = app_store::ask("main", {{"Install", order}}, 300);
  if (!answer) return std::unexpected(answer.error());
  if (kinode::text_member(*answer, "InstallResponse") != "Success") {
    return std::unexpected("not installed; the reason is printed here");
  }
  return "installed " + (*words)[0];
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(install); }
