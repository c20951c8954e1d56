#include "terminal/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include "base/check.h"
#include "terminal/history_file.h"

namespace kinode::terminal {
namespace {

constexpr size_t longest_line = size_t{64} * 1024;
constexpr int background_pause_ms = 1'000;

constexpr const char* begin_bracketed_paste = "\033[?2004h";
constexpr const char* end_bracketed_paste = "\033[?2004l";
constexpr std::wstring_view end_of_paste = L"\033[201~";

sigset_t terminal_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGWINCH);
  sigaddset(&signals, SIGCONT);
  return signals;
}

/// A terminal that is nobody's has no background.
bool in_foreground() {
  const pid_t group = tcgetpgrp(STDIN_FILENO);
  return group < 0 ? errno == ENOTTY : group == getpgrp();
}

size_t columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

size_t width_of(const wchar_t* begin, const wchar_t* end) {
  size_t width = 0;
  for (; begin < end; ++begin) {
    width += static_cast<size_t>(std::max(wcwidth(*begin), 0));
  }
  return width;
}

bool is_control(wchar_t character) { return character < 0x20 || (character >= 0x7F && character < 0xA0); }

}  // namespace

void LineEditor::block_signals() {
  const sigset_t signals = terminal_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

bool LineEditor::can_edit() {
  const char* kind = std::getenv("TERM");
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' &&
         std::string_view(kind) != "dumb";
}

LineEditor::LineEditor(const std::vector<std::string>& history) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // libedit reads and writes by it
  const sigset_t signals = terminal_signals();
  signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  editor_ = el_init("kinode", stdin, stdout, stderr);
  history_ = history_init();
  KINODE_CHECK(signals_ >= 0 && editor_ != nullptr && history_ != nullptr, "no line editor");
  HistEvent event{};
  ::history(history_, &event, H_SETSIZE, static_cast<int>(HistoryFile::most_lines));
  ::history(history_, &event, H_SETUNIQUE, 1);
  for (const std::string& line : history) {
    remember(line);
  }
  bind_keys();
}

LineEditor::~LineEditor() {
  history_end(history_);
  el_end(editor_);
  close(signals_);
}

void LineEditor::bind_keys() {
  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_HIST, ::history, history_);
  el_set(editor_, EL_PROMPT, prompt_of);
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_SIGNAL, 0);
  el_set(editor_, EL_GETCFN, read_key);
  // The wide form: that of chars leaks its copies of the names.
  el_wset(editor_, EL_ADDFN, L"kinode-key", L"Give the key to the node", take_key);
  el_wset(editor_, EL_ADDFN, L"kinode-paste", L"Insert what is pasted", paste);
  for (const char* key : {"^V", "^W", "^L"}) {
    el_set(editor_, EL_BIND, key, "kinode-key", nullptr);
  }
  el_set(editor_, EL_BIND, "\\e[200~", "kinode-paste", nullptr);
  el_set(editor_, EL_BIND, "^D", "ed-end-of-file", nullptr);
  el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  // What terminals send for them.
  el_set(editor_, EL_BIND, "\\e[3~", "ed-delete-next-char", nullptr);
  for (const char* home : {"\\e[H", "\\eOH", "\\e[1~"}) {
    el_set(editor_, EL_BIND, home, "ed-move-to-beg", nullptr);
  }
  for (const char* end : {"\\e[F", "\\eOF", "\\e[4~"}) {
    el_set(editor_, EL_BIND, end, "ed-move-to-end", nullptr);
  }
}

void LineEditor::remember(const std::string& line) {
  HistEvent event{};
  ::history(history_, &event, H_ENTER, line.c_str());
}

std::optional<LineEditor::Typed> LineEditor::next_line(const std::string& prompt, int stop, const std::string& begun) {
  std::unique_lock lock(mutex_);
  stop_ = stop;
  prompt_ = prompt;
  ended_by_key_.reset();
  lock.unlock();
  if (!wait_for_foreground()) {
    return std::nullopt;
  }
  lock.lock();
  std::fputs(begin_bracketed_paste, stdout);
  if (!begun.empty()) {
    el_push(editor_, begun.c_str());
  }
  is_shown_ = true;
  int length = 0;
  const char* text = el_gets(editor_, &length);
  is_shown_ = false;
  std::fputs(end_bracketed_paste, stdout);
  std::fflush(stdout);
  if (ended_by_key_) {
    return std::move(ended_by_key_);
  }
  if (text == nullptr || length <= 0) {
    return std::nullopt;
  }
  std::string line(text, static_cast<size_t>(length));
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.pop_back();
  }
  return Typed{std::move(line), std::nullopt};
}

// ---- what others write --------------------------------------------------------------------------

