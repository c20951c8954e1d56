// peers: the nodes that this one is connected with.

#include <kinode/script.h>

#include "../src/net.h"

namespace {

kinode::ScriptResult peers(std::string_view /*arguments*/) {
  const auto identities = terminal::net::ask("GetPeers", "Peers", 10);
  if (!identities) return std::unexpected(identities.error());
  std::string text = "connected with " + std::to_string(identities->size()) + " nodes";
  for (const kinode::Json& identity : *identities)
    text += "\n\n" + terminal::table(terminal::net::identity_rows(identity));
  return text;
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(peers); }
