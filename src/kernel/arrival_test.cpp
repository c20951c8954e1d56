// What comes from other nodes.
#include <gtest/gtest.h>

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
using testing::Puppet;
using testing::TestNode;
using testing::to;
using Arrival = Kernel::Arrival;

/// Stands for who brings messages in.
class Waiter final : public Task {
 public:
  Outcome run() override {
    ++runs;
    return Outcome::wait;
  }
  int runs = 0;
};

class ArrivalTest : public ::testing::Test {
 protected:
  ArrivalTest() { network(bob_.id()); }

  void network(const ProcessId& id) { node_.kernel.grant(id, {Capability::network(node_.kernel.address())}); }
  [[nodiscard]] KernelMessage request(const Address& target, std::string_view body,
                                      std::optional<uint64_t> expects = {}) const {
    return {.id = 7,
            .source = far_,
            .target = target,
            .rsvp = expects ? std::optional(far_) : std::nullopt,
            .message = to(target, body, expects).request,
            .context = std::nullopt,
            .blob = std::nullopt};
  }
  [[nodiscard]] KernelMessage response(uint64_t id, const Address& target, std::string_view body) const {
    return {id, far_, target, std::nullopt, answer(body), std::nullopt, std::nullopt};
  }
  Arrival arrive(KernelMessage message) { return node_.kernel.arrive(message, waiter_); }
  [[nodiscard]] Counters counters() const { return node_.kernel.counters(); }

  FakeNetwork network_;
  TestNode node_{{.limits = {.mailbox_messages = 4}, .content = {}, .network = &network_}};
  std::shared_ptr<Waiter> waiter_ = std::make_shared<Waiter>();
  Address far_ = *Address::parse("far.os@alice:test:sys");
  Guest& bob_ = node_.add_guest("bob:test:sys");
  Guest& shy_ = node_.add_guest("shy:test:sys", {.is_public = true});
};

TEST_F(ArrivalTest, ARequestNeedsNoRightToMessageButItsTargetThatToUseTheNetwork) {
  KernelMessage sent = request(bob_.address(), "hello", 5);
  sent.blob = blob("with a blob");
  std::get<Request>(sent.message).capabilities = {{*Capability::make(far_, "1"), Bytes::copy_of("signature")}};
  EXPECT_EQ(arrive(sent), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "request hello");
  EXPECT_EQ(bob_.last().source, far_);
  EXPECT_EQ(bob_.last().target, bob_.address());
  EXPECT_EQ(bob_.last().rsvp, far_);
  EXPECT_EQ(bob_.get_blob(), "with a blob");
  bob_.conversation().save_capabilities({*Capability::make(far_, "1")});
  EXPECT_TRUE(node_.kernel.holds(bob_.id(), *Capability::make(far_, "1")));
  bob_.respond("hi");
  EXPECT_EQ(network_.next()->target, far_);

  EXPECT_EQ(arrive(request(shy_.address(), "hello")), Arrival::denied) << "public or not";
  EXPECT_EQ(shy_.next(), "-");
  EXPECT_TRUE(node_.printer.has("request_networking", 0));
  EXPECT_EQ(counters().denied, 1U);
  EXPECT_EQ(counters().delivered, 2U);

  // A peer must not fill the owner's terminal with it.
  node_.printer.clear();
  EXPECT_EQ(arrive(request(shy_.address(), "hello again")), Arrival::denied);
  EXPECT_FALSE(node_.printer.has("request_networking", 0));
}

TEST_F(ArrivalTest, WhoIsNotThereIsNotReached) {
  EXPECT_EQ(arrive(request(node_.local("nobody:test:sys"), "secret", 5)), Arrival::no_such_process);
  EXPECT_TRUE(node_.printer.has("no such process"));
  EXPECT_FALSE(node_.printer.has("no such process", 1));
  node_.kernel.kill(bob_.id(), true);
  EXPECT_EQ(arrive(request(bob_.address(), "secret", 5)), Arrival::no_such_process);
  EXPECT_EQ(counters().no_such_process, 2U);
  EXPECT_FALSE(node_.printer.has("secret"));
}

