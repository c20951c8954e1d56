#include "node/log_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

namespace kinode::node {
namespace fs = std::filesystem;
namespace {

constexpr const char* extension = ".log";

std::string time_now() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char time[32];
  return {time, std::strftime(time, sizeof time, "%Y-%m-%d-%H:%M:%S", &parts)};
}

}  // namespace

LogFiles::LogFiles(fs::path folder, uint64_t bytes, uint64_t files)
    : folder_(std::move(folder)),
      file_bytes_(bytes == 0 ? std::numeric_limits<uint64_t>::max() : std::max<uint64_t>(bytes / files, 1)),
      files_(files) {
  begin_file();
}

void LogFiles::begin_file() {
  is_open_ = false;
  file_.close();
  remove_oldest();
  file_.open(next_path().string());
  is_open_ = true;
  written_ = 0;
}

fs::path LogFiles::next_path() {
  std::string time = time_now();
  // Counted on within a second, also past those that are gone already.
  count_ = time == time_ ? count_ + 1 : 0;
  time_ = time;
  while (true) {
    fs::path path = folder_ / (count_ == 0 ? time + extension : fmt::format("{}_{:06}{}", time, count_, extension));
    if (!fs::exists(path)) {
      return path;
    }
    ++count_;
  }
}

void LogFiles::remove_oldest() const {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (at->path().extension() == extension && at->is_regular_file(gone)) {
      found.push_back(at->path());
    }
  }
  std::ranges::sort(found);
  for (size_t i = 0; i + files_ <= found.size(); ++i) {
    fs::remove(found[i], error);
  }
}

void LogFiles::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (!is_open_ || (written_ > 0 && written_ + line.size() > file_bytes_)) {
    begin_file();
  }
  file_.write(line);
  written_ += line.size();
}

void LogFiles::flush_() {
  if (is_open_) {
    file_.flush();
  }
}

}  // namespace kinode::node
