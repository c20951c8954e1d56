#include "kernel/mailbox.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/process_entry.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

const Address alice = *Address::parse("node.os@alice:test:sys");

std::unique_ptr<Envelope> request(std::string_view body, std::optional<Blob> blob = {}) {
  return std::make_unique<Envelope>(Envelope{
      .source = alice, .target = alice, .message = Request{.body = Bytes::copy_of(body)}, .blob = std::move(blob)});
}

std::unique_ptr<Envelope> end(Envelope::Kind kind, std::string_view body) {
  return std::make_unique<Envelope>(
      Envelope{.kind = kind, .source = alice, .target = alice, .message = Response{.body = Bytes::copy_of(body)}});
}

TEST(Mailbox, GivesInTheOrderTaken) {
  Mailbox mailbox;
  EXPECT_EQ(mailbox.pop(), nullptr);
  mailbox.push(request("1"));
  mailbox.push(end(Envelope::Kind::response, "2"));
  EXPECT_EQ(mailbox.pop()->request().body.text(), "1");
  mailbox.push(request("3"));
  EXPECT_EQ(mailbox.pop()->response().body.text(), "2");
  EXPECT_EQ(mailbox.pop()->request().body.text(), "3");
  EXPECT_EQ(mailbox.pop(), nullptr);
}

TEST(Mailbox, CountsWhatItHolds) {
  Mailbox mailbox;
  std::unique_ptr<Envelope> big = request("body", Blob{std::nullopt, Bytes::from(std::string(1000, 'x'))});
  big->message =
      Request{.body = Bytes::copy_of("body"), .metadata = "meta", .capabilities = {{Capability::messaging(alice), {}}}};
  size_t bytes = big->bytes();
  EXPECT_GT(bytes, 1000 + 4 + 4 + messaging_params.size() + alice.text().size());
  mailbox.push(std::move(big));
  mailbox.push(end(Envelope::Kind::send_error, "x"));
  EXPECT_EQ(mailbox.size(), 2);
  EXPECT_EQ(mailbox.requests(), 1);
  EXPECT_EQ(mailbox.ends(), 1);
  EXPECT_GT(mailbox.bytes(), bytes);
  mailbox.pop();
  EXPECT_EQ(mailbox.requests(), 0);
  mailbox.pop();
  EXPECT_EQ(mailbox.size(), 0);
  EXPECT_EQ(mailbox.bytes(), 0);
}

TEST(Mailbox, HasRoomUpToItsLimitsButAlwaysForOne) {
  Limits limits;
  limits.mailbox_messages = 2;
  limits.mailbox_bytes = 4000;
  Mailbox mailbox;
  EXPECT_TRUE(mailbox.has_room(1'000'000, limits));
  mailbox.push(request("1"));
  EXPECT_TRUE(mailbox.has_room(100, limits));
  EXPECT_FALSE(mailbox.has_room(4000, limits));
  mailbox.push(request("2"));
  EXPECT_FALSE(mailbox.has_room(100, limits));
  mailbox.pop();
  EXPECT_TRUE(mailbox.has_room(100, limits));
}

TEST(Mailbox, AnswersTakeNoRoomOfRequests) {
  Limits limits;
  limits.mailbox_messages = 2;
  Mailbox mailbox;
  mailbox.push(request("1"));
  for (int i = 0; i < 10; ++i) {
    mailbox.push(end(Envelope::Kind::response, "x"));
  }
  EXPECT_TRUE(mailbox.has_room(100, limits));
}

TEST(Mailbox, ALongOneIsDestroyedWithoutRecursion) {
  Mailbox mailbox;
  for (int i = 0; i < 1'000'000; ++i) {
    mailbox.push(request("x"));
  }
}

TEST(Mailbox, RemembersEachWaitingSenderOnce) {
  Mailbox mailbox;
  EXPECT_FALSE(mailbox.has_waiters());
  auto anybody = std::shared_ptr<Task>();
  mailbox.add_waiter(anybody);
  mailbox.add_waiter(anybody);
  EXPECT_TRUE(mailbox.has_waiters());
  EXPECT_EQ(mailbox.take_waiters().size(), 1);
  EXPECT_FALSE(mailbox.has_waiters());
}

TEST(Mailbox, ForgetsWaitingSendersThatEnded) {
  testing::TestNode node;
  Lifecycle& lifecycle = node.add_puppet("other:test:sys").context().entry().lifecycle;
  auto entry = [&] { return std::make_shared<ProcessEntry>(node.kernel, lifecycle, alice, ProcessEntry::Kind::guest); };
  Mailbox mailbox;
  std::shared_ptr<ProcessEntry> living = entry();
  mailbox.add_waiter(living);
  for (int i = 0; i < 10'000; ++i) {
    mailbox.add_waiter(entry());
  }
  EXPECT_LT(mailbox.waiters(), 200);
  mailbox.add_waiter(living);
  size_t left = std::ranges::count_if(mailbox.take_waiters(), [](const auto& waiter) { return !waiter.expired(); });
  EXPECT_EQ(left, 1);
}

TEST(Mailbox, CountsWhatItsEndsKeepOfTheRequestsBeingHandledOnce) {
  auto prompting = std::make_shared<const Prompting>(
      Prompting{1, alice, alice, true, Blob{std::nullopt, Bytes::from(std::string(1000, 'x'))}});
  Mailbox mailbox;
  auto push = [&](std::shared_ptr<const Prompting> handled) {
    std::unique_ptr<Envelope> envelope = end(Envelope::Kind::response, "x");
    envelope->prompting = std::move(handled);
    mailbox.push(std::move(envelope));
  };
  push(nullptr);
  size_t each = mailbox.end_bytes();
  push(prompting);
  push(prompting);
  EXPECT_EQ(mailbox.end_bytes(), 3 * each + 1000);
  push(std::make_shared<const Prompting>(*prompting));
  EXPECT_EQ(mailbox.end_bytes(), 4 * each + 2000);
  mailbox.pop();
  mailbox.pop();
  EXPECT_EQ(mailbox.end_bytes(), 2 * each + 2000);
  mailbox.pop();
  EXPECT_EQ(mailbox.end_bytes(), each + 1000);
  Mailbox::discard(mailbox.take_all());
  EXPECT_EQ(mailbox.end_bytes(), 0);
}

}  // namespace
}  // namespace kinode::kernel
