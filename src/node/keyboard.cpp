#include "node/keyboard.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace kinode::node {
namespace {

constexpr size_t longest_line = size_t{64} * 1024;
constexpr int background_pause_ms = 1'000;

}  // namespace

std::optional<std::string> Keyboard::next_line(int stop) {
  bool later = false;
  while (lines_.empty()) {
    std::array<pollfd, 2> files = {{{stop, POLLIN, 0}, {later ? -1 : file_, POLLIN, 0}}};
    int ready = poll(files.data(), files.size(), later ? background_pause_ms : -1);
    if (ready > 0 && files[0].revents != 0) {
      return std::nullopt;
    }
    later = false;
    if (ready > 0) {
      Read read = read_more();
      if (read == Read::ended) {
        return std::nullopt;
      }
      later = read == Read::later;
    }
  }
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

Keyboard::Read Keyboard::read_more() {
  std::array<char, 4096> part;
  ssize_t size = read(file_, part.data(), part.size());
  if (size < 0) {
    return Read::later;  // in the background, or interrupted
  }
  if (size == 0) {
    return Read::ended;
  }
  typed_.append(part.data(), static_cast<size_t>(size));
  size_t end = 0;
  while ((end = typed_.find('\n')) != std::string::npos) {
    if (!too_long_) {
      lines_.push_back(typed_.substr(0, end));
    }
    too_long_ = false;
    typed_.erase(0, end + 1);
  }
  if (typed_.size() > longest_line) {
    typed_.clear();
    too_long_ = true;
  }
  return Read::more;
}

}  // namespace kinode::node
