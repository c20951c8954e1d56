// HistoryFile: the lines that were typed, oldest first, one a line in a file that only grows while the node runs; each
// is there as soon as it was typed (defect M4 of modules.md: lost by a crash). One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kinode::terminal {

class HistoryFile {
 public:
  /// Lines kept at most, and the bytes that are looked at for them.
  static constexpr size_t most_lines = 1'000;
  static constexpr size_t most_bytes = size_t{4} << 20U;

  explicit HistoryFile(std::string path) : path_(std::move(path)) {}

  /// Those of earlier times; a file that became longer than is kept is made shorter. None where it cannot be read.
  std::vector<std::string> load();
  /// Adds a line, and tells whether: not one that has nothing but spaces, or is the one before once more. What the disk
  /// does not take is lost.
  bool add(std::string_view line);

 private:
  std::string path_;
  std::string last_;
};

}  // namespace kinode::terminal
