// Vfs: the files of a node, for whoever composes it. The module vfs:distro:sys serves them to processes;
// boot reads and writes below drives through the same code, with the same path rules, without messages.
//
// It must outlive the module. Any thread; calls wait for the disk.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "modules/vfs/drives.h"

namespace kinode::modules::vfs {

class Vfs {
 public:
  /// Makes `<home>/vfs` if need be.
  static Result<std::unique_ptr<Vfs>> open(const std::string& home, Settings settings = {});

  // In all of these `virtual_path` is as in requests, "/package:publisher/drive/rest". It is normalised, and
  // one that leads out of its drive is refused: also a process's wasm_bytes_handle may be given (defect C17).

  Result<Bytes> read(std::string_view virtual_path);
  /// Whole and at once, with the directories that are missing before it.
  Result<void> write(std::string_view virtual_path, std::span<const uint8_t> content);
  [[nodiscard]] bool exists(std::string_view virtual_path);
  Result<void> make_dir(std::string_view virtual_path);
  /// A directory with all in it; fine where there is none.
  Result<void> remove_tree(std::string_view virtual_path);
  /// A zip, into the directory. Files already there stay, unless the zip has one of the same name.
  Result<void> unpack(std::string_view virtual_path, const Bytes& zip);
  /// Brings a package's `pkg` drive to what its zip holds, with the zip itself in it as
  /// `package:publisher.zip`. Nothing is written where all is there already. Files that came with the zip
  /// before and are not in it any more are removed; what processes put there stays (defect V10).
  Result<void> install_package(const PackageId& package, const Bytes& zip);
  /// Makes `<home>/vfs/package:publisher/tmp`, the directory that WASI gives to the package's processes, and
  /// returns its path on the host. Fails where that is a link or no directory. On a worker: it looks for a directory
  /// or makes one, and waits for nobody.
  Result<std::string> host_tmp_dir(const PackageId& package);

  /// Has all that was changed written to the disk. For the journal, before what rests on it may leave the node; it may
  /// be called after the end of this object.
  std::function<Result<void>()> flush() {
    return [unflushed = drives_.tree().unflushed()] { return unflushed->flush(); };
  }

  Drives& drives() { return drives_; }

 private:
  Vfs(std::unique_ptr<HostTree> tree, Settings settings) : drives_(std::move(tree), settings) {}
  /// Whether all entries are there, with their lengths.
  bool is_unpacked(const VfsPath& directory, const package::Archive& archive);

  Drives drives_;
};

}  // namespace kinode::modules::vfs
