#include "siblings.h"

#include <kinode/process.h>

#include "messages.h"

namespace app_store::siblings {

using kinode::Json;
using kinode::PackageId;

namespace {

constexpr uint64_t timeout_s = 5;

const kinode::Address& chain() {
  static const kinode::Address address = kinode::Address::local("chain:app-store:sys");
  return address;
}
const kinode::Address& downloads() {
  static const kinode::Address address = kinode::Address::local("downloads:app-store:sys");
  return address;
}

void tell_chain(const char* request, const PackageId& package) {
  kinode::send({.target = chain(), .request = {.body = named(request, kinode::to_json(package))}});
}

}  // namespace

Json metadata_of(const PackageId& package, const std::string& version_hash) {
  const auto answer = kinode::send_and_await(
      chain(), {.expects_response = timeout_s, .body = named("GetApp", kinode::to_json(package))});
  const auto json = answer ? kinode::parse_json(answer->body().text()) : std::nullopt;
  if (!json) return nullptr;
  const Json& metadata = kinode::member(kinode::member(*json, "GetApp"), "metadata");
  const Json& hashes = kinode::member(kinode::member(metadata, "properties"), "code_hashes");
  if (!hashes.is_array()) return nullptr;
  for (const Json& pair : hashes) {
    if (pair.is_array() && pair.size() == 2 && pair[1] == version_hash) return metadata;
  }
  return nullptr;
}

void start_auto_update(const PackageId& package) { tell_chain("StartAutoUpdate", package); }
void stop_auto_update(const PackageId& package) { tell_chain("StopAutoUpdate", package); }

std::expected<void, std::string> start_mirroring(const PackageId& package) {
  const auto answer = kinode::send_and_await(
      downloads(), {.expects_response = timeout_s, .body = named("StartMirroring", kinode::to_json(package))});
  if (!answer) return std::unexpected("downloads:app-store:sys does not answer");
  const auto error = error_of(answer->body().text());
  if (!error) return {};
  return std::unexpected("downloads:app-store:sys says " + kinode::dump(*error));
}

}  // namespace app_store::siblings
