// What outlives the node's end, by a kill -9 at any moment or in good order: all that anyone outside was told.
// L: defects of the first client that are repaired here (kernel.md 16.4); CapC8, Exit_E3: packages-and-kit.md 7.3.

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "suite.h"

namespace kinode::conformance {
namespace {

using namespace std::chrono_literals;

class Persistence : public Suite<Persistence> {
 protected:
  /// As a power cut, and the next start.
  void crash_node() const {
    node().kill9();
    node().start();
  }
  /// Spawned by the actor, on-exit Restart if not told otherwise.
  [[nodiscard]] std::string lasting_child(Json arguments = Json::object()) const {
    if (!arguments.contains("on_exit")) {
      arguments["on_exit"] = "Restart";
    }
    return spawn(std::move(arguments));
  }
  [[nodiscard]] bool answers(const std::string& process) const {
    return node().ask(process, script("our")).status == 200;
  }
};

// ---- at any moment ---------------------------------------------------------------------------------

/// Asks the counter until the node is gone; the highest number that was answered.
uint64_t count_until_gone(RpcClient rpc) {
  uint64_t highest = 0;
  try {
    while (true) {
      const Reply reply = rpc.send({.process = counter, .body = ""});
      if (reply.status != 200) {
        return highest;
      }
      highest = std::max<uint64_t>(highest, std::stoull(reply.body));
    }
  } catch (const Failure&) {
    return highest;
  }
}

TEST_F(Persistence, WhatWasAnsweredIsNotForgottenWheneverTheNodeIsKilled) {
  constexpr int rounds = 40;
  constexpr size_t clients = 3;
  std::mt19937 random(20261124);  // NOLINT(cert-msc51-cpp): the same moments each time, as far as time allows
  ASSERT_EQ(node().ask(counter, "reset").body, "0");
  uint64_t answered_in_all = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<uint64_t> highest(clients);
    {
      std::vector<std::jthread> asking;
      for (uint64_t& mine : highest) {
        asking.emplace_back([&mine, rpc = node().rpc()] { mine = count_until_gone(rpc); });
      }
      pass_a_drawn_time(random, std::chrono::milliseconds(40));
      node().kill9();
    }
    node().start();
    const uint64_t told = std::max(answered_in_all, *std::max_element(highest.begin(), highest.end()));
    const uint64_t now = std::stoull(node().ask(counter, "").body);
    ASSERT_GT(now, told) << "round " << round << ": an answer was given and then forgotten";
    // Of those not answered, each client had one at most.
    ASSERT_LE(now, told + clients + 1) << "round " << round;
    answered_in_all = now;
  }
}

TEST_F(Persistence, ANodeThatIsKilledWhileItStartsStartsTheNextTime) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp)
  const std::string child = lasting_child({{"name", "through-many-starts"}});
  one(child, step("set_state", {{"bytes", "kept"}}));
  const std::string before = node().ask(counter, "").body;
  node().kill9();
  for (int round = 0; round < 30; ++round) {
    ChildProcess starting(node().command());
    pass_a_drawn_time(random, std::chrono::milliseconds(200));
    starting.signal(SIGKILL);
    starting.wait_for_end();
  }
  node().start();
  EXPECT_EQ(one(child, "get_state"), "kept");
  EXPECT_EQ(std::stoull(node().ask(counter, "").body), std::stoull(before) + 1);
}

// ---- processes -------------------------------------------------------------------------------------

TEST_F(Persistence, ASpawnedChildIsThereAsItWas) {
  const std::string child =
      lasting_child({{"name", "kept-child"}, {"public", true}, {"grant_capabilities", Json::array({counter})}});
  one(child, step("set_state", {{"bytes", "its state"}}));
  const Json before = node().kernel({{"Debug", {{"Process", child}}}})["Debug"]["Process"];
  crash_node();
  Json after = node().kernel({{"Debug", {{"Process", child}}}})["Debug"]["Process"];
  for (const char* field : {"wasm_bytes_handle", "wit_version", "on_exit", "public"}) {
    EXPECT_EQ(after[field], before[field]) << field;
  }
  EXPECT_EQ(std::set<Json>(after["capabilities"].begin(), after["capabilities"].end()),
            std::set<Json>(before["capabilities"].begin(), before["capabilities"].end()));
  EXPECT_TRUE(node().holds(counter, child, messaging));
  EXPECT_EQ(one(child, "get_state"), "its state");
  EXPECT_EQ(one(child, "our")["our"], address(child));
}

