// alias: prints all aliases. alias NAME SCRIPT: sets one. alias NAME: removes it.

#include <kinode/json.h>
#include <kinode/script.h>

#include <optional>
#include <utility>

#include "../src/command_line.h"
#include "../src/table.h"

namespace {

using kinode::Json;

constexpr uint64_t timeout_s = 5;

std::optional<Json> ask_terminal(const Json& request, const char* name) {
  const auto answer = kinode::send_and_await(kinode::Address::local("terminal:terminal:sys"),
                                             {.expects_response = timeout_s, .body = kinode::dump(request)});
  const auto json = answer ? kinode::parse_json(answer->body().text()) : std::nullopt;
  if (!json || kinode::member(*json, name).is_null()) return std::nullopt;
  return kinode::member(*json, name);
}

kinode::ScriptResult list() {
  const auto aliases = ask_terminal("GetAliases", "GetAliases");
  if (!aliases) return std::unexpected("the terminal gave no answer");
  std::vector<terminal::Row> rows;
  for (const auto& [name, script] : aliases->items()) rows.push_back({name, script.get<std::string>()});
  return terminal::table(rows);
}

kinode::ScriptResult edit(const std::string& name, const Json& script) {
  const auto answer = ask_terminal({{"EditAlias", {{"alias", name}, {"process", script}}}}, "EditAlias");
  if (!answer) return std::unexpected("the terminal gave no answer");
  if (*answer == "AliasSet") return name + " is " + script.get<std::string>() + " from now on";
  if (*answer == "AliasRemoved") return name + " is no alias any more";
  if (*answer == "AliasNotFound") return std::unexpected("there is no alias " + name);
  return std::unexpected(
      "not set: a name is up to 64 bytes without blanks and colons, a script is given as "
      "script:package:publisher, and there are 1024 aliases at most");
}

kinode::ScriptResult alias(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  switch (words->size()) {
    case 0:
      return list();
    case 1:
      return edit(words->at(0), nullptr);
    case 2:
      return edit(words->at(0), words->at(1));
    default:
      return std::unexpected("usage: alias [NAME [SCRIPT]]");
  }
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(alias); }
