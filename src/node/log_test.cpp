#include "node/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "kernel/testing/temp_folder.h"

namespace kinode::node {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct LogTest : ::testing::Test {
  LogTest() {
    options.home = home.path();
    ::testing::internal::CaptureStdout();
  }
  ~LogTest() override {
    if (capturing) {
      std::string captured = screen();
      std::cout << (HasFailure() ? captured : "");  // with what failed, which went there too
    }
  }

  std::unique_ptr<Log> open() {
    Result<std::unique_ptr<Log>> log = Log::open(options);
    EXPECT_TRUE(log.has_value()) << log.error().message;
    return std::move(*log);
  }
  static void print(Log& log, uint8_t verbosity, const std::string& text) {
    log.print({verbosity, ProcessId("a", "p", "q"), text});
  }
  /// Once, after the log is closed.
  std::string screen() {
    capturing = false;
    return ::testing::internal::GetCapturedStdout();
  }
  /// In the order of their names.
  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
      found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }

  kernel::testing::TempFolder home;
  fs::path folder = home.path() / ".terminal_logs";
  Options options;
  bool capturing = true;
};

// ---- what is shown -------------------------------------------------------------------------------

TEST_F(LogTest, TheScreenShowsItsLevelAndBelowTheFileAll) {
  options.verbosity = 1;
  auto log = open();
  for (uint8_t level : {0, 1, 2, 3}) {
    print(*log, level, fmt::format("level {}", level));
  }
  log.reset();
  std::string shown = screen();
  EXPECT_THAT(shown, AllOf(HasSubstr("level 0\n"), HasSubstr("level 1\n"), Not(HasSubstr("level 2"))));
  std::string kept = read(files().at(0));
  EXPECT_THAT(kept, AllOf(HasSubstr("] level 0\n"), HasSubstr("] level 1\n"), HasSubstr("] level 2\n"),
                          HasSubstr("] level 3\n")));
}

TEST_F(LogTest, TheLevelChangesWhileItRuns) {
  auto log = open();
  print(*log, 2, "before");
  log->set_verbosity(2);
  EXPECT_EQ(log->verbosity(), 2);
  print(*log, 2, "after");
  log.reset();
  EXPECT_THAT(screen(), AllOf(HasSubstr("after"), Not(HasSubstr("before"))));
}

TEST_F(LogTest, ASingleProcessIsShownAsItsOwnSettingSays) {
  options.process_verbosity = {{ProcessId("loud", "p", "q"), {.verbosity = 2}},
                               {ProcessId("muted", "p", "q"), {.is_muted = true}}};
  auto log = open();
  log->print({2, ProcessId("loud", "p", "q"), "a detail"});
  log->print({3, ProcessId("loud", "p", "q"), "too fine"});
  log->print({0, ProcessId("muted", "p", "q"), "not shown"});
  log->set_process_verbosity({});
  EXPECT_TRUE(log->process_verbosity().empty());
  log->print({2, ProcessId("loud", "p", "q"), "as of others"});
  log->print({0, ProcessId("muted", "p", "q"), "shown again"});
  log.reset();
  EXPECT_THAT(screen(), AllOf(HasSubstr("a detail"), Not(HasSubstr("too fine")), Not(HasSubstr("not shown")),
                              Not(HasSubstr("as of others")), HasSubstr("shown again")));
  EXPECT_THAT(read(files().at(0)), AllOf(HasSubstr("too fine"), HasSubstr("not shown"))) << "the file has all";
}

TEST_F(LogTest, FilesAreSwitchedOffAndOn) {
  options.logging = false;
  auto log = open();
  EXPECT_FALSE(log->logging());
  log->say("in no file");
  ASSERT_TRUE(log->set_logging(true));
  log->say("in the file");
  ASSERT_TRUE(log->set_logging(false));
  log->say("in none again");
  ASSERT_TRUE(log->set_logging(true));
  log->say("in the same file");
  log.reset();
  ASSERT_EQ(files().size(), 1U);
  EXPECT_THAT(read(files()[0]),
              AllOf(HasSubstr("in the file"), HasSubstr("in the same file"), Not(HasSubstr("in no"))));
}

