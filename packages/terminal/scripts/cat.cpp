// cat PATH: prints a file of the vfs.

#include <kinode/script.h>
#include <kinode/vfs.h>

#include "../src/command_line.h"
#include "../src/text.h"

namespace {

kinode::ScriptResult cat(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  if (words->size() != 1) return std::unexpected("usage: cat /PACKAGE:PUBLISHER/DRIVE/FILE");
  const auto file = kinode::vfs::read(words->front());
  if (!file) return std::unexpected(words->front() + ": " + file.error().text);
  return terminal::shown(*file);
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(cat); }
