// peer NODE: what this node knows of another.

#include <kinode/script.h>

#include "../src/command_line.h"
#include "../src/net.h"

namespace {

kinode::ScriptResult peer(std::string_view arguments) {
  const auto words = terminal::split_words(arguments);
  if (!words) return std::unexpected(words.error());
  if (words->size() != 1) return std::unexpected("usage: peer NODE");
  const auto identity = terminal::net::ask({{"GetPeer", words->front()}}, "Peer", 10);
  if (!identity) return std::unexpected(identity.error());
  if (identity->is_null()) return std::unexpected("no node " + words->front() + " is known here");
  return terminal::table(terminal::net::identity_rows(*identity));
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(peer); }
