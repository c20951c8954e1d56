// RocksDB alone; the orders of bench/guests/driver/stores.cpp that begin with `kv`.

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <stdexcept>

#include "storage.h"

namespace bench {
namespace {

void need(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

std::string key_of(uint64_t number) { return "entry/" + std::to_string(number); }

/// Those of src/modules/kv/kv_store.cpp that have a part in what is measured.
rocksdb::Options options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.write_buffer_size = size_t{4} << 20U;
  options.max_write_buffer_size_to_maintain = size_t{4} << 20U;
  options.arena_block_size = size_t{64} << 10U;
  options.max_background_jobs = 2;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(size_t{32} << 20U);
  table.cache_index_and_filter_blocks = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksDb final : public Storage {
 public:
  explicit RocksDb(std::filesystem::path folder) : folder_(std::move(folder)) {}

  bool carry_out(const Order& order) override {
    if (order.name == "kv-fill") {
      fill(order.count, order.size);
    } else if (order.name == "kv-set") {
      set(order.count, order.size);
    } else if (order.name == "kv-get") {
      get(order.count, order.size);
    } else if (order.name == "kv-remove") {
      database_.reset();
      std::filesystem::remove_all(folder_);
    } else {
      return false;
    }
    return true;
  }

 private:
  void fill(uint64_t count, uint64_t size) {
    rocksdb::DB* opened = nullptr;
    need(rocksdb::DB::Open(options(), folder_.string(), &opened));
    database_.reset(opened);
    const std::string value(size, 'x');
    rocksdb::WriteBatch batch;
    for (uint64_t i = 0; i < count; ++i) need(batch.Put(key_of(i), value));
    need(database_->Write({}, &batch));
    entries_ = count;
  }

  [[nodiscard]] rocksdb::DB& database() const {
    if (!database_) throw std::runtime_error("there is no database: kv-fill comes first");
    return *database_;
  }

  /// Flushed once, at the end.
  void set(uint64_t count, uint64_t size) {
    const std::string value(size, 'y');
    for (uint64_t i = 0; i < count; ++i) need(database().Put({}, key_of(i * step % entries_), value));
    need(database().SyncWAL());
  }

  void get(uint64_t count, uint64_t size) {
    std::string value;
    for (uint64_t i = 0; i < count; ++i) {
      need(database().Get({}, key_of(i * step % entries_), &value));
      if (value.size() != size) throw std::runtime_error("an entry is not as it was written");
    }
  }

  const std::filesystem::path folder_;
  std::unique_ptr<rocksdb::DB> database_;
  uint64_t entries_ = 0;
};

}  // namespace

std::unique_ptr<Storage> rocksdb_alone(const std::filesystem::path& folder) {
  return std::make_unique<RocksDb>(folder / "rocksdb");
}

}  // namespace bench