TEST_F(Persistence, AHundredChildrenEachHaveTheirOwnState) {
  Json list = steps();
  for (int i = 0; i < 100; ++i) {
    list.push_back(
        step("spawn", {{"name", "one-of-100-" + std::to_string(i)}, {"on_exit", "Restart"}, {"public", true}}));
    list.push_back(await("$spawned", script(step("set_state", {{"bytes", "state " + std::to_string(i)}}))));
  }
  act(actor, list);
  crash_node();
  list = steps();
  for (int i = 0; i < 100; ++i) {
    list.push_back(await("one-of-100-" + std::to_string(i) + ":test-kit:test.os", script("get_state")));
  }
  const Json results = act(actor, list);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Json::parse(results[i]["body"].get<std::string>())["results"][0], "state " + std::to_string(i));
  }
}

TEST_F(Persistence, L9_AKilledProcessStaysAway) {
  const std::string by_crash = lasting_child({{"grant_capabilities", Json::array({counter})}});
  EXPECT_EQ(node().kernel({{"KillProcess", by_crash}}), Json({{"KilledProcess", by_crash}}));
  crash_node();
  EXPECT_FALSE(node().has_process(by_crash));
  EXPECT_FALSE(node().holds(counter, by_crash, messaging));
  const std::string in_order = lasting_child();
  EXPECT_EQ(node().kernel({{"KillProcess", in_order}}), Json({{"KilledProcess", in_order}}));
  node().restart();
  EXPECT_FALSE(node().has_process(in_order));
  EXPECT_FALSE(node().has_process(by_crash));
}

TEST_F(Persistence, L8_AProcessWithOnExitNoneIsNeverStartedAgain) {
  const std::string child = spawn({{"on_exit", "None"}, {"public", true}});
  // What had the first client write it all the same: others' changes.
  node().grant(actor, Json::array({capability(address(child), R"("something")")}));
  const std::string other_child = lasting_child();
  node().kernel({{"KillProcess", other_child}});
  crash_node();
  EXPECT_FALSE(node().has_process(child));
  const std::string second_child = spawn({{"on_exit", "None"}});
  node().restart();
  EXPECT_FALSE(node().has_process(second_child));
  EXPECT_FALSE(node().has_process(child));
}

TEST_F(Persistence, AnOnExitThatWasSetIsKept) {
  const Json requests = {{"Requests", Json::array({{{"to", actor}, {"body", "last words"}}})}};
  const std::string child = lasting_child();
  one(child, step("set_on_exit", {{"on_exit", requests}}));
  const Json shown = one(child, "get_on_exit");
  crash_node();
  EXPECT_EQ(one(child, "get_on_exit"), shown);
  EXPECT_EQ(node().kernel({{"SetOnExit", {{"target", child}, {"on_exit", "Restart"}}}}), "Ok");
  crash_node();
  EXPECT_EQ(one(child, "get_on_exit"), "Restart");
  one(child, step("set_on_exit", {{"on_exit", "None"}}));
  crash_node();
  EXPECT_FALSE(node().has_process(child));
}

TEST_F(Persistence, Exit_E3_L6_OnExitRequestsAreSentAtTheNextStartAndTheProcessRuns) {
  const std::string child =
      lasting_child({{"on_exit", {{"Requests", Json::array({{{"to", counter}, {"body", "from on-exit"}}})}}}});
  const uint64_t before = std::stoull(node().ask(counter, "").body);
  crash_node();
  EXPECT_TRUE(answers(child));
  // The request of the child, and this one.
  EXPECT_EQ(std::stoull(node().ask(counter, "").body), before + 2);
  node().kernel({{"KillProcess", child}});
  crash_node();
  EXPECT_EQ(std::stoull(node().ask(counter, "").body), before + 3);
}

TEST_F(Persistence, AProcessWhoseProgramIsGoneIsForgottenAndTheOthersRun) {
  const std::string drive = "/test-kit:test.os/tmp";
  act(actor,
      steps(await_vfs("/test-kit:test.os/pkg/actor.wasm", {{"CopyFile", {{"new_path", drive + "/gone.wasm"}}}})));
  const std::string child = lasting_child({{"name", "gone"}, {"wasm_path", drive + "/gone.wasm"}});
  node().kill9();
  std::filesystem::remove(node().home() / "vfs/test-kit:test.os/tmp/gone.wasm");
  node().start();
  node().wait_for(child + " is forgotten");
  EXPECT_FALSE(node().has_process(child));
  EXPECT_TRUE(answers(actor));
}

// ---- capabilities ----------------------------------------------------------------------------------

