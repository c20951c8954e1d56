// Log: what processes and the node print, on the terminal and in files.
//
// A printout goes through a queue to one thread that writes; when it cannot keep up, the oldest lines
// are dropped and counted. So nobody who prints ever waits (defect S18 of kernel.md).
//
// Files: <home>/.terminal_logs/, every printout whatever its level; rotated by size.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "kernel/printer.h"
#include "node/options.h"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}  // namespace details
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
  Log() = default;
  void write(uint8_t verbosity, std::string_view line);

  std::atomic<uint8_t> verbosity_ = 0;
  std::shared_ptr<spdlog::details::thread_pool> threads_;
  std::shared_ptr<spdlog::logger> screen_;
  std::shared_ptr<spdlog::logger> file_;
};

}  // namespace kinode::node
