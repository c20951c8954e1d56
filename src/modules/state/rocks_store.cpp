#include "modules/state/rocks_store.h"

#include <fcntl.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <system_error>
#include <vector>

namespace kinode::modules {
namespace {

constexpr std::string_view version_key = "meta/version";

rocksdb::Options options_of_store() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = size_t{16} << 20;
  options.max_total_wal_size = uint64_t{128} << 20;
  options.max_background_jobs = 2;
  // Few files stay open: the node's descriptors are for its guests.
  options.max_open_files = 256;
  options.keep_log_file_num = 2;
  options.max_log_file_size = size_t{1} << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // After a failure RocksJournal decides when to try again, and how.
  options.max_bgerror_resume_count = 0;
  // One thread writes.
  options.allow_concurrent_memtable_write = false;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(size_t{16} << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

std::string errno_text() { return std::generic_category().message(errno); }

rocksdb::Slice slice_of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open(std::filesystem::path folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return fail("cannot make {}: {}. Give a home that this user may write to", folder.string(), failure.message());
  }
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(folder)));
  if (Result<void> room = store->check_room(); !room) {
    return std::unexpected(room.error());
  }
  if (Result<void> opened = store->open_database(); !opened) {
    return std::unexpected(opened.error());
  }
  if (Result<void> checked = store->check_version(); !checked) {
    return std::unexpected(checked.error());
  }
  return store;
}

RocksStore::RocksStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

RocksStore::~RocksStore() {
  if (database_) {
    // What these would still do is done after the next start.
    rocksdb::CancelAllBackgroundWork(database_.get(), false);
  }
}

Result<void> RocksStore::open_database() {
  rocksdb::DB* database = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options_of_store(), folder_.string(), &database);
  if (!status.ok()) {
    return std::unexpected(error(status, "open"));
  }
  database_.reset(database);
  return {};
}

Result<void> RocksStore::check_version() {
  std::string text;
  rocksdb::Status status = database_->Get({}, slice_of(version_key), &text);
  if (status.IsNotFound()) {
    std::unique_ptr<rocksdb::Iterator> content(database_->NewIterator({}));
    content->SeekToFirst();
    if (content->Valid()) {
      return fail(
          "{} holds a store that this node did not write (it has no {}). It is not touched: give this node "
          "another home",
          folder_.string(), version_key);
    }
    if (!content->status().ok()) {
      return std::unexpected(error(content->status(), "read"));
    }
    return commit({{std::string(version_key), Bytes::from(std::to_string(version))}});
  }
  if (!status.ok()) {
    return std::unexpected(error(status, "read"));
  }
  int found = 0;
  auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), found);
  if (wrong != std::errc() || end != text.data() + text.size() || found < 1) {
    return fail("{}: {} is '{}', which is no version: the store is damaged. Restore the home from a backup",
                folder_.string(), version_key, text);
  }
  if (found > version) {
    return fail(
        "{} was written by a newer node (its version is {}, this node knows {}). It is not touched: start the "
        "newer node, or restore a backup from before",
        folder_.string(), found, version);
  }
  return {};
}

Result<void> RocksStore::commit(const Changes& changes) {
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : changes) {
    rocksdb::Status added = value ? batch.Put(key, slice_of(value->text())) : batch.Delete(key);
    if (!added.ok()) {
      return std::unexpected(error(added, "write"));
    }
  }
  std::shared_lock lock(mutex_);
  if (!database_) {
    return fail("{} is closed after a failure of the disk", folder_.string());
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  rocksdb::Status status = database_->Write(durable, &batch);
  if (!status.ok()) {
    return std::unexpected(error(status, "write to"));
  }
  return {};
}

Result<void> RocksStore::reopen(size_t bytes) {
  if (Result<void> takes = probe(bytes); !takes) {
    return takes;
  }
  std::unique_lock lock(mutex_);
  database_.reset();
  Result<void> opened = open_database();
  if (!opened) {
    // Then at least for reading.
    rocksdb::DB* database = nullptr;
    if (rocksdb::DB::OpenForReadOnly(options_of_store(), folder_.string(), &database).ok()) {
      database_.reset(database);
    }
  }
  return opened;
}

Result<RocksStore::Read> RocksStore::read(const std::string& key, Effort effort) {
  rocksdb::ReadOptions options;
  options.read_tier = effort == Effort::memory_only ? rocksdb::kBlockCacheTier : rocksdb::kReadAllTier;
  std::string value;
  std::shared_lock lock(mutex_, std::defer_lock);
  if (effort == Effort::disk) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return Read{true, std::nullopt};
  }
  if (!database_) {
    return fail("{} is closed after a failure of the disk", folder_.string());
  }
  rocksdb::Status status = database_->Get(options, key, &value);
  if (status.ok()) {
    return Read{false, Bytes::from(std::move(value))};
  }
  if (status.IsNotFound()) {
    return Read{};
  }
  if (status.IsIncomplete() && effort == Effort::memory_only) {
    return Read{true, std::nullopt};
  }
  return std::unexpected(error(status, "read"));
}

