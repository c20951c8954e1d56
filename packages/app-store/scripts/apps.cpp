// apps [NODE]: the packages that are listed; of a node, it is asked first for those that it knows.

#include "../../terminal/src/command_line.h"
#include "../src/listing.h"
#include "calls.h"

namespace {

using kinode::Json;
using kinode::member;

std::string line_of(const Json& app) {
  const auto package = kinode::package_id_of(member(app, "package_id"));
  const Json& metadata = member(app, "metadata");
  const auto version = kinode::text_member(member(metadata, "properties"), "current_version");
  return (package ? package->text() : "?") + ' ' + version.value_or("?") + ' ' + app_store::current_hash(metadata);
}

kinode::ScriptResult apps(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  if (words->size() > 1) return std::unexpected("usage: apps [NODE]");
  std::string text;
  if (!words->empty()) {
    const auto found = app_store::ask("chain", {{"Refresh", words->front()}}, 120);
    if (!found) return std::unexpected(found.error());
    const Json& failures = member(member(*found, "Refresh"), "failures");
    for (const Json& failure : failures) {
      if (failure.is_string()) text += failure.get<std::string>() + '\n';
    }
  }
  const auto answer = app_store::ask("chain", "GetApps", 10);
  if (!answer) return std::unexpected(answer.error());
  for (const Json& app : member(*answer, "GetApps")) text += line_of(app) + '\n';
  if (text.empty()) return "no package is listed";
  text.pop_back();
  return text;
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(apps); }
