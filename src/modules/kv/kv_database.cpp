#include "modules/kv/kv_database.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "modules/kv/rocks_error.h"

namespace kinode::modules::kv {

using database::DatabaseResult;

namespace {

/// RocksDB takes no null, also for nothing.
rocksdb::Slice slice_of(std::string_view text) { return {text.empty() ? "" : text.data(), text.size()}; }
rocksdb::Slice slice_of(const Bytes& bytes) { return slice_of(bytes.text()); }

DatabaseResult<std::optional<Bytes>> found(const rocksdb::Status& status, std::string&& value) {
  if (status.ok()) {
    return Bytes::from(std::move(value));
  }
  if (status.IsNotFound()) {
    return std::nullopt;
  }
  return rocks_error(status, "read");
}

/// The first key that a page may have.
std::string_view begin_of(const IterateAction& range) { return std::max(range.prefix.text(), range.from.text()); }

DatabaseResult<Page> read_page(rocksdb::Iterator& iterator, const IterateAction& range, const KvLimits& limits) {
  Page page;
  for (iterator.Seek(slice_of(begin_of(range))); iterator.Valid(); iterator.Next()) {
    std::string_view key = iterator.key().ToStringView();
    if (!key.starts_with(range.prefix.text()) || (range.to && key >= range.to->text())) {
      break;
    }
    std::string_view value = range.keys_only ? std::string_view() : iterator.value().ToStringView();
    bool is_full = page.entries.size() + key.size() + value.size() > limits.page_bytes;
    if (page.count == range.limit || (is_full && page.count > 0)) {
      page.next = Bytes::copy_of(key);
      break;
    }
    append_entry(page.entries, {key, value});
    ++page.count;
  }
  if (!iterator.status().ok()) {
    return rocks_error(iterator.status(), "read");
  }
  return page;
}

/// Pages come of tables that are read once: they must not push out of the cache what is read often.
rocksdb::ReadOptions reading_pages() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  return options;
}

/// RocksDB as Debian builds it ends the program where opening finds no room for what the log holds.
DatabaseResult<void> check_room(const std::filesystem::path& folder) {
  std::error_code failure;
  uint64_t needed = uint64_t{16} << 20U;
  for (std::filesystem::directory_iterator file(folder, failure), end; !failure && file != end;
       file.increment(failure)) {
    std::error_code gone;
    uint64_t size = file->path().extension() == ".log" ? file->file_size(gone) : 0;
    needed += gone ? 0 : size;
  }
  auto space = std::filesystem::space(folder, failure);
  if (!failure && space.available < needed) {
    return rocks_error(rocksdb::Status::NoSpace(), "open");
  }
  return {};  // where that cannot be read, opening says why
}

}  // namespace

// ---- KvDatabase -----------------------------------------------------------------------------------

DatabaseResult<std::unique_ptr<KvDatabase>> KvDatabase::open(const std::filesystem::path& folder,
                                                             const rocksdb::Options& options) {
  if (auto room = check_room(folder); !room) {
    return std::unexpected(room.error());
  }
  // In the order of writing; its other way takes 40 MB for each database.
  rocksdb::OptimisticTransactionDBOptions transactions;
  transactions.validate_policy = rocksdb::OccValidationPolicy::kValidateSerial;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, options}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::OptimisticTransactionDB* opened = nullptr;
  rocksdb::Status status =
      rocksdb::OptimisticTransactionDB::Open(options, transactions, folder.string(), families, &handles, &opened);
  if (!status.ok()) {
    return rocks_error(status, "open");
  }
  std::unique_ptr<rocksdb::OptimisticTransactionDB> database(opened);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    database->DestroyColumnFamilyHandle(handle);
  }
  return std::unique_ptr<KvDatabase>(new KvDatabase(std::move(database)));
}

KvDatabase::KvDatabase(std::unique_ptr<rocksdb::OptimisticTransactionDB> database) : database_(std::move(database)) {}

KvDatabase::~KvDatabase() {
  // What these would still do is done when it is opened again.
  rocksdb::CancelAllBackgroundWork(database_.get(), false);
}

