// Messages between processes: requests, responses, inheritance, blobs, errors, order. The ids before the names
// are those of the behaviour that the first client has (K: kernel.md 19) or of its defects that are repaired
// here (M, R, S, C: kernel.md 16); README.md lists them all.

#include "suite.h"

namespace kinode::conformance {
namespace {

class Messages : public Suite<Messages> {};

std::vector<std::string> bodies(const Json& events) {
  std::vector<std::string> list;
  for (const Json& event : events) {
    list.push_back(event.at("body").get<std::string>());
  }
  return list;
}

std::vector<std::string> numbers(size_t count) {
  std::vector<std::string> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    list.push_back(std::to_string(i));
  }
  return list;
}

// ---- who answers whom ----------------------------------------------------------------------------

TEST_F(Messages, K19_3_InheritedWithoutExpectingItIsAnsweredByTheHeir) {
  const Json pass_on = script(send(second, answering_script(respond("from second")), {{"inherit", true}}), hold());
  const Json event = act(actor, steps(send(plain, pass_on, {{"expects", 5}, {"context", "mine"}}), receive())).back();
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["body"], "from second");
  EXPECT_EQ(event["source"], address(second));
  EXPECT_EQ(event["context"], "mine");
}

TEST_F(Messages, K19_4_InheritedExpectingItIsAnsweredByWhoPassedItOn) {
  const Json pass_on = script(send(second, script(respond("from second")),
                                   {{"inherit", true}, {"expects", 5}, {"then", steps(respond("from plain"))}}),
                              hold());
  const Json event = act(actor, steps(send(plain, pass_on, {{"expects", 5}, {"context", "mine"}}), receive())).back();
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["body"], "from plain");
  EXPECT_EQ(event["source"], address(plain));
  EXPECT_EQ(event["context"], "mine");
}

TEST_F(Messages, Msg_M3_AChainOfThreeIsAnsweredByItsEnd) {
  const Json last = answering_script(respond("from the end"));
  const Json middle = {{"answer", false}, {"steps", steps(send(echo, last, {{"inherit", true}}))}};
  const Json first = script(send(second, middle, {{"inherit", true}}), hold());
  const Json event = one(actor, await(plain, first));
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["source"], address(echo));
  EXPECT_EQ(event["body"], last.dump());  // it is an echo
}

TEST_F(Messages, K19_5_AResponseBeforeAnyRequestIsPrintedAndNothingElse) {
  one(actor, step("file", {{"op", "write"}, {"path", "k19-5.start.json"}, {"data", script(respond("to nobody"))}}));
  const std::string child = spawn_actor({{"name", "k19-5"}});
  wait_for("need non-None prompting_message");
  EXPECT_EQ(one(child, "our")["our"], address(child));
}

TEST_F(Messages, M4_OfTwoResponsesTheAskerGetsTheFirst) {
  one(plain, "events");  // those of earlier cases
  const Json results =
      act(plain, steps(await(second, script(respond("1"), respond("2"))), await(second, script("our")), "events"));
  EXPECT_EQ(results[0]["body"], "1");
  EXPECT_EQ(results[2], Json::array());
}

TEST_F(Messages, M4_AResponseThatComesLateIsDropped) {
  one(plain, "events");
  const Json results =
      act(plain, steps(await(second, script(step("nap", {{"ms", 1300}}), respond("late")), {{"expects", 1}}),
                       await(second, script("our")), "events"));
  EXPECT_EQ(results[0]["kind"], "error");
  EXPECT_EQ(results[0]["error"], "Timeout");
  EXPECT_EQ(results[1]["kind"], "response");
  EXPECT_EQ(results[2], Json::array());
}