TEST_F(Persistence, CapC8_WhatWasGrantedIsHeldAndWhatWasDroppedIsNot) {
  const std::string child = lasting_child();
  auto named = [&](const std::string& name) { return capability(address(actor), Json(name).dump()); };
  node().grant(child, Json::array({named("kept"), named("dropped by command"), named("dropped by call")}));
  EXPECT_EQ(node().kernel({{"DropCapabilities",
                            {{"target", child}, {"capabilities", Json::array({named("dropped by command")})}}}}),
            "Ok");
  one(child, step("drop_capabilities", {{"capabilities", Json::array({named("dropped by call")})}}));
  one(child, step("save_capabilities", {{"capabilities", Json::array({capability("$our", "\"its own\"")})}}));
  for (int round = 0; round < 2; ++round) {
    round == 0 ? crash_node() : node().restart();
    EXPECT_TRUE(node().holds(child, actor, R"("kept")"));
    EXPECT_TRUE(node().holds(child, child, R"("its own")"));
    EXPECT_TRUE(node().holds(child, actor, messaging));  // the parent's
    EXPECT_FALSE(node().holds(child, actor, R"("dropped by command")"));
    EXPECT_FALSE(node().holds(child, actor, R"("dropped by call")"));
  }
}

TEST_F(Persistence, CapC8_WhatTheRuntimesProcessesWereGrantedTheyHold) {
  const std::string shut = lasting_child({{"public", false}});
  node().grant(timer_id, Json::array({capability(address(shut), messaging)}));
  EXPECT_EQ(one(shut, await(timer_id, set_timer(0)))["kind"], "response");
  const std::string killed = lasting_child({{"public", false}});
  node().kernel({{"KillProcess", killed}});
  for (int round = 0; round < 2; ++round) {
    round == 0 ? crash_node() : node().restart();
    // http-server was granted by `spawn`, so that it can be asked.
    EXPECT_EQ(one(shut, await(timer_id, set_timer(0)))["kind"], "response");
    // And by a manifest.
    EXPECT_TRUE(node().holds(timer_id, actor, messaging));
    EXPECT_TRUE(node().holds("http-server:distro:sys", store_id, messaging));
    EXPECT_FALSE(node().holds("http-server:distro:sys", killed, messaging));
  }
}

TEST_F(Persistence, AGrantToAProcessToComeIsKept) {
  const std::string to_come = "to-come:test-kit:test.os";
  node().grant(to_come, Json::array({capability(address(actor), R"("in advance")")}));
  crash_node();
  EXPECT_EQ(lasting_child({{"name", "to-come"}}), to_come);
  EXPECT_TRUE(node().holds(to_come, actor, R"("in advance")"));
}

TEST_F(Persistence, L10_AKillAfterARestartRevokesWhatWasGrantedBefore) {
  const std::string child = lasting_child({{"grant_capabilities", Json::array({plain, counter})}});
  node().grant(timer_id, Json::array({capability(address(child), messaging)}));
  crash_node();
  EXPECT_TRUE(node().holds(counter, child, messaging));
  EXPECT_TRUE(node().holds(timer_id, child, messaging));
  node().kernel({{"KillProcess", child}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(node().holds(counter, child, messaging));
    EXPECT_FALSE(node().holds(timer_id, child, messaging));
    crash_node();
  }
}

// ---- in good order ---------------------------------------------------------------------------------

TEST_F(Persistence, StoppingInOrderLosesNothingThatWasSaved) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    const uint64_t before = std::stoull(node().ask(counter, "").body);
    node().signal(signal);
    EXPECT_EQ(node().wait_for_end(), 0) << signal;
    node().start();
    EXPECT_EQ(std::stoull(node().ask(counter, "").body), before + 1);
  }
}

TEST_F(Persistence, StoppingWhileManyAskEndsInTime) {
  std::vector<std::jthread> asking;
  std::vector<uint64_t> highest(4);
  std::atomic<int> at_it = 0;
  for (uint64_t& mine : highest) {
    asking.emplace_back([&mine, &at_it, rpc = node().rpc()] {
      (void)rpc.send({.process = counter, .body = ""});
      ++at_it;
      at_it.notify_one();
      mine = count_until_gone(rpc);
    });
  }
  for (int begun = 0; begun < 4; begun = at_it) {
    at_it.wait(begun);
  }
  EXPECT_EQ(node().stop(), 0);
  asking.clear();
  node().start();
  EXPECT_GT(std::stoull(node().ask(counter, "").body), *std::max_element(highest.begin(), highest.end()));
}

}  // namespace
}  // namespace kinode::conformance
