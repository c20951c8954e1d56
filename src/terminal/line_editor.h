// LineEditor: what a person types at a terminal, edited line by line; libedit does the editing.
//
// Keys are Emacs's, as far as modules.md 10.1 does not name others: Up, Down, Ctrl-P, Ctrl-N and Ctrl-R for earlier
// lines, Ctrl-A, Ctrl-E, arrows, Backspace, Delete for the line; Ctrl-D ends the input, Ctrl-C is the system's SIGINT.
// Ctrl-V, Ctrl-L and Ctrl-W are given to the owner. What is pasted comes without control characters and line ends, so
// that it runs nothing by itself.
//
// Others write to the same terminal meanwhile: by `above`, which takes the line being typed away, lets them write, and
// draws it again. libedit's state belongs to whoever has `mutex_`: the thread in `next_line` always, but while it waits
// for a key.
//
// The size of the terminal and its coming back from the background are told by signals, which are blocked in all
// threads (`block_signals`) and read from a descriptor. While the program is in the background it reads and draws
// nothing.
//
// Threads: `next_line` one at a time; `above` any. Nothing of the terminal stays changed after `next_line`.
#pragma once

#include <cwchar>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct editline;
struct history;

namespace kinode::terminal {

enum class Key : char { control_l = 'L' - '@', control_v = 'V' - '@', control_w = 'W' - '@' };

class LineEditor {
 public:
  /// To be called by main before any thread is started.
  static void block_signals();
  /// Whether standard input and output are a terminal on which a line can be edited.
  static bool can_edit();

  /// Of standard input and output. `history`: earlier lines, the oldest first.
  explicit LineEditor(const std::vector<std::string>& history);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  struct Typed {
    /// The line without its end, in UTF-8; for a key, what was typed before it.
    std::string line;
    /// It was ended by this key, not by Enter.
    std::optional<Key> key;
  };
  /// Waits for a line, or one of the owner's keys. `begun` stands there already. None when `stop` can be read, or the
  /// input ended.
  std::optional<Typed> next_line(const std::string& prompt, int stop, const std::string& begun = "");
  /// Can be had again by Up.
  void remember(const std::string& line);

  /// `write` writes whole lines to standard output; they come to stand above the line being typed.
  void above(const std::function<void()>& write);

 private:
  static int read_key(editline* editor, wchar_t* key);
  static unsigned char take_key(editline* editor, wint_t key);
  static unsigned char paste(editline* editor, wint_t key);
  static char* prompt_of(editline* editor);
  static LineEditor& of(editline* editor);

  void bind_keys();
  /// The next byte typed; none at the end. Waits without `mutex_`.
  std::optional<char> next_byte();
  bool fill();
  /// False when `stop` can be read meanwhile.
  [[nodiscard]] bool pause() const;
  [[nodiscard]] bool wait_for_foreground() const;
  void take_signals();
  void erase() const;
  void redraw() const;

  std::mutex mutex_;
  editline* editor_;
  struct ::history* history_;
  int signals_;
  int stop_ = -1;
  std::string prompt_;
  bool is_shown_ = false;  // the line being typed, on the terminal
  std::optional<Typed> ended_by_key_;
  std::string bytes_;  // read and not taken yet
};

}  // namespace kinode::terminal
