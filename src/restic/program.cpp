#include "restic/program.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

namespace kinode::restic {
namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr int first_secret = 3;
constexpr size_t most_secrets = 2;
constexpr size_t most_secret_bytes = 4096;  // a pipe takes as much before anybody reads
constexpr size_t error_limit = 8192;
constexpr std::chrono::seconds patience_after_interrupt{2};
/// The node goes before its backups.
constexpr int niceness = 10;
constexpr int status_of_signal = 128;

std::string errno_text(int number) { return std::generic_category().message(number); }

class File {
 public:
  explicit File(int number = -1) : number_(number) {}
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { close(); }
  void close() {
    if (number_ >= 0) {
      ::close(std::exchange(number_, -1));
    }
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

struct Pipe {
  File reading;
  File writing;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail("cannot make a pipe: {}", errno_text(errno));
  }
  return Pipe{File(ends[0]), File(ends[1])};
}

/// A pipe that holds the secret and nothing after it.
Result<File> pipe_with(const crypto::Secret& secret) {
  if (secret.size() > most_secret_bytes) {
    return fail("a password has {} bytes at most", most_secret_bytes);
  }
  Result<Pipe> pipe = make_pipe();
  if (!pipe) {
    return std::unexpected(pipe.error());
  }
  const ssize_t written = ::write(pipe->writing.number(), secret.data(), secret.size());
  if (written != static_cast<ssize_t>(secret.size())) {
    return fail("cannot write into a pipe: {}", errno_text(errno));
  }
  return std::move(pipe->reading);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    list.push_back(const_cast<char*>(text.c_str()));
  }
  list.push_back(nullptr);
  return list;
}

/// What the new process needs, made before it is there.
struct Start {
  const char* folder = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  /// In the order of their numbers in the program: input, output, errors, secrets. None is below first_secret +
  /// most_secrets, so that none is overwritten before it is put in its place.
  std::array<int, first_secret + most_secrets> files{};
  size_t file_count = 0;
  pid_t parent = 0;
  int report = -1;
};

/// After fork: only what a signal handler may do.
[[noreturn]] void become(const Start& start) {
  ::prctl(PR_SET_PDEATHSIG, SIGINT);
  if (::getppid() != start.parent) {
    ::_exit(status_of_signal + SIGINT);
  }
  // No terminal: whoever might ask a person there, such as ssh for a password, fails instead of waiting.
  ::setsid();
  ::setpriority(PRIO_PROCESS, 0, niceness);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int ignored : {SIGPIPE, SIGTTIN, SIGTTOU, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    ::signal(ignored, SIG_DFL);
  }
  for (size_t i = 0; i < start.file_count; ++i) {
    ::dup2(start.files[i], static_cast<int>(i));
  }
  // Others of this program's files may have been opened by a library that did not think of new programs.
  ::syscall(SYS_close_range, static_cast<unsigned>(start.file_count), ~0U, CLOSE_RANGE_CLOEXEC);
  if (start.folder == nullptr || ::chdir(start.folder) == 0) {
    ::execvpe(start.arguments[0], start.arguments, start.environment);
  }
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = ::write(start.report, &reason, sizeof reason);
  ::_exit(status_of_signal - 1);
}

/// The same open file under a number that no place of the new process has.
Result<File> moved_up(const File& file) {
  const int number = ::fcntl(file.number(), F_DUPFD_CLOEXEC, first_secret + static_cast<int>(most_secrets));
  return number < 0 ? fail("cannot open one more file: {}", errno_text(errno)) : Result<File>(File(number));
}

struct Running {
  pid_t process = -1;
  File ending;  // readable when it has ended
  File output;
  File errors;
};

Result<Running> start(const Program& program) {
  if (program.secrets.size() > most_secrets) {
    return fail("a program is given {} secrets at most", most_secrets);
  }
  Result<Pipe> output = make_pipe();
  Result<Pipe> errors = make_pipe();
  Result<Pipe> report = make_pipe();
  if (!output || !errors || !report) {
    return fail("cannot start {}: no pipe could be made", program.command[0]);
  }
  std::vector<File> given;
  given.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  given.push_back(std::move(output->writing));
  given.push_back(std::move(errors->writing));
  for (const crypto::Secret* secret : program.secrets) {
    Result<File> pipe = pipe_with(*secret);
    if (!pipe) {
      return std::unexpected(pipe.error());
    }
    given.push_back(std::move(*pipe));
  }
  Start start;
  for (File& file : given) {
    Result<File> moved = moved_up(file);
    if (!moved) {
      return std::unexpected(moved.error());
    }
    file = std::move(*moved);
    start.files[start.file_count++] = file.number();
  }
  Result<File> moved_report = moved_up(report->writing);
  if (!moved_report) {
    return std::unexpected(moved_report.error());
  }
  report->writing.close();
  const std::vector<char*> arguments = pointers(program.command);
  const std::vector<char*> environment = pointers(program.environment);
  start.folder = program.folder.empty() ? nullptr : program.folder.c_str();
  start.arguments = arguments.data();
  start.environment = environment.data();
  start.parent = ::getpid();
  start.report = moved_report->number();
  const pid_t child = ::fork();
  if (child == 0) {
    become(start);
  }
  int reason = child < 0 ? errno : 0;
  moved_report->close();
  if (child > 0 && ::read(report->reading.number(), &reason, sizeof reason) > 0) {
    ::waitpid(child, nullptr, 0);
  }
  if (reason == ENOENT) {
    return fail("cannot start {}: it is not installed, or the folder {} is not there", program.command[0],
                program.folder.string());
  }
  if (reason != 0) {
    return fail("cannot start {}: {}", program.command[0], errno_text(reason));
  }
  const int ending = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (ending < 0) {
    const int why = errno;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return fail("cannot watch {}: {}", program.command[0], errno_text(why));
  }
  return Running{child, File(ending), std::move(output->reading), std::move(errors->reading)};
}

/// Cuts what comes into lines.
class Lines {
 public:
  explicit Lines(const Program& program) : program_(program) {}

