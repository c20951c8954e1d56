// download MIRROR PACKAGE HASH: fetches a version of a package from a node or a URL.

#include "../../terminal/src/command_line.h"
#include "calls.h"

namespace {

kinode::ScriptResult download(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  const auto package = words->size() == 3 ? app_store::package_json((*words)[1]) : kinode::Json();
  if (package.is_null()) return std::unexpected("usage: download NODE-OR-URL PACKAGE:PUBLISHER HASH");
  const kinode::Json order = {
      {"package_id", package}, {"download_from", (*words)[0]}, {"desired_version_hash", (*words)[2]}};
  const auto answer = app_store::ask("downloads", {{"LocalDownload", order}}, 10);
  if (!answer) return std::unexpected(answer.error());
  if (*answer != "Success") return std::unexpected("not begun: " + kinode::dump(*answer));
  return "the download has begun; how it ends is printed here";
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(download); }
