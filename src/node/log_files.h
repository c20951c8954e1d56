// LogFiles: the log's files in one folder, written one after another. A file that would grow over its
// part of the limit is followed by the next; the oldest go, so that there are never more than `files`, those
// of earlier boots counted. Each is named by the time of its beginning, so that their names sort them.
//
// A sink of spdlog; its mutex guards everything. The folder must be there. `open` throws
// spdlog::spdlog_ex where the first file cannot be made; a line that the disk does not take is lost.
#pragma once

#include <spdlog/details/file_helper.h>
#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

namespace kinode::node {

class LogFiles final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// `bytes`: of all files together; 0: no limit. `files`: 1 or more.
  LogFiles(std::filesystem::path folder, uint64_t bytes, uint64_t files);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  void begin_file();
  std::filesystem::path next_path();
  /// Makes room for one more file.
  void remove_oldest() const;

  const std::filesystem::path folder_;
  const uint64_t file_bytes_;
  const uint64_t files_;
  spdlog::details::file_helper file_;
  bool is_open_ = false;  // not when the next one could not be made
  uint64_t written_ = 0;
  std::string time_;  // in the name of the last file, and how many had it before
  int count_ = 0;
};

}  // namespace kinode::node
