// What the app store's processes read of other nodes: listings, and the messages of downloads, one a line.
//
// What is taken for well formed is safe in paths, comes back the same when it is written, and no zip gets more bytes
// than it was said to have. The code is that of guests, which knows nothing of the node's rooms.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "auto_updates.h"
#include "listing.h"
#include "messages.h"
#include "names.h"

using namespace app_store;
using kinode::Json;

namespace {

void check(bool condition) {
  if (!condition) __builtin_trap();
}

void check_safe(const Version& version) { check(is_hash(version.hash) && !refusal(version.package)); }

void check_listing(std::string_view text) {
  const auto json = kinode::parse_json(text);
  const auto listing = json ? listing_of(*json) : std::unexpected("no JSON");
  if (!listing) return;
  const auto again = listing_of(to_json(*listing));
  check(again && again->signature == listing->signature);
  check(signed_bytes(*again) == signed_bytes(*listing));
  check(!refusal(listing->package) && listing->metadata.size() <= longest_metadata);
  check(listing->is_withdrawn() || is_hash(current_hash(message_metadata(listing->metadata))));
}

void check_update(const Json& arguments) {
  const auto update = auto_update_of(arguments);
  if (!update) return;
  check_safe(update->version);
  check(!update->mirrors.empty() && update->mirrors.size() <= 32);
}

void check_message(const Named& named, Arrival& arrival) {
  if (const auto version = version_of(named.arguments)) check_safe(*version);
  if (const auto version = version_of(named.arguments, "desired_version_hash")) check_safe(*version);
  check_update(named.arguments);
  if (named.name == "Size") (void)arrival.begin(named.arguments);
  // As many bytes as it says, as far as a message can have them.
  const auto length = kinode::number_member(named.arguments, "length").value_or(0);
  if (named.name == "Chunk") (void)arrival.take(named.arguments, length);
  const Json progress = arrival.progress();
  check(progress["downloaded"].get<uint64_t>() <= progress["total"].get<uint64_t>());
  check(progress["total"].get<uint64_t>() <= longest_zip);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check_listing(text);
  Arrival arrival(Version{{"chat", "a.os"}, std::string(64, 'a')});
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const auto error = error_of(line)) check(!error->is_null());
    if (const auto named = named_of(line)) check_message(*named, arrival);
  }
  return 0;
}