Result<void> RocksStore::scan(std::string_view prefix, const TakeLater& take_later,
                              const std::function<Result<void>(std::string_view, Bytes)>& visit) {
  std::shared_lock lock(mutex_);
  if (!database_) {
    return fail("{} is closed after a failure of the disk", folder_.string());
  }
  // An iterator shows the store as it is when it is made.
  std::unique_ptr<rocksdb::Iterator> stored;
  Later later = take_later([&] { stored.reset(database_->NewIterator({})); });
  stored->Seek(slice_of(prefix));
  auto change = later.lower_bound(prefix);
  auto stored_left = [&] { return stored->Valid() && stored->key().starts_with(slice_of(prefix)); };
  auto later_left = [&] { return change != later.end() && change->first.starts_with(prefix); };
  while (stored_left() || later_left()) {
    bool from_later = later_left() && (!stored_left() || slice_of(change->first).compare(stored->key()) <= 0);
    Result<void> visited;
    if (from_later) {
      if (stored_left() && stored->key() == slice_of(change->first)) {
        stored->Next();
      }
      if (change->second) {
        visited = visit(change->first, *change->second);
      }
      ++change;
    } else {
      rocksdb::Slice value = stored->value();
      visited = visit(stored->key().ToStringView(), Bytes::copy_of(value.ToStringView()));
      stored->Next();
    }
    if (!visited) {
      return visited;
    }
  }
  if (!stored->status().ok()) {
    return std::unexpected(error(stored->status(), "read"));
  }
  return {};
}

Result<void> RocksStore::checkpoint(const std::filesystem::path& target) {
  std::filesystem::path fresh = target.string() + ".new";
  std::error_code failure;
  std::filesystem::remove_all(fresh, failure);
  if (failure) {
    return fail("cannot remove {}: {}", fresh.string(), failure.message());
  }
  std::filesystem::create_directories(target.parent_path(), failure);
  {
    std::shared_lock lock(mutex_);
    if (!database_) {
      return fail("{} is closed after a failure of the disk", folder_.string());
    }
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(database_.get(), &made);
    std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) {
      status = checkpoint->CreateCheckpoint(fresh.string());
    }
    if (!status.ok()) {
      std::filesystem::remove_all(fresh, failure);
      return std::unexpected(error(status, fmt::format("copy to {} from", target.string())));
    }
  }
  std::filesystem::remove_all(target, failure);
  if (!failure) {
    std::filesystem::rename(fresh, target, failure);
  }
  if (failure) {
    return fail("cannot put the copy at {}: {}. It is complete at {}", target.string(), failure.message(),
                fresh.string());
  }
  return {};
}

Error RocksStore::error(const rocksdb::Status& status, std::string_view doing) const {
  std::string reason = status.ToString();
  if (status.IsNoSpace() || reason.find("No space left") != std::string::npos) {
    std::error_code failure;
    auto space = std::filesystem::space(folder_, failure);
    return {fmt::format("cannot {} {}: the disk is full{}. Make room on it; nothing that was confirmed is lost", doing,
                        folder_.string(), failure ? "" : fmt::format(" ({} KiB are left)", space.available / 1024))};
  }
  if (reason.find("LOCK: Resource temporarily unavailable") != std::string::npos ||
      reason.find("lock hold by current process") != std::string::npos) {
    return {fmt::format("cannot {} {}: another node has it open. Stop that one, or give this one a home of its own",
                        doing, folder_.string())};
  }
  if (status.IsCorruption()) {
    return {fmt::format("cannot {} {}: it is damaged ({}). Restore the home from a backup", doing, folder_.string(),
                        reason)};
  }
  return {fmt::format("cannot {} {}: {}. Look after the disk and the rights to this folder", doing, folder_.string(),
                      reason)};
}

Result<void> RocksStore::check_room() const {
  std::error_code failure;
  uint64_t logs = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_, failure)) {
    if (file.path().extension() == ".log") {
      std::error_code gone;
      uint64_t size = file.file_size(gone);
      logs += gone ? 0 : size;
    }
  }
  auto space = std::filesystem::space(folder_, failure);
  constexpr uint64_t ample = uint64_t{64} << 20;
  if (failure || space.available >= logs + ample) {
    return {};  // where even that cannot be read, opening says why
  }
  Result<void> takes = probe(logs);
  return takes ? takes : std::unexpected(error(rocksdb::Status::NoSpace(takes.error().message), "open"));
}

Result<void> RocksStore::probe(size_t bytes) const {
  std::filesystem::path path = folder_ / "probe";
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::vector<char> zeros(size_t{1} << 20);
  // Opening writes some files of its own.
  size_t left = bytes + (size_t{4} << 20);
  bool well = file >= 0;
  while (well && left > 0) {
    ssize_t written = write(file, zeros.data(), std::min(left, zeros.size()));
    well = written > 0;
    left -= well ? static_cast<size_t>(written) : 0;
  }
  well = well && fdatasync(file) == 0;
  std::string reason = well ? "" : errno_text();
  if (file >= 0) {
    close(file);
    unlink(path.c_str());
  }
  if (!well) {
    return fail("{} takes no writes yet: {}", folder_.string(), reason);
  }
  return {};
}

}  // namespace kinode::modules
