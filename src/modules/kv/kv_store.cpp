#include "modules/kv/kv_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <set>
#include <system_error>
#include <utility>

namespace kinode::modules::kv {

using database::DatabaseId;
using database::DatabaseResult;

namespace fs = std::filesystem;

/// What all open databases have in common.
struct KvStore::Shared {
  rocksdb::Options options;

  Shared() {
    constexpr size_t read_cache = size_t{32} << 20U;
    constexpr size_t write_buffers = size_t{64} << 20U;
    constexpr size_t write_buffer_of_one = size_t{4} << 20U;
    options.create_if_missing = true;
    options.write_buffer_size = write_buffer_of_one;
    options.arena_block_size = size_t{64} << 10U;
    // By these a transaction sees what was changed since it began.
    options.max_write_buffer_size_to_maintain = write_buffer_of_one;
    options.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(write_buffers);
    options.max_background_jobs = 2;
    options.max_open_files = 20;
    options.keep_log_file_num = 1;
    options.max_log_file_size = size_t{256} << 10U;
    options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(read_cache);
    table.cache_index_and_filter_blocks = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }
};

namespace {

/// Its tree is complete at once.
class KvCapture final : public SnapshotSource::Capture {
 public:
  Result<void> complete(const std::stop_token& /*stop*/) override { return {}; }
};

/// RocksDB never changes a file of a database that is closed: opened again it writes new ones. Its text log and its
/// lock are of no use to a copy.
Result<void> link_closed(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directory(to, error);
  for (fs::directory_iterator file(from, error), end; !error && file != end; file.increment(error)) {
    std::string name = file->path().filename().string();
    if (name == "LOCK" || name.starts_with("LOG") || !file->is_regular_file(error)) {
      continue;
    }
    fs::create_hard_link(file->path(), to / name, error);
    if (error) {
      break;
    }
  }
  if (error) {
    return fail("cannot link {} to {}: {}", from.string(), to.string(), error.message());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<KvStore>> KvStore::open(const fs::path& home, Settings settings) {
  auto folders = database::DatabaseFolders::open(fs::absolute(home) / "kv", {settings.limits.databases_of_package});
  if (!folders) {
    return std::unexpected(folders.error());
  }
  return std::unique_ptr<KvStore>(new KvStore(std::move(*folders), std::move(settings)));
}

KvStore::KvStore(database::DatabaseFolders folders, Settings settings)
    : settings_(std::move(settings)),
      folders_(std::move(folders)),
      shared_(std::make_unique<Shared>()),
      gate_(settings_.work),
      open_(settings_.limits.open_databases) {}

KvStore::~KvStore() = default;

DatabaseResult<KvStore::Lease> KvStore::make(const DatabaseId& database) {
  return open_.acquire(database, [&]() -> DatabaseResult<std::unique_ptr<KvDatabase>> {
    auto folder = folders_.make(database);
    if (!folder) {
      return std::unexpected(folder.error());
    }
    return KvDatabase::open(*folder, shared_->options);
  });
}

DatabaseResult<KvStore::Lease> KvStore::acquire(const DatabaseId& database) {
  return open_.acquire(database, [&]() -> DatabaseResult<std::unique_ptr<KvDatabase>> {
    if (!folders_.exists(database)) {
      return database::errors::no_database(database);
    }
    return KvDatabase::open(folders_.path_of(database), shared_->options);
  });
}

DatabaseResult<void> KvStore::remove(const DatabaseId& database) {
  return open_.remove(database, [&] { return folders_.remove(database); });
}

DatabaseResult<void> KvStore::wrote() const {
  if (Result<uint64_t> told = settings_.on_write(); !told) {
    return database::errors::io_error(
        "the disk takes no writes: this one is done, but may be lost with the machine's end", told.error().message);
  }
  return {};
}

Result<void> KvStore::sync() {
  Result<void> synced = open_.sync();
  return synced ? synced : std::unexpected(synced.error().at("kv"));
}

Result<std::unique_ptr<SnapshotSource::Capture>> KvStore::capture(const fs::path& folder) {
  Result<std::vector<DatabaseId>> all = folders_.list();
  if (!all) {
    return std::unexpected(all.error());
  }
  std::error_code error;
  fs::create_directory(folder, error);
  for (const DatabaseId& id : *all) {
    fs::create_directory(folder / id.package.text(), error);
  }
  if (error) {
    return fail("cannot make {}: {}", folder.string(), error.message());
  }
  auto place = [&](const DatabaseId& id) { return folder / id.package.text() / id.name; };
  Result<void> done;
  std::set<DatabaseId> captured;
  open_.for_each([](const KvDatabase&) { return true; },
                 [&](const DatabaseId& id, KvDatabase& database) {
                   captured.insert(id);
                   done = done ? database.checkpoint(place(id)) : done;
                 });
  for (const DatabaseId& id : *all) {
    if (done && !captured.contains(id)) {
      done = link_closed(folders_.path_of(id), place(id));
    }
  }
  if (!done) {
    return std::unexpected(done.error());
  }
  return std::make_unique<KvCapture>();
}

}  // namespace kinode::modules::kv
