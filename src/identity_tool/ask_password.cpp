#include "identity_tool/ask_password.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>

namespace kinode::identity_tool {
namespace {

/// Longer lines than this a terminal does not give.
constexpr size_t line_limit = 4096;

/// Signals that would end or stop the program while its terminal shows nothing, kept back meanwhile.
class Interrupts {
 public:
  Interrupts() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP}) {
      sigaddset(&signals, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
    file_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Interrupts() {
    signalfd_siginfo taken{};  // the person is told by what `ask_on` gives
    while (::read(file_, &taken, sizeof taken) > 0) {
    }
    ::close(file_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// True when there is something to read, false when there was a signal.
  [[nodiscard]] bool wait_for_input(int terminal) const {
    std::array<pollfd, 2> files{pollfd{.fd = terminal, .events = POLLIN, .revents = 0},
                                pollfd{.fd = file_, .events = POLLIN, .revents = 0}};
    while (::poll(files.data(), files.size(), -1) < 0 && errno == EINTR) {
    }
    return files[1].revents == 0;
  }

 private:
  sigset_t before_{};
  int file_ = -1;
};

/// The terminal shows nothing of what is typed as long as this lives.
class Hidden {
 public:
  explicit Hidden(int terminal) : terminal_(terminal), is_on_(::tcgetattr(terminal, &before_) == 0) {
    if (is_on_) {
      termios hidden = before_;
      hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
      hidden.c_lflag |= ICANON;
      is_on_ = ::tcsetattr(terminal, TCSAFLUSH, &hidden) == 0;
    }
  }
  ~Hidden() {
    if (is_on_) {
      ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  [[nodiscard]] bool is_on() const { return is_on_; }

 private:
  const int terminal_;
  termios before_{};
  bool is_on_;
};

void show(int terminal, std::string_view text) {
  [[maybe_unused]] const ssize_t shown = ::write(terminal, text.data(), text.size());
}

Result<crypto::Secret> read_line(int terminal, const Interrupts& interrupts) {
  crypto::Secret line(line_limit);
  size_t size = 0;
  while (size < line_limit) {
    if (!interrupts.wait_for_input(terminal)) {
      return fail("interrupted");
    }
    const ssize_t more = ::read(terminal, line.data() + size, line_limit - size);
    if (more <= 0) {
      return fail("no password was typed");
    }
    size += static_cast<size_t>(more);
    if (line.data()[size - 1] == '\n') {
      return crypto::Secret::copy_of(std::span<const uint8_t>(line.data(), size - 1));
    }
  }
  return fail("the password is too long: {} letters at most", line_limit - 1);
}

}  // namespace

Result<crypto::Secret> ask_on(int terminal, const std::string& prompt) {
  const Interrupts interrupts;
  const Hidden hidden(terminal);
  if (!hidden.is_on()) {
    return fail("the terminal cannot hide what is typed: give the password with KINODE_PASSWORD");
  }
  show(terminal, prompt);
  Result<crypto::Secret> line = read_line(terminal, interrupts);
  show(terminal, "\n");
  return line;
}

Result<crypto::Secret> ask_on_terminal(const std::string& prompt) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) {
    return fail("there is no terminal to ask for the password on: give it with KINODE_PASSWORD");
  }
  Result<crypto::Secret> answer = ask_on(terminal, prompt);
  ::close(terminal);
  return answer;
}

}  // namespace kinode::identity_tool
