#include "terminal/history_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace kinode::terminal {
namespace {

/// A descriptor that is closed with its object; -1: none.
struct File {
  explicit File(int file) : descriptor(file) {}
  ~File() {
    if (descriptor >= 0) {
      close(descriptor);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor;
};

/// The last bytes of a file, from a begin of a line on.
std::string read_end(int file) {
  const off_t size = std::max<off_t>(lseek(file, 0, SEEK_END), 0);
  const off_t from = std::max<off_t>(size - static_cast<off_t>(HistoryFile::most_bytes), 0);
  std::string text(static_cast<size_t>(size - from), '\0');
  size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = pread(file, text.data() + have, text.size() - have, from + static_cast<off_t>(have));
    if (got <= 0) {
      break;
    }
    have += static_cast<size_t>(got);
  }
  text.resize(have);
  return from == 0 ? text : text.substr(std::min(text.find('\n') + 1, text.size()));
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
}

void replace(const std::string& path, const std::vector<std::string>& lines) {
  const std::string beside = path + ".new";
  {
    const File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    for (const std::string& line : lines) {
      write_all(file.descriptor, line + "\n");
    }
  }
  std::rename(beside.c_str(), path.c_str());
}

}  // namespace

std::vector<std::string> HistoryFile::load() {
  std::vector<std::string> lines;
  const File file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.descriptor < 0) {
    return lines;
  }
  const std::string text = read_end(file.descriptor);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at && (lines.empty() || lines.back() != text.substr(at, end - at))) {
      lines.push_back(text.substr(at, end - at));
    }
    at = end + 1;
  }
  if (lines.size() > most_lines) {
    lines.erase(lines.begin(), lines.end() - most_lines);
    replace(path_, lines);
  }
  last_ = lines.empty() ? "" : lines.back();
  return lines;
}

bool HistoryFile::add(std::string_view line) {
  if (line.find_first_not_of(" \t") == std::string_view::npos || line == last_) {
    return false;
  }
  last_ = line;
  const File file(open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.descriptor >= 0) {
    write_all(file.descriptor, last_ + "\n");
  }
  return true;
}

}  // namespace kinode::terminal