TEST_F(Messages, M5_C8_TwoInheritedRequestsHaveTwoEnds) {
  const Json ask_twice =
      script(send(second, script(respond("one")), {{"inherit", true}, {"expects", 5}, {"context", "a"}}),
             send(second, script(respond("two")), {{"inherit", true}, {"expects", 5}, {"context", "b"}}), receive(),
             receive());
  const Json event = one(actor, await(plain, ask_twice));
  const Json results = Json::parse(event["body"].get<std::string>())["results"];
  EXPECT_EQ(results[2]["body"], "one");
  EXPECT_EQ(results[2]["context"], "a");
  EXPECT_EQ(results[3]["body"], "two");
  EXPECT_EQ(results[3]["context"], "b");
}

TEST_F(Messages, M6_ARequestThatComesBackWhileItIsAwaitedIsNoAnswer) {
  act(plain, steps("events"));
  const Json back = script(send(plain, "came back", {{"inherit", true}}), respond("answer"));
  const Json results = act(plain, steps(await(second, back, {{"inherit", true}}), await(second, script("our")), "our"));
  EXPECT_EQ(results[0]["kind"], "response");
  EXPECT_EQ(results[0]["body"], "answer");
  EXPECT_EQ(bodies(one(plain, "events")), std::vector<std::string>{"came back"});
}

TEST_F(Messages, M8_ARequestThatExpectsNothingLeavesTheOlderOneToBeAnswered) {
  const Json results = act(actor, steps(send(plain, script(hold()), {{"expects", 5}, {"context", "older"}}),
                                        send(plain, script(respond("deferred"))), receive()));
  EXPECT_EQ(results[2]["kind"], "response");
  EXPECT_EQ(results[2]["body"], "deferred");
  EXPECT_EQ(results[2]["context"], "older");
}

TEST_F(Messages, TheReceiverSeesWhatWasSent) {
  const Json event =
      one(actor, await(plain, script("message"), {{"expects", 7}, {"metadata", "any text"}, {"inherit", true}}));
  const Json seen = Json::parse(event["body"].get<std::string>())["results"][0];
  EXPECT_EQ(seen["source"], address(actor));
  EXPECT_EQ(seen["metadata"], "any text");
  EXPECT_EQ(seen["expects"], 7);
  EXPECT_EQ(seen["inherit"], true);
  EXPECT_EQ(seen["has_blob"], false);
}

TEST_F(Messages, BodiesAndBlobsAreBytes) {
  const Json event =
      one(actor, await(echo, {{"hex", "00ff80c3"}}, {{"blob", {{"mime", "a/b"}, {"bytes", {{"hex", "fe00"}}}}}}));
  EXPECT_EQ(event["body"]["hex"], "00ff80c3");
  EXPECT_EQ(event["blob"]["mime"], "a/b");
  EXPECT_EQ(event["blob"]["bytes"]["hex"], "fe00");
}

TEST_F(Messages, TheAliasOurNamesThisNode) {
  const Json event = one(actor, await("our@" + plain, script("message")));
  EXPECT_EQ(event["source"], address(plain));
}

TEST_F(Messages, AnEmptyBodyAndAnEmptyBlobArrive) {
  const Json event = one(actor, await(echo, "", {{"blob", ""}}));
  EXPECT_EQ(event["body"], "");
  EXPECT_EQ(event["has_blob"], true);
  EXPECT_EQ(event["blob"]["bytes"], "");
}

// ---- blobs ---------------------------------------------------------------------------------------

TEST_F(Messages, K19_6_ABlobCanBeReadAgainAndOutlivesMessagesWithout) {
  const Json list = steps("get_blob", "get_blob", await(second, script("our")), "has_blob", "get_blob", "last_blob");
  const Json results = node().ask(plain, {{"steps", list}}, Blob{"text/plain", "the blob"}).json().at("results");
  EXPECT_EQ(results[0]["bytes"], "the blob");
  EXPECT_EQ(results[1]["bytes"], "the blob");
  EXPECT_EQ(results[1]["mime"], "text/plain");
  EXPECT_EQ(results[3], false);
  EXPECT_EQ(results[4], nullptr);
  EXPECT_EQ(results[5]["bytes"], "the blob");
}

