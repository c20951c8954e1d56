// DatabaseFolders: the databases of a module on the disk, each a folder `<home>/<module>/<package>:<publisher>/<name>`,
// as the first client lays them out.
//
// `<home>/<module>/.removed` holds what was removed and is not deleted yet; no package has such a name.
//
// Any thread, and waits for the disk. Who makes and removes a database sees to it that nothing else uses that one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "modules/database/database_error.h"

namespace kinode::modules::database {

class DatabaseFolders {
 public:
  struct Limits {
    size_t of_package = 1'024;
  };
  /// Makes the folder, and deletes what an earlier run had removed. Fails when the disk does.
  static Result<DatabaseFolders> open(std::filesystem::path root, Limits limits);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path path_of(const DatabaseId& database) const;
  [[nodiscard]] bool exists(const DatabaseId& database) const;
  /// All that there are, in no order. A folder that no database can have is left out.
  [[nodiscard]] Result<std::vector<DatabaseId>> list() const;

  /// The folder, which is made where there is none; then it is on the disk. Fails with IOError, also at the limit.
  DatabaseResult<std::filesystem::path> make(const DatabaseId& database) const;
  /// In one step: afterwards the database is there whole, or not at all. No error where there is none.
  DatabaseResult<void> remove(const DatabaseId& database) const;

 private:
  DatabaseFolders(std::filesystem::path root, Limits limits) : root_(std::move(root)), limits_(limits) {}
  [[nodiscard]] std::filesystem::path removed() const { return root_ / ".removed"; }

  std::filesystem::path root_;
  Limits limits_;
};

}  // namespace kinode::modules::database
