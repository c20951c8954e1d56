// timer:distro:sys (kernel.md 10). T1: a defect of the first client that is repaired here.

#include <limits>

#include "suite.h"

namespace kinode::conformance {
namespace {

class Timer : public Suite<Timer> {};

/// An actor's step that sets a timer, `name` its context.
Json timer_step(uint64_t milliseconds, const std::string& name) {
  return send(timer_id, set_timer(milliseconds), {{"expects", 60}, {"context", name}});
}

TEST_F(Timer, AnswersWithNothingInItAndNotBeforeItsTime) {
  const Json results = act(actor, steps("clock", timer_step(200, "mine"), receive(), "clock"));
  const Json& event = results[2];
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["source"], address(timer_id));
  EXPECT_EQ(event["context"], "mine");
  EXPECT_EQ(event["body"], "");
  EXPECT_EQ(event["has_blob"], false);
  EXPECT_EQ(event["metadata"], nullptr);
  EXPECT_EQ(event["capabilities"], Json::array());
  const uint64_t waited = results[3]["monotonic_ns"].get<uint64_t>() - results[0]["monotonic_ns"].get<uint64_t>();
  EXPECT_GE(waited, 200'000'000U);
}

TEST_F(Timer, OfZeroMillisecondsAnswersAtOnce) {
  // Before the one that was set earlier.
  const Json results = act(actor, steps(timer_step(300, "later"), timer_step(0, "at once"), receive(), receive()));
  EXPECT_EQ(results[2]["context"], "at once");
  EXPECT_EQ(results[3]["context"], "later");
}

TEST_F(Timer, AnswersInTheOrderOfTheirTimes) {
  const Json results = act(
      actor, steps(timer_step(600, "c"), timer_step(200, "a"), timer_step(400, "b"), receive(), receive(), receive()));
  EXPECT_EQ(results[3]["context"], "a");
  EXPECT_EQ(results[4]["context"], "b");
  EXPECT_EQ(results[5]["context"], "c");
}

TEST_F(Timer, TwoThousandAreEachAnsweredOnceThoseOfOneTimeInOrder) {
  constexpr size_t count = 2000;
  const std::string child = spawn_actor({{"public", true}});
  Json requests = Json::array();
  for (size_t i = 0; i < count; ++i) {
    requests.push_back(
        {{"to", timer_id}, {"body", set_timer(i % 3 * 50)}, {"expects", 60}, {"context", std::to_string(i)}});
  }
  const Json results = act(child, steps("events", step("send_many", {{"requests", requests}}),
                                        // Of the longest, and after all of those.
                                        await(timer_id, set_timer(150), {{"expects", 60}})));
  EXPECT_EQ(results[2]["kind"], "response");
  const Json events = one(child, "events");
  ASSERT_EQ(events.size(), count);
  std::vector<size_t> last(3, 0);
  std::set<size_t> seen;
  for (const Json& event : events) {
    EXPECT_EQ(event["kind"], "response");
    const size_t number = std::stoul(event["context"].get<std::string>());
    EXPECT_TRUE(seen.insert(number).second) << number;
    size_t& before = last[number % 3];
    EXPECT_LE(before, number);
    before = number;
  }
  EXPECT_EQ(seen.size(), count);
}

TEST_F(Timer, IsPublicAndAnswersWhomItMayMessage) {
  // Neither the child nor the timer holds anything of the other.
  const std::string shut = spawn_actor({{"public", false}});
  const Json refused = one(shut, await(timer_id, set_timer(0), {{"expects", 1}}));
  EXPECT_EQ(refused["kind"], "error");
  EXPECT_EQ(refused["error"], "Timeout");
  node().grant(timer_id, Json::array({capability(address(shut), messaging)}));
  EXPECT_EQ(one(shut, await(timer_id, set_timer(0)))["kind"], "response");
  const std::string open = spawn_actor({{"public", true}});
  EXPECT_EQ(one(open, await(timer_id, set_timer(0)))["kind"], "response");
}

TEST_F(Timer, AnswersWhomTheRequestWasInheritedFrom) {
  const Json event =
      one(actor, await(plain, script(send(timer_id, set_timer(1), {{"inherit", true}, {"metadata", "m"}}), hold())));
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["source"], address(timer_id));
  EXPECT_EQ(event["metadata"], nullptr);
}

TEST_F(Timer, AnswersNothingToWhatItDoesNotUnderstand) {
  const std::vector<std::string> bodies = {"",
                                           "no json",
                                           "7",
                                           R"({"SetTimer":-1})",
                                           R"({"SetTimer":"1"})",
                                           R"({"SetTimer":1.5})",
                                           R"({"SetTimer":18446744073709551616})",
                                           R"({"StopTimer":1})",
                                           "\"SetTimer\""};
  Json list = steps("events");
  for (const std::string& body : bodies) {
    list.push_back(send(timer_id, body, {{"expects", 1}}));
  }
  for (size_t i = 0; i < bodies.size(); ++i) {
    list.push_back(receive());
  }
  const Json results = act(actor, list);
  for (size_t i = results.size() - bodies.size(); i < results.size(); ++i) {
    EXPECT_EQ(results[i]["error"], "Timeout") << results[i];
  }
  EXPECT_TRUE(said("timer: request from " + address(actor)));
}

TEST_F(Timer, DebugPrintsThoseThatWait) {
  const std::string child = spawn_actor({{"public", true}});
  act(child, steps(send(timer_id, set_timer(3'600'000)), send(timer_id, "\"Debug\""), await(timer_id, set_timer(0))));
  wait_for("ms: " + child);
  EXPECT_TRUE(said("active timers"));
}

TEST_F(Timer, T1_OneOfTheLongestTimeWaitsForEver) {
  const uint64_t longest = std::numeric_limits<uint64_t>::max();
  const Json results = act(actor, steps(send(timer_id, set_timer(longest), {{"expects", 0}, {"context", "never"}}),
                                        await(timer_id, set_timer(20)), receive(), "events"));
  EXPECT_EQ(results[1]["kind"], "response");
  EXPECT_EQ(results[2]["error"], "Timeout");
  EXPECT_EQ(results[2]["context"], "never");
  EXPECT_EQ(results[3], Json::array());
}

TEST_F(Timer, TheAnswerToALifeThatEndedIsNotForTheNext) {
  const std::string child = spawn({{"on_exit", "Restart"}, {"public", true}});
  act(child, steps(timer_step(100, "of the first life")));
  crash(child);
  // Set later, so it answers later.
  const Json results = act(child, steps("events", await(timer_id, set_timer(200)), "events"));
  EXPECT_EQ(results[1]["kind"], "response");
  EXPECT_EQ(results[2], Json::array());
}

TEST_F(Timer, ATimerOfAKilledProcessHarmsNobody) {
  const std::string child = spawn_actor({{"public", true}});
  act(child, steps(timer_step(50, "orphan")));
  node().kernel({{"KillProcess", child}});
  EXPECT_EQ(one(actor, await(timer_id, set_timer(100)))["kind"], "response");
}

}  // namespace
}  // namespace kinode::conformance
