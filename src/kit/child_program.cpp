#include "kit/child_program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace kinode::kit {
namespace {

constexpr int status_of_signal = 128;

/// The signals that run_program waits for, blocked for its time.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) {
      sigaddset(&signals_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    // Ignored, the end of a child would leave no status.
    old_handler_ = std::signal(SIGCHLD, SIG_DFL);
  }
  ~BlockedSignals() {
    std::signal(SIGCHLD, old_handler_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  [[nodiscard]] const sigset_t& set() const { return signals_; }
  [[nodiscard]] const sigset_t& before() const { return before_; }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  void (*old_handler_)(int) = SIG_DFL;
};

/// After fork: only what a signal handler may do.
[[noreturn]] void become(char* const* arguments, const sigset_t& mask, pid_t parent, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) {
    ::_exit(status_of_signal + SIGTERM);
  }
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::execv(arguments[0], arguments);
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &reason, sizeof reason);
  ::_exit(status_of_signal - 1);
}

/// Starts the program; the reason why it cannot be comes through a pipe that exec closes.
Result<pid_t> start(const std::vector<std::string>& command, const sigset_t& mask) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail("cannot start {}: {}", command[0], std::strerror(errno));
  }
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    become(arguments.data(), mask, self, pipe[1]);
  }
  int reason = child < 0 ? errno : 0;
  ::close(pipe[1]);
  if (child > 0 && ::read(pipe[0], &reason, sizeof reason) > 0) {
    ::waitpid(child, nullptr, 0);
  }
  ::close(pipe[0]);
  if (reason != 0) {
    return fail("cannot start {}: {}", command[0], std::strerror(reason));
  }
  return child;
}

}  // namespace

Result<int> run_program(const std::vector<std::string>& command) {
  const BlockedSignals signals;
  const auto child = start(command, signals.before());
  if (!child) {
    return std::unexpected(child.error());
  }
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(*child, &status, WNOHANG);
    if (ended == *child) {
      return WIFSIGNALED(status) ? status_of_signal + WTERMSIG(status) : WEXITSTATUS(status);
    }
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&signals.set(), &info);
    const bool from_terminal = info.si_code == SI_KERNEL;
    if (signal > 0 && signal != SIGCHLD && !from_terminal) {
      ::kill(*child, signal);
    }
  }
}

}  // namespace kinode::kit