TEST_F(ArrivalTest, B2_B3_B5_TheRuntimesModulesTakeNothingFromOtherNodes) {
  Puppet& files = node_.add_puppet("vfs:distro:sys", /*is_public=*/true);
  for (const Address& target : {files.address(), node_.kernel.address()}) {
    EXPECT_EQ(arrive(request(target, R"("secret")", 5)), Arrival::denied);
  }
  node_.run();
  EXPECT_EQ(files.take(), nullptr);
  EXPECT_TRUE(node_.printer.has("takes no requests of other nodes", 1));
  EXPECT_FALSE(node_.printer.has("takes no requests of other nodes", 0));
  EXPECT_FALSE(node_.printer.has("secret"));
  EXPECT_EQ(counters().denied, 2U);
  // What one asked itself it is told.
  files.request(far_, "hello", 5);
  EXPECT_EQ(arrive(response(network_.next()->id, files.address(), "hi")), Arrival::delivered);
  node_.run();
  EXPECT_NE(files.take(), nullptr);
}

TEST_F(ArrivalTest, AModuleThatIsMadeForItDoes) {
  Puppet& net = node_.add_puppet("net:distro:sys", /*is_public=*/false, Kernel::Reach::all_nodes);
  EXPECT_EQ(arrive(request(net.address(), "hello", 5)), Arrival::delivered);
  node_.run();
  std::unique_ptr<Envelope> got = net.take();
  ASSERT_NE(got, nullptr);
  net.respond(*got, "ack");
  EXPECT_EQ(network_.next()->target, far_);
}

TEST_F(ArrivalTest, B6_WhatIsForAThirdNodeIsNeitherDeliveredNorPassedOn) {
  EXPECT_EQ(arrive(request(*Address::parse("third.os@bob:test:sys"), "hello", 5)), Arrival::denied);
  EXPECT_EQ(bob_.next(), "-");
  EXPECT_EQ(network_.next(), std::nullopt);
  EXPECT_EQ(counters().denied, 1U);
  EXPECT_EQ(arrive(request(Address("our", bob_.id()), "hello", 5)), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "request hello");
  EXPECT_EQ(bob_.last().target, bob_.address());
}

TEST_F(ArrivalTest, ANodeCannotSpeakForThisOne) {
  for (const Address& source : {shy_.address(), Address("our", shy_.id())}) {
    KernelMessage sent = request(bob_.address(), "hello");
    sent.source = source;
    EXPECT_EQ(arrive(sent), Arrival::denied);
  }
  EXPECT_EQ(bob_.next(), "-");
}

TEST_F(ArrivalTest, B25_AModuleAnswersThePeerAlone) {
  Puppet& net = node_.add_puppet("net:distro:sys", /*is_public=*/false, Kernel::Reach::all_nodes);
  Puppet& files = node_.add_puppet("vfs:distro:sys");
  for (const Address& other : {files.address(), *Address::parse("third.os@carol:test:sys")}) {
    KernelMessage sent = request(net.address(), "hello", 5);
    sent.rsvp = other;
    EXPECT_EQ(arrive(sent), Arrival::delivered);
    node_.run();
    net.respond(*net.take(), "ack");
    std::optional<KernelMessage> left = network_.next();
    ASSERT_TRUE(left.has_value());
    EXPECT_EQ(left->target, far_);
  }
  KernelMessage sent = request(net.address(), "hello", 5);
  sent.rsvp = *Address::parse("far.os@carol:test:sys");
  EXPECT_EQ(arrive(sent), Arrival::delivered);
  node_.run();
  net.respond(*net.take(), "ack");
  EXPECT_EQ(network_.next()->target, sent.rsvp) << "another process of the peer's node";
  // A guest hands on what others asked, wherever they are.
  sent = request(bob_.address(), "hello", 5);
  sent.rsvp = *Address::parse("third.os@carol:test:sys");
  EXPECT_EQ(arrive(sent), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "request hello");
  bob_.respond("hi");
  EXPECT_EQ(network_.next()->target, sent.rsvp);
}

TEST_F(ArrivalTest, B25_ALocalProcessThatAPeerNamesIsNotAnswered) {
  node_.connect(bob_.address(), shy_.address());
  KernelMessage sent = request(bob_.address(), "hello", 5);
  sent.rsvp = Address("our", shy_.id());
  EXPECT_EQ(arrive(sent), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "request hello");
  EXPECT_EQ(bob_.last().rsvp, shy_.address());
  bob_.respond("what you did not ask");
  EXPECT_EQ(shy_.next(), "-");
  EXPECT_EQ(network_.next(), std::nullopt);
  EXPECT_EQ(counters().late, 1U);
}

