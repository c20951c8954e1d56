#include "node/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <filesystem>

#include "base/utf8.h"
#include "node/log_files.h"

namespace kinode::node {
namespace {

constexpr size_t queue_lines = 4096;
constexpr size_t longest_line = size_t{16} * 1024;

/// spdlog's levels stand for ours: they have the colours.
spdlog::level::level_enum level_of(uint8_t verbosity) {
  switch (verbosity) {
    case 0:
      return spdlog::level::trace;
    case 1:
      return spdlog::level::info;
    case 2:
      return spdlog::level::debug;
    default:
      return spdlog::level::err;
  }
}

std::shared_ptr<spdlog::sinks::sink> make_files(const Options& options) {
  std::filesystem::path folder = std::filesystem::path(options.home) / ".terminal_logs";
  std::filesystem::create_directories(folder);
  return std::make_shared<LogFiles>(folder, options.max_log_size, options.log_files);
}

}  // namespace

/// Standard output; in colours where it is a terminal.
class Log::Screen final : public spdlog::sinks::sink {
 public:
  Screen() {
    output_.set_color(level_of(0), "");  // what the terminal writes in, dark on light or light on dark
    output_.set_color(level_of(1), output_.green);
    output_.set_color(level_of(2), output_.magenta);
    output_.set_color(level_of(3), output_.red);
  }

  void log(const spdlog::details::log_msg& message) override {
    std::scoped_lock lock(mutex_);
    auto write = [&] {
      output_.log(message);
      output_.flush();
    };
    if (beside_) {
      beside_(write);
    } else {
      write();
    }
  }
  void flush() override {}
  void set_pattern(const std::string& pattern) override { output_.set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    output_.set_formatter(std::move(formatter));
  }

  void show_beside(Beside beside) {
    std::scoped_lock lock(mutex_);
    beside_ = std::move(beside);
  }

 private:
  std::mutex mutex_;
  spdlog::sinks::stdout_color_sink_mt output_;
  Beside beside_;  // guarded by mutex_
};

std::string printable(std::string_view line) {
  while (line.ends_with('\n')) {
    line.remove_suffix(1);
  }
  std::string shown;
  std::string_view kept = utf8_prefix(line, longest_line);
  shown.reserve(kept.size());
  for (size_t i = 0; i < kept.size(); ++i) {
    auto byte = static_cast<unsigned char>(kept[i]);
    bool is_long_control = byte == 0xC2 && i + 1 < kept.size() && static_cast<unsigned char>(kept[i + 1]) < 0xA0;
    if (byte == '\n') {
      shown += "\n  ";
    } else if ((byte < 0x20 && byte != '\t') || byte == 0x7F || is_long_control) {
      shown += '?';
      i += is_long_control ? 1 : 0;
    } else {
      shown += kept[i];
    }
  }
  if (kept.size() < line.size()) {
    shown += fmt::format(" [{} bytes more]", line.size() - kept.size());
  }
  return shown;
}

void Log::Way::open(std::shared_ptr<spdlog::sinks::sink> sink, const char* pattern) {
  thread = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
  logger = std::make_shared<spdlog::async_logger>("log", std::move(sink), thread,
                                                  spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern(pattern);
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  // There is nowhere to tell it: the line is lost.
  logger->set_error_handler([](const std::string&) {});
}

void Log::Way::write(uint8_t verbosity, std::string_view line) {
  size_t lost = thread->overrun_counter();
  size_t told = lost_told.load();
  if (lost > told && thread->queue_size() < queue_lines / 2 && lost_told.compare_exchange_strong(told, lost)) {
    logger->log(level_of(0), "{} lines were lost here: there were more than could be written", lost - told);
  }
  logger->log(level_of(verbosity), "{}", line);
}

Result<std::unique_ptr<Log>> Log::open(const Options& options) {
  std::unique_ptr<Log> log(new Log);
  log->options_ = options;
  log->verbosity_ = options.verbosity;
  log->process_verbosity_ = options.process_verbosity;
  log->sink_ = std::make_shared<Screen>();
  log->screen_.open(log->sink_, "%a %H:%M %^%v%$");
  if (Result<void> logging = log->set_logging(options.logging); !logging) {
    return std::unexpected(logging.error());
  }
  return log;
}

Result<void> Log::set_logging(bool logging) {
  std::scoped_lock lock(opening_file_);
  try {
    if (logging && !file_.logger) {
      file_.open(make_files(options_), "[%a, %d %b %Y %H:%M:%S %z] %v");
    }
  } catch (const std::exception& error) {
    return fail(
        "cannot write the log in {}/.terminal_logs: {}. Make room or mend the rights there, or start with "
        "--logging-off",
        options_.home, error.what());
  }
  logging_ = logging;
  return {};
}

// Each thread writes all that is in its queue before it ends.
Log::~Log() = default;

void Log::print(kernel::Printout printout) {
  write(printout.verbosity, printable(printout.text), is_shown(printout.source, printout.verbosity));
}

void Log::say(const std::string& line) { write(0, line, true); }

bool Log::is_shown(const ProcessId& process, uint8_t verbosity) const {
  std::shared_lock lock(mutex_);
  if (!process_verbosity_.empty()) {
    if (auto found = process_verbosity_.find(process); found != process_verbosity_.end()) {
      return !found->second.is_muted && verbosity <= found->second.verbosity;
    }
  }
  return verbosity <= verbosity_.load(std::memory_order_relaxed);
}

void Log::write(uint8_t verbosity, std::string_view line, bool is_shown) {
  if (is_shown) {
    screen_.write(verbosity, line);
  }
  if (logging_.load(std::memory_order_acquire)) {
    file_.write(verbosity, line);
  }
}

void Log::set_process_verbosity(ProcessVerbosity settings) {
  std::unique_lock lock(mutex_);
  process_verbosity_ = std::move(settings);
}

ProcessVerbosity Log::process_verbosity() const {
  std::shared_lock lock(mutex_);
  return process_verbosity_;
}

void Log::show_beside(Beside beside) { sink_->show_beside(std::move(beside)); }

}  // namespace kinode::node
