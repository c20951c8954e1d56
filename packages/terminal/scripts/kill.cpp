// kill PROCESS: ends a process.

#include <kinode/kernel.h>
#include <kinode/script.h>

#include "../src/command_line.h"

namespace {

kinode::ScriptResult kill(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  const auto process = words->size() == 1 ? kinode::ProcessId::parse(words->front()) : std::nullopt;
  if (!process) return std::unexpected("usage: kill PROCESS:PACKAGE:PUBLISHER");
  const auto there = kinode::kernel::process(*process);
  if (there && !there->is_null() && kinode::text_member(*there, "wasm_bytes_handle").value_or("").empty()) {
    return std::unexpected(process->text() + " is a part of the node: it ends with it");
  }
  if (auto killed = kinode::kernel::kill(*process); !killed) return std::unexpected(killed.error());
  return "killed " + process->text();
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(kill); }