TEST_F(ArrivalTest, B26_OnlyARequestThatLeftIsAnsweredFromAfarAndOnlyByItsId) {
  node_.connect(bob_.address(), shy_.address());
  bob_.send(to(shy_.address(), "local", 5));
  EXPECT_EQ(shy_.next(), "request local");
  EXPECT_EQ(arrive(response(shy_.last().id, bob_.address(), "forged")), Arrival::late);
  bob_.send(to(far_, "abroad", 5));
  uint64_t id = network_.next()->id;
  EXPECT_EQ(arrive(response(id + 1, bob_.address(), "forged")), Arrival::late);
  EXPECT_EQ(arrive(response(id, shy_.address(), "not hers")), Arrival::late);
  EXPECT_EQ(arrive(response(id, bob_.address(), "hi")), Arrival::delivered);
  EXPECT_EQ(bob_.next(), "response hi");
  EXPECT_EQ(bob_.next(), "-");
  EXPECT_EQ(counters().late, 3U);
}

TEST_F(ArrivalTest, B34_OnlyTheNodeThatWasAskedEndsARequest) {
  node_.connect(bob_.address(), shy_.address());
  bob_.send(to(shy_.address(), "local", 5));
  EXPECT_EQ(shy_.next(), "request local");
  node_.kernel.refused("far.os", bob_.id(), shy_.last().id);
  node_.kernel.refused("node.os", bob_.id(), shy_.last().id);
  bob_.send(to(far_, "abroad", 60));
  uint64_t id = network_.next()->id;
  node_.kernel.refused("third.os", bob_.id(), id);
  node_.kernel.refused("far.os", shy_.id(), id);
  node_.kernel.refused("far.os", bob_.id(), id + 1);
  EXPECT_EQ(bob_.next(), "-");
  node_.kernel.refused("far.os", bob_.id(), id);
  EXPECT_EQ(bob_.next(), "timeout abroad");
  node_.kernel.refused("far.os", bob_.id(), id);
  EXPECT_EQ(bob_.next(), "-");
  EXPECT_EQ(counters().no_such_process, 1U);
  node_.advance(5s);
  EXPECT_EQ(bob_.next(), "timeout local");
  EXPECT_EQ(node_.kernel.next_deadline(), std::nullopt);
}

TEST_F(ArrivalTest, S4_AFullMailboxLeavesTheMessageWithWhoBroughtIt) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(arrive(request(bob_.address(), "hello")), Arrival::delivered);
  }
  KernelMessage kept = request(bob_.address(), "one too many", 5);
  kept.blob = blob("with a blob");
  const KernelMessage before = kept;
  EXPECT_EQ(node_.kernel.arrive(kept, waiter_), Arrival::full);
  EXPECT_EQ(kept, before);
  EXPECT_EQ(counters().delivered, 4U);
  EXPECT_EQ(counters().mailbox_full, 0U);
  EXPECT_EQ(bob_.next(), "request hello");
  node_.run();
  EXPECT_EQ(waiter_->runs, 1);
  EXPECT_EQ(node_.kernel.arrive(kept, waiter_), Arrival::delivered);
  // Nor does a response need room.
  bob_.send(to(far_, "abroad", 5));
  EXPECT_EQ(arrive(response(network_.next()->id, bob_.address(), "hi")), Arrival::delivered);
}

TEST_F(ArrivalTest, S4_WhoBringsAMessageIsWokenWhenItsTargetEnds) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(arrive(request(bob_.address(), "hello", 5)), Arrival::delivered);
  }
  EXPECT_EQ(arrive(request(bob_.address(), "one too many")), Arrival::full);
  node_.kernel.kill(bob_.id(), true);
  node_.run();
  EXPECT_EQ(waiter_->runs, 1);
  EXPECT_EQ(counters().died, 4U) << "nobody here is told of their end";
}

TEST_F(ArrivalTest, AChainOfTooManyHeirsIsCutOff) {
  bob_.send(to(far_, "hello", 60));
  KernelMessage sent = *network_.next();
  for (int i = 0; i <= 1024; ++i) {
    Guest& heir = node_.add_guest("heir" + std::to_string(i) + ":test:sys");
    network(heir.id());
    KernelMessage back = request(heir.address(), "for you");
    back.id = sent.id;
    back.rsvp = bob_.address();
    EXPECT_EQ(arrive(back), i < 1024 ? Arrival::delivered : Arrival::denied);
  }
  EXPECT_EQ(counters().over_limit, 1U);
}

}  // namespace
}  // namespace kinode::kernel