void LineEditor::above(const std::function<void()>& write) {
  std::scoped_lock lock(mutex_);
  if (!is_shown_ || !in_foreground()) {
    write();
    return;
  }
  erase();
  write();
  redraw();
}

void LineEditor::erase() const {
  const LineInfoW* line = el_wline(editor_);
  const size_t before = prompt_.size() + width_of(line->buffer, line->cursor);
  const size_t row = before / columns();
  if (row > 0) {
    std::fprintf(stdout, "\033[%zuA", row);
  }
  std::fputs("\r\033[J", stdout);
}

void LineEditor::redraw() const { el_set(editor_, EL_REFRESH); }

// ---- called by libedit, within next_line ----------------------------------------------------------

LineEditor& LineEditor::of(editline* editor) {
  void* self = nullptr;
  el_get(editor, EL_CLIENTDATA, &self);
  return *static_cast<LineEditor*>(self);
}

char* LineEditor::prompt_of(editline* editor) { return of(editor).prompt_.data(); }

unsigned char LineEditor::take_key(editline* editor, wint_t key) {
  LineEditor& self = of(editor);
  const LineInfo* line = el_line(editor);
  self.ended_by_key_ = Typed{std::string(line->buffer, line->lastchar), static_cast<Key>(key)};
  self.erase();
  return CC_NEWLINE;
}

unsigned char LineEditor::paste(editline* editor, wint_t /*key*/) {
  std::wstring pasted;
  bool is_too_long = false;
  wchar_t character = 0;
  while (!pasted.ends_with(end_of_paste)) {
    if (el_wgetc(editor, &character) != 1) {
      return CC_EOF;
    }
    pasted += character;
    if (pasted.size() > longest_line) {
      is_too_long = true;  // nothing of it
      pasted.erase(0, pasted.size() - end_of_paste.size());
    }
  }
  pasted.resize(pasted.size() - end_of_paste.size());
  std::erase_if(pasted, is_control);
  return !is_too_long && el_winsertstr(editor, pasted.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

int LineEditor::read_key(editline* editor, wchar_t* key) {
  LineEditor& self = of(editor);
  std::mbstate_t state{};
  while (true) {
    const std::optional<char> byte = self.next_byte();
    if (!byte) {
      self.erase();
      return 0;
    }
    const size_t used = std::mbrtowc(key, &*byte, 1, &state);
    if (used == static_cast<size_t>(-1)) {
      state = {};  // no UTF-8: passed over
    } else if (used != static_cast<size_t>(-2)) {
      return 1;
    }
  }
}

// ---- the keyboard ---------------------------------------------------------------------------------

std::optional<char> LineEditor::next_byte() {
  if (bytes_.empty()) {
    std::fflush(stdout);
    mutex_.unlock();
    const bool filled = fill();
    mutex_.lock();
    if (!filled) {
      return std::nullopt;
    }
  }
  const char byte = bytes_.front();
  bytes_.erase(0, 1);
  return byte;
}

bool LineEditor::fill() {
  while (bytes_.empty()) {
    std::array<pollfd, 3> files = {{{stop_, POLLIN, 0}, {signals_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    if (poll(files.data(), files.size(), -1) < 0 && errno != EINTR) {
      return false;
    }
    if (files[0].revents != 0) {
      return false;
    }
    if (files[1].revents != 0) {
      take_signals();
    }
    if (files[2].revents == 0) {
      continue;
    }
    std::array<char, 4096> part{};
    const ssize_t size = read(STDIN_FILENO, part.data(), part.size());
    if (size == 0) {
      return false;
    }
    if (size > 0) {
      bytes_.append(part.data(), static_cast<size_t>(size));
    } else if (errno != EINTR && (!pause() || !wait_for_foreground())) {
      return false;  // EIO: in the background, or the terminal is gone
    }
  }
  return true;
}

bool LineEditor::pause() const {
  pollfd stop{stop_, POLLIN, 0};
  return poll(&stop, 1, background_pause_ms) <= 0;
}

bool LineEditor::wait_for_foreground() const {
  while (!in_foreground()) {
    if (!pause()) {
      return false;
    }
  }
  return true;
}

void LineEditor::take_signals() {
  signalfd_siginfo signal{};
  while (read(signals_, &signal, sizeof signal) == sizeof signal) {
    std::scoped_lock lock(mutex_);
    if (signal.ssi_signo == SIGWINCH) {
      erase();  // the terminal has wrapped the line anew
      el_resize(editor_);
      redraw();
    } else if (in_foreground()) {  // SIGCONT: the shell left the terminal as it likes it
      el_set(editor_, EL_PREP_TERM, 0);
      el_set(editor_, EL_PREP_TERM, 1);
      redraw();
    }
    std::fflush(stdout);
  }
}

}  // namespace kinode::terminal
