#pragma once

#include <kinode/json.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "messages.h"

/// Versions that are fetched by themselves, each from the first of its mirrors that has it (packages-and-kit.md 3.4).
/// In memory: what a restart interrupts is ordered again by chain:app-store:sys.
namespace app_store {

/// What `{"AutoUpdate":{"package_id","metadata"}}` asks for: the version that the metadata call the current one, and
/// where to look for it, the publisher's node first. Or what is wrong with it.
struct AutoUpdate {
  Version version;
  std::vector<std::string> mirrors;
};
std::expected<AutoUpdate, std::string> auto_update_of(const kinode::Json& arguments);

class AutoUpdates {
 public:
  /// False: it is under way already, or too many are.
  bool add(AutoUpdate update);
  bool contains(const Version& version) const;
  /// The next mirror to try; nothing: none is left.
  std::optional<std::string> next_mirror(const Version& version);
  /// Why the mirror given last failed.
  void failed(const Version& version, DownloadError error);
  /// Takes it out; `[[mirror,error],...]` of those that were tried in vain.
  kinode::Json end(const Version& version);

 private:
  struct Entry {
    AutoUpdate update;
    size_t tried = 0;
    kinode::Json tries = kinode::Json::array();
  };
  std::vector<Entry>::iterator find(const Version& version);

  std::vector<Entry> entries_;
};

}  // namespace app_store
