#include "mirroring.h"

#include <kinode/process.h>

#include <algorithm>

namespace app_store {

using kinode::Json;
using kinode::PackageId;

namespace {

constexpr size_t most_packages = 4096;

}  // namespace

Mirroring Mirroring::load() {
  Mirroring mirroring;
  const auto state = kinode::get_state();
  const auto json = state ? kinode::parse_json(state->text()) : std::nullopt;
  if (!json) return mirroring;
  const Json& list = kinode::member(*json, "mirroring");
  if (!list.is_array()) return mirroring;
  for (const Json& each : list) {
    if (auto package = kinode::package_id_of(each)) mirroring.packages_.push_back(std::move(*package));
  }
  return mirroring;
}

bool Mirroring::contains(const PackageId& package) const {
  return std::find(packages_.begin(), packages_.end(), package) != packages_.end();
}

bool Mirroring::start(const PackageId& package) {
  if (contains(package)) return true;
  if (packages_.size() == most_packages) return false;
  packages_.push_back(package);
  save();
  return true;
}

void Mirroring::stop(const PackageId& package) {
  if (std::erase(packages_, package) != 0) save();
}

void Mirroring::save() const {
  Json list = Json::array();
  for (const PackageId& package : packages_) list.push_back(kinode::to_json(package));
  kinode::set_state(kinode::Bytes(kinode::dump({{"mirroring", std::move(list)}})));
}

}  // namespace app_store
