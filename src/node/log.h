// Log: what processes and the node print, on the terminal and in files.
//
// Each of the two has a queue and a thread that writes; when one cannot keep up (a terminal that was
// stopped, a slow disk), its oldest lines are dropped and counted, and the other goes on. So nobody who
// prints ever waits (defect S18 of kernel.md).
//
// Files: <home>/.terminal_logs/, every printout whatever its level; see log_files.h. Threads: any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "kernel/printer.h"
#include "node/options.h"
#include "node/process_verbosity.h"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}  // namespace details
namespace sinks {
class sink;
}  // namespace sinks
}  // namespace spdlog

namespace kinode::node {

class Log final : public kernel::Printer {
 public:
  /// Shows lines of `options.verbosity` and below on standard output. Fails when the log folder cannot
  /// be written.
  static Result<std::unique_ptr<Log>> open(const Options& options);
  /// Writes what is queued.
  ~Log() override;

  void print(kernel::Printout printout) override;
  /// A line of the node itself, always shown.
  void say(const std::string& line);

  void set_verbosity(uint8_t verbosity) { verbosity_ = verbosity; }
  [[nodiscard]] uint8_t verbosity() const { return verbosity_; }
  /// Counts for more than the verbosity for all.
  void set_process_verbosity(ProcessVerbosity settings);
  [[nodiscard]] ProcessVerbosity process_verbosity() const;

  /// Whether lines are written to files from now on. Fails when the first file cannot be made.
  Result<void> set_logging(bool logging);
  [[nodiscard]] bool logging() const { return logging_; }

  /// Somebody else writes on the terminal too: it is given what writes a line, and calls that when the line can stand.
  using Beside = std::function<void(const std::function<void()>& write)>;
  /// None: lines are written as they come. Waits for a line that is being written.
  void show_beside(Beside beside);

 private:
  class Screen;
  /// A queue with the thread that empties it.
  struct Way {
    void open(std::shared_ptr<spdlog::sinks::sink> sink, const char* pattern);
    void write(uint8_t verbosity, std::string_view line);

    std::shared_ptr<spdlog::details::thread_pool> thread;
    std::shared_ptr<spdlog::logger> logger;
    std::atomic<size_t> lost_told = 0;
  };

  Log() = default;
  void write(uint8_t verbosity, std::string_view line, bool is_shown);
  [[nodiscard]] bool is_shown(const ProcessId& process, uint8_t verbosity) const;

  Options options_;
  std::atomic<uint8_t> verbosity_ = 0;
  mutable std::shared_mutex mutex_;
  ProcessVerbosity process_verbosity_;  // guarded by mutex_
  std::shared_ptr<Screen> sink_;
  Way screen_;
  std::mutex opening_file_;
  Way file_;  // opened before the first `logging_`, by whoever has opening_file_
  std::atomic<bool> logging_ = false;
};

/// A line as it may be shown: of bounded length, what would steer the reader's terminal made visible, and
/// what follows a line break indented, so that nobody prints lines in another's name.
std::string printable(std::string_view line);

}  // namespace kinode::node
