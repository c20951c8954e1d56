// Console: the terminal on which the node was started: what is typed there goes to the node, keys change what the log
// shows (modules.md 10.1), and lines of the log come to stand above what is being typed.
//
// Where a line cannot be edited (standard output is a file, say) lines are read as they come, by Keyboard.
// One thread; it ends when `stop` can be read.
#pragma once

#include <memory>

#include "node/node.h"
#include "node/options.h"
#include "terminal/history_file.h"
#include "terminal/line_editor.h"

namespace kinode::node {

class Console {
 public:
  /// The node outlives it.
  Console(Node& node, const Options& options);

  /// Takes lines until `stop` can be read, or the input ended.
  void run(int stop);

 private:
  void run_editor(int stop);
  void take_key(terminal::Key key, int stop);
  void raise_verbosity();
  void switch_logging();
  /// Takes settings, a line each, until an empty line or Ctrl-W.
  void edit_process_verbosity(int stop);

  Node& node_;
  const bool is_detached_;
  terminal::HistoryFile history_;
  std::unique_ptr<terminal::LineEditor> editor_;
};

}  // namespace kinode::node
