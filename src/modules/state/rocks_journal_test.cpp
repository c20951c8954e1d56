#include "modules/state/rocks_journal.h"

#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include <atomic>
#include <future>
#include <thread>

#include "kernel/testing/temp_folder.h"

namespace kinode::modules {
namespace {

using kernel::Batch;
using kernel::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RocksJournalTest : public ::testing::Test {
 protected:
  void open() {
    journal.reset();
    Result<std::unique_ptr<RocksJournal>> opened = RocksJournal::open(folder.path());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    journal = std::move(*opened);
  }
  uint64_t put(const std::string& key, std::string_view value) {
    Batch batch;
    batch.put(key, Bytes::copy_of(value));
    return journal->write(batch).value();
  }
  uint64_t erase(const std::string& key) {
    Batch batch;
    batch.erase(key);
    return journal->write(batch).value();
  }
  std::optional<std::string> read(const std::string& key) {
    std::optional<Bytes> value = journal->read(key).value();
    return value ? std::optional(std::string(value->text())) : std::nullopt;
  }
  std::optional<std::string> read_async(const std::string& key) {
    std::promise<std::optional<std::string>> answer;
    journal->read_async(key, [&](const Result<std::optional<Bytes>>& value) {
      answer.set_value(value.value() ? std::optional(std::string((*value)->text())) : std::nullopt);
    });
    return answer.get_future().get();
  }
  void flush() {
    std::promise<void> done;
    journal->when_durable(journal->written(), [&] { done.set_value(); });
    done.get_future().get();
  }
  std::vector<std::string> scan(std::string_view prefix) {
    std::vector<std::string> found;
    Result<void> scanned = journal->scan(prefix, [&](std::string_view key, const Bytes& value) -> Result<void> {
      found.push_back(fmt::format("{}={}", key, value.text()));
      return {};
    });
    EXPECT_TRUE(scanned.has_value());
    return found;
  }

  TempFolder folder;
  std::unique_ptr<RocksJournal> journal;
};

TEST_F(RocksJournalTest, KeepsWhatIsWrittenOverAStop) {
  open();
  put("state/a", "1");
  put("state/b", "2");
  put("state/a", "3");
  erase("state/b");
  EXPECT_EQ(read("state/a"), "3");
  EXPECT_EQ(read_async("state/a"), "3");
  EXPECT_EQ(read("state/b"), std::nullopt);
  open();
  EXPECT_EQ(journal->written(), 0);
  EXPECT_EQ(read("state/a"), "3");
  EXPECT_EQ(read_async("state/a"), "3");
  EXPECT_EQ(read_async("state/b"), std::nullopt);
}

TEST_F(RocksJournalTest, SequencesRiseAndCallbacksComeInTheirOrder) {
  open();
  // The flusher is held in a callback, so that nothing becomes durable before it may.
  std::promise<void> let_go;
  std::promise<void> held;
  journal->when_durable(put("state/a", "first"), [&] {
    held.set_value();
    let_go.get_future().get();
  });
  held.get_future().get();
  std::vector<uint64_t> sequences;
  for (int i = 0; i < 100; ++i) {
    uint64_t sequence = put("state/a", std::to_string(i));
    EXPECT_GT(sequence, sequences.empty() ? 1 : sequences.back());
    sequences.push_back(sequence);
  }
  EXPECT_EQ(journal->written(), sequences.back());
  std::vector<uint64_t> calls;
  for (size_t i = sequences.size(); i-- > 0;) {
    journal->when_durable(sequences[i], [&, sequence = sequences[i]] { calls.push_back(sequence); });
  }
  bool at_once = false;
  journal->when_durable(0, [&] { at_once = true; });
  EXPECT_TRUE(at_once);
  EXPECT_TRUE(calls.empty());
  let_go.set_value();
  flush();
  EXPECT_EQ(calls, sequences);
}

TEST_F(RocksJournalTest, WhatIsKeptBesideTheStoreIsFlushedBeforeAGroupIsDurable) {
  open();
  std::atomic<int> changed = 0;
  std::atomic<int> flushed = 0;
  journal->also_flush([&]() -> Result<void> {
    flushed = changed.load();
    return {};
  });
  for (int i = 1; i <= 20; ++i) {
    changed = i;
    std::promise<int> seen;
    journal->when_durable(journal->write({}).value(), [&] { seen.set_value(flushed); });
    EXPECT_EQ(seen.get_future().get(), i);
  }
}

TEST_F(RocksJournalTest, WhatFailsBesideTheStoreKeepsTheGateShutUntilItIsWell) {
  std::promise<std::string> told;
  std::promise<std::string> told_well;
  std::atomic<int> lines = 0;
  journal = RocksJournal::open(
                folder.path(),
                {.retry = std::chrono::milliseconds(1),
                 .report = [&](std::string line) { ++lines == 1 ? told.set_value(line) : told_well.set_value(line); }})
                .value();
  std::atomic<bool> well = false;
  std::atomic<bool> durable = false;
  journal->also_flush([&]() -> Result<void> {
    if (well) {
      return {};
    }
    return fail("the drive is broken");
  });
  journal->when_durable(put("state/a", "1"), [&] { durable = true; });
  EXPECT_THAT(told.get_future().get(), HasSubstr("the drive is broken"));
  EXPECT_FALSE(durable);
  EXPECT_EQ(journal->write({}).error().message, "the drive is broken");
  EXPECT_EQ(read("state/a"), "1");
  well = true;
  EXPECT_THAT(told_well.get_future().get(), HasSubstr("takes writes again"));
  flush();
  EXPECT_TRUE(durable);
}

TEST_F(RocksJournalTest, ACallbackMayUseTheJournal) {
  open();
  std::promise<uint64_t> second;
  journal->when_durable(put("state/a", "1"), [&] {
    uint64_t sequence = put("state/a", "2");
    journal->when_durable(sequence, [&, sequence] { second.set_value(sequence); });
  });
  EXPECT_EQ(second.get_future().get(), 2);
  EXPECT_EQ(read("state/a"), "2");
}

TEST_F(RocksJournalTest, ScansAPrefixWithWhatIsStillInMemory) {
  open();
  put("process/b", "1");
  put("process/d", "1");
  put("process/e", "1");
  put("processes", "no");
  flush();
  put("process/a", "2");
  put("process/b", "2");
  put("process/f", "2");
  erase("process/d");
  EXPECT_THAT(scan("process/"), ElementsAre("process/a=2", "process/b=2", "process/e=1", "process/f=2"));
  flush();
  EXPECT_THAT(scan("process/"), ElementsAre("process/a=2", "process/b=2", "process/e=1", "process/f=2"));
  EXPECT_THAT(scan("state/"), ElementsAre());
  int visited = 0;
  Result<void> stopped = journal->scan("process/", [&](auto, auto) -> Result<void> {
    ++visited;
    return fail("enough");
  });
  EXPECT_EQ(stopped.error().message, "enough");
  EXPECT_EQ(visited, 1);
}

TEST_F(RocksJournalTest, AScanNeverShowsHalfABatch) {
  open();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 3000; ++i) {
      Batch batch;
      batch.put("pair/a", Bytes::from(std::to_string(i)));
      batch.put("pair/b", Bytes::from(std::to_string(i)));
      EXPECT_TRUE(journal->write(batch).has_value());
      if (i % 30 == 0) {
        flush();
      }
    }
    done = true;
  });
  while (!done) {
    std::vector<std::string> found = scan("pair/");
    if (!found.empty()) {
      EXPECT_EQ(found.size(), 2);
      EXPECT_EQ(found.front().substr(7), found.back().substr(7));
    }
  }
  writer.join();
}

