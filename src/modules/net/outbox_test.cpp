#include "modules/net/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::modules::net {
namespace {

using Added = Outbox::Added;

struct CountingExecutor final : Executor {
  void wake(std::shared_ptr<Task> /*task*/, WakeHint /*hint*/) override { ++wakes; }
  int wakes = 0;
};

struct Sender final : Task {
  Outcome run() override { return Outcome::wait; }
};

Outbox::Item item(uint64_t id, size_t size = 10, bool response = false) {
  Message message = Request{};
  if (response) {
    message = Response{};
  }
  KernelMessage carried{id,
                        *Address::parse("a.dev@p:q:r"),
                        *Address::parse("b.dev@p:q:r"),
                        std::nullopt,
                        std::move(message),
                        std::nullopt,
                        std::nullopt};
  return {std::move(carried), {Bytes::from(std::string(size, 'x')), Bytes()}};
}

std::vector<uint64_t> ids(const std::deque<Outbox::Item>& items) {
  std::vector<uint64_t> ids;
  std::ranges::transform(items, std::back_inserter(ids), [](const auto& one) { return one.message.id; });
  return ids;
}

class OutboxTest : public testing::Test {
 protected:
  Added add(uint64_t id, size_t size = 10, bool response = false) {
    Outbox::Item one = item(id, size, response);
    return outbox_.add(one, sender_);
  }
  CountingExecutor executor_;
  std::shared_ptr<Task> sender_ = std::make_shared<Sender>();
  std::atomic<uint64_t> durable_ = 0;
  Outbox outbox_{{.messages = 4, .bytes = 10'000, .bytes_with_responses = 100'000}, executor_, durable_};
};

TEST_F(OutboxTest, TellsItsOwnerOnceUntilItIsEmptied) {
  EXPECT_EQ(add(1), Added::first);
  EXPECT_EQ(add(2), Added::more);
  EXPECT_THAT(ids(outbox_.take(SIZE_MAX)), testing::ElementsAre(1, 2));
  EXPECT_EQ(add(3), Added::more);  // the owner took some, and will look again
  EXPECT_THAT(ids(outbox_.take(SIZE_MAX)), testing::ElementsAre(3));
  EXPECT_TRUE(outbox_.take(SIZE_MAX).empty());
  EXPECT_EQ(add(4), Added::first);
}

TEST_F(OutboxTest, GivesAtLeastOneAndNotManyMoreBytesThanAskedFor) {
  add(1, 1'000);
  add(2, 100);
  add(3, 100);
  EXPECT_THAT(ids(outbox_.take(500)), testing::ElementsAre(1));
  EXPECT_THAT(ids(outbox_.take(2'000)), testing::ElementsAre(2, 3));
  EXPECT_EQ(outbox_.bytes(), 0U);
}

TEST_F(OutboxTest, ASenderOfTooMuchIsWokenWhenThereIsRoom) {
  for (uint64_t id = 1; id <= 4; ++id) {
    EXPECT_NE(add(id), Added::full);
  }
  Outbox::Item fifth = item(5);
  EXPECT_EQ(outbox_.add(fifth, sender_), Added::full);
  EXPECT_EQ(fifth.message.id, 5U);  // still the caller's
  EXPECT_EQ(executor_.wakes, 0);
  outbox_.take(1);
  EXPECT_EQ(executor_.wakes, 1);
  EXPECT_EQ(add(5), Added::more);
}

TEST_F(OutboxTest, IsBoundedInBytesButTakesOneOfAnySize) {
  EXPECT_EQ(add(1, 20'000), Added::first);
  EXPECT_EQ(add(2, 1), Added::full);
  EXPECT_TRUE(outbox_.is_full());
  EXPECT_FALSE(outbox_.has_room(sender_));
  outbox_.take(1);
  EXPECT_EQ(executor_.wakes, 2);
  EXPECT_TRUE(outbox_.has_room(sender_));
}

TEST_F(OutboxTest, WhatRestsOnAWriteWaitsForItAndSoDoesAllBehindIt) {
  add(1);
  Outbox::Item second = item(2);
  second.rests_on = 7;
  outbox_.add(second, sender_);
  add(3);
  EXPECT_THAT(ids(outbox_.take(SIZE_MAX)), testing::ElementsAre(1));
  durable_ = 6;
  EXPECT_TRUE(outbox_.take(SIZE_MAX).empty());
  durable_ = 7;
  EXPECT_THAT(ids(outbox_.take(SIZE_MAX)), testing::ElementsAre(2, 3));
}

TEST_F(OutboxTest, ResponsesHaveRoomBeyondThatOfRequests) {
  add(1, 20'000);
  EXPECT_EQ(add(2, 20'000, true), Added::more);
  EXPECT_EQ(add(3, 20'000, true), Added::full);
  EXPECT_EQ(add(4, 1), Added::full);
}

TEST_F(OutboxTest, IsClosedOnlyWhenNothingWouldBeLost) {
  add(1);
  EXPECT_FALSE(outbox_.close_if_empty());
  EXPECT_EQ(add(2), Added::more);
  outbox_.take(SIZE_MAX);
  EXPECT_TRUE(outbox_.close_if_empty());
  EXPECT_EQ(add(3), Added::closed);
}

}  // namespace
}  // namespace kinode::modules::net
