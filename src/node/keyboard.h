// Keyboard: the lines that the operator types, until the node is to stop.
//
// The end of input (Ctrl-D) stops the node, as Ctrl-C does. While the program is in the background of its
// terminal it reads nothing, and tries again each second. One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>

namespace kinode::node {

class Keyboard {
 public:
  /// `file`: a terminal; -1: there is none.
  explicit Keyboard(int file) : file_(file) {}

  /// Waits for a line, which comes without its end. None when `stop` can be read, or the input ended. A
  /// line of more than 64 KiB is left out.
  std::optional<std::string> next_line(int stop);

 private:
  enum class Read : uint8_t { more, later, ended };
  Read read_more();

  const int file_;
  std::string typed_;
  std::deque<std::string> lines_;
  bool too_long_ = false;  // until its end
};

}  // namespace kinode::node