TEST_F(RocksJournalTest, TakesLargeValues) {
  open();
  for (size_t size : {size_t{3} << 20, size_t{100} << 20}) {
    std::string value(size, 'x');
    value.replace(size / 2, 3, "mid");
    put("state/large", value);
    EXPECT_TRUE(read("state/large") == value);
    flush();
    EXPECT_TRUE(read_async("state/large") == value);
    open();
    EXPECT_TRUE(read_async("state/large") == value);
  }
}

TEST_F(RocksJournalTest, RefusesMoreThanMayWaitAndKeepsNothingOfIt) {
  RocksJournal::Options options;
  options.pending_bytes = 1'000'000;
  journal = RocksJournal::open(folder.path(), options).value();
  put("state/a", "before");
  Batch batch;
  batch.put("state/a", Bytes::from(std::string(500'000, 'x')));
  batch.put("state/b", Bytes::from(std::string(500'000, 'x')));
  Result<uint64_t> written = journal->write(batch);
  ASSERT_FALSE(written.has_value());
  EXPECT_THAT(written.error().message, HasSubstr(folder.path().string()));
  EXPECT_EQ(read("state/a"), "before");
  EXPECT_EQ(read("state/b"), std::nullopt);
  EXPECT_EQ(journal->written(), 1);
}

TEST_F(RocksJournalTest, OneNodeToAHome) {
  open();
  Result<std::unique_ptr<RocksJournal>> second = RocksJournal::open(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("another node"));
  EXPECT_THAT(second.error().message, HasSubstr(folder.path().string()));
}

void write_raw(const std::filesystem::path& home, const std::string& key, const std::string& value) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* database = nullptr;
  std::filesystem::create_directories(home);
  ASSERT_TRUE(rocksdb::DB::Open(options, (home / "kernel").string(), &database).ok());
  std::unique_ptr<rocksdb::DB> owner(database);
  ASSERT_TRUE(database->Put({}, key, value).ok());
}

TEST_F(RocksJournalTest, RefusesTheStoreOfANewerNode) {
  open();
  journal.reset();
  write_raw(folder.path(), "meta/version", "2");
  Result<std::unique_ptr<RocksJournal>> opened = RocksJournal::open(folder.path());
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr("newer node"));
  write_raw(folder.path(), "meta/version", "1");
  EXPECT_TRUE(RocksJournal::open(folder.path()).has_value());
}

TEST_F(RocksJournalTest, RefusesAStoreThatIsNotOurs) {
  write_raw(folder.path(), "kernel:distro:sys", "\x01\x02");
  Result<std::unique_ptr<RocksJournal>> opened = RocksJournal::open(folder.path());
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr("did not write"));
  write_raw(folder.path(), "meta/version", "one");
  EXPECT_THAT(RocksJournal::open(folder.path()).error().message, HasSubstr("no version"));
}

TEST_F(RocksJournalTest, ACheckpointHoldsAllWritesBeforeAndCanBeOpened) {
  open();
  put("state/a", "1");
  ASSERT_TRUE(journal->checkpoint(journal->backup_path()).has_value());
  put("state/a", "2");
  put("state/b", "2");
  Result<void> again = journal->checkpoint(journal->backup_path());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  put("state/a", "3");
  flush();
  std::filesystem::path copy = folder.path() / "copy";
  std::filesystem::create_directories(copy);
  std::filesystem::rename(journal->backup_path(), copy / "kernel");
  std::unique_ptr<RocksJournal> other = RocksJournal::open(copy).value();
  EXPECT_EQ(other->read("state/a").value()->text(), "2");
  EXPECT_EQ(other->read("state/b").value()->text(), "2");
  EXPECT_EQ(read("state/a"), "3");
}

}  // namespace
}  // namespace kinode::modules
