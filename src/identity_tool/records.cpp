// Records of nodes: this one's own, and those of others.
#include <chrono>
#include <ostream>

#include "identity/keyfile_store.h"
#include "identity_tool/commands.h"
#include "identity_tool/open_home.h"
#include "registry/peers_file.h"
#include "registry/record.h"
#include "registry/registry.h"

namespace kinode::identity_tool {
namespace {

namespace fs = std::filesystem;

Identity identity_of(const RecordWanted& wanted, const identity::Keyfile& keyfile) {
  Identity identity;
  identity.name = keyfile.name;
  identity.networking_key = crypto::format_public_key(keyfile.networking_key.public_key());
  if (!wanted.ip.empty()) {
    identity.direct.ip = wanted.ip;
    for (const auto& [protocol, port] : {std::pair("tcp", wanted.tcp_port), std::pair("ws", wanted.ws_port)}) {
      if (port != 0) {
        identity.direct.ports[protocol] = port;
      }
    }
    return identity;
  }
  identity.routers = wanted.routers.empty() ? keyfile.routers : wanted.routers;
  return identity;
}

std::string route_of(const Identity& identity) {
  std::string text = identity.is_direct() ? identity.direct.ip : "through";
  for (const auto& [protocol, port] : identity.direct.ports) {
    text += fmt::format(" {} {}", protocol, port);
  }
  for (const std::string& router : identity.routers) {
    text += " " + router;
  }
  return text;
}

}  // namespace

Result<void> print_record(const RecordWanted& wanted, const Password& password, std::ostream& out) {
  if (!wanted.ip.empty() && !registry::is_address(wanted.ip)) {
    return fail("--ip: '{}' is no IPv4 or IPv6 address, as in 192.0.2.7", wanted.ip);
  }
  Result<OpenedHome> opened = open_home(wanted.home, password);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  const identity::Keyfile& keyfile = opened->content.keyfile;
  Result<registry::Entry> entry = registry::check(identity_of(wanted, keyfile));
  if (!entry) {
    return fail("{}. Give --ip with --tcp-port, --ws-port or both, or --router", entry.error().message);
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto issued = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  const std::string record = registry::write_record({entry->identity, issued}, keyfile.networking_key);
  Result<registry::Records> read = registry::read_records(record, "the record");
  if (!read || !read->errors.empty()) {  // what others would refuse
    return std::unexpected(read ? read->errors.front() : read.error());
  }
  out << record;
  return {};
}

Result<void> check_peers(const fs::path& file, std::ostream& out) {
  std::error_code error;
  if (!fs::exists(file, error)) {
    return fail("there is no file {}: other nodes' owners make records for it with `kinode identity record`",
                file.string());
  }
  Result<registry::Records> records = registry::read_peers_file(file.string());
  if (!records) {
    return std::unexpected(records.error());
  }
  for (const Identity& identity : records->identities) {
    out << fmt::format("{}  {}  {}\n", identity.name, identity.networking_key, route_of(identity));
  }
  if (records->errors.empty()) {
    return {};
  }
  std::string lines;
  for (const Error& wrong : records->errors) {
    lines += wrong.message + "\n";
  }
  return fail("{}{} records are good, {} are not", lines, records->identities.size(), records->errors.size());
}

}  // namespace kinode::identity_tool
