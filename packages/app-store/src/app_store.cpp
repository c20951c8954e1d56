// main:app-store:sys: installs and removes packages. Requests are JSON, from processes of this node only:
//
//   {"NewPackage":{"package_id":ID,"mirror":bool}} + blob  -> {"NewPackageResponse":"Success"|"NoBlob"|"InstallFailed"}
//   {"Install":{"package_id":ID,"version_hash":text,"metadata":M or null}}
//                                                          -> {"InstallResponse":"Success"|"Failure"}
//   {"Uninstall":ID}                                       -> {"UninstallResponse":"Success"|"Failure"}
//   "Apis"                                                 -> {"ApisResponse":{"apis":[ID,...]}}
//   {"GetApi":ID}                                          -> {"GetApiResponse":"Success"|"Failure"} + blob api.zip
//   "Installed"                                            -> {"InstalledResponse":[{"package_id":ID,...},...]}
//   "Updates"                                              -> {"UpdatesResponse":{...}} (updates.h)
//   {"ClearUpdates":ID}                                    -> {"ClearUpdatesResponse":"Success"}
//
// where ID is {"package_name":text,"publisher_node":text}. Reasons of a failure are printed at the node's terminal.
//
// downloads:app-store:sys tells how fetching goes (packages-and-kit.md 3.2): {package_id, version_hash, downloaded,
// total}; {package_id, version_hash, err}; and of updates {"Success":{package_id, version_hash, manifest_hash}} or
// {"Err":{package_id, version_hash, tries}}.

#include <kinode/json.h>
#include <kinode/process.h>

#include "messages.h"
#include "siblings.h"
#include "store.h"
#include "updates.h"

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
    const bool is_mirrored = kinode::bool_member(arguments, "mirror").value_or(false);
    if (!added) {
      why = added.error();
    } else if (auto mirrored = is_mirrored ? app_store::siblings::start_mirroring(*package) : app_store::Outcome();
               !mirrored) {
      why = mirrored.error();
    } else {
      return {{"NewPackageResponse", "Success"}};
    }
  }
  kinode::print(0, "new package: " + why);
  return {{"NewPackageResponse", "InstallFailed"}};
}

app_store::Outcome install_version(Store& store, const kinode::PackageId& package, const std::string& version_hash,
                                   Json metadata) {
  const bool is_new = package.is_safe() && !store.is_installed(package);
  if (metadata.is_null() &&
      app_store::version_of({{"package_id", kinode::to_json(package)}, {"version_hash", version_hash}}) &&
      store.stored_metadata(package, version_hash).is_null()) {
    metadata = app_store::siblings::metadata_of(package, version_hash);
  }
  auto done = store.install(package, version_hash, metadata);
  if (!done) return done;
  app_store::updates::clear(package);
  // Whoever stopped it for a package that is there does not want it back with each version.
  if (is_new) app_store::siblings::start_auto_update(package);
  return done;
}

Json install(Store& store, const Json& arguments) {
  const auto package = kinode::package_id_of(member(arguments, "package_id"));
  const auto version_hash = kinode::text_member(arguments, "version_hash");
  app_store::Outcome done = std::unexpected("no package_id or no version_hash");
  if (package && version_hash) done = install_version(store, *package, *version_hash, member(arguments, "metadata"));
  return {{"InstallResponse", success_or_failure(done, "install")}};
}

Json uninstall(Store& store, const Json& arguments) {
  const auto package = kinode::package_id_of(arguments);
  app_store::Outcome done = std::unexpected("no package id");
  if (package) done = store.uninstall(*package);
  if (done) {
    app_store::updates::clear(*package);
    app_store::siblings::stop_auto_update(*package);
  }
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

Json clear_updates(const Json& arguments) {
  const auto package = app_store::package_of(arguments);
  if (!package) return {{"ClearUpdatesResponse", "Failure"}};
  app_store::updates::clear(*package);
  return {{"ClearUpdatesResponse", "Success"}};
}

// ---- what downloads tells --------------------------------------------------------------------------

/// A version was fetched for a package that is updated by itself. It is installed if it asks for the same as the one
/// that is installed; else the person who runs the node decides.
void fetched_update(Store& store, const app_store::Version& version, const std::string& manifest_hash) {
  const kinode::PackageId& package = version.package;
  const auto installed = store.installed_hash(package);
  if (!installed || *installed == version.hash) return;
  if (store.installed_manifest_hash(package) != manifest_hash) {
    app_store::updates::set_pending(version, manifest_hash);
    kinode::print(0, "an update of " + package.text() + " waits for approval, since its manifest differs: version " +
                         version.hash);
    return;
  }
  const auto done = install_version(store, package, version.hash, nullptr);
  if (!done) app_store::updates::set_failed(version, Json::array({Json::array({"install", done.error()})}));
  kinode::print(0, done ? "updated " + package.text() + " to version " + version.hash
                        : "cannot update " + package.text() + ": " + done.error());
}

void told_by_downloads(Store& store, const Json& told) {
  const Json& success = member(told, "Success");
  const Json& failure = member(told, "Err");
  const auto version = app_store::version_of(!success.is_null() ? success : !failure.is_null() ? failure : told);
  if (!version) return;
  const std::string name = version->package.text() + ", version " + version->hash;
  if (!success.is_null()) {
    fetched_update(store, *version, kinode::text_member(success, "manifest_hash").value_or(""));
  } else if (!failure.is_null()) {
    app_store::updates::set_failed(*version, member(failure, "tries"));
    kinode::print(0, "no mirror gave the update of " + name + ": " + kinode::dump(member(failure, "tries")));
  } else if (const auto downloaded = kinode::number_member(told, "downloaded")) {
    kinode::print(2, "the download of " + name + ": " + std::to_string(*downloaded) + " of " +
                         std::to_string(kinode::number_member(told, "total").value_or(0)) + " bytes");
  } else {
    const Json& error = member(told, "err");
    const std::string end = error.is_null() ? "is complete" : "failed: " + kinode::dump(error);
    kinode::print(0, "the download of " + name + ' ' + end);
  }
}

/// The answer, or null if it is no request that we know.
Json handle(Store& store, const Json& request, std::optional<kinode::Blob>& blob) {
  if (request == "Apis") return apis(store);
  if (request == "Installed") return installed(store);
  if (request == "Updates") return {{"UpdatesResponse", app_store::updates::all()}};
  if (!request.is_object() || request.size() != 1) return nullptr;
  const std::string& name = request.begin().key();
  const Json& arguments = request.begin().value();
  if (name == "NewPackage") return new_package(store, arguments);
  if (name == "Install") return install(store, arguments);
  if (name == "Uninstall") return uninstall(store, arguments);
  if (name == "GetApi") return get_api(store, arguments, blob);
  if (name == "ClearUpdates") return clear_updates(arguments);
  return nullptr;
}

}  // namespace

void init(kinode::Address our) {
  const std::string our_node = our.node;
  const kinode::Address downloads{our.node, {"downloads", our.process.package_name, our.process.publisher_node}};
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
    if (request && event->source == downloads) {
      told_by_downloads(store, *request);
      continue;
    }
    std::optional<kinode::Blob> blob;
    const Json answer = request ? handle(store, *request, blob) : Json();
    if (answer.is_null()) {
      kinode::print(1, "did not understand a request from " + event->source.text());
      continue;
    }
    kinode::respond({.body = kinode::dump(answer)}, blob ? &*blob : nullptr);
  }
}
