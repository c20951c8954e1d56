// A file of other nodes' records, which their owners made: what is taken has a key, a way to it and its key's word, and
// what a key signs is taken.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "registry/record.h"
#include "registry/registry.h"
#include "types/address.h"

using namespace kinode;
using namespace kinode::registry;

namespace {

/// The identity with another key, in place of its own whose private part is not here.
void check_there_and_back(Identity identity) {
  static const crypto::SigningKey key = crypto::SigningKey::from_seed(std::array<uint8_t, 32>{});
  const std::string text = write_record({identity, 1}, key);
  identity.networking_key = crypto::format_public_key(key.public_key());
  Result<Records> again = read_records(text, "again");
  KINODE_CHECK(again && again->errors.empty(), "{}", text);
  KINODE_CHECK(again->identities.size() == 1 && again->identities.front() == identity, "{}", text);
}

void check_records(std::string_view text) {
  Result<Records> records = read_records(text, "peers");
  if (!records) {
    KINODE_CHECK(records.error().message.starts_with("peers, line "), "{}", records.error().message);
    return;
  }
  for (const Error& error : records->errors) {
    KINODE_CHECK(error.message.starts_with("peers, line "), "{}", error.message);
  }
  std::set<std::string> names;
  for (const Identity& identity : records->identities) {
    KINODE_CHECK(check(identity).has_value() && names.insert(identity.name).second, "{}", identity.name);
    check_there_and_back(identity);
  }
}

/// A record of the lines of the input: name, address, a port of each protocol if there is a letter for it, routers.
/// What can be told to others is read by them as it is.
void check_told(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : std::views::split(text, '\n')) {
    lines.emplace_back(std::string_view(line));
  }
  lines.resize(std::max<size_t>(lines.size(), 3));
  Identity identity{lines[0], std::string(64, '0'), {lines[1], {}}, {lines.begin() + 3, lines.end()}};
  for (const auto& [protocol, at] : {std::pair("tcp", 0U), std::pair("ws", 1U)}) {
    if (lines[2].size() > at) {
      identity.direct.ports[protocol] = static_cast<uint16_t>(static_cast<uint8_t>(lines[2][at]) * 257);
    }
  }
  Result<Entry> entry = check(identity);
  const bool has_address = !identity.is_direct() || is_address(identity.direct.ip);
  const bool has_routers = identity.routers.size() <= 64 && std::ranges::all_of(identity.routers, is_safe_node);
  if (entry && has_address && has_routers) {
    check_there_and_back(entry->identity);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_records({reinterpret_cast<const char*>(data), size});
  check_told({reinterpret_cast<const char*>(data), size});
  return 0;
}
