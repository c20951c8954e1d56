#include "node/shutdown.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <future>

namespace kinode::node {
namespace {

using namespace std::chrono_literals;

bool is_readable(int file, std::chrono::milliseconds time) {
  pollfd polled{file, POLLIN, 0};
  return poll(&polled, 1, static_cast<int>(time.count())) == 1;
}

/// Undoes what Shutdown does to this thread's mask, and takes back the signal that nobody read.
struct SignalMask {
  SignalMask() { pthread_sigmask(SIG_BLOCK, nullptr, &before); }
  ~SignalMask() {
    sigset_t pending;
    sigpending(&pending);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
      if (sigismember(&pending, signal) == 1) {
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, signal);
        int taken = 0;
        sigwait(&one, &taken);
      }
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  sigset_t before{};
};

TEST(Shutdown, NothingIsRequestedAtFirst) {
  SignalMask mask;
  Shutdown shutdown(1h, [] { FAIL() << "gave up"; });
  EXPECT_FALSE(is_readable(shutdown.file(), 0ms));
}

TEST(Shutdown, ARequestIsHeardForGood) {
  SignalMask mask;
  Shutdown shutdown(1h, [] { FAIL() << "gave up"; });
  shutdown.request();
  shutdown.request();
  EXPECT_TRUE(is_readable(shutdown.file(), 10s));
  EXPECT_TRUE(is_readable(shutdown.file(), 0ms));
}

TEST(Shutdown, EachOfTheSignalsIsARequest) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    SignalMask mask;
    Shutdown shutdown(1h, [] { FAIL() << "gave up"; });
    kill(getpid(), signal);
    EXPECT_TRUE(is_readable(shutdown.file(), 10s)) << signal;
  }
}

TEST(Shutdown, GivesUpWhenTheEndTakesTooLong) {
  SignalMask mask;
  std::promise<void> gave_up;
  Shutdown shutdown(1ms, [&] { gave_up.set_value(); });
  shutdown.request();
  EXPECT_EQ(gave_up.get_future().wait_for(30s), std::future_status::ready);
}

TEST(Shutdown, DoesNotGiveUpWhenNobodyAsked) {
  SignalMask mask;
  bool gave_up = false;
  {
    Shutdown shutdown(0ms, [&] { gave_up = true; });
  }
  // Its end is the first thing it hears; and there is no time left to come to it.
  EXPECT_FALSE(gave_up);
}

}  // namespace
}  // namespace kinode::node