DatabaseResult<std::optional<Bytes>> KvDatabase::get(const Bytes& key) {
  std::string value;
  rocksdb::Status status = database_->Get({}, slice_of(key), &value);
  return found(status, std::move(value));
}

DatabaseResult<void> KvDatabase::set(const std::vector<Entry>& entries) {
  rocksdb::WriteBatch batch;
  for (const Entry& entry : entries) {
    if (rocksdb::Status added = batch.Put(slice_of(entry.key), slice_of(entry.value)); !added.ok()) {
      return rocks_error(added, "write");
    }
  }
  return written(database_->Write({}, &batch));
}

DatabaseResult<void> KvDatabase::erase(const Bytes& key) { return written(database_->Delete({}, slice_of(key))); }

DatabaseResult<void> KvDatabase::written(const rocksdb::Status& status) {
  if (status.ok()) {
    dirty_ = true;
    return {};
  }
  if (!status.IsBusy() && !status.IsTryAgain()) {
    // After a failure of the disk RocksDB takes no writes until it is told that the cause may be gone.
    (void)database_->Resume();
  }
  return rocks_error(status, "write");
}

DatabaseResult<Page> KvDatabase::iterate(const IterateAction& range, const KvLimits& limits) {
  std::unique_ptr<rocksdb::Iterator> iterator(database_->NewIterator(reading_pages()));
  return read_page(*iterator, range, limits);
}

std::unique_ptr<KvTransaction> KvDatabase::begin() {
  rocksdb::OptimisticTransactionOptions options;
  options.set_snapshot = true;
  std::unique_ptr<rocksdb::Transaction> transaction(database_->BeginTransaction({}, options));
  return std::make_unique<KvTransaction>(*this, std::move(transaction));
}

Result<void> KvDatabase::sync() {
  if (lost_) {
    return std::unexpected(*lost_);
  }
  dirty_ = false;  // first, so that a write during the sync is not missed
  rocksdb::Status status = database_->SyncWAL();
  if (!status.ok()) {
    dirty_ = true;
    lost_ = lost_writes(database_->GetName(), status.ToString());
    return std::unexpected(*lost_);
  }
  return {};
}

Result<void> KvDatabase::checkpoint(const std::filesystem::path& folder) {
  // A longer log becomes a table, which is linked; a shorter one is copied.
  constexpr uint64_t longest_copied = uint64_t{1} << 20U;
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(database_.get(), &made);
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) {
    status = checkpoint->CreateCheckpoint(folder.string(), longest_copied);
  }
  if (!status.ok()) {
    return fail("cannot copy {} to {}: {}", database_->GetName(), folder.string(), status.ToString());
  }
  return {};
}

// ---- KvTransaction --------------------------------------------------------------------------------

KvTransaction::KvTransaction(KvDatabase& database, std::unique_ptr<rocksdb::Transaction> transaction)
    : database_(database), transaction_(std::move(transaction)) {}

KvTransaction::~KvTransaction() = default;

DatabaseResult<std::optional<Bytes>> KvTransaction::get(const Bytes& key) {
  rocksdb::ReadOptions options;
  options.snapshot = transaction_->GetSnapshot();
  std::string value;
  rocksdb::Status status = transaction_->Get(options, slice_of(key), &value);
  return found(status, std::move(value));
}

DatabaseResult<void> KvTransaction::set(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    if (rocksdb::Status added = transaction_->Put(slice_of(entry.key), slice_of(entry.value)); !added.ok()) {
      return rocks_error(added, "write");
    }
  }
  return {};
}

DatabaseResult<void> KvTransaction::erase(const Bytes& key) {
  rocksdb::Status status = transaction_->Delete(slice_of(key));
  if (!status.ok()) {
    return rocks_error(status, "write");
  }
  return {};
}

DatabaseResult<Page> KvTransaction::iterate(const IterateAction& range, const KvLimits& limits) {
  rocksdb::ReadOptions options = reading_pages();
  options.snapshot = transaction_->GetSnapshot();
  std::unique_ptr<rocksdb::Iterator> iterator(transaction_->GetIterator(options));
  return read_page(*iterator, range, limits);
}

DatabaseResult<void> KvTransaction::commit() { return database_.written(transaction_->Commit()); }

}  // namespace kinode::modules::kv
