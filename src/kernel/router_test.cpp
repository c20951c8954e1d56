#include "kernel/router.h"

#include <gtest/gtest.h>

#include <map>

#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using testing::blob;
using testing::Guest;
using testing::inheriting;
using testing::Puppet;
using testing::TestNode;
using testing::to;

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    node_.connect(alice_.address(), bob_.address());
    node_.connect(alice_.address(), carol_.address());
    node_.connect(bob_.address(), carol_.address());
  }

  void kill(const Guest& guest) {
    EXPECT_TRUE(node_.kernel.kill(guest.id(), true));
    node_.run();
  }
  static size_t asked(const Guest& guest) { return guest.context().entry().asked.size(); }
  /// The request that `guest` is to take next, as what its response needs.
  static Prompting take(Guest& guest) {
    EXPECT_NE(guest.next(), "-");
    return prompting_of(guest.last());
  }
  static void respond(const Guest& from, const Prompting& prompting, std::string_view body) {
    from.context().respond(prompting, answer(body), std::nullopt);
  }

  TestNode node_;
  Guest& alice_ = node_.add_guest("alice:test:sys");
  Guest& bob_ = node_.add_guest("bob:test:sys");
  Guest& carol_ = node_.add_guest("carol:test:sys");
  Guest& stranger_ = node_.add_guest("stranger:test:sys");
  Guest& open_ = node_.add_guest("open:test:sys", {.is_public = true});
};

// ---- who reaches whom ----------------------------------------------------------------------------

TEST_F(RouterTest, ARequestReachesWhoIsPublicOrGrantedIt) {
  stranger_.send(to(open_.address(), "to the public one"));
  EXPECT_EQ(open_.next(), "request to the public one");
  EXPECT_EQ(open_.last().source, stranger_.address());
  EXPECT_EQ(open_.last().target, open_.address());
  EXPECT_EQ(open_.last().rsvp, std::nullopt);
  alice_.send(to(bob_.address(), "granted"));
  EXPECT_EQ(bob_.next(), "request granted");
  alice_.send(to(alice_.address(), "to myself"));
  EXPECT_EQ(alice_.next(), "request to myself");
  EXPECT_EQ(node_.kernel.counters().delivered, 3U);
}

TEST_F(RouterTest, AProcessIsToldThingsInItsOwnName) {
  ASSERT_TRUE(node_.kernel.tell_itself(alice_.id(), {.expects_response = 5, .body = Bytes::copy_of("typed")}));
  ASSERT_EQ(alice_.next(), "request typed");
  EXPECT_EQ(alice_.last().source, alice_.address());
  EXPECT_FALSE(alice_.last().rsvp) << "nobody waits for an answer";
  EXPECT_EQ(node_.kernel.counters().delivered, 1U);

  EXPECT_EQ(node_.kernel.tell_itself(ProcessId("missing", "test", "sys"), {}).error().message,
            "there is no process missing:test:sys");
  node_.kernel.kill(alice_.id(), true);
  EXPECT_FALSE(node_.kernel.tell_itself(alice_.id(), {}));
}

TEST_F(RouterTest, WhoMayBeSentIsAskedForEachMessage) {
  node_.kernel.drop(alice_.id(), {Capability::messaging(bob_.address())});
  alice_.send(to(bob_.address(), "no more"));
  EXPECT_EQ(bob_.next(), "-");
  EXPECT_TRUE(node_.printer.has("alice:test:sys has no capability to message it", 0));
  node_.kernel.grant(alice_.id(), {Capability::messaging(bob_.address())});
  alice_.send(to(bob_.address(), "again"));
  EXPECT_EQ(bob_.next(), "request again");
}

TEST_F(RouterTest, StateAndVfsMayMessageAnybody) {
  for (const char* id : {"state:distro:sys", "vfs:distro:sys"}) {
    node_.add_puppet(id).request(stranger_.address(), id);
    EXPECT_EQ(stranger_.next(), std::string("request ") + id);
  }
  node_.add_puppet("timer:distro:sys").request(stranger_.address(), "not the timer");
  EXPECT_EQ(stranger_.next(), "-");
}

