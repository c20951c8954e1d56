// main:app-store:sys: installs and removes packages. Requests are JSON, from processes of this node only:
//
//   {"NewPackage":{"package_id":ID,"mirror":bool}} + blob  -> {"NewPackageResponse":"Success"|"NoBlob"|"InstallFailed"}
//   {"Install":{"package_id":ID,"version_hash":text,"metadata":M or null}}
//                                                          -> {"InstallResponse":"Success"|"Failure"}
//   {"Uninstall":ID}                                       -> {"UninstallResponse":"Success"|"Failure"}
//   "Apis"                                                 -> {"ApisResponse":{"apis":[ID,...]}}
//   {"GetApi":ID}                                          -> {"GetApiResponse":"Success"|"Failure"} + blob api.zip
//   "Installed"                                            -> {"InstalledResponse":[{"package_id":ID,...},...]}
//
// where ID is {"package_name":text,"publisher_node":text}. Reasons of a failure are printed at the node's terminal.

#include <kinode/json.h>
#include <kinode/process.h>

#include "store.h"

namespace {

using app_store::Store;
using kinode::Json;
using kinode::member;

const char* success_or_failure(const app_store::Outcome& outcome, const char* what) {
  if (outcome) return "Success";
  kinode::print(0, std::string(what) + ": " + outcome.error());
  return "Failure";
}

Json new_package(Store& store, const Json& arguments) {
  if (!kinode::has_blob()) return {{"NewPackageResponse", "NoBlob"}};
  const auto package = kinode::package_id_of(member(arguments, "package_id"));
  std::string why = "no package_id";
  if (package) {
    auto added = store.add(*package);
    if (added) return {{"NewPackageResponse", "Success"}};
    why = added.error();
  }
  kinode::print(0, "new package: " + why);
  return {{"NewPackageResponse", "InstallFailed"}};
}

Json install(Store& store, const Json& arguments) {
  const auto package = kinode::package_id_of(member(arguments, "package_id"));
  const auto version_hash = kinode::text_member(arguments, "version_hash");
  app_store::Outcome done = std::unexpected("no package_id or no version_hash");
  if (package && version_hash) done = store.install(*package, *version_hash, member(arguments, "metadata"));
  return {{"InstallResponse", success_or_failure(done, "install")}};
}

Json uninstall(Store& store, const Json& arguments) {
  const auto package = kinode::package_id_of(arguments);
  app_store::Outcome done = std::unexpected("no package id");
  if (package) done = store.uninstall(*package);
  return {{"UninstallResponse", success_or_failure(done, "uninstall")}};
}

Json apis(const Store& store) {
  Json list = Json::array();
  for (const kinode::PackageId& package : store.apis()) list.push_back(kinode::to_json(package));
  return {{"ApisResponse", {{"apis", std::move(list)}}}};
}

Json get_api(const Store& store, const Json& arguments, std::optional<kinode::Blob>& blob) {
  const auto package = kinode::package_id_of(arguments);
  if (!package || !package->is_safe()) return {{"GetApiResponse", "Failure"}};
  auto zip = store.api(*package);
  if (!zip) return {{"GetApiResponse", "Failure"}};
  // The type that callers know.
  blob = kinode::Blob{.mime = "application/json", .bytes = std::move(*zip)};
  return {{"GetApiResponse", "Success"}};
}

Json installed(const Store& store) {
  Json list = Json::array();
  for (const app_store::Installed& each : store.installed()) {
    list.push_back({{"package_id", kinode::to_json(each.package)},
                    {"our_version_hash", each.version_hash},
                    {"publisher", each.package.publisher_node},
                    {"verified", true},
                    {"caps_approved", true}});
  }
  return {{"InstalledResponse", std::move(list)}};
}

/// The answer, or null if it is no request that we know.
Json handle(Store& store, const Json& request, std::optional<kinode::Blob>& blob) {
  if (request == "Apis") return apis(store);
  if (request == "Installed") return installed(store);
  if (!request.is_object() || request.size() != 1) return nullptr;
  const std::string& name = request.begin().key();
  const Json& arguments = request.begin().value();
  if (name == "NewPackage") return new_package(store, arguments);
  if (name == "Install") return install(store, arguments);
  if (name == "Uninstall") return uninstall(store, arguments);
  if (name == "GetApi") return get_api(store, arguments, blob);
  return nullptr;
}

}  // namespace

void init(kinode::Address our) {
  const std::string our_node = our.node;
  Store store(std::move(our));
  store.start();
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->is_request()) continue;
    if (event->source.node != our_node) {
      kinode::print(1, "refused a request from " + event->source.text());
      continue;
    }
    const auto request = kinode::parse_json(event->body().text());
    std::optional<kinode::Blob> blob;
    const Json answer = request ? handle(store, *request, blob) : Json();
    if (answer.is_null()) {
      kinode::print(1, "did not understand a request from " + event->source.text());
      continue;
    }
    kinode::respond({.body = kinode::dump(answer)}, blob ? &*blob : nullptr);
  }
}
