#include "modules/http_client/resolver.h"

#include <gmock/gmock.h>

#include <future>

namespace kinode::modules::http_client {
namespace {

using namespace std::chrono_literals;

TEST(Resolver, TheSystemsAnswer) {
  Resolver resolver;
  const auto wanted = std::make_shared<int>();
  std::promise<Result<Addresses>> answer;
  resolver.resolve("a:b:c", "localhost", wanted, [&](Result<Addresses> addresses) { answer.set_value(addresses); });
  auto answered = answer.get_future();
  ASSERT_EQ(answered.wait_for(30s), std::future_status::ready);
  const Result<Addresses> addresses = answered.get();
  ASSERT_TRUE(addresses);
  EXPECT_FALSE(addresses->empty());
  EXPECT_TRUE(addresses->front().is_loopback());
}

TEST(Resolver, EachThatIsWantedIsAnswered) {
  constexpr int lookups = 100;
  Resolver resolver;
  const auto wanted = std::make_shared<int>();
  std::atomic<int> answered = 0;
  std::promise<void> all;
  for (int i = 0; i < lookups; ++i) {
    resolver.resolve(i % 2 == 0 ? "even" : "odd", "localhost", wanted, [&](const Result<Addresses>&) {
      if (++answered == lookups) {
        all.set_value();
      }
    });
  }
  EXPECT_EQ(all.get_future().wait_for(30s), std::future_status::ready);
}

TEST(Resolver, WhoHasGivenUpIsNotCalled) {
  Resolver resolver;
  auto gone = std::make_shared<int>();
  const std::weak_ptr<int> weak = gone;
  gone.reset();
  const auto wanted = std::make_shared<int>();
  bool called = false;
  std::promise<void> after;
  resolver.resolve("a", "localhost", weak, [&](const Result<Addresses>&) { called = true; });
  resolver.resolve("a", "localhost", wanted, [&](const Result<Addresses>&) { after.set_value(); });
  ASSERT_EQ(after.get_future().wait_for(30s), std::future_status::ready);
  resolver.stop();
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace kinode::modules::http_client
