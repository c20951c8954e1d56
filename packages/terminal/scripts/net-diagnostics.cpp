// net-diagnostics: the state of this node's network.

#include <kinode/script.h>

#include "../src/net.h"

namespace {

kinode::ScriptResult diagnostics(std::string_view /*arguments*/) {
  const auto told = terminal::net::ask("GetDiagnostics", "Diagnostics", 60);
  if (!told) return std::unexpected(told.error());
  std::string text;
  for (const char character : told->is_string() ? told->get<std::string>() : std::string()) {
    if (character != '\r') text += character;
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(diagnostics); }
