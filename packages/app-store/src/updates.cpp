#include "updates.h"

#include <utility>

#include "state.h"

namespace app_store::updates {

using kinode::Json;

namespace {

/// Of one package; beyond that the earlier ones are forgotten.
constexpr size_t most_versions = 8;

void set(const Version& version, Json errors, Json manifest_hash) {
  Json updates = all();
  Json& of_package = updates[version.package.text()];
  if (!of_package.is_object() || of_package.size() >= most_versions) of_package = Json::object();
  of_package[version.hash] = {{"errors", std::move(errors)}, {"pending_manifest_hash", std::move(manifest_hash)}};
  set_state_member("updates", std::move(updates));
}

}  // namespace

Json all() {
  Json updates = state_member("updates");
  return updates.is_object() ? updates : Json::object();
}

void set_failed(const Version& version, Json errors) { set(version, std::move(errors), nullptr); }

void set_pending(const Version& version, const std::string& manifest_hash) {
  set(version, Json::array(), manifest_hash);
}

void clear(const kinode::PackageId& package) {
  Json updates = all();
  if (updates.erase(package.text()) != 0) set_state_member("updates", std::move(updates));
}

}  // namespace app_store::updates