TEST_F(Messages, K19_6_M2_AFileReadFromTheVfsIsInherited) {
  const std::string path = "/test-kit:test.os/tmp/inherit-me";
  const Json results = act(actor, steps(await_vfs(path, "Write", {{"blob", "file content"}}), await_vfs(path, "Read"),
                                        await(echo, "with it", {{"inherit", true}})));
  EXPECT_EQ(results[0]["body"], "\"Ok\"");
  EXPECT_EQ(results[2]["body"], "with it");
  EXPECT_EQ(results[2]["blob"]["bytes"], "file content");
}

TEST_F(Messages, M1_CallsOfStateAndSpawnLeaveTheBlobAlone) {
  const Json list = steps(step("set_state", {{"bytes", "saved"}}), "has_blob", "get_blob", "get_state", "has_blob",
                          "get_blob", "clear_state", "has_blob", "get_blob", "spawn", "has_blob", "get_blob");
  const Json results = node().ask(plain, {{"steps", list}}, Blob{{}, "mine"}).json().at("results");
  EXPECT_EQ(results[3], "saved");
  for (const size_t place : {1, 4, 7, 10}) {
    EXPECT_EQ(results[place], true) << place;
    EXPECT_EQ(results[place + 1]["bytes"], "mine") << place;
  }
  // And without one there is none.
  const Json without =
      act(plain, steps(step("set_state", {{"bytes", "x"}}), "get_state", "has_blob", "get_blob", "clear_state"));
  EXPECT_EQ(without[2], false);
  EXPECT_EQ(without[3], nullptr);
}

TEST_F(Messages, M2_OnlyTheBlobOfTheMessageAtHandIsInherited) {
  const std::string child = spawn_actor({{"public", true}});
  EXPECT_EQ(node().ask(child, script("our"), Blob{{}, "of an earlier message"}).status, 200);
  const Json event = one(child, await(echo, "x", {{"inherit", true}}));
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["blob"], nullptr);
}

TEST_F(Messages, M3_ABlobGivenWinsInRequestsAndYieldsInResponses) {
  const Json ask = script(await(echo, "x", {{"inherit", true}, {"blob", "given"}}));
  const Json results = node().ask(plain, ask, Blob{{}, "inherited"}).json().at("results");
  EXPECT_EQ(results[0]["blob"]["bytes"], "given");
  const Json event =
      one(actor, await(plain, script(respond("r", {{"inherit", true}, {"blob", "given"}})), {{"blob", "inherited"}}));
  EXPECT_EQ(event["blob"]["bytes"], "inherited");
}

TEST_F(Messages, AForwarderDoesNotNeedToLookAtABlobOf20Megabytes) {
  const Json event =
      one(actor, await(forwarder, "through",
                       {{"metadata", address(echo)}, {"blob", {{"size", 20000000}, {"fill", "z"}}}, {"expects", 60}}));
  EXPECT_EQ(event["body"], "through");
  EXPECT_EQ(event["source"], address(echo));
  EXPECT_EQ(event["blob"]["bytes"]["size"], 20000000);
}

// ---- errors --------------------------------------------------------------------------------------

// So long that only an error at once ends the test.
constexpr uint64_t longer_than_any_test = 100000;

TEST_F(Messages, K19_7_R4_CapC3_ARequestToNobodyFailsAtOnce) {
  const std::string nobody = "nobody:test-kit:test.os";
  const Json event =
      act(plain, steps(send(nobody, "hello",
                            {{"expects", longer_than_any_test}, {"context", "mine"}, {"metadata", "m"}, {"blob", "b"}}),
                       receive()))
          .back();
  EXPECT_EQ(event["kind"], "error");
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_EQ(event["target"], address(nobody));
  EXPECT_EQ(event["context"], "mine");
  EXPECT_EQ(event["message"]["body"], "hello");
  EXPECT_EQ(event["message"]["metadata"], "m");
  EXPECT_EQ(event["blob"]["bytes"], "b");
  EXPECT_EQ(event["has_blob"], false);
}

