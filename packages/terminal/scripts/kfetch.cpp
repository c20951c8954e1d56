// kfetch: this node at a glance.

#include <kinode/kernel.h>
#include <kinode/script.h>

#include <set>

#include "../src/net.h"
#include "../src/table.h"

namespace {

kinode::ScriptResult kfetch(std::string_view /*arguments*/) {
  const auto identity = terminal::net::ask({{"GetPeer", kinode::our().node}}, "Peer", 10);
  if (!identity) return std::unexpected(identity.error());
  const auto peers = terminal::net::ask("GetPeers", "Peers", 10);
  if (!peers) return std::unexpected(peers.error());
  const auto processes = kinode::kernel::process_map();
  if (!processes) return std::unexpected("the kernel gave no answer: " + processes.error());
  std::set<std::string> packages;
  for (const auto& [name, process] : processes->items()) {
    const auto id = kinode::ProcessId::parse(name);
    if (id && id->package() != kinode::PackageId{"distro", "sys"}) packages.insert(id->package().text());
  }
  std::string names;
  for (const std::string& package : packages) names += (names.empty() ? "" : ", ") + package;
  std::vector<terminal::Row> rows = terminal::net::identity_rows(*identity);
  rows.push_back({"connected", "with " + std::to_string(peers->size()) + " nodes"});
  rows.push_back({"processes", std::to_string(processes->size())});
  rows.push_back({"packages", names});
  return terminal::table(rows);
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(kfetch); }
