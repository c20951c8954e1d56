#include "backup_tool/home.h"

#include "identity/keyfile.h"
#include "identity/keyfile_store.h"
#include "modules/state/rocks_journal.h"

namespace kinode::backup_tool {

namespace fs = std::filesystem;

Result<Home> find_home(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path / "kernel", error) && !fs::exists(path / ".keys", error)) {  // the lock would make it
    return fail("{} is not the home of a node: give the folder that `kinode` was started with", path.string());
  }
  Result<modules::HomeLock> lock = modules::HomeLock::take(path);
  if (lock) {
    return Home{path, std::move(*lock)};
  }
  if (Result<uint16_t> port = modules::HomeLock::port_of_node(path); !port) {
    return std::unexpected(port.error());
  }
  return Home{path, std::nullopt};
}

Result<Home> find_stopped_home(const fs::path& path) {
  Result<Home> home = find_home(path);
  if (home && home->is_running()) {
    return fail("a node runs on {}: stop it first, since this changes what it has open", path.string());
  }
  return home;
}

Result<std::string> node_name(const Home& home) {
  Result<std::optional<Bytes>> file = identity::read_keyfile(home.path);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (*file) {
    Result<identity::KeyfileNames> names = identity::read_names(**file);
    return names ? Result<std::string>(names->name) : std::unexpected(names.error().at((home.path / ".keys").string()));
  }
  auto journal = modules::RocksJournal::open(home.path);
  if (!journal) {
    return std::unexpected(journal.error());
  }
  Result<std::optional<Bytes>> name = (*journal)->read("meta/node");
  if (!name) {
    return std::unexpected(name.error());
  }
  return *name ? Result<std::string>(std::string((*name)->text()))
               : fail("{} is the home of a node that never ran: start it first", home.path.string());
}

}  // namespace kinode::backup_tool