TEST_F(RouterTest, K19_7_TheMissingAndTheForbiddenTimeOutAtOnceWithAllThatWasSent) {
  Address missing = node_.local("missing:test:sys");
  for (const Address& target : {missing, stranger_.address()}) {
    GuestRequest request = to(target, "lost", 60);
    request.context = Bytes::copy_of("my context");
    request.blob = blob("my blob");
    request.request.metadata = "my metadata";
    alice_.send(std::move(request));
    ASSERT_EQ(alice_.next(), "timeout lost");
    EXPECT_EQ(alice_.last().target, target);
    EXPECT_EQ(alice_.last().source, alice_.address());
    EXPECT_EQ(alice_.last().context->text(), "my context");
    EXPECT_EQ(alice_.last().blob, blob("my blob"));
    EXPECT_EQ(alice_.last().request().metadata, "my metadata");
    EXPECT_EQ(alice_.last().request().expects_response, 60U);

    alice_.send(to(target, "nobody asks for this one's end"));
    EXPECT_EQ(alice_.next(), "-");
  }
  EXPECT_EQ(node_.kernel.counters().no_such_process, 2U);
  EXPECT_EQ(node_.kernel.counters().denied, 2U);
  EXPECT_EQ(node_.kernel.counters().delivered, 0U);
}

TEST_F(RouterTest, M16_TheAliasOurNeverShows) {
  Address alias("our", bob_.id());
  alice_.send(to(alias, "hello", 1));
  EXPECT_EQ(bob_.next(), "request hello");
  EXPECT_EQ(bob_.last().target, bob_.address());
  node_.advance(1s);
  EXPECT_EQ(alice_.next(), "timeout hello");
  EXPECT_EQ(alice_.last().target, bob_.address());
  alice_.send(to(Address("our", stranger_.id()), "forbidden", 1));
  EXPECT_EQ(alice_.next(), "timeout forbidden");
  EXPECT_EQ(alice_.last().target, stranger_.address());
}

TEST_F(RouterTest, AnotherNodeIsOfflineAndForbiddenWithoutTheNetworkCapability) {
  Address far = *Address::parse("far.os@bob:test:sys");
  alice_.send(to(far, "hello", 5));
  EXPECT_EQ(alice_.next(), "timeout hello");
  EXPECT_EQ(node_.kernel.counters().denied, 1U);
  node_.kernel.grant(alice_.id(), {Capability::network(node_.kernel.address())});
  alice_.send(to(far, "hello", 5));
  EXPECT_EQ(alice_.next(), "offline hello");
  EXPECT_EQ(alice_.last().target, far);
  EXPECT_EQ(node_.kernel.counters().offline, 1U);
  EXPECT_EQ(bob_.next(), "-") << "the same name here";
}

TEST_F(RouterTest, C2_AProcessNamedKernelIsNotTheKernel) {
  Guest& impostor = node_.add_guest("kernel:test:sys", {.is_public = true});
  alice_.send(to(impostor.address(), R"({"KillProcess":"bob:test:sys"})", 5));
  EXPECT_EQ(impostor.next(), R"(request {"KillProcess":"bob:test:sys"})");
  EXPECT_TRUE(node_.kernel.exists(bob_.id()));
}

// ---- the one end of a request --------------------------------------------------------------------

TEST_F(RouterTest, AResponseComesWithItsContextAndOnlyOnce) {
  GuestRequest request = to(bob_.address(), "ping", 5);
  request.context = Bytes::copy_of("my context");
  alice_.send(std::move(request));
  Prompting prompting = take(bob_);
  EXPECT_EQ(prompting.rsvp, alice_.address());
  EXPECT_TRUE(prompting.expects_response);
  respond(bob_, prompting, "pong");
  respond(bob_, prompting, "pong again");
  EXPECT_EQ(alice_.next(), "response pong");
  EXPECT_EQ(alice_.last().source, bob_.address());
  EXPECT_EQ(alice_.last().context->text(), "my context");
  EXPECT_EQ(alice_.next(), "-");
  node_.advance(10s);
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().late, 1U);
  EXPECT_EQ(node_.kernel.counters().timed_out, 0U);
}

