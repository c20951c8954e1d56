#include "node/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace kinode::node {
namespace {

constexpr size_t queue_lines = 8192;
constexpr size_t longest_line = 16 * 1024;

/// A line as it may be shown: bytes that would steer the reader's terminal are made visible.
std::string printable(std::string_view line) {
  std::string shown;
  size_t size = std::min(line.size(), longest_line);
  shown.reserve(size);
  for (char c : line.substr(0, size)) {
    bool steering = (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
    shown += steering ? '?' : c;
  }
  if (size < line.size()) {
    shown += fmt::format(" [{} bytes more]", line.size() - size);
  }
  return shown;
}

std::string log_file(const std::string& folder) {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char name[64];
  size_t size = std::strftime(name, sizeof name, "%Y-%m-%d-%H:%M:%S.log", &parts);
  return folder + "/" + std::string(name, size);
}

/// Boots leave a file each; the oldest go.
void remove_old_files(const std::string& folder, uint64_t keep) {
  std::error_code ignored;
  std::vector<std::filesystem::directory_entry> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    files.push_back(entry);
  }
  std::ranges::sort(files, {}, [](const auto& file) { return file.path().filename(); });
  for (size_t i = 0; i + keep <= files.size(); ++i) {
    std::filesystem::remove(files[i].path(), ignored);
  }
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const Options& options) {
  std::unique_ptr<Log> log(new Log);
  log->verbosity_ = options.verbosity;
  try {
    log->threads_ = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
    auto async = [&](std::string name, spdlog::sink_ptr sink, const char* pattern) {
      auto logger = std::make_shared<spdlog::async_logger>(std::move(name), std::move(sink), log->threads_,
                                                           spdlog::async_overflow_policy::overrun_oldest);
      logger->set_pattern(pattern);
      logger->set_level(spdlog::level::trace);
      return logger;
    };
    log->screen_ = async("screen", std::make_shared<spdlog::sinks::stdout_color_sink_mt>(), "%a %H:%M %^%v%$");
    log->screen_->flush_on(spdlog::level::trace);
    if (options.logging) {
      std::string folder = options.home + "/.terminal_logs";
      std::filesystem::create_directories(folder);
      remove_old_files(folder, options.log_files);
      uint64_t size = options.max_log_size == 0 ? uint64_t{1} << 60U : options.max_log_size / options.log_files;
      log->file_ = async("file",
                         std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
                             log_file(folder), std::max<uint64_t>(size, 4096), options.log_files),
                         "[%a, %d %b %Y %H:%M:%S %z] %v");
      log->file_->flush_on(spdlog::level::trace);
    }
  } catch (const std::exception& error) {
    return fail("cannot write the log in {}/.terminal_logs: {}; free space or use --logging-off", options.home,
                error.what());
  }
  return log;
}

Log::~Log() {
  // The queue's thread writes all that is in it before it ends.
  screen_.reset();
  file_.reset();
  threads_.reset();
}

void Log::print(kernel::Printout printout) { write(printout.verbosity, printable(printout.text)); }

void Log::say(const std::string& line) { write(0, line); }

void Log::write(uint8_t verbosity, std::string_view line) {
  // Levels stand for colours: debugging green, detail magenta on most terminals.
  auto level = verbosity == 0 ? spdlog::level::off : verbosity == 1 ? spdlog::level::info : spdlog::level::debug;
  if (level == spdlog::level::off) {
    level = spdlog::level::trace;
  }
  if (verbosity <= verbosity_.load(std::memory_order_relaxed)) {
    screen_->log(level, "{}", line);
  }
  if (file_) {
    file_->log(level, "{}", line);
  }
}

}  // namespace kinode::node
