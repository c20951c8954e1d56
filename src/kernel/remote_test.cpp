// Messages to other nodes, and what ends them.
#include <gtest/gtest.h>

#include <thread>

#include "kernel/router.h"
#include "kernel/testing/fake_network.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using testing::blob;
using testing::FakeNetwork;
using testing::Guest;
using testing::inheriting;
using testing::TestNode;
using testing::to;
using Arrival = Kernel::Arrival;
using Carried = Network::Carried;

class RemoteTest : public ::testing::Test {
 protected:
  RemoteTest() {
    for (const Guest* guest : {&alice_, &bob_}) {
      node_.kernel.grant(guest->id(), {Capability::network(node_.kernel.address())});
    }
    node_.connect(alice_.address(), bob_.address());
    node_.connect(shy_.address(), bob_.address());
  }

  /// The message that left next; there must be one.
  KernelMessage left() {
    std::optional<KernelMessage> message = network_.next();
    EXPECT_TRUE(message.has_value());
    return message ? std::move(*message) : KernelMessage{0, far_, far_, {}, Request{}, {}, {}};
  }
  bool nothing_left() { return !network_.next(); }
  /// What answers `request` from `source`.
  Arrival respond(const Address& source, const KernelMessage& request, std::string_view body) {
    KernelMessage response{.id = request.id,
                           .source = source,
                           .target = request.rsvp.value_or(request.source),
                           .rsvp = std::nullopt,
                           .message = answer(body),
                           .context = Bytes::copy_of("foreign context"),
                           .blob = std::nullopt};
    return node_.kernel.arrive(response, nullptr);
  }
  [[nodiscard]] Counters counters() const { return node_.kernel.counters(); }

  FakeNetwork network_;
  TestNode node_{{.limits = {}, .content = {}, .network = &network_}};
  Address far_ = *Address::parse("far.os@bob:test:sys");
  Address farther_ = *Address::parse("farther.os@carol:test:sys");
  Guest& alice_ = node_.add_guest("alice:test:sys");
  Guest& bob_ = node_.add_guest("bob:test:sys");
  Guest& shy_ = node_.add_guest("shy:test:sys");  // may not use the network
};

TEST_F(RemoteTest, ARequestLeavesWithAllThatBelongsToIt) {
  GuestRequest request = to(far_, "hello", 5);
  request.context = Bytes::copy_of("my context");
  request.blob = blob("my blob");
  request.request.metadata = "meta";
  request.request.capabilities = {{*Capability::make(alice_.address(), "1"), {}},
                                  {*Capability::make(bob_.address(), "1"), {}}};
  alice_.send(std::move(request));
  KernelMessage message = left();
  EXPECT_EQ(message.source, alice_.address());
  EXPECT_EQ(message.target, far_);
  EXPECT_EQ(message.rsvp, alice_.address());
  EXPECT_EQ(message.context, std::nullopt);
  EXPECT_EQ(message.blob, blob("my blob"));
  const auto& sent = std::get<Request>(message.message);
  EXPECT_EQ(sent.metadata, "meta");
  EXPECT_EQ(sent.expects_response, 5U);
  ASSERT_EQ(sent.capabilities.size(), 1U) << "the one that is not hers is left out";
  EXPECT_EQ(sent.capabilities[0].capability.issuer(), alice_.address());

  EXPECT_EQ(respond(far_, message, "welcome"), Arrival::delivered);
  EXPECT_EQ(alice_.next(), "response welcome");
  EXPECT_EQ(alice_.last().source, far_);
  EXPECT_EQ(alice_.last().context->text(), "my context");
  EXPECT_EQ(respond(far_, message, "again"), Arrival::late);
  node_.advance(10s);
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(counters().delivered, 2U);
  EXPECT_EQ(counters().late, 1U);
  EXPECT_EQ(counters().timed_out, 0U);
}

TEST_F(RemoteTest, OneThatExpectsNothingNamesNobodyToAnswer) {
  alice_.send(to(far_, "just so you know"));
  EXPECT_EQ(left().rsvp, std::nullopt);
  EXPECT_EQ(node_.kernel.next_deadline(), std::nullopt);
}