TEST_F(RouterTest, ATimeoutComesAtItsDeadlineAndTheResponseAfterItIsDropped) {
  alice_.send(to(bob_.address(), "ping", 2));
  Prompting prompting = take(bob_);
  node_.advance(1999ms);
  EXPECT_EQ(alice_.next(), "-");
  node_.advance(1ms);
  EXPECT_EQ(alice_.next(), "timeout ping");
  respond(bob_, prompting, "late");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(bob_.next(), "-") << "a late response is not given back";
  EXPECT_EQ(node_.kernel.counters().timed_out, 1U);
  EXPECT_EQ(node_.kernel.counters().late, 1U);
  EXPECT_EQ(asked(bob_), 0U);
}

TEST_F(RouterTest, R3_OfAResponseAndATimerThatIsDueExactlyOneArrives) {
  alice_.send(to(bob_.address(), "first", 1));
  alice_.send(to(bob_.address(), "second", 1));
  Prompting first = take(bob_);
  Prompting second = take(bob_);
  node_.clock.advance(1s);
  respond(bob_, first, "in time");
  node_.advance(0s);
  respond(bob_, second, "too late");
  EXPECT_EQ(alice_.next(), "response in time");
  EXPECT_EQ(alice_.next(), "timeout second");
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(RouterTest, ATimeoutOfZeroSecondsLetsAnAnswerThatIsThereWin) {
  alice_.send(to(bob_.address(), "answered", 0));
  respond(bob_, take(bob_), "at once");
  alice_.send(to(bob_.address(), "not answered", 0));
  node_.advance(1ms);
  EXPECT_EQ(alice_.next(), "response at once");
  EXPECT_EQ(alice_.next(), "timeout not answered");
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(RouterTest, TheLongestTimeoutsEndAfterTwoYears) {
  for (uint64_t seconds : {uint64_t{1} << 63, UINT64_MAX}) {
    alice_.send(to(bob_.address(), "ping", seconds));
    node_.advance(std::chrono::hours(24 * 365 * 2) - 1ms);
    EXPECT_EQ(alice_.next(), "-");
    node_.advance(1ms);
    EXPECT_EQ(alice_.next(), "timeout ping");
    EXPECT_EQ(alice_.last().request().expects_response, seconds) << "as the guest gave it";
  }
}

TEST_F(RouterTest, WhoWaitsIsWokenByAnEndAndWhoDoesNotIsNot) {
  size_t polls = alice_.polls();
  alice_.send(to(bob_.address(), "ping", 1));
  respond(bob_, take(bob_), "pong");
  node_.run();
  EXPECT_EQ(alice_.polls(), polls) << "she did not ask for it yet";
  EXPECT_EQ(alice_.next(), "response pong");
  EXPECT_EQ(alice_.next(), "-");
  alice_.send(to(bob_.address(), "ping", 1));
  node_.advance(1s);
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.next(), "timeout ping");
}

// ---- forged responses ----------------------------------------------------------------------------

TEST_F(RouterTest, C8_OnlyWhoWasAskedCanAnswer) {
  alice_.send(to(bob_.address(), "ping", 5));
  Prompting prompting = take(bob_);
  respond(carol_, prompting, "forged");
  respond(alice_, prompting, "forged by herself");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().late, 2U);
  respond(bob_, prompting, "pong");
  EXPECT_EQ(alice_.next(), "response pong") << "the forged ones did not end the request";
}

