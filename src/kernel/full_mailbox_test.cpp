// What happens at the bounds of mailboxes and of open requests (docs/limits.md).
#include <gtest/gtest.h>

#include "kernel/process_entry.h"
#include "kernel/router.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using testing::blob;
using testing::Guest;
using testing::Puppet;
using testing::TestNode;
using testing::to;

constexpr auto done = Progress::Kind::done;
constexpr auto pending = Progress::Kind::pending;

class FullMailboxTest : public ::testing::Test {
 protected:
  static TestNode::Options options() {
    TestNode::Options options;
    options.limits.mailbox_messages = 8;
    options.limits.mailbox_bytes = 100'000;
    options.limits.outstanding_requests = 4;
    options.limits.outstanding_bytes = 50'000;
    return options;
  }

  void fill(const Guest& target) {
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(filler_.send(to(target.address(), std::to_string(i))), done);
    }
  }
  static void take(Guest& guest, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_NE(guest.next(), "-");
    }
  }
  /// Takes all that waits; true if `body` was among it.
  static bool drain(Guest& guest, std::string_view body) {
    bool found = false;
    for (std::string next = guest.next(); next != "-"; next = guest.next()) {
      found = found || next == "request " + std::string(body);
    }
    return found;
  }

  TestNode node_{options()};
  Guest& alice_ = node_.add_guest("alice:test:sys", {.is_public = true});
  Guest& bob_ = node_.add_guest("bob:test:sys", {.is_public = true});
  Guest& filler_ = node_.add_guest("filler:test:sys", {.is_public = true});
};

// ---- suspension ----------------------------------------------------------------------------------

TEST_F(FullMailboxTest, S4_TheSenderIsSuspendedUntilAQuarterIsFree) {
  fill(bob_);
  EXPECT_EQ(alice_.send(to(bob_.address(), "one more")), pending);
  size_t polls = alice_.polls();
  take(bob_, 1);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls) << "7 of 8: not worth a wake";
  take(bob_, 1);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
  EXPECT_TRUE(drain(bob_, "one more"));
  EXPECT_EQ(node_.kernel.counters().mailbox_full, 0U);
}

