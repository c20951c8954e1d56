// publish PACKAGE PATH: signs and lists a package, whose metadata.json is at PATH in the vfs and whose zip was brought.

#include <kinode/vfs.h>

#include "../../terminal/src/command_line.h"
#include "calls.h"

namespace {

kinode::ScriptResult publish(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  const auto package = words->size() == 2 ? app_store::package_json((*words)[0]) : kinode::Json();
  if (package.is_null()) return std::unexpected("usage: publish PACKAGE:PUBLISHER PATH-OF-METADATA.JSON");
  const auto metadata = kinode::vfs::read((*words)[1]);
  if (!metadata) return std::unexpected("cannot read " + (*words)[1] + ": " + metadata.error().text);
  const kinode::Json order = {{"package_id", package}, {"metadata", metadata->string()}};
  const auto answer = app_store::ask("chain", {{"Publish", order}}, 120);
  if (!answer) return std::unexpected(answer.error());
  const kinode::Json& result = kinode::member(*answer, "Publish");
  if (auto error = kinode::text_member(result, "Err")) return std::unexpected(std::move(*error));
  return "published version " + kinode::text_member(kinode::member(result, "Ok"), "version_hash").value_or("?");
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(publish); }
