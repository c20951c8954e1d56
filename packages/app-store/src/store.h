#pragma once

#include <kinode/json.h>
#include <kinode/process.h>
#include <kinode/vfs.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "manifest.h"
#include "task.h"

/// Packages on this node: kept, installed, removed.
///
/// All that the store knows lies in the vfs (and in names.h), so that nothing has to be rebuilt when the node starts:
///
///     /<package>/pkg/                                          an installed package, unpacked
///     /<package>/pkg/<package>.zip                             the same as it came: the mark of being installed
///
/// An install looks at all it can before it touches what runs. If it fails afterwards, the version that was
/// there before is put back; if the node goes down in between, the install is done again at the next start.

namespace app_store {

/// What went wrong, for the log and the node's terminal.
using Outcome = std::expected<void, std::string>;

struct Installed {
  kinode::PackageId package;
  std::string version_hash;
};

class Store {
 public:
  explicit Store(kinode::Address our) : our_(std::move(our)) {}

  /// Makes the store's drives, and ends what the node's going down interrupted.
  void start();

  /// Keeps the zip that is the blob of the message being handled; its hash.
  std::expected<std::string, std::string> add(const kinode::PackageId& package);

  /// Installs a kept zip. `metadata` may be null if they were given before.
  Outcome install(const kinode::PackageId& package, const std::string& version_hash, const kinode::Json& metadata);

  /// Ends a package's processes and removes its files. Its other drives, its state and its kept zips stay.
  Outcome uninstall(const kinode::PackageId& package);

  bool is_installed(const kinode::PackageId& package) const;
  /// Of the version that is installed; nothing: none is.
  std::optional<std::string> installed_hash(const kinode::PackageId& package) const;
  std::optional<std::string> installed_manifest_hash(const kinode::PackageId& package) const;
  /// What an install of a version brought; null: nothing is known of it.
  kinode::Json stored_metadata(const kinode::PackageId& package, const std::string& version_hash) const;

  std::vector<kinode::PackageId> packages() const;
  std::vector<Installed> installed() const;
  /// Those with an API.
  std::vector<kinode::PackageId> apis() const;
  kinode::vfs::Result<kinode::Bytes> api(const kinode::PackageId& package) const;

 private:
  struct Checked {
    Manifest manifest;
    std::optional<uint64_t> wit_version;
  };

  /// Everything about a kept zip that can be wrong without trying it.
  std::expected<Checked, std::string> check(const kinode::PackageId& package, const std::string& version_hash,
                                            const kinode::Json& metadata) const;
  /// Does, or undoes, what the node's going down interrupted.
  void finish(Task& task);
  Outcome install_again(const Task& task) const;
  Outcome install_checked(const Task& task, const Checked& checked) const;
  Outcome remove(const kinode::PackageId& package) const;
  Outcome put_in_place(const kinode::PackageId& package, const std::string& zip, const Checked& checked) const;
  Outcome start_processes(const kinode::PackageId& package, const Checked& checked) const;
  /// Brings back what was there before an install whose processes are those of `failed`.
  void undo(const kinode::PackageId& package, const Manifest& failed) const;
  /// Renews what other packages hold from this one, or are to give to it: the end of its processes took the
  /// former away, and before the first install there was nobody to give the latter to.
  void reconcile(const kinode::PackageId& package) const;
  void end_processes(const Manifest& manifest) const;

  Manifest installed_manifest(const kinode::PackageId& package) const;
  kinode::Capability requested(const CapabilityItem& item) const;
  kinode::Capability granted(const kinode::ProcessId& issuer, const CapabilityItem& item) const;

  kinode::Address our_;
};

}  // namespace app_store