TEST_F(LogTest, FilesThatCannotBeMadeLeaveItOff) {
  options.logging = false;
  auto log = open();
  std::ofstream(folder) << "in the way";
  EXPECT_FALSE(log->set_logging(true));
  EXPECT_FALSE(log->logging());
}

TEST_F(LogTest, WhoSharesTheTerminalSaysWhenALineIsWritten) {
  auto log = open();
  log->show_beside([&](const std::function<void()>& write) {
    std::cout << "<taken away>" << std::flush;
    write();
    std::cout << "<drawn again>" << std::flush;
  });
  log->say("a line");
  log.reset();
  EXPECT_THAT(screen(), AllOf(HasSubstr("<taken away>"), EndsWith("a line\n<drawn again>")));
}

TEST_F(LogTest, TheNodesOwnLinesAreAlwaysShown) {
  auto log = open();
  log->say("ready");
  log.reset();
  EXPECT_THAT(screen(), EndsWith("ready\n"));
}

TEST_F(LogTest, WithoutAFileNoFolderIsMade) {
  options.logging = false;
  auto log = open();
  log->say("ready");
  log.reset();
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_THAT(screen(), HasSubstr("ready"));
}

TEST_F(LogTest, AFolderThatCannotBeMadeIsTold) {
  std::ofstream(folder.string()) << "a file";
  Result<std::unique_ptr<Log>> log = Log::open(options);
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().message, AllOf(HasSubstr("cannot write the log in " + options.home + "/.terminal_logs"),
                                         HasSubstr("--logging-off")));
}

// ---- the files -----------------------------------------------------------------------------------