TEST_F(RouterTest, C8_ANameIsNotEnoughItMustBeTheLifeThatWasAsked) {
  alice_.send(to(bob_.address(), "ping", 5));
  Prompting prompting = take(bob_);
  kill(bob_);
  EXPECT_EQ(alice_.next(), "timeout ping");
  alice_.send(to(carol_.address(), "other", 5));
  node_.add_guest("bob:test:sys");
  node_.connect(alice_.address(), bob_.address());
  respond(bob_, prompting, "forged");
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(RouterTest, C9_AnInventedPlaceToAnswerToGetsNothing) {
  alice_.send(to(carol_.address(), "for carol", 5));
  uint64_t id = take(carol_).id;
  // Bob pretends to handle a request of alice's, and has the open one answer it.
  Outgoing outgoing{.target = open_.address(), .request = {.inherit = true, .body = Bytes::copy_of("answer this")}};
  outgoing.prompting = std::make_shared<const Prompting>(Prompting{id, alice_.address(), alice_.address(), true});
  EXPECT_EQ(bob_.context().send(outgoing), SendStatus::sent);
  node_.connect(open_.address(), alice_.address());
  EXPECT_EQ(open_.next(), "request answer this");
  open_.respond("forged");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().late, 1U);
}

// ---- responses that may not be sent --------------------------------------------------------------

TEST_F(RouterTest, K19_8_AResponseThatTheAskerMayNotBeSentComesBackAndCanBeGivenAgain) {
  node_.kernel.drop(bob_.id(), {Capability::messaging(alice_.address())});
  GuestRequest request = to(bob_.address(), "ping", 60);
  request.blob = blob("of the request");
  alice_.send(std::move(request));
  alice_.send(to(bob_.address(), "another", 60));
  EXPECT_EQ(bob_.next(), "request ping");
  bob_.conversation().respond(answer("pong"), blob("of the response"));
  EXPECT_EQ(bob_.next(), "request another");

  ASSERT_EQ(bob_.next(), "timeout pong");
  EXPECT_EQ(bob_.last().target, alice_.address());
  EXPECT_EQ(bob_.last().blob, blob("of the response"));
  EXPECT_TRUE(std::holds_alternative<Response>(bob_.last().message));
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().denied, 1U);
  EXPECT_TRUE(node_.printer.has("response to alice:test:sys dropped", 0));

  node_.kernel.grant(bob_.id(), {Capability::messaging(alice_.address())});
  bob_.conversation().respond(answer("pong, at last", /*inherit=*/true), std::nullopt);
  EXPECT_EQ(alice_.next(), "response pong, at last") << "what it answered is being handled again";
  EXPECT_EQ(alice_.get_blob(), "of the request");
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(RouterTest, K19_8_TheAskerItselfRunsIntoItsTimeout) {
  node_.kernel.drop(bob_.id(), {Capability::messaging(alice_.address())});
  alice_.send(to(bob_.address(), "ping", 3));
  respond(bob_, take(bob_), "pong");
  node_.advance(2999ms);
  EXPECT_EQ(alice_.next(), "-");
  node_.advance(1ms);
  EXPECT_EQ(alice_.next(), "timeout ping");
  EXPECT_EQ(asked(bob_), 0U);
}

TEST_F(RouterTest, AResponseToAProcessThatEndedIsDropped) {
  alice_.send(to(bob_.address(), "ping", 5));
  Prompting prompting = take(bob_);
  kill(alice_);
  EXPECT_EQ(asked(bob_), 0U);
  respond(bob_, prompting, "pong");
  EXPECT_EQ(bob_.next(), "-");
  node_.add_guest("alice:test:sys");
  respond(bob_, prompting, "pong");
  EXPECT_EQ(alice_.next(), "-") << "what was asked by the life before";
}

TEST_F(RouterTest, AResponseToAnotherNodeComesBackOffline) {
  Address far = *Address::parse("far.os@asker:test:sys");
  Prompting prompting{7, far, std::nullopt, true};
  respond(bob_, prompting, "denied");
  EXPECT_EQ(bob_.next(), "timeout denied");
  node_.kernel.grant(bob_.id(), {Capability::network(node_.kernel.address())});
  respond(bob_, prompting, "nobody there");
  EXPECT_EQ(bob_.next(), "offline nobody there");
  EXPECT_EQ(bob_.last().target, far);
}

// ---- those who can answer end --------------------------------------------------------------------

