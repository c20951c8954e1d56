// top [PROCESS] [-c]: the processes of this node, or one of them; with -c, or --show-caps, what it holds.

#include <kinode/kernel.h>
#include <kinode/script.h>

#include <optional>

#include "../src/command_line.h"
#include "../src/processes.h"

namespace {

kinode::ScriptResult show_one(const kinode::ProcessId& id, bool with_capabilities) {
  const auto process = kinode::kernel::process(id);
  if (!process) return std::unexpected("the kernel gave no answer: " + process.error());
  if (process->is_null()) return std::unexpected("no process " + id.text());
  return terminal::process_text(id, *process, with_capabilities);
}

kinode::ScriptResult show_all(bool with_capabilities) {
  const auto map = kinode::kernel::process_map();
  if (!map) return std::unexpected("the kernel gave no answer: " + map.error());
  if (!with_capabilities) return terminal::processes_text(*map);
  std::string text;
  for (const auto& [name, process] : map->items()) {
    const auto id = kinode::ProcessId::parse(name);
    if (id) text += terminal::process_text(*id, process, true) + "\n\n";
  }
  return text;
}

kinode::ScriptResult top(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  bool with_capabilities = false;
  std::optional<std::string> name;
  for (const std::string& word : *words) {
    if (word == "-c" || word == "--show-caps") {
      with_capabilities = true;
    } else if (name) {
      return std::unexpected("usage: top [PROCESS] [-c]");
    } else {
      name = word;
    }
  }
  if (!name) return show_all(with_capabilities);
  const auto id = kinode::ProcessId::parse(*name);
  if (!id) return std::unexpected("'" + *name + "' is no process id, as process:package:publisher");
  return show_one(*id, with_capabilities);
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(top); }
