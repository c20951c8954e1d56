#include "kernel/outstanding.h"

#include <gtest/gtest.h>

#include "kernel/process_entry.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using testing::TestNode;

class OutstandingTest : public ::testing::Test {
 protected:
  std::shared_ptr<ProcessEntry> entry(std::string_view id) {
    return std::make_shared<ProcessEntry>(node_.kernel, lifecycle_, node_.local(id), ProcessEntry::Kind::guest);
  }
  std::unique_ptr<Outstanding> record(uint64_t id) const {
    return std::make_unique<Outstanding>(std::weak_ptr<ProcessEntry>(), id, bob_->address);
  }

  TestNode node_;
  Lifecycle& lifecycle_ = node_.add_puppet("other:test:sys").context().entry().lifecycle;
  std::shared_ptr<ProcessEntry> bob_ = entry("bob:test:sys");
  std::shared_ptr<ProcessEntry> carol_ = entry("carol:test:sys");
};

TEST_F(OutstandingTest, KnowsWhoMayAnswer) {
  std::unique_ptr<Outstanding> asked = record(1);
  EXPECT_TRUE(asked->unanswerable());
  EXPECT_TRUE(asked->add_responder(bob_));
  EXPECT_TRUE(asked->may_be_answered_by(*bob_));
  EXPECT_FALSE(asked->may_be_answered_by(*carol_));
  EXPECT_TRUE(asked->add_responder(carol_));
  EXPECT_EQ(bob_->asked.size(), 1U);
  asked->forget_responder(*bob_);
  EXPECT_FALSE(asked->may_be_answered_by(*bob_));
  EXPECT_FALSE(asked->unanswerable());
  asked->release();
  EXPECT_TRUE(asked->unanswerable());
  EXPECT_EQ(bob_->asked.size(), 0U);
  EXPECT_EQ(carol_->asked.size(), 0U);
}

// Two processes inherit a request to a third at a time, and one of them finds its mailbox full.
TEST_F(OutstandingTest, OneInheritedToTwiceMayAnswerUntilBothAreTakenBack) {
  std::unique_ptr<Outstanding> asked = record(1);
  asked->add_responder(carol_);
  asked->add_responder(carol_);
  EXPECT_EQ(carol_->asked.size(), 1U);
  asked->remove_responder(*carol_);
  EXPECT_TRUE(asked->may_be_answered_by(*carol_));
  asked->remove_responder(*carol_);
  EXPECT_FALSE(asked->may_be_answered_by(*carol_));
  asked->remove_responder(*carol_);
  EXPECT_EQ(carol_->asked.size(), 0U);
}

TEST_F(OutstandingTest, OneThatEndedIsForgottenHoweverOftenItInherited) {
  std::unique_ptr<Outstanding> asked = record(1);
  asked->add_responder(carol_);
  asked->add_responder(carol_);
  asked->forget_responder(*carol_);
  EXPECT_TRUE(asked->unanswerable());
  EXPECT_EQ(carol_->asked.size(), 0U);
}

TEST_F(OutstandingTest, TheRespondersOfOneRequestAreLimited) {
  std::unique_ptr<Outstanding> asked = record(1);
  for (int i = 0; i < 1024; ++i) {
    ASSERT_TRUE(asked->add_responder(entry("a:test:sys")));
  }
  EXPECT_FALSE(asked->add_responder(bob_));
  EXPECT_EQ(bob_->asked.size(), 0U);
  asked->release();
  EXPECT_TRUE(asked->add_responder(bob_));
  asked->release();
}

TEST_F(OutstandingTest, EachIsTakenOutOnce) {
  OutstandingRequests requests;
  requests.add(record(1));
  requests.add(record(2));
  EXPECT_EQ(requests.find(3), nullptr);
  EXPECT_EQ(requests.find(1)->id, 1U);
  EXPECT_EQ(requests.take(1)->id, 1U);
  EXPECT_EQ(requests.take(1), nullptr);
  EXPECT_EQ(requests.find(1), nullptr);
  EXPECT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.take_all().size(), 1U);
  EXPECT_EQ(requests.size(), 0U);
  EXPECT_EQ(requests.bytes(), 0U);
}

TEST_F(OutstandingTest, CountsTheBlobOfTheRequestBeingHandledOnce) {
  Blob large{std::nullopt, Bytes::from(std::string(10'000, 'x'))};
  auto prompting = std::make_shared<const Prompting>(Prompting{7, bob_->address, bob_->address, true, large});
  OutstandingRequests requests;
  auto add = [&](uint64_t id, std::optional<Blob> blob) {
    std::unique_ptr<Outstanding> one = record(id);
    one->prompting = prompting;
    one->blob = std::move(blob);
    requests.add(std::move(one));
  };
  add(1, std::nullopt);
  size_t first = requests.bytes();
  EXPECT_GT(first, 10'000U);
  add(2, std::nullopt);
  EXPECT_LT(requests.bytes(), first + 1'000) << "kept already";
  add(3, large);
  EXPECT_LT(requests.bytes(), first + 2'000) << "inherited: the same memory";
  add(4, Blob{std::nullopt, Bytes::from(std::string(10'000, 'x'))});
  EXPECT_GT(requests.bytes(), first + 10'000) << "one of its own";
  for (uint64_t id : {4, 1, 3, 2}) {
    EXPECT_GT(requests.bytes(), 10'000U);
    requests.take(id);
  }
  EXPECT_EQ(requests.bytes(), 0U);
}

}  // namespace
}  // namespace kinode::kernel