TEST_F(FullMailboxTest, TheSenderIsAlsoSuspendedWhenTheBytesAreTooMany) {
  alice_.send(to(bob_.address(), std::string(60'000, 'x')));
  EXPECT_EQ(alice_.send(to(bob_.address(), std::string(60'000, 'y'))), pending);
  size_t polls = alice_.polls();
  take(bob_, 1);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
}

TEST_F(FullMailboxTest, AnyOneMessageFitsIntoAnEmptyMailbox) {
  EXPECT_EQ(alice_.send(to(bob_.address(), std::string(1'000'000, 'x'))), done);
  EXPECT_EQ(alice_.send(to(bob_.address(), "small")), pending);
}

TEST_F(FullMailboxTest, AllThatWaitAreWokenAndThoseThatFindNoRoomWaitOn) {
  fill(bob_);
  std::vector<Guest*> senders;
  for (int i = 0; i < 20; ++i) {
    senders.push_back(&node_.add_guest("sender-" + std::to_string(i) + ":test:sys"));
    EXPECT_EQ(senders.back()->send(to(bob_.address(), "more")), pending);
  }
  std::vector<size_t> left;
  size_t received = 0;
  while (!senders.empty()) {
    for (std::string next = bob_.next(); next != "-"; next = bob_.next()) {
      ++received;
    }
    std::vector<size_t> polls;
    for (Guest* sender : senders) {
      polls.push_back(sender->polls());
    }
    node_.run();
    for (size_t i = senders.size(); i-- > 0;) {
      ASSERT_EQ(senders[i]->polls(), polls[i] + 1) << "each that waits is woken";
      if (senders[i]->conversation().resume_send().kind == done) {
        senders.erase(senders.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    left.push_back(senders.size());
  }
  EXPECT_EQ(left, (std::vector<size_t>{12, 4, 0}));
  EXPECT_EQ(received, 8U + 16U);
  EXPECT_TRUE(drain(bob_, "more"));
}

TEST_F(FullMailboxTest, TheMessagesOfOneCallKeepTheirOrderAndResumeWhereTheyStood) {
  std::vector<GuestRequest> many;
  for (int i = 0; i < 20; ++i) {
    many.push_back(to(bob_.address(), std::to_string(i)));
  }
  EXPECT_EQ(alice_.conversation().send(std::move(many)).kind, pending);
  std::string order;
  for (int round = 0; round < 3; ++round) {
    for (std::string next = bob_.next(); next != "-"; next = bob_.next()) {
      order += next.substr(sizeof "request" - 1);
    }
    node_.run();
    alice_.conversation().resume_send();
  }
  EXPECT_EQ(order, " 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
}

TEST_F(FullMailboxTest, ARequestWaitsUntilItsOwnDeadlineThenTimesOut) {
  fill(bob_);
  GuestRequest request = to(bob_.address(), "ping", 20);
  request.context = Bytes::copy_of("my context");
  request.blob = blob("my blob");
  EXPECT_EQ(alice_.send(std::move(request)), pending);
  size_t polls = alice_.polls();
  node_.advance(19'999ms);
  EXPECT_EQ(alice_.polls(), polls);
  node_.advance(1ms);
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
  EXPECT_EQ(alice_.next(), "timeout ping");
  EXPECT_EQ(alice_.last().context->text(), "my context");
  EXPECT_EQ(alice_.last().blob, blob("my blob"));
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_FALSE(drain(bob_, "ping"));
  EXPECT_EQ(node_.kernel.counters().mailbox_full, 1U);
  EXPECT_EQ(alice_.context().entry().outstanding.size(), 0U);
  EXPECT_EQ(bob_.context().entry().asked.size(), 0U);
}

TEST_F(FullMailboxTest, NoTimeoutComesBetweenTheLastAttemptAndItsFailure) {
  fill(bob_);
  EXPECT_EQ(alice_.send(to(bob_.address(), "ping", 20)), pending);
  node_.advance(20s);
  drain(bob_, "");
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);  // it found room just then
  node_.advance(99ms);
  EXPECT_EQ(alice_.next(), "-");
  node_.advance(1ms);
  EXPECT_EQ(alice_.next(), "timeout ping");
  EXPECT_EQ(node_.kernel.counters().timed_out, 1U);
}

TEST_F(FullMailboxTest, TheTimeThatARequestStoodIsPartOfItsTimeout) {
  fill(bob_);
  EXPECT_EQ(alice_.send(to(bob_.address(), "ping", 20)), pending);
  node_.advance(15s);
  take(bob_, 8);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
  EXPECT_EQ(bob_.next(), "request ping");
  node_.advance(4999ms);
  EXPECT_EQ(alice_.next(), "-");
  node_.advance(1ms);
  EXPECT_EQ(alice_.next(), "timeout ping");
}

TEST_F(FullMailboxTest, WhatExpectsNothingIsDroppedAfterFiveSeconds) {
  fill(bob_);
  EXPECT_EQ(alice_.send(to(bob_.address(), "dropped")), pending);
  size_t polls = alice_.polls();
  node_.advance(4999ms);
  EXPECT_EQ(alice_.polls(), polls);
  node_.advance(1ms);
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().mailbox_full, 1U);
  EXPECT_FALSE(drain(bob_, "dropped"));
}

TEST_F(FullMailboxTest, AWakeBeforeItsTimeChangesNothing) {
  fill(bob_);
  EXPECT_EQ(alice_.send(to(bob_.address(), "patient")), pending);
  node_.advance(3s);
  EXPECT_EQ(alice_.conversation().resume_send().kind, pending);
  node_.advance(1999ms);
  EXPECT_EQ(alice_.conversation().resume_send().kind, pending);
  node_.advance(1ms);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done) << "5 s since it first stood, not since the last try";
}

TEST_F(FullMailboxTest, S4_ToOneselfItEndsAtOnce) {
  fill(alice_);
  EXPECT_EQ(alice_.send(to(alice_.address(), "dropped")), done);
  EXPECT_EQ(alice_.send(to(alice_.address(), "expected", 60)), done);
  take(alice_, 8);
  EXPECT_EQ(alice_.next(), "timeout expected");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().mailbox_full, 2U);
}

TEST_F(FullMailboxTest, AnAwaitStandsToo) {
  fill(bob_);
  EXPECT_EQ(alice_.await(to(bob_.address(), "ping", 20)), "pending");
  size_t polls = alice_.polls();
  take(bob_, 8);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.resume_await(), "pending");
  EXPECT_EQ(bob_.next(), "request ping");
  bob_.respond("pong");
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 2);
  EXPECT_EQ(alice_.resume_await(), "response pong");
}

TEST_F(FullMailboxTest, AnAwaitThatFindsNoRoomTimesOut) {
  fill(bob_);
  EXPECT_EQ(alice_.await(to(bob_.address(), "ping", 2)), "pending");
  node_.advance(2s);
  EXPECT_EQ(alice_.resume_await(), "timeout ping");
}

TEST_F(FullMailboxTest, SendersAreWokenWhenTheTargetEnds) {
  fill(bob_);
  EXPECT_EQ(alice_.send(to(bob_.address(), "ping", 600)), pending);
  size_t polls = alice_.polls();
  node_.kernel.kill(bob_.id(), true);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
  EXPECT_EQ(alice_.next(), "timeout ping");
}

TEST_F(FullMailboxTest, AnHeirIsOneOnlyOnceTheRequestIsThere) {
  filler_.send(to(alice_.address(), "inherited", 600));
  EXPECT_EQ(alice_.next(), "request inherited");
  fill(bob_);
  EXPECT_EQ(alice_.send(testing::inheriting(bob_.address(), "from alice")), pending);
  EXPECT_EQ(bob_.context().entry().asked.size(), 0U);
  take(bob_, 8);
  EXPECT_EQ(alice_.conversation().resume_send().kind, done);
  EXPECT_EQ(bob_.next(), "request from alice");
  bob_.respond("done");
  EXPECT_EQ(filler_.next(), "response done");
}

TEST_F(FullMailboxTest, ResponsesAndErrorsAlwaysFindRoom) {
  alice_.send(to(bob_.address(), "ping", 5));
  alice_.send(to(bob_.address(), "never answered", 5));
  take(bob_, 1);
  fill(alice_);
  bob_.respond("pong");
  node_.advance(5s);
  take(alice_, 8);
  EXPECT_EQ(alice_.next(), "response pong");
  EXPECT_EQ(alice_.next(), "timeout never answered");
}

// ---- open requests -------------------------------------------------------------------------------

TEST_F(FullMailboxTest, ARequestOverTheLimitOfOpenOnesTimesOutAtOnce) {
  for (int i = 0; i < 4; ++i) {
    alice_.send(to(bob_.address(), std::to_string(i), 60));
  }
  EXPECT_EQ(alice_.next(), "-");
  alice_.send(to(bob_.address(), "too many", 60));
  alice_.send(to(bob_.address(), "expects nothing"));
  EXPECT_EQ(alice_.await(to(bob_.address(), "awaited", 60)), "timeout awaited");
  EXPECT_EQ(alice_.next(), "timeout too many");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().over_limit, 2U);

  take(bob_, 1);
  bob_.respond("0");
  alice_.send(to(bob_.address(), "the response was not received", 60));
  EXPECT_EQ(alice_.next(), "response 0");
  EXPECT_EQ(alice_.next(), "timeout the response was not received");
  alice_.send(to(bob_.address(), "now there is room", 60));
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_TRUE(drain(bob_, "now there is room"));
  EXPECT_EQ(bob_.context().entry().asked.size(), 4U);
}

TEST_F(FullMailboxTest, TheBytesOfOpenRequestsAreLimitedToo) {
  alice_.send(to(bob_.address(), std::string(60'000, 'x'), 60));
  EXPECT_EQ(alice_.next(), "-") << "one always fits";
  alice_.send(to(bob_.address(), "small", 60));
  EXPECT_EQ(alice_.next(), "timeout small");
  EXPECT_EQ(node_.kernel.counters().over_limit, 1U);
}

TEST_F(FullMailboxTest, WhatIsOpenCountsWithAllItsParts) {
  // Each keeps 20 000 bytes, at a place of its own.
  const std::string long_text(20'000, 'x');
  auto with = [&](auto change) {
    GuestRequest request = to(bob_.address(), "ping", 60);
    change(request);
    return request;
  };
  std::vector<GuestRequest> requests = {
      with([&](GuestRequest& request) { request.request.metadata = long_text; }),
      with([&](GuestRequest& request) { request.context = Bytes::copy_of(long_text); }),
      with([&](GuestRequest& request) { request.blob = Blob{long_text, {}}; }),
      with([&](GuestRequest& request) { request.blob = blob(long_text); }),
      with([&](GuestRequest& request) {
        request.request.capabilities.push_back({*Capability::make(alice_.address(), '"' + long_text + '"'), {}});
      }),
  };
  for (const GuestRequest& request : requests) {
    OutstandingRequests& outstanding = alice_.context().entry().outstanding;
    size_t before = outstanding.bytes();
    ASSERT_EQ(alice_.send(request), done);
    EXPECT_GE(outstanding.bytes() - before, long_text.size());
    EXPECT_GE(bob_.context().entry().mailbox.bytes(), request.context ? 0 : long_text.size());
    take(bob_, 1);
    bob_.respond("pong");
    EXPECT_EQ(alice_.next(), "response pong");
    EXPECT_EQ(outstanding.bytes(), 0U);
  }
}

// ---- those who receive nothing -------------------------------------------------------------------

TEST_F(FullMailboxTest, AGuestThatLeavesTooManyErrorsUnreadIsStopped) {
  Address nobody = node_.local("nobody:test:sys");
  for (int i = 0; i < 8; ++i) {
    alice_.send(to(nobody, "lost", 60));
  }
  EXPECT_FALSE(alice_.context().entry().over_limit);
  alice_.send(to(nobody, "lost", 60));
  EXPECT_TRUE(alice_.context().entry().over_limit);
  alice_.send(to(bob_.address(), "what it sends now goes nowhere"));
  EXPECT_EQ(bob_.next(), "-");
  alice_.context().wake();  // her poll, in which she sent all this, ends
  node_.run();
  EXPECT_FALSE(node_.kernel.exists(alice_.id()));
  EXPECT_TRUE(node_.printer.has("alice:test:sys ended with error: it sends without end", 0));
}

TEST_F(FullMailboxTest, TheErrorsOfItsResponsesCountToo) {
  Guest& closed = node_.add_guest("closed:test:sys");
  for (int i = 0; i < 3; ++i) {
    closed.send(to(alice_.address(), "ping", 60));
    EXPECT_EQ(alice_.next(), "request ping");
  }
  for (int i = 0; i < 9; ++i) {
    alice_.respond("denied");
  }
  EXPECT_TRUE(alice_.context().entry().over_limit);
}

TEST_F(FullMailboxTest, TheOnExitRequestsOfAStoppedGuestAreSent) {
  OnExit last_words{OnExit::Kind::requests,
                    {{bob_.address(), Request{.body = Bytes::copy_of("it was stopped")}, std::nullopt}}};
  Guest& flooder = node_.add_guest("flooder:test:sys", {.on_exit = last_words});
  for (int i = 0; i < 9; ++i) {
    flooder.send(to(node_.local("nobody:test:sys"), "lost", 60));
  }
  flooder.context().wake();
  node_.run();
  EXPECT_FALSE(flooder.alive());
  EXPECT_EQ(bob_.next(), "request it was stopped");
}

TEST_F(FullMailboxTest, AModuleIsNeverStopped) {
  Puppet& module = node_.add_puppet("timer:distro:sys");
  for (int i = 0; i < 100; ++i) {
    module.request(node_.local("nobody:test:sys"), "lost", 60);
  }
  node_.run();
  EXPECT_EQ(module.received(), 100U);
}

}  // namespace
}  // namespace kinode::kernel