TEST_F(RemoteTest, NobodyWithoutTheNetworkCapabilitySendsOrAnswers) {
  shy_.send(to(far_, "hello", 5));
  EXPECT_EQ(shy_.next(), "timeout hello");
  shy_.context().respond({7, far_, std::nullopt, true}, answer("hi"), std::nullopt);
  EXPECT_EQ(shy_.next(), "timeout hi");
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(counters().denied, 2U);
  EXPECT_TRUE(node_.printer.has("request_networking", 0));
}

TEST_F(RemoteTest, AnAwaitedResponseGoesToItsOwnPlace) {
  EXPECT_EQ(alice_.await(to(far_, "hello", 5)), "pending");
  EXPECT_EQ(respond(far_, left(), "welcome"), Arrival::delivered);
  node_.run();
  EXPECT_EQ(alice_.resume_await(), "response welcome");
}

// ---- it does not get there -----------------------------------------------------------------------

TEST_F(RemoteTest, AnUnknownNodeIsOfflineAtOnceAndTooMuchTimesOut) {
  GuestRequest request = to(far_, "hello", 5);
  request.blob = blob("my blob");
  network_.answer(Carried::unreachable);
  alice_.send(std::move(request));
  EXPECT_EQ(alice_.next(), "offline hello");
  EXPECT_EQ(alice_.last().target, far_);
  EXPECT_EQ(alice_.last().blob, blob("my blob"));
  network_.answer(Carried::too_big);
  alice_.send(to(far_, "very much", 5));
  EXPECT_EQ(alice_.next(), "timeout very much");
  alice_.send(to(far_, "very much"));
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_TRUE(node_.printer.has("10485800 bytes", 0));
  EXPECT_EQ(counters().offline, 1U);
  EXPECT_EQ(counters().too_big, 2U);
  EXPECT_EQ(counters().delivered, 0U);
  EXPECT_EQ(node_.kernel.next_deadline(), std::nullopt);
}

TEST_F(RemoteTest, S4_AFullWayToANodeSuspendsTheSenderUntilThereIsRoom) {
  network_.answer(Carried::full);
  size_t polls = alice_.polls();
  EXPECT_EQ(alice_.send(to(far_, "first", 5)), Progress::Kind::pending);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls);
  network_.wake(node_.executor);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(alice_.conversation().resume_send().kind, Progress::Kind::done);
  EXPECT_EQ(respond(far_, left(), "welcome"), Arrival::delivered);
  EXPECT_EQ(alice_.next(), "response welcome");
  EXPECT_TRUE(nothing_left());
}

TEST_F(RemoteTest, S4_AFullWayToANodeIsGivenUpAtTheDeadline) {
  network_.answer(Carried::full);
  for (std::optional<uint64_t> expects : {std::optional<uint64_t>(2), std::optional<uint64_t>()}) {
    EXPECT_EQ(alice_.send(to(far_, "hello", expects)), Progress::Kind::pending);
    node_.advance(std::chrono::seconds(expects.value_or(5)) - 1ms);
    EXPECT_EQ(alice_.conversation().resume_send().kind, Progress::Kind::pending);
    node_.advance(1ms);
    EXPECT_EQ(alice_.conversation().resume_send().kind, Progress::Kind::done);
    EXPECT_EQ(alice_.next(), expects ? "timeout hello" : "-");
  }
  EXPECT_EQ(counters().mailbox_full, 2U);
  EXPECT_EQ(node_.kernel.next_deadline(), std::nullopt);
}

TEST_F(RemoteTest, WhatNeverLeftEndsOfflineOnce) {
  alice_.send(to(far_, "hello", 5));
  KernelMessage message = left();
  node_.kernel.undelivered(message);
  EXPECT_EQ(alice_.next(), "offline hello");
  node_.kernel.undelivered(message);
  EXPECT_EQ(respond(far_, message, "welcome"), Arrival::late);
  node_.advance(10s);
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(counters().offline, 1U);

  alice_.send(to(far_, "another", 1));
  message = left();
  node_.advance(1s);
  node_.kernel.undelivered(message);
  EXPECT_EQ(alice_.next(), "timeout another");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(counters().offline, 1U) << "it was counted as timed out";

  alice_.send(to(far_, "no matter"));
  node_.kernel.undelivered(left());
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(counters().offline, 2U);
}

