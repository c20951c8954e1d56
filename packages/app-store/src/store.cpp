#include "store.h"

#include <kinode/kernel.h>

#include <utility>

#include "keccak.h"
#include "names.h"
#include "zips.h"

namespace app_store {

using kinode::Bytes;
using kinode::Capability;
using kinode::Json;
using kinode::PackageId;
using kinode::ProcessId;
namespace kernel = kinode::kernel;
namespace vfs = kinode::vfs;

namespace {

const std::string incoming = staging_drive + "/incoming.zip";
const std::string unpacked = staging_drive + "/unpacked";
/// The version that an install replaces. It is there during an install only, or after one that was interrupted.
const std::string previous = staging_drive + "/previous.zip";

/// An install that brings the node down is not done for ever.
constexpr uint64_t most_attempts = 3;

std::string folder_of(const PackageId& package) { return '/' + package.text() + "/pkg"; }
std::string zip_of(const PackageId& package) { return folder_of(package) + '/' + package.text() + ".zip"; }
std::unexpected<std::string> failed(std::string_view what, const vfs::Error& error) {
  return std::unexpected(std::string(what) + ": " + error.text);
}

bool exists(const std::string& path) { return vfs::metadata(path).has_value(); }

void make_drive(const std::string& drive) {
  auto made = vfs::create_drive(drive);
  if (!made) kinode::print(0, "cannot make " + drive + ": " + made.error().text);
}

bool belongs_to(const ProcessId& process, const PackageId& package) { return process.package() == package; }

/// What cannot be given is told, and the package goes on without.
void give(const ProcessId& process, const std::vector<Capability>& capabilities) {
  if (auto given = kernel::grant(process, capabilities); !given) {
    kinode::print(0, "cannot give capabilities to " + process.text() + ": " + given.error());
  }
}

}  // namespace

void Store::start() {
  make_drive(downloads_drive);
  make_drive(staging_drive);
  if (auto task = unfinished_task()) finish(*task);
  // What a task or the bringing of a package left there.
  (void)vfs::remove_dir_all(staging_drive);
  make_drive(staging_drive);
}

void Store::finish(Task& task) {
  const std::string name = task.package.text();
  kinode::print(0, std::string("doing the interrupted ") + (task.version_hash ? "install" : "removal") + " of " + name +
                       " again");
  Outcome done = begin_again(task);
  if (done) done = task.version_hash ? install_again(task) : remove(task.package);
  if (!done) kinode::print(0, done.error());
  end_task(task);
}

Outcome Store::install_again(const Task& task) const {
  const PackageId& package = task.package;
  if (task.attempts > most_attempts) {
    undo(package, installed_manifest(package));
    return std::unexpected("the install was begun " + std::to_string(most_attempts) + " times; it is given up");
  }
  auto checked = check(package, *task.version_hash, stored_metadata(package, *task.version_hash));
  if (checked) return install_checked(task, *checked);
  undo(package, {});
  return std::unexpected(std::move(checked.error()));
}

// ---- bringing a package --------------------------------------------------------------------------

std::expected<std::string, std::string> Store::add(const PackageId& package) {
  if (auto why = refusal(package)) return std::unexpected(*why);
  // The zip's name is its hash, which is only known when it is here.
  if (auto written = write_blob(incoming); !written) return std::unexpected("zip not taken: " + written.error());
  auto version_hash = hash_of(incoming);
  if (!version_hash) return std::unexpected("no hash: " + version_hash.error());
  if (auto done = keep(package, *version_hash, incoming, unpacked); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return version_hash;
}

// ---- installing ----------------------------------------------------------------------------------

std::expected<Store::Checked, std::string> Store::check(const PackageId& package, const std::string& version_hash,
                                                        const Json& metadata) const {
  const std::string zip = kept(package, version_hash, ".zip");
  auto hash = hash_of(zip);
  if (!hash) return std::unexpected("there is no such zip: " + hash.error());
  if (*hash != version_hash) return std::unexpected("the bytes of " + zip + " are not those of its name");
  auto manifest = unpack(package, zip, unpacked);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  Checked checked{std::move(*manifest), std::nullopt};
  checked.wit_version = kinode::number_member(kinode::member(metadata, "properties"), "wit_version");
  return checked;
}

Outcome Store::install(const PackageId& package, const std::string& version_hash, const Json& given_metadata) {
  if (auto why = refusal(package)) return std::unexpected(*why);
  if (!is_hash(version_hash)) return std::unexpected("a version hash is 64 hexadecimal digits, in lower case");

  const Json metadata = given_metadata.is_null() ? stored_metadata(package, version_hash) : given_metadata;
  auto checked = check(package, version_hash, metadata);
  if (!checked) return std::unexpected(std::move(checked.error()));
  if (!given_metadata.is_null()) {
    auto written = vfs::write(kept(package, version_hash, ".metadata.json"), kinode::dump(given_metadata));
    if (!written) return failed("metadata not kept", written.error());
  }
  auto task = begin_task(package, version_hash);
  if (!task) return std::unexpected(std::move(task.error()));
  Outcome done = install_checked(*task, *checked);
  end_task(*task);
  (void)vfs::remove_file(previous);
  (void)vfs::remove_dir_all(unpacked);
  // For chain:app-store:sys, which tells what is known of a package.
  if (done && !metadata.is_null()) (void)vfs::write(kept_folder(package) + "/metadata.json", kinode::dump(metadata));
  return done;
}

Outcome Store::install_checked(const Task& task, const Checked& checked) const {
  const PackageId& package = task.package;
  // First, what would bring the old version back; an attempt before this one may have done so.
  Manifest old_manifest = installed_manifest(package);
  if (exists(previous)) {
    if (auto manifest = unpack(package, previous, unpacked)) {
      old_manifest.insert(old_manifest.end(), manifest->begin(), manifest->end());
    }
  } else if (is_installed(package)) {
    auto copied = vfs::copy_file(zip_of(package), previous);
    if (!copied) return failed("cannot keep the present version", copied.error());
  }
  end_processes(old_manifest);
  Outcome done = put_in_place(package, kept(package, *task.version_hash, ".zip"), checked);
  if (!done) undo(package, checked.manifest);
  return done;
}

Outcome Store::put_in_place(const PackageId& package, const std::string& zip, const Checked& checked) const {
  const std::string folder = folder_of(package);
  if (auto made = vfs::create_drive(folder); !made) return failed("no drive", made.error());
  // The old files go, whatever the drive had.
  (void)vfs::remove_dir_all(folder);
  if (auto unpacked = vfs::add_zip_file(folder, zip); !unpacked) return failed("cannot unpack", unpacked.error());
  if (exists(folder + "/api.zip")) (void)vfs::add_zip_file(folder + "/api", folder + "/api.zip");
  if (auto copied = vfs::copy_file(zip, zip_of(package)); !copied) return failed("zip not copied", copied.error());
  return start_processes(package, checked);
}

Outcome Store::start_processes(const PackageId& package, const Checked& checked) const {
  const std::string folder = folder_of(package);
  const kinode::Address vfs_address{our_.node, {"vfs", "distro", "sys"}};
  const kinode::Address kernel_address{our_.node, {"kernel", "distro", "sys"}};

  // All are made before one runs, so that processes of one package can grant each other.
  for (const ManifestEntry& entry : checked.manifest) {
    (void)kernel::kill(entry.process);
    const auto made = kernel::initialize({.process = entry.process,
                                          .wasm_path = folder + '/' + entry.wasm_path,
                                          .on_exit = entry.on_exit,
                                          .wit_version = checked.wit_version,
                                          .is_public = entry.is_public});
    if (!made) return std::unexpected("the kernel does not make " + entry.process.text() + ": " + made.error());
    std::vector<Capability> capabilities;
    for (const CapabilityItem& item : entry.request_capabilities) capabilities.push_back(requested(item));
    if (entry.request_networking) capabilities.push_back({kernel_address, "\"network\""});
    for (const char* kind : {"read", "write"}) {
      capabilities.push_back({vfs_address, kinode::dump({{"kind", kind}, {"drive", folder}})});
    }
    give(entry.process, capabilities);
  }
  for (const ManifestEntry& entry : checked.manifest) {
    for (const CapabilityItem& item : entry.grant_capabilities) {
      give(item.process, {granted(entry.process, item)});
    }
  }
  reconcile(package);
  for (const ManifestEntry& entry : checked.manifest) {
    if (auto runs = kernel::run(entry.process); !runs) {
      return std::unexpected("the kernel does not run " + entry.process.text() + ": " + runs.error());
    }
  }
  return {};
}

void Store::undo(const PackageId& package, const Manifest& failed_manifest) const {
  end_processes(failed_manifest);
  auto hash = hash_of(previous);
  if (!hash) {
    // It was not there before, unless it was not touched yet.
    if (!failed_manifest.empty() || !is_installed(package)) (void)vfs::remove_dir_all(folder_of(package));
    return;
  }
  auto manifest = unpack(package, previous, unpacked);
  Outcome restored = std::unexpected(manifest ? std::string() : manifest.error());
  if (manifest) {
    const Json metadata = stored_metadata(package, *hash);
    restored = put_in_place(
        package, previous,
        {std::move(*manifest), kinode::number_member(kinode::member(metadata, "properties"), "wit_version")});
  }
  kinode::print(0, restored ? "put the earlier version of " + package.text() + " back"
                            : "cannot put the earlier version of " + package.text() + " back: " + restored.error());
}

void Store::reconcile(const PackageId& package) const {
  for (const PackageId& other : packages()) {
    if (other == package) continue;
    for (const ManifestEntry& entry : installed_manifest(other)) {
      std::vector<Capability> renewed;
      for (const CapabilityItem& item : entry.request_capabilities) {
        if (belongs_to(item.process, package)) renewed.push_back(requested(item));
      }
      if (!renewed.empty()) give(entry.process, renewed);
      for (const CapabilityItem& item : entry.grant_capabilities) {
        if (belongs_to(item.process, package)) give(item.process, {granted(entry.process, item)});
      }
    }
  }
}

// ---- removing ------------------------------------------------------------------------------------

Outcome Store::uninstall(const PackageId& package) {
  if (auto why = refusal(package)) return std::unexpected(*why);
  if (!is_installed(package)) return std::unexpected(package.text() + " is not installed");
  auto task = begin_task(package, std::nullopt);
  if (!task) return std::unexpected(std::move(task.error()));
  Outcome done = remove(package);
  end_task(*task);
  return done;
}

Outcome Store::remove(const PackageId& package) const {
  const Manifest manifest = installed_manifest(package);
  end_processes(manifest);

  // The home page, if there is one, shows them no more.
  const PackageId homepage{"homepage", "sys"};
  if (is_installed(homepage)) {
    const kinode::Address address{our_.node, {"homepage", "homepage", "sys"}};
    for (const ManifestEntry& entry : manifest) {
      kinode::send({.target = address,
                    .request = {.body = kinode::dump({{"RemoveOther", entry.process.text()}}),
                                .capabilities = {{address, "\"RemoveOther\""}}}});
    }
  }
  if (auto removed = vfs::remove_dir_all(folder_of(package)); !removed) return failed("files stay", removed.error());
  return {};
}

void Store::end_processes(const Manifest& manifest) const {
  for (const ManifestEntry& entry : manifest) (void)kernel::kill(entry.process);
}

// ---- what there is -------------------------------------------------------------------------------

std::vector<PackageId> Store::packages() const {
  std::vector<PackageId> found;
  const auto drives = vfs::read_dir("/");
  if (!drives) {
    kinode::print(0, "cannot list packages: " + drives.error().text);
    return found;
  }
  for (const vfs::Entry& entry : *drives) {
    auto package = PackageId::parse(entry.path);
    if (package && is_installed(*package)) found.push_back(std::move(*package));
  }
  return found;
}

std::vector<Installed> Store::installed() const {
  std::vector<Installed> list;
  for (PackageId& package : packages()) {
    if (auto hash = installed_hash(package)) list.push_back({std::move(package), std::move(*hash)});
  }
  return list;
}

std::vector<PackageId> Store::apis() const {
  std::vector<PackageId> list;
  for (PackageId& package : packages()) {
    if (exists(folder_of(package) + "/api.zip")) list.push_back(std::move(package));
  }
  return list;
}

vfs::Result<Bytes> Store::api(const PackageId& package) const { return vfs::read(folder_of(package) + "/api.zip"); }

bool Store::is_installed(const PackageId& package) const { return exists(zip_of(package)); }

std::optional<std::string> Store::installed_hash(const PackageId& package) const {
  auto hash = hash_of(zip_of(package));
  return hash ? std::optional(std::move(*hash)) : std::nullopt;
}

std::optional<std::string> Store::installed_manifest_hash(const PackageId& package) const {
  const auto text = vfs::read(folder_of(package) + "/manifest.json");
  if (!text) return std::nullopt;
  return keccak_256_text(text->text());
}

Manifest Store::installed_manifest(const PackageId& package) const {
  auto text = vfs::read(folder_of(package) + "/manifest.json");
  if (!text) return {};
  return parse_manifest(text->text(), package).value_or(Manifest());
}

Json Store::stored_metadata(const PackageId& package, const std::string& version_hash) const {
  auto text = vfs::read(kept(package, version_hash, ".metadata.json"));
  if (!text) return nullptr;
  return kinode::parse_json(text->text()).value_or(Json());
}

Capability Store::requested(const CapabilityItem& item) const { return {{our_.node, item.process}, item.params}; }

Capability Store::granted(const ProcessId& issuer, const CapabilityItem& item) const {
  return {{our_.node, issuer}, item.params};
}

}  // namespace app_store