TEST_F(Messages, K19_7_CapC3_ARequestWithoutTheCapabilityFailsAtOnce) {
  const Json event = one(plain, await(closed, "hello", {{"expects", longer_than_any_test}}));
  EXPECT_EQ(event["kind"], "error");
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_EQ(event["target"], address(closed));
  EXPECT_TRUE(said("no capability to message it"));
}

TEST_F(Messages, K19_7_M9_WhoExpectsNothingHearsNothing) {
  const Json results = act(second, steps("events", send("nobody:test-kit:test.os", "x"), send(closed, "x"),
                                         await(plain, script("our")), "events"));
  EXPECT_EQ(results.back(), Json::array());
}

TEST_F(Messages, CapC5_APublicProcessIsMessagedByAnyone) {
  const std::string child = spawn({{"public", true}});
  EXPECT_EQ(one(plain, await(child, script("our")))["kind"], "response");
  const std::string shut = spawn({{"public", false}});
  EXPECT_EQ(one(plain, await(shut, script("our")))["kind"], "error");
}

TEST_F(Messages, K19_8_AResponderThatMayNotMessageTheAskerDoesNotReachIt) {
  node().connect(closed);
  const Json event = one(closed, await(plain, script("our"), {{"expects", 1}}));
  EXPECT_EQ(event["kind"], "error");
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_TRUE(said("response to " + closed + " dropped"));
}

TEST_F(Messages, M16_ErrorsNameTheNodeByItsRealName) {
  const Json results = act(plain, steps(await("our@" + second, script(hold()), {{"expects", 0}}),
                                        await("our@nobody:test-kit:test.os", "x")));
  EXPECT_EQ(results[0]["kind"], "error");
  EXPECT_EQ(results[0]["target"], address(second));
  EXPECT_EQ(results[1]["target"], address("nobody:test-kit:test.os"));
}

TEST_F(Messages, AnUnknownNodeIsOffline) {
  const Json event =
      act(actor,
          steps(send("nowhere.os@" + plain, "x", {{"expects", longer_than_any_test}, {"context", "mine"}}), receive()))
          .back();
  EXPECT_EQ(event["kind"], "error");
  EXPECT_EQ(event["error"], "Offline");
  EXPECT_EQ(event["context"], "mine");
}

TEST_F(Messages, OtherNodesAreOnlyForWhoHoldsTheNetworkCapability) {
  const Json event = one(plain, await("nowhere.os@" + plain, "x", {{"expects", longer_than_any_test}}));
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_TRUE(said("request_networking"));
}

TEST_F(Messages, R3_ATimeoutOfNothingHasOneEndEach) {
  constexpr size_t rounds = 50;
  const std::string child = spawn({{"public", true}});
  Json list = steps();
  for (const std::string& number : numbers(rounds)) {
    list.push_back(send(second, script(respond("answer")), {{"expects", 0}, {"context", number}}));
  }
  act(child, list);
  Json seen;
  do {
    seen = one(child, step("events", {{"clear", false}}));
  } while (seen.size() < rounds);
  one(child, await(second, script("our")));
  seen = one(child, "events");
  ASSERT_EQ(seen.size(), rounds);
  std::set<std::string> contexts;
  for (const Json& event : seen) {
    contexts.insert(event["context"].get<std::string>());
  }
  EXPECT_EQ(contexts.size(), rounds);
}

TEST_F(Messages, ATimeoutOf2To63IsNone) {
  const Json event = one(actor, await(plain, script(respond("in time")), {{"expects", uint64_t{1} << 63U}}));
  EXPECT_EQ(event["body"], "in time");
}

