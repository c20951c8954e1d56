// Entries in a database of kv:distro:sys, rows in one of sqlite:distro:sys.
//
//   kv-fill COUNT SIZE       makes a database with COUNT entries of SIZE bytes
//   kv-set COUNT SIZE        entries of it are replaced, one with each request
//   kv-get COUNT SIZE        entries of it are read, one with each request
//   kv-remove                removes it
//   sqlite-fill COUNT SIZE   makes a database with a table of COUNT rows, each a number and SIZE bytes of text
//   sqlite-insert COUNT SIZE one row more with each request
//   sqlite-select COUNT SIZE a row by its number with each request
//   sqlite-remove            removes it

#include "driver.h"

namespace bench {

namespace {

/// A prime, so that every entry comes once before any comes again, and no two neighbours one after the other.
constexpr uint64_t step = 7919;

std::string key_of(uint64_t number) { return "entry/" + std::to_string(number); }

}  // namespace

Outcome Driver::stores(Order order) {
  const std::string_view name = order.name();
  const uint64_t count = order.number();
  const uint64_t size = order.number();
  if (name == "kv-fill") return fill_kv(count, size);
  if (name == "sqlite-fill") return fill_sqlite(count, size);
  if ((name == "kv-set" || name == "kv-get" || name == "kv-remove") && !kv_) return failed("there is no database");
  if (name == "kv-set") return kv_set(count, size);
  if (name == "kv-get") return kv_get(count, size);
  if (name == "kv-remove") return remove(kv_);
  if ((name == "sqlite-insert" || name == "sqlite-select" || name == "sqlite-remove") && !sqlite_) {
    return failed("there is no database");
  }
  if (name == "sqlite-insert") return sqlite_insert(count, size);
  if (name == "sqlite-select") return sqlite_select(count, size);
  if (name == "sqlite-remove") return remove(sqlite_);
  return "";
}

template <class Database>
Outcome Driver::remove(std::optional<Database>& database) {
  if (const auto removed = database->remove(); !removed) return failed(removed.error().text);
  database.reset();
  return ok();
}

Outcome Driver::fill_kv(uint64_t count, uint64_t size) {
  auto opened = kinode::kv::Database::open("bench");
  if (!opened) return failed(opened.error().text);
  std::vector<kinode::kv::Entry> entries;
  for (uint64_t i = 0; i < count; ++i) entries.push_back({key_of(i), kinode::Bytes::filled(size, 'x')});
  if (const auto set = opened->set_many(entries); !set) return failed(set.error().text);
  kv_ = std::move(*opened);
  entries_ = count;
  return ok();
}

Outcome Driver::kv_set(uint64_t count, uint64_t size) {
  const kinode::Bytes value = kinode::Bytes::filled(size, 'y');
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    if (const auto set = kv_->set(key_of(i * step % entries_), value); !set) return failed(set.error().text);
  }
  return ok({watch.nanoseconds()});
}

Outcome Driver::kv_get(uint64_t count, uint64_t size) {
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    const auto value = kv_->get(key_of(i * step % entries_));
    if (!value) return failed(value.error().text);
    if (!*value || (*value)->size() != size) return failed("an entry is not as it was written");
  }
  return ok({watch.nanoseconds()});
}

Outcome Driver::fill_sqlite(uint64_t count, uint64_t size) {
  auto opened = kinode::sqlite::Database::open(our_.process.package(), "bench");
  if (!opened) return failed(opened.error().text);
  const auto made = opened->write("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)");
  if (!made) return failed(made.error().text);
  const auto filled = opened->write(
      "INSERT INTO rows (text) WITH RECURSIVE counted(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM counted "
      "WHERE i < ?) SELECT ? FROM counted",
      {static_cast<int64_t>(count), std::string(size, 'x')});
  if (!filled) return failed(filled.error().text);
  sqlite_ = std::move(*opened);
  entries_ = count;
  return ok();
}

Outcome Driver::sqlite_insert(uint64_t count, uint64_t size) {
  const std::string text(size, 'y');
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    const auto written = sqlite_->write("INSERT INTO rows (text) VALUES (?)", {text});
    if (!written) return failed(written.error().text);
  }
  return ok({watch.nanoseconds()});
}

Outcome Driver::sqlite_select(uint64_t count, uint64_t size) {
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    const auto found =
        sqlite_->query("SELECT text FROM rows WHERE number = ?", {static_cast<int64_t>(i * step % entries_ + 1)});
    if (!found) return failed(found.error().text);
    if (found->size() != 1 || kinode::text_member(found->front(), "text").value_or("").size() != size) {
      return failed("a row is not as it was written");
    }
  }
  return ok({watch.nanoseconds()});
}

}  // namespace bench
