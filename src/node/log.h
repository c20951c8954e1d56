// Log: what processes and the node print, on the terminal and in files.
//
// Each of the two has a queue and a thread that writes; when one cannot keep up (a terminal that was
// stopped, a slow disk), its oldest lines are dropped and counted, and the other goes on. So nobody who
// prints ever waits (defect S18 of kernel.md).
//
// Files: <home>/.terminal_logs/, every printout whatever its level; see log_files.h. Threads: any.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/printer.h"
#include "node/options.h"

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

 private:
  /// A queue with the thread that empties it.
  struct Way {
    void open(std::shared_ptr<spdlog::sinks::sink> sink, const char* pattern);
    void write(uint8_t verbosity, std::string_view line);

    std::shared_ptr<spdlog::details::thread_pool> thread;
    std::shared_ptr<spdlog::logger> logger;
    std::atomic<size_t> lost_told = 0;
  };

  Log() = default;
  void write(uint8_t verbosity, std::string_view line);

  std::atomic<uint8_t> verbosity_ = 0;
  Way screen_;
  Way file_;  // without a logger where there are no files
};

/// A line as it may be shown: of bounded length, what would steer the reader's terminal made visible, and
/// what follows a line break indented, so that nobody prints lines in another's name.
std::string printable(std::string_view line);

}  // namespace kinode::node
