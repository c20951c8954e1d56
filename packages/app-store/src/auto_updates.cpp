#include "auto_updates.h"

#include <algorithm>
#include <utility>

#include "listing.h"

namespace app_store {

using kinode::Json;
using kinode::member;

namespace {

constexpr size_t most_mirrors = 32;
constexpr size_t most_updates = 256;
constexpr size_t longest_mirror = 2048;

}  // namespace

std::expected<AutoUpdate, std::string> auto_update_of(const Json& arguments) {
  const Json& metadata = member(arguments, "metadata");
  auto version =
      version_of({{"package_id", member(arguments, "package_id")}, {"version_hash", current_hash(metadata)}});
  if (!version)
    return std::unexpected("the package's name is not safe, or the metadata have no hash of the current version");

  AutoUpdate update{.version = std::move(*version), .mirrors = {}};
  const auto add = [&mirrors = update.mirrors](std::string mirror) {
    const bool is_new = std::find(mirrors.begin(), mirrors.end(), mirror) == mirrors.end();
    if (is_new && !mirror.empty() && mirror.size() <= longest_mirror && mirrors.size() < most_mirrors) {
      mirrors.push_back(std::move(mirror));
    }
  };
  add(update.version.package.publisher_node);
  const Json& mirrors = member(member(metadata, "properties"), "mirrors");
  if (mirrors.is_array()) {
    for (const Json& mirror : mirrors) {
      if (mirror.is_string()) add(mirror.get<std::string>());
    }
  }
  return update;
}

std::vector<AutoUpdates::Entry>::iterator AutoUpdates::find(const Version& version) {
  return std::find_if(entries_.begin(), entries_.end(),
                      [&](const Entry& entry) { return entry.update.version == version; });
}

bool AutoUpdates::add(AutoUpdate update) {
  if (entries_.size() == most_updates || contains(update.version)) return false;
  entries_.push_back({.update = std::move(update)});
  return true;
}

bool AutoUpdates::contains(const Version& version) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return entry.update.version == version; });
}

std::optional<std::string> AutoUpdates::next_mirror(const Version& version) {
  const auto entry = find(version);
  if (entry == entries_.end() || entry->tried == entry->update.mirrors.size()) return std::nullopt;
  return entry->update.mirrors[entry->tried++];
}

void AutoUpdates::failed(const Version& version, DownloadError error) {
  const auto entry = find(version);
  if (entry == entries_.end() || entry->tried == 0) return;
  entry->tries.push_back({entry->update.mirrors[entry->tried - 1], std::move(error)});
}

Json AutoUpdates::end(const Version& version) {
  const auto entry = find(version);
  if (entry == entries_.end()) return Json::array();
  Json tries = std::move(entry->tries);
  entries_.erase(entry);
  return tries;
}

}  // namespace app_store