TEST_F(LogTest, FilesTogetherStayWithinTheLimit) {
  options.max_log_size = 4'000;
  options.log_files = 4;
  auto log = open();
  for (int i = 0; i < 300; ++i) {
    print(*log, 1, fmt::format("line {} {}", i, std::string(60, 'x')));
  }
  log.reset();
  std::vector<fs::path> found = files();
  EXPECT_EQ(found.size(), 4U);
  uintmax_t bytes = 0;
  std::string all;
  for (const fs::path& file : found) {
    bytes += fs::file_size(file);
    EXPECT_LE(fs::file_size(file), 1'000U);
    all += read(file);
  }
  EXPECT_LE(bytes, 4'000U);
  EXPECT_THAT(all, HasSubstr("line 299 "));
  EXPECT_THAT(read(found.back()), HasSubstr("line 299 ")) << "their names are in the order of time";
  EXPECT_THAT(all, Not(HasSubstr("line 0 ")));
}

TEST_F(LogTest, ALineLargerThanAFileHasOneOfItsOwn) {
  options.max_log_size = 100;
  options.log_files = 2;
  auto log = open();
  print(*log, 1, std::string(1'000, 'x'));
  print(*log, 1, "the next");
  log.reset();
  ASSERT_EQ(files().size(), 2U);
  EXPECT_THAT(read(files()[0]), HasSubstr(std::string(1'000, 'x')));
  EXPECT_THAT(read(files()[1]), EndsWith("the next\n"));
}

TEST_F(LogTest, WithoutALimitThereIsOneFile) {
  options.max_log_size = 0;
  auto log = open();
  for (int i = 0; i < 1'000; ++i) {
    print(*log, 1, std::string(10'000, 'x'));
  }
  log.reset();
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(LogTest, FilesOfEarlierBootsAreCountedAndNothingElseIsTouched) {
  fs::create_directories(folder / "2020-01-01-00:00:00.log.d");
  std::ofstream(folder / "notes.txt") << "mine";
  for (int day = 1; day <= 6; ++day) {
    std::ofstream(folder / fmt::format("2020-01-0{}-00:00:00.log", day)) << day;
  }
  open().reset();
  std::vector<std::string> names;
  for (const fs::path& file : files()) {
    names.push_back(file.filename());
  }
  ASSERT_EQ(names.size(), 6U);
  names.erase(names.end() - 2);  // the new one
  EXPECT_THAT(names, ElementsAre("2020-01-01-00:00:00.log.d", "2020-01-04-00:00:00.log", "2020-01-05-00:00:00.log",
                                 "2020-01-06-00:00:00.log", "notes.txt"));
}

// ---- who prints never waits ----------------------------------------------------------------------

/// Standard output leads into a pipe that nobody reads, until `read_on`.
class StoppedScreen {
 public:
  StoppedScreen() : saved_(dup(STDOUT_FILENO)) {
    EXPECT_EQ(pipe(ends_.data()), 0);
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    std::string filling(4096, '.');
    while (write(ends_[1], filling.data(), filling.size()) > 0) {
    }
    fcntl(ends_[1], F_SETFL, 0);
    dup2(ends_[1], STDOUT_FILENO);
    close(ends_[1]);
  }
  /// In a thread of its own, until standard output is closed.
  void read_on() {
    reader_ = std::thread([this] {
      std::array<char, 4096> part;
      ssize_t size = 0;
      while ((size = ::read(ends_[0], part.data(), part.size())) > 0) {
        std::lock_guard lock(mutex_);
        text_.append(part.data(), static_cast<size_t>(size));
        arrived_.notify_all();
      }
    });
  }
  bool wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(30), [&] { return text_.contains(text); });
  }
  std::string finish() {
    fflush(stdout);
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
    reader_.join();
    close(ends_[0]);
    return text_;
  }

 private:
  int saved_;
  std::array<int, 2> ends_{};
  std::thread reader_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::string text_;
};

TEST_F(LogTest, S18_AStoppedTerminalHoldsUpNeitherWhoPrintsNorTheFile) {
  StoppedScreen stopped;
  auto log = open();
  for (int i = 0; i < 20'000; ++i) {
    print(*log, 0, fmt::format("line {}", i));
  }
  print(*log, 0, "the last line");
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!read(files().back()).ends_with("the last line\n")) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the file does not go on";
    std::this_thread::yield();
  }
  stopped.read_on();
  log.reset();  // writes what is in the queue
  EXPECT_THAT(stopped.finish(), EndsWith("the last line\n"));
}

TEST_F(LogTest, LinesThatWereLostAreCounted) {
  StoppedScreen stopped;
  auto log = open();
  for (int i = 0; i < 20'000; ++i) {
    print(*log, 0, fmt::format("line {}", i));
  }
  stopped.read_on();
  print(*log, 0, "the queue is empty behind this");
  EXPECT_TRUE(stopped.wait_for("the queue is empty behind this"));
  print(*log, 0, "one more");
  log.reset();
  EXPECT_THAT(stopped.finish(), HasSubstr(" lines were lost here: there were more than could be written\n"));
}

// ---- a line --------------------------------------------------------------------------------------

TEST(Printable, KeepsText) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("a line\twith \u20AC and \u00A0"), "a line\twith \u20AC and \u00A0");
}

TEST(Printable, MakesVisibleWhatWouldSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mred\r\a\x7f"), "a?[31mred???");
  EXPECT_EQ(printable("\u009B31m"), "?31m") << "the same in one character";
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
}

TEST(Printable, NobodyBeginsALineOfAnother) {
  EXPECT_EQ(printable("one\nMon 12:00 stopping\n\n"), "one\n  Mon 12:00 stopping");
}

TEST(Printable, CutsWhatIsTooLong) {
  EXPECT_EQ(printable(std::string(16'384, 'x')), std::string(16'384, 'x'));
  EXPECT_EQ(printable(std::string(20'000, 'x')), std::string(16'384, 'x') + " [3616 bytes more]");
  EXPECT_EQ(printable(std::string(16'383, 'x') + "\u20AC"), std::string(16'383, 'x') + " [3 bytes more]");
}

}  // namespace
}  // namespace kinode::node