TEST_F(RemoteTest, WhatNeverLeftOfALifeBeforeEndsNothing) {
  alice_.send(to(far_, "hello", 5));
  KernelMessage message = left();
  node_.kernel.kill(alice_.id(), true);
  node_.run();
  node_.kernel.undelivered(message);
  node_.add_guest("alice:test:sys");
  node_.kernel.undelivered(message);
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(respond(far_, message, "welcome"), Arrival::late);
}

TEST_F(RemoteTest, OfAResponseATimeoutAndAReturnExactlyOneEndsARequest) {
  constexpr int rounds = 300;
  for (int i = 0; i < rounds; ++i) {
    alice_.send(to(far_, "hello", 1));
    KernelMessage message = left();
    node_.clock.advance(1s);
    {
      std::jthread response([&] { respond(far_, message, "welcome"); });
      std::jthread undelivered([&] { node_.kernel.undelivered(message); });
      std::jthread refused([&] { node_.kernel.refused("far.os", alice_.id(), message.id); });
      node_.kernel.advance();
    }
    EXPECT_NE(alice_.next(), "-");
    ASSERT_EQ(alice_.next(), "-");
  }
  Counters counted = counters();
  EXPECT_EQ(counted.delivered - rounds + counted.offline + counted.timed_out + counted.no_such_process, rounds);
}

// ---- responses -----------------------------------------------------------------------------------

TEST_F(RemoteTest, AResponseThatCannotGoComesBackAndCanBeGivenAgain) {
  struct Case {
    Carried carried;
    std::string end;
  };
  for (const Case& each : {Case{Carried::unreachable, "offline hi"}, Case{Carried::full, "timeout hi"},
                           Case{Carried::too_big, "timeout hi"}}) {
    KernelMessage request{7, far_, bob_.address(), far_, to(far_, "hello", 5).request, {}, {}};
    EXPECT_EQ(node_.kernel.arrive(request, nullptr), Arrival::delivered);
    EXPECT_EQ(bob_.next(), "request hello");
    network_.answer(each.carried);
    bob_.respond("hi");
    EXPECT_TRUE(nothing_left());
    EXPECT_EQ(bob_.next(), each.end);
    EXPECT_EQ(bob_.last().target, far_);
    network_.answer(Carried::taken);
    bob_.respond("hi again");
    KernelMessage response = left();
    EXPECT_EQ(response.id, 7U);
    EXPECT_EQ(response.source, bob_.address());
    EXPECT_EQ(response.target, far_);
    EXPECT_EQ(response.rsvp, std::nullopt);
    // And once more, when it turns out later.
    node_.kernel.undelivered(std::move(response));
    EXPECT_EQ(bob_.next(), "offline hi again");
    EXPECT_EQ(bob_.last().prompting->rsvp, far_) << "so that it can be passed on, too";
    bob_.respond("at last");
    EXPECT_EQ(std::get<Response>(left().message).body.text(), "at last");
  }
  EXPECT_EQ(counters().mailbox_full, 1U);
  EXPECT_EQ(counters().too_big, 1U);
}

TEST_F(RemoteTest, AResponseThatNobodyExpectsNeverLeaves) {
  bob_.context().respond({7, far_, std::nullopt, false}, answer("hi"), std::nullopt);
  EXPECT_TRUE(nothing_left());
  EXPECT_EQ(bob_.next(), "-");
  EXPECT_EQ(counters().late, 1U);
  bob_.context().respond({7, farther_, far_, false}, answer("hi"), std::nullopt);
  EXPECT_EQ(left().target, far_) << "inherited from one that does expect it";
}

// ---- inheriting ----------------------------------------------------------------------------------