TEST_F(Messages, L14_ARequestPendingAtAProcessThatEndsFailsAtOnce) {
  const std::string child = spawn({{"public", true}});
  // One that it has taken, and one that lies in its mailbox.
  const Json results =
      act(actor, steps(send(child, script(hold()), {{"expects", longer_than_any_test}, {"context", "taken"}}),
                       await(child, script("our")),
                       send(child, script(receive()), {{"expects", longer_than_any_test}, {"context", "blocked"}}),
                       send(kernel_id, {{"KillProcess", child}}), receive(), receive()));
  std::set<Json> contexts;
  for (const size_t place : {4, 5}) {
    EXPECT_EQ(results[place]["error"], "Timeout");
    contexts.insert(results[place]["context"]);
  }
  EXPECT_EQ(contexts, (std::set<Json>{"taken", "blocked"}));
}

// ---- waiting for one's own ------------------------------------------------------------------------

/// What the actor hears from a child that is given `list`, and is to end by it.
Json last_word_of(const NodeProcess& node, const Json& list) {
  const Json last_word = {{"Requests", Json::array({{{"to", actor}, {"body", "ended"}}})}};
  const Json results =
      node.act(actor, steps(step("spawn", {{"on_exit", last_word}}),
                            step("send", {{"to", "$spawned"}, {"body", {{"steps", list}}}}), receive()));
  return results.back();
}

TEST_F(Messages, K19_10_AwaitingWithoutExpectingEndsTheProcess) {
  const Json heard = last_word_of(node(), steps(await(plain, "x", {{"expects", nullptr}})));
  EXPECT_EQ(heard["body"], "ended");
  EXPECT_TRUE(said("must expect a response"));
}

TEST_F(Messages, K19_10_AwaitingOneselfEndsTheProcess) {
  EXPECT_EQ(last_word_of(node(), steps(await("$our", "x")))["body"], "ended");
  EXPECT_TRUE(said("will deadlock"));
}

TEST_F(Messages, M7_AwaitingOneselfByTheAliasOurIsTheSame) {
  one(actor,
      step("file",
           {{"op", "write"}, {"path", "m7.start.json"}, {"data", script(await("our@m7:test-kit:test.os", "x"))}}));
  const Json last_word = {{"Requests", Json::array({{{"to", actor}, {"body", "ended"}}})}};
  const Json heard = act(actor, steps(step("spawn", {{"name", "m7"}, {"on_exit", last_word}}), receive())).back();
  EXPECT_EQ(heard["body"], "ended");
  EXPECT_TRUE(said("will deadlock"));
}

// ---- order ---------------------------------------------------------------------------------------

TEST_F(Messages, K19_11_WhatComesWhileOneWaitsIsReceivedAfterwardsInOrder) {
  constexpr size_t count = 100;
  const std::string waiter = spawn({{"public", true}});
  Json flood = steps();
  for (const std::string& number : numbers(count)) {
    flood.push_back(send(waiter, number));
  }
  act(actor, steps(send(waiter, script(await(timer_id, set_timer(300)))), await(second, {{"steps", flood}})));
  EXPECT_EQ(bodies(one(waiter, "events")), numbers(count));
}

TEST_F(Messages, FiveHundredInOneCallArriveInOrder) {
  const std::string child = spawn({{"public", true}});
  Json requests = Json::array();
  for (const std::string& number : numbers(500)) {
    requests.push_back({{"to", child}, {"body", number}});
  }
  one(actor, step("send_many", {{"requests", requests}}));
  // Through the same sender, so after them.
  one(actor, await(child, script("our")));
  EXPECT_EQ(bodies(one(child, "events")), numbers(500));
}

TEST_F(Messages, S4_AProcessMayFillItsOwnMailboxAndAskTheKernel) {
  const std::string child = spawn({{"public", true}});
  const Json results = act(child, steps(repeat(300, steps(send("$our", "to myself"))), "capabilities"));
  EXPECT_EQ(results[0]["times"], 300);
  EXPECT_FALSE(results[1].empty());
  EXPECT_EQ(one(child, "events").size(), 300);
}

}  // namespace
}  // namespace kinode::conformance
