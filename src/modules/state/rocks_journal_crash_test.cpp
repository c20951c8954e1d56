// The journal in a program that is killed, and on a disk that is full.
//
// The program that is killed is this one, started once more for the test JournalChild alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <semaphore>
#include <thread>

#include "kernel/testing/seeded_random.h"
#include "kernel/testing/temp_folder.h"
#include "modules/state/rocks_journal.h"

extern char** environ;

namespace kinode::modules {
namespace {

using kernel::Batch;
using kernel::testing::SeededRandom;
using kernel::testing::TempFolder;
using ::testing::HasSubstr;

constexpr const char* home_variable = "KINODE_TEST_JOURNAL_HOME";
constexpr int report_file = 3;
constexpr uint64_t writers = 2;
constexpr uint64_t slots = 16;

struct Report {
  uint64_t writer;
  uint64_t number;
};

std::string count_key(uint64_t writer) { return fmt::format("state/{}/count", writer); }
std::string slot_key(uint64_t writer, uint64_t slot) { return fmt::format("state/{}/slot/{}", writer, slot); }

/// The batch `number` of `writer`: a count, one slot filled, another emptied.
Batch batch_of(uint64_t writer, uint64_t number) {
  Batch batch;
  batch.put(count_key(writer), Bytes::from(std::to_string(number)));
  std::string value = std::to_string(number) + " ";
  value.resize(32 + number * 7919 % 20'000, 'x');
  batch.put(slot_key(writer, number % slots), Bytes::from(std::move(value)));
  batch.erase(slot_key(writer, (number + slots / 2) % slots));
  return batch;
}

uint64_t number_in(const std::optional<Bytes>& value) {
  uint64_t number = 0;
  if (value) {
    std::from_chars(value->text().data(), value->text().data() + value->size(), number);
  }
  return number;
}

/// What the slots hold after the batches 1 to `count`.
std::map<uint64_t, uint64_t> slots_after(uint64_t count) {
  std::map<uint64_t, uint64_t> held;
  for (uint64_t number = count > slots ? count - slots + 1 : 1; number <= count; ++number) {
    held[number % slots] = number;
    held.erase((number + slots / 2) % slots);
  }
  return held;
}

TEST(JournalChild, WritesUntilItIsKilled) {
  const char* home = std::getenv(home_variable);  // NOLINT(concurrency-mt-unsafe)
  if (home == nullptr) {
    return;  // it is for the tests below
  }
  std::unique_ptr<RocksJournal> journal = RocksJournal::open(home).value();
  std::vector<std::thread> threads;
  for (uint64_t writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      uint64_t number = number_in(journal->read(count_key(writer)).value());
      std::counting_semaphore<> in_flight(20);
      while (true) {
        in_flight.acquire();
        ++number;
        uint64_t sequence = journal->write(batch_of(writer, number)).value();
        journal->when_durable(sequence, [&in_flight, report = Report{writer, number}] {
          if (write(report_file, &report, sizeof report) != sizeof report) {
            std::abort();
          }
          in_flight.release();
        });
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

/// Starts the child, reads `reports` of its reports, kills it; the highest number reported by each writer.
std::array<uint64_t, writers> run_and_kill(const std::filesystem::path& home, uint64_t reports) {
  std::array<int, 2> pipe_ends{};
  EXPECT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], report_file);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=JournalChild.*";
  std::array<char*, 3> arguments{program.data(), filter.data(), nullptr};
  setenv(home_variable, home.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  unsetenv(home_variable);  // NOLINT(concurrency-mt-unsafe)
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);

  std::array<uint64_t, writers> highest{};
  auto take = [&] {
    Report report{};
    if (read(pipe_ends[0], &report, sizeof report) != sizeof report) {
      return false;
    }
    EXPECT_GT(report.number, highest[report.writer]);
    highest[report.writer] = report.number;
    return true;
  };
  for (uint64_t i = 0; i < reports && take(); ++i) {
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
  while (take()) {  // what was reported before the end
  }
  close(pipe_ends[0]);
  return highest;
}

/// Cuts `bytes` off the newest write-ahead log, as a crash of the machine may; at most all of it.
void cut_log(const std::filesystem::path& home, uint64_t bytes) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(home / "kernel")) {
    if (entry.path().extension() == ".log" && entry.path().filename() > newest.filename()) {
      newest = entry.path();
    }
  }
  ASSERT_FALSE(newest.empty());
  uint64_t size = std::filesystem::file_size(newest);
  std::filesystem::resize_file(newest, size - std::min(size, bytes));
}

/// The count that each writer's part of the store is at; fails where it is not that of a prefix.
void check_prefix(const std::filesystem::path& home, std::array<uint64_t, writers>& counts) {
  Result<std::unique_ptr<RocksJournal>> journal = RocksJournal::open(home);
  ASSERT_TRUE(journal.has_value()) << journal.error().message;
  for (uint64_t writer = 0; writer < writers; ++writer) {
    counts[writer] = number_in((*journal)->read(count_key(writer)).value());
    std::map<uint64_t, uint64_t> held = slots_after(counts[writer]);
    for (uint64_t slot = 0; slot < slots; ++slot) {
      std::optional<Bytes> value = (*journal)->read(slot_key(writer, slot)).value();
      ASSERT_EQ(value.has_value(), held.contains(slot)) << "count " << counts[writer] << " slot " << slot;
      ASSERT_EQ(number_in(value), value ? held[slot] : 0) << "count " << counts[writer] << " slot " << slot;
    }
  }
}

TEST(JournalCrash, AfterAKillTheStoreIsAPrefixWithAllThatWasDurable) {
  TempFolder home;
  SeededRandom random(7);
  for (int round = 0; round < 30; ++round) {
    std::array<uint64_t, writers> reported = run_and_kill(home.path(), random.below(400));
    std::array<uint64_t, writers> found{};
    ASSERT_NO_FATAL_FAILURE(check_prefix(home.path(), found)) << "round " << round;
    for (uint64_t writer = 0; writer < writers; ++writer) {
      EXPECT_GE(found[writer], reported[writer]) << "round " << round << " writer " << writer;
    }
  }
}

TEST(JournalCrash, ATornLogStillMakesAPrefix) {
  TempFolder home;
  SeededRandom random(8);
  for (int round = 0; round < 20; ++round) {
    run_and_kill(home.path(), 50 + random.below(200));
    ASSERT_NO_FATAL_FAILURE(cut_log(home.path(), random.below(200'000)));
    std::array<uint64_t, writers> found{};
    ASSERT_NO_FATAL_FAILURE(check_prefix(home.path(), found)) << "round " << round;
  }
}

// ---- a full disk ----------------------------------------------------------------------------------

/// What the journal reports, waited for.
class Reports {
 public:
  void add(std::string text) {
    std::lock_guard lock(mutex_);
    last_ = std::move(text);
    ++count_;
    changed_.notify_all();
  }
  std::string wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
    return last_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string last_;
  int count_ = 0;
};

/// No file of this program may grow beyond `bytes`, as long as this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

class JournalOnAFailingDisk : public ::testing::Test {
 protected:
  void open(const std::filesystem::path& home) {
    RocksJournal::Options options;
    options.retry = std::chrono::milliseconds(10);
    options.report = [this](std::string text) { reports.add(std::move(text)); };
    Result<std::unique_ptr<RocksJournal>> opened = RocksJournal::open(home, options);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    journal = std::move(*opened);
  }
  Result<uint64_t> put(const std::string& key, std::string value) {
    Batch batch;
    batch.put(key, Bytes::from(std::move(value)));
    return journal->write(batch);
  }
  void flush() {
    std::promise<void> done;
    journal->when_durable(journal->written(), [&] { done.set_value(); });
    done.get_future().get();
  }

  Reports reports;
  std::unique_ptr<RocksJournal> journal;
};

TEST_F(JournalOnAFailingDisk, NothingIsCalledDurableThatIsNotAndNothingAcceptedIsLost) {
  TempFolder home;
  open(home.path());
  ASSERT_TRUE(put("state/a", "1").has_value());
  flush();
  std::string large(size_t{3} << 20, 'x');
  std::promise<void> durable;
  std::future<void> is_durable = durable.get_future();
  {
    FileSizeLimit full(1 << 20);
    Result<uint64_t> accepted = put("state/b", large);
    ASSERT_TRUE(accepted.has_value());
    journal->when_durable(*accepted, [&] { durable.set_value(); });
    std::string report = reports.wait_for(1);
    EXPECT_THAT(report, HasSubstr(home.path().string()));

    Result<uint64_t> refused = put("state/c", "3");
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr(home.path().string()));
    EXPECT_FALSE(journal->checkpoint(journal->backup_path()).has_value());
    EXPECT_EQ(is_durable.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    // What was accepted can be read, and what was refused is not there.
    EXPECT_EQ(journal->read("state/a").value()->text(), "1");
    EXPECT_TRUE(journal->read("state/b").value()->text() == large);
    EXPECT_EQ(journal->read("state/c").value(), std::nullopt);
    EXPECT_EQ(journal->written(), *accepted);
  }
  is_durable.get();
  EXPECT_THAT(reports.wait_for(2), HasSubstr("again"));
  ASSERT_TRUE(put("state/c", "3").has_value());
  flush();
  journal.reset();
  open(home.path());
  EXPECT_EQ(journal->read("state/a").value()->text(), "1");
  EXPECT_TRUE(journal->read("state/b").value()->text() == large);
  EXPECT_EQ(journal->read("state/c").value()->text(), "3");
}

TEST_F(JournalOnAFailingDisk, AStopDoesNotWaitForTheDisk) {
  TempFolder home;
  open(home.path());
  ASSERT_TRUE(put("state/a", "1").has_value());
  flush();
  bool durable = false;
  {
    FileSizeLimit full(1 << 20);
    Result<uint64_t> accepted = put("state/a", std::string(size_t{3} << 20, 'x'));
    journal->when_durable(accepted.value(), [&] { durable = true; });
    reports.wait_for(1);
    journal.reset();
  }
  EXPECT_FALSE(durable);
  open(home.path());
  EXPECT_EQ(journal->read("state/a").value()->text(), "1");
}

/// A file system of its own, of 64 MiB.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& path) : path_(path) {
    mounted_ = mount("none", path.c_str(), "tmpfs", 0, "size=64m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) {
      umount2(path_.c_str(), MNT_DETACH);
    }
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  std::filesystem::path path_;
  bool mounted_;
};

/// Takes all the room that there is.
void fill(const std::filesystem::path& filler) {
  std::ofstream file(filler, std::ios::binary);
  std::string block(size_t{1} << 20, 'f');
  while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

TEST_F(JournalOnAFailingDisk, OpeningItOnAFullDiskFailsAndSaysSo) {
  TempFolder folder;
  SmallDisk disk(folder.path());
  if (!disk.mounted()) {
    GTEST_SKIP()
        << "a full disk is a small file system that is mounted for it, which this user may not: run it as root";
  }
  open(folder.path() / "home");
  ASSERT_TRUE(put("state/a", "1").has_value());
  flush();
  journal.reset();
  std::filesystem::path filler = folder.path() / "filler";
  fill(filler);
  auto full = RocksJournal::open(folder.path() / "home");
  ASSERT_FALSE(full.has_value());
  EXPECT_THAT(full.error().message, HasSubstr("the disk is full"));
  std::filesystem::remove(filler);
  open(folder.path() / "home");
  EXPECT_EQ(journal->read("state/a").value()->text(), "1");
}

TEST_F(JournalOnAFailingDisk, GoesOnWhenThereIsRoomAgain) {
  TempFolder folder;
  SmallDisk disk(folder.path());
  if (!disk.mounted()) {
    GTEST_SKIP()
        << "a full disk is a small file system that is mounted for it, which this user may not: run it as root";
  }
  open(folder.path() / "home");
  ASSERT_TRUE(put("state/a", "1").has_value());
  flush();
  std::filesystem::path filler = folder.path() / "filler";
  fill(filler);
  // More than the log had room reserved for.
  Result<uint64_t> accepted = put("state/b", std::string(size_t{20} << 20, 'x'));
  ASSERT_TRUE(accepted.has_value());
  std::promise<void> durable;
  std::future<void> is_durable = durable.get_future();
  journal->when_durable(*accepted, [&] { durable.set_value(); });
  EXPECT_THAT(reports.wait_for(1), HasSubstr("the disk is full"));
  EXPECT_THAT(put("state/c", "3").error().message, HasSubstr(folder.path().string()));
  EXPECT_EQ(is_durable.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_EQ(journal->read("state/a").value()->text(), "1");

  std::filesystem::remove(filler);
  is_durable.get();
  EXPECT_THAT(reports.wait_for(2), HasSubstr("again"));
  ASSERT_TRUE(put("state/c", "3").has_value());
  flush();
  journal.reset();
  open(folder.path() / "home");
  EXPECT_EQ(journal->read("state/a").value()->text(), "1");
  EXPECT_EQ(journal->read("state/b").value()->size(), size_t{20} << 20);
  EXPECT_EQ(journal->read("state/c").value()->text(), "3");
}

}  // namespace
}  // namespace kinode::modules