TEST_F(RemoteTest, ARequestOfAnotherNodeKeepsItsAskerWhenItIsPassedOn) {
  KernelMessage request{7, far_, bob_.address(), far_, to(far_, "hello", 5).request, {}, {}};
  EXPECT_EQ(node_.kernel.arrive(request, nullptr), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "request hello");
  bob_.send(inheriting(farther_, "from bob"));
  KernelMessage passed_on = left();
  EXPECT_EQ(passed_on.id, 7U);
  EXPECT_EQ(passed_on.rsvp, far_);
  EXPECT_EQ(passed_on.source, bob_.address());
  bob_.send(inheriting(farther_, "for myself", 5));
  KernelMessage asked = left();
  EXPECT_NE(asked.id, 7U) << "C8: an id of its own";
  EXPECT_EQ(asked.rsvp, bob_.address());
}

TEST_F(RemoteTest, ALocalRequestThatIsPassedOnIsAnsweredFromThere) {
  shy_.send(to(bob_.address(), "hello", 60));
  EXPECT_EQ(bob_.next(), "request hello");
  bob_.send(inheriting(far_, "from bob"));
  KernelMessage passed_on = left();
  EXPECT_EQ(passed_on.rsvp, shy_.address());
  node_.kernel.kill(bob_.id(), true);
  EXPECT_EQ(shy_.next(), "-") << "there is still somebody who may answer";
  EXPECT_EQ(respond(far_, passed_on, "welcome"), Arrival::delivered);
  EXPECT_EQ(shy_.next(), "response welcome") << "the right to be answered comes with having asked";
}

TEST_F(RemoteTest, ALocalRequestThatCouldNotBePassedOnIsNotAnsweredFromThere) {
  for (Carried carried : {Carried::unreachable, Carried::too_big}) {
    network_.answer(carried);
    Guest& helper = node_.add_guest("helper:test:sys");
    node_.connect(alice_.address(), helper.address());
    node_.kernel.grant(helper.id(), {Capability::network(node_.kernel.address())});
    alice_.send(to(helper.address(), "hello", 60));
    EXPECT_EQ(helper.next(), "request hello");
    uint64_t id = helper.last().id;
    helper.send(inheriting(far_, "from the helper"));
    KernelMessage forged{id, far_, alice_.address(), {}, answer("forged"), {}, {}};
    EXPECT_EQ(node_.kernel.arrive(forged, nullptr), Arrival::late);
    node_.kernel.kill(helper.id(), true);
    node_.run();
    EXPECT_EQ(alice_.next(), "timeout hello") << "at once: nobody is left who could answer";
  }
}

TEST_F(RemoteTest, AChainThatComesBackMayBeAnsweredByItsEnd) {
  alice_.send(to(far_, "hello", 60));
  KernelMessage sent = left();
  KernelMessage back{sent.id, far_, bob_.address(), sent.rsvp, to(far_, "for you").request, {}, {}};
  EXPECT_EQ(node_.kernel.arrive(back, nullptr), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "request for you");
  node_.kernel.refused("far.os", alice_.id(), sent.id);
  bob_.respond("it was me");
  EXPECT_EQ(alice_.next(), "response it was me");
  EXPECT_EQ(alice_.last().source, bob_.address());
  EXPECT_TRUE(nothing_left());
}

TEST_F(RemoteTest, AChainThatComesBackForALocalRequestIsNone) {
  alice_.send(to(bob_.address(), "hello", 60));
  EXPECT_EQ(bob_.next(), "request hello");
  KernelMessage forged{bob_.last().id, far_, bob_.address(), alice_.address(), to(far_, "forged").request, {}, {}};
  Guest& open = node_.add_guest("open:test:sys");
  node_.kernel.grant(open.id(), {Capability::network(node_.kernel.address())});
  node_.connect(alice_.address(), open.address());
  forged.target = open.address();
  EXPECT_EQ(node_.kernel.arrive(forged, nullptr), Arrival::delivered);
  EXPECT_EQ(open.next(), "request forged");
  open.respond("forged");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(counters().late, 1U);
}

}  // namespace
}  // namespace kinode::kernel
