#include "kit/app_store.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "codec/json.h"

namespace kinode::kit {
namespace {

using nlohmann::ordered_json;

/// Seconds; any number has the node wait as long as it is set to.
constexpr uint64_t wait_for_response = 15;

}  // namespace

Result<void> AppStore::new_package(const PackageId& package, const Bytes& zip) const {
  ordered_json body;
  body["NewPackage"]["package_id"] = codec::to_json(package);
  body["NewPackage"]["mirror"] = true;
  return ask(codec::to_text(body), "NewPackageResponse", Blob{"application/octet-stream", zip});
}

Result<void> AppStore::install(const PackageId& package, const std::string& version_hash,
                               const package::Metadata& metadata) const {
  ordered_json body;
  body["Install"]["package_id"] = codec::to_json(package);
  body["Install"]["version_hash"] = version_hash;
  body["Install"]["metadata"] = ordered_json::parse(package::metadata_json(metadata, package::CodeHashes::pairs));
  return ask(codec::to_text(body), "InstallResponse", std::nullopt);
}

Result<void> AppStore::uninstall(const PackageId& package) const {
  ordered_json body;
  body["Uninstall"] = codec::to_json(package);
  return ask(codec::to_text(body), "UninstallResponse", std::nullopt);
}

Result<void> AppStore::ask(const std::string& body, std::string_view answer, std::optional<Blob> blob) const {
  auto reply = client_.send({.node = std::nullopt,
                             .process = ProcessId("main", "app-store", "sys"),
                             .expects_response = wait_for_response,
                             .body = Bytes::copy_of(body),
                             .metadata = std::nullopt,
                             .blob = std::move(blob)});
  if (!reply) {
    return std::unexpected(reply.error());
  }
  auto json = codec::parse_json(reply->body.text());
  if (json && *json == nlohmann::json{{std::string(answer), "Success"}}) {
    return {};
  }
  return fail("the app store of {} answered {}; the node's terminal shows why", client_.url(), reply->body.text());
}

}  // namespace kinode::kit