TEST_F(RouterTest, L14_RequestsThatADeadProcessTookOrHadWaitingEndAtOnce) {
  GuestRequest taken = to(bob_.address(), "taken", 600);
  taken.context = Bytes::copy_of("my context");
  alice_.send(std::move(taken));
  alice_.send(to(bob_.address(), "waiting", 600));
  EXPECT_EQ(carol_.await(to(bob_.address(), "awaited", 600)), "pending");
  EXPECT_EQ(bob_.next(), "request taken");
  kill(bob_);
  std::map<std::string, std::optional<Bytes>> ends;  // they come in no order
  for (std::string end = alice_.next(); end != "-"; end = alice_.next()) {
    EXPECT_TRUE(ends.emplace(end, alice_.last().context).second) << end;
  }
  EXPECT_EQ(ends, (std::map<std::string, std::optional<Bytes>>{{"timeout taken", Bytes::copy_of("my context")},
                                                               {"timeout waiting", std::nullopt}}));
  EXPECT_EQ(carol_.resume_await(), "timeout awaited");
  EXPECT_EQ(node_.kernel.counters().died, 3U);
  EXPECT_EQ(node_.kernel.counters().timed_out, 0U);
}

TEST_F(RouterTest, L14_ARequestThatWasInheritedWaitsForTheLastWhoCanAnswer) {
  alice_.send(to(bob_.address(), "first", 600));
  alice_.send(to(bob_.address(), "second", 600));
  EXPECT_EQ(bob_.next(), "request first");
  bob_.send(inheriting(carol_.address(), "first, from bob"));
  EXPECT_EQ(bob_.next(), "request second");
  bob_.send(inheriting(carol_.address(), "second, from bob"));
  EXPECT_EQ(asked(carol_), 2U);
  kill(bob_);
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(carol_.next(), "request first, from bob");
  carol_.respond("done");
  EXPECT_EQ(alice_.next(), "response done");
  kill(carol_);
  EXPECT_EQ(alice_.next(), "timeout second");
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(RouterTest, L14_WhoPassedARequestOnCanStillAnswerIt) {
  alice_.send(to(bob_.address(), "ping", 600));
  EXPECT_EQ(bob_.next(), "request ping");
  bob_.send(inheriting(carol_.address(), "ping, from bob"));
  kill(carol_);
  EXPECT_EQ(alice_.next(), "-");
  bob_.respond("myself, then");
  EXPECT_EQ(alice_.next(), "response myself, then");
  EXPECT_EQ(asked(bob_), 0U);
}

TEST_F(RouterTest, AnHeirThatIsNotReachedCannotAnswer) {
  alice_.send(to(bob_.address(), "ping", 600));
  EXPECT_EQ(bob_.next(), "request ping");
  bob_.send(inheriting(stranger_.address(), "forbidden"));
  EXPECT_EQ(asked(stranger_), 0U);
  kill(bob_);
  EXPECT_EQ(alice_.next(), "timeout ping");
}

TEST_F(RouterTest, M14_TheTimersOfADeadProcessAreGone) {
  alice_.send(to(bob_.address(), "ping", 600));
  EXPECT_NE(node_.kernel.next_deadline(), std::nullopt);
  kill(alice_);
  EXPECT_EQ(node_.kernel.next_deadline(), std::nullopt);
}

TEST_F(RouterTest, WhatAnEndedProcessStillSendsGoesNowhere) {
  alice_.send(to(bob_.address(), "ping", 5));
  Prompting prompting = take(bob_);
  EXPECT_TRUE(node_.kernel.kill(bob_.id(), true));  // not polled yet: its process is still there
  bob_.send(to(open_.address(), "from the dead", 5));
  respond(bob_, prompting, "from the dead");
  EXPECT_EQ(open_.next(), "-");
  EXPECT_EQ(alice_.next(), "timeout ping");
  EXPECT_EQ(alice_.next(), "-");
  node_.run();
  EXPECT_FALSE(bob_.alive());
}

}  // namespace
}  // namespace kinode::kernel
