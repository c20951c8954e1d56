#include "node/shutdown.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "base/check.h"

namespace kinode::node {
namespace {

int open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGQUIT}) {
    sigaddset(&signals, signal);
  }
  struct sigaction at_start{};
  sigaction(SIGHUP, nullptr, &at_start);
  if (at_start.sa_handler != SIG_IGN) {  // by nohup
    sigaddset(&signals, SIGHUP);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

void raise_event(int file) {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t written = write(file, &one, sizeof one);
}

/// Waits until one of the files can be read; false if none can in time (-1: for ever).
bool wait_readable(std::array<pollfd, 3> files, int milliseconds) {
  int count = 0;
  do {
    count = poll(files.data(), files.size(), milliseconds);
  } while (count < 0 && errno == EINTR);
  return count > 0;
}

}  // namespace

Shutdown::Shutdown(std::chrono::milliseconds patience, std::function<void()> give_up)
    : patience_(patience),
      give_up_(std::move(give_up)),
      signals_(open_signals()),
      requested_(eventfd(0, EFD_CLOEXEC)),
      ended_(eventfd(0, EFD_CLOEXEC)) {
  KINODE_CHECK(signals_ >= 0 && requested_ >= 0 && ended_ >= 0, "no descriptor for the signals");
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "shutdown");
    watch();
  });
}

Shutdown::~Shutdown() {
  raise_event(ended_);
  thread_.join();
  for (int file : {signals_, requested_, ended_}) {
    close(file);
  }
}

void Shutdown::request() const { raise_event(requested_); }

void Shutdown::watch() const {
  const pollfd ended{ended_, POLLIN, 0};
  const pollfd nothing{-1, 0, 0};
  wait_readable({{{signals_, POLLIN, 0}, {requested_, POLLIN, 0}, ended}}, -1);
  request();
  if (!wait_readable({{ended, nothing, nothing}}, static_cast<int>(patience_.count()))) {
    give_up_();
  }
}

}  // namespace kinode::node