  /// False when a line is too long.
  bool take(std::string_view more) {
    for (size_t end = more.find('\n'); end != std::string_view::npos; end = more.find('\n')) {
      if (!append(more.substr(0, end))) {
        return false;
      }
      tell();
      more.remove_prefix(end + 1);
    }
    return append(more);
  }
  void finish() {
    if (!line_.empty()) {
      tell();
    }
  }

 private:
  bool append(std::string_view part) {
    if (part.size() > program_.line_limit - line_.size()) {
      return false;
    }
    line_.append(part);
    return true;
  }
  void tell() {
    if (program_.on_line) {
      program_.on_line(line_);
    }
    line_.clear();
  }

  const Program& program_;
  std::string line_;
};

/// One program from its start to its end.
class Watch {
 public:
  Watch(const Program& program, Running running) : program_(program), running_(std::move(running)), lines_(program) {
    for (const File* file : {&running_.output, &running_.errors}) {
      ::fcntl(file->number(), F_SETFL, O_NONBLOCK);
    }
  }

  /// Until it has ended. Processes that it left behind may hold its output: that is not waited for.
  Result<Ended> to_the_end(int stop_file) {
    while (true) {
      std::array<pollfd, 4> files{
          pollfd{running_.ending.number(), POLLIN, 0}, pollfd{running_.output.number(), POLLIN, 0},
          pollfd{running_.errors.number(), POLLIN, 0}, pollfd{interrupted_at_ ? -1 : stop_file, POLLIN, 0}};
      ::poll(files.data(), files.size(), wait_time());
      if (files[3].revents != 0) {
        end_it(Why::stopped);
      }
      if (interrupted_at_ && std::chrono::steady_clock::now() >= *interrupted_at_ + patience_after_interrupt) {
        ::kill(-running_.process, SIGKILL);
      }
      const bool has_ended = files[0].revents != 0;
      read_output();
      read_errors();
      if (has_ended) {
        return result();
      }
    }
  }

 private:
  enum class Why : uint8_t { nothing, stopped, long_line };

  /// Milliseconds until it must be looked at again; -1: until something happens.
  [[nodiscard]] int wait_time() const { return interrupted_at_ ? 100 : -1; }
  void end_it(Why why) {
    if (!interrupted_at_) {
      why_ = why;
      interrupted_at_ = std::chrono::steady_clock::now();
      ::kill(running_.process, SIGINT);
    }
  }
  /// What is there now; the file is closed at its end.
  template <class Take>
  static void read_all(File& file, Take take) {
    std::array<char, 65536> part{};
    while (file.number() >= 0) {
      const ssize_t size = ::read(file.number(), part.data(), part.size());
      if (size > 0) {
        take(std::string_view(part.data(), static_cast<size_t>(size)));
      } else if (size == 0) {
        file.close();
      } else if (errno != EINTR) {
        return;
      }
    }
  }
  void read_output() {
    read_all(running_.output, [this](std::string_view more) {
      if (why_ != Why::long_line && !lines_.take(more)) {
        end_it(Why::long_line);
        why_ = Why::long_line;
      }
    });
  }
  void read_errors() {
    read_all(running_.errors, [this](std::string_view more) {
      errors_.append(more);
      if (errors_.size() > error_limit) {
        errors_.erase(0, errors_.size() - error_limit);
      }
    });
  }
  Result<Ended> result() {
    int status = 0;
    while (::waitpid(running_.process, &status, 0) < 0 && errno == EINTR) {
    }
    if (why_ == Why::stopped) {
      return fail("{} was stopped before its end", program_.command[0]);
    }
    if (why_ == Why::long_line) {
      return fail("{} wrote a line of more than {} bytes and was stopped", program_.command[0], program_.line_limit);
    }
    lines_.finish();
    return Ended{WIFSIGNALED(status) ? status_of_signal + WTERMSIG(status) : WEXITSTATUS(status), std::move(errors_)};
  }

  const Program& program_;
  Running running_;
  Lines lines_;
  std::string errors_;
  std::optional<Time> interrupted_at_;
  Why why_ = Why::nothing;
};

}  // namespace

std::string secret_file(size_t index) { return fmt::format("/dev/fd/{}", first_secret + static_cast<int>(index)); }

Result<Ended> run_program(const Program& program, const std::stop_token& stop) {
  if (stop.stop_requested()) {
    return fail("{} was stopped before its start", program.command[0]);
  }
  const File stop_file(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stop_file.number() < 0) {
    return fail("cannot start {}: {}", program.command[0], errno_text(errno));
  }
  Result<Running> running = start(program);
  if (!running) {
    return std::unexpected(running.error());
  }
  const std::stop_callback on_stop(stop, [&stop_file] {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_file.number(), &one, sizeof one);
  });
  return Watch(program, std::move(*running)).to_the_end(stop_file.number());
}

}  // namespace kinode::restic
