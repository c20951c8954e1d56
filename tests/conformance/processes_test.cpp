// Processes: how they come to be, end, start again and are killed (kernel.md 6.1, 7; EXIT and CAP of
// packages-and-kit.md 7.3). What they hold is in capabilities_test.cpp.

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "suite.h"

namespace kinode::conformance {
namespace {

// So long that only an error at once ends the test.
constexpr uint64_t longer_than_any_test = 100000;

class Processes : public Suite<Processes> {
 protected:
  [[nodiscard]] Json attempt(Json arguments, const std::string& parent = actor) const {
    return one(parent, step("spawn", std::move(arguments)));
  }
  /// Has the actor give `list` to its child, which is to end by it; returns when it has ended: the request is
  /// not answered, so it fails when the child goes.
  void end(const std::string& child, Json list) const {
    list.insert(list.begin(), hold());
    const Json event = one(actor, await(child, {{"steps", std::move(list)}}, {{"expects", longer_than_any_test}}));
    ASSERT_EQ(event["kind"], "error") << event;
  }
  /// Makes an actor that does not run yet.
  void initialize(const std::string& id, const Json& on_exit) const {
    EXPECT_EQ(node().kernel({{"InitializeProcess",
                              {{"id", id},
                               {"wasm_bytes_handle", kit_file("actor")},
                               {"wit_version", 1},
                               {"on_exit", on_exit},
                               {"initial_capabilities", Json::array()},
                               {"public", true}}}},
                            Blob{{}, component("actor")}),
              "InitializedProcess");
  }
  void wait_for_line_of(const std::string& process, const std::string& line) const {
    wait_for("process " + process + " " + line);
  }
  [[nodiscard]] Json entry(const std::string& process) const {
    return node().kernel({{"Debug", {{"Process", process}}}}).at("Debug").at("Process");
  }
  /// What a child does first.
  void leave_start_script(const std::string& name, const Json& list) const {
    one(actor, step("file", {{"op", "write"}, {"path", name + ".start.json"}, {"data", {{"steps", list}}}}));
  }
};

const Json name_taken = {{"err", "NameTaken"}};
const Json no_file_at_path = {{"err", "NoFileAtPath"}};

/// The three ways in which a process ends by itself.
const std::vector<std::pair<Json, std::string>> ways_to_end = {
    {"return", "returned without error"},
    {step("trap", {{"reason", "had enough"}}), "ended with error: trapped"},
    {step("exit", {{"code", 0}}), "ended with error: exited"}};

// ---- spawn ---------------------------------------------------------------------------------------

TEST_F(Processes, ASpawnedOneIsOfItsParentsPackage) {
  EXPECT_EQ(attempt({{"name", "named-1"}, {"wasm_path", kit_file("child")}, {"public", true}}),
            (Json{{"ok", "named-1:test-kit:test.os"}}));
  const Json child = entry("named-1:test-kit:test.os");
  EXPECT_EQ(child["wasm_bytes_handle"], kit_file("child"));
  EXPECT_EQ(child["wit_version"], 1);
  EXPECT_EQ(child["on_exit"], "None");
  EXPECT_EQ(child["public"], true);
  EXPECT_EQ(one(plain, await("named-1:test-kit:test.os", "?"))["body"], "alive");
}

TEST_F(Processes, WithoutANameItGetsARandomNumber) {
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const std::string id = attempt({{"wasm_path", kit_file("child")}})["ok"].get<std::string>();
    const std::string name = id.substr(0, id.find(':'));
    EXPECT_TRUE(!name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return isdigit(c); }))
        << id;
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 3);
}

TEST_F(Processes, L1_ATakenNameIsRefused) {
  const Json before = entry(closed);
  one(plain, "events");
  EXPECT_EQ(attempt({{"name", "closed"}, {"grant_capabilities", Json::array({plain})}}), name_taken);
  EXPECT_EQ(attempt({{"name", "plain"}}), name_taken);
  // Nothing of what a success brings has happened.
  EXPECT_FALSE(node().holds(actor, closed, messaging));
  EXPECT_FALSE(node().holds(plain, closed, messaging));
  EXPECT_EQ(entry(closed), before);
  EXPECT_EQ(one(plain, "events"), Json::array());
}

TEST_F(Processes, L4_AnUnsafeNameIsRefusedAndTheParentGoesOn) {
  const std::string parent = spawn_actor();
  node().grant(parent, Json::array({capability(address(vfs_id), messaging)}));
  one(parent, send("$our", "remember me"));
  for (const char* name : {"Upper", "under_score", "a:b", "dotted.name", "sp ace", "a@b", "\xc3\xa4", ""}) {
    EXPECT_EQ(attempt({{"name", name}}, parent), name_taken) << name;
  }
  EXPECT_EQ(one(parent, "events").size(), 1) << "it is not the life it was";
}

TEST_F(Processes, S8_WithoutAFileItIsRefused) {
  for (const char* path : {"/test-kit:test.os/pkg/missing.wasm", "/test-kit:test.os/pkg", "/nobody:test.os/pkg/x.wasm",
                           "", "/", "child.wasm", "/test-kit:test.os/pkg/../../../../etc/passwd"}) {
    EXPECT_EQ(attempt({{"wasm_path", path}}), no_file_at_path) << path;
  }
}

TEST_F(Processes, WithoutTheRightToReadTheFileItIsRefused) {
  // Another package's drive; and own files by one that may not message the vfs.
  EXPECT_EQ(attempt({{"wasm_path", "/app-store:sys/pkg/app-store.wasm"}}), no_file_at_path);
  EXPECT_EQ(attempt({{"wasm_path", kit_file("child")}}, spawn_actor()), no_file_at_path);
}

TEST_F(Processes, AnyFileThatItMayReadWillDo) {
  const std::string path = "/test-kit:test.os/tmp/elsewhere.wasm";
  const Json list = steps(await_vfs(path, "Write", {{"inherit", true}}), step("spawn", {{"wasm_path", path}}),
                          await("$spawned", "?"));
  const Json results = node().ask(actor, {{"steps", list}}, Blob{{}, component("child")}).json().at("results");
  EXPECT_TRUE(results[1].contains("ok")) << results[1];
  EXPECT_EQ(results[2]["body"], "alive");
}

TEST_F(Processes, S1_AFileThatIsNoComponentIsRefused) {
  const std::string path = "/test-kit:test.os/tmp/text.wasm";
  act(actor, steps(await_vfs(path, "Write", {{"blob", "no component"}})));
  EXPECT_EQ(attempt({{"name", "of-text"}, {"wasm_path", path}}), no_file_at_path);
  EXPECT_FALSE(node().has_process("of-text:test-kit:test.os"));
  EXPECT_TRUE(said("is not a Wasm component"));
}

TEST_F(Processes, L3_TheFirstMessageOfAChildReachesItsParent) {
  node().connect(closed);
  node().grant(closed, Json::array({capability(address(vfs_id), messaging)}));
  for (int i = 0; i < 20; ++i) {
    const std::string name = "l3-" + std::to_string(i);
    leave_start_script(name, steps(send(closed, "from " + name)));
    const Json heard = act(closed, steps(step("spawn", {{"name", name}}), receive())).back();
    EXPECT_EQ(heard["body"], "from " + name);
    EXPECT_EQ(heard["source"], address(name + ":test-kit:test.os"));
  }
}

TEST_F(Processes, AParentAndItsChildMayMessageEachOther) {
  const std::string child = spawn({{"public", false}}, plain);
  EXPECT_TRUE(node().holds(plain, child, messaging));
  EXPECT_TRUE(node().holds(child, plain, messaging));
  EXPECT_TRUE(node().holds(child, child, messaging));
  EXPECT_EQ(one(plain, await(child, script("our")))["source"], address(child));
  EXPECT_EQ(one(second, await(child, script("our"), {{"expects", longer_than_any_test}}))["kind"], "error");
}

TEST_F(Processes, AParentGoesOnWhenItsChildrenCrash) {
  const std::string parent = spawn_actor();
  node().grant(parent, Json::array({capability(address(vfs_id), messaging)}));
  one(parent, send("$our", "remember me"));
  for (const char* kind : {"unreachable", "abort", "divide", "memory", "stack"}) {
    const Json crash = script(hold(), step("trap", {{"kind", kind}}));
    const Json results =
        act(parent, steps("spawn", await("$spawned", crash, {{"expects", longer_than_any_test}}), "our"));
    EXPECT_EQ(results[1]["kind"], "error") << kind;
    EXPECT_EQ(results[1]["error"], "Timeout") << kind;
    EXPECT_EQ(results[2]["our"], address(parent));
  }
  EXPECT_EQ(one(parent, "events").size(), 1) << "it is not the life it was";
}

TEST_F(Processes, AChildOutlivesItsParent) {
  const std::string parent = spawn({{"request_capabilities", Json::array({vfs_id})}});
  const std::string child = spawn({}, parent);
  end(parent, steps("return"));
  EXPECT_FALSE(node().has_process(parent));
  EXPECT_EQ(one(child, "our")["our"], address(child));
}

// ---- what happens at the end ---------------------------------------------------------------------

TEST_F(Processes, ExitE1_WithNoneItIsGone) {
  for (const auto& [way, line] : ways_to_end) {
    const std::string child = spawn({{"on_exit", "None"}});
    end(child, steps(way));
    EXPECT_FALSE(node().has_process(child)) << way;
    wait_for_line_of(child, line);
    wait_for("process " + child + " had OnExit behavior None");
    EXPECT_EQ(one(actor, await(child, "?", {{"expects", longer_than_any_test}}))["error"], "Timeout");
  }
}

TEST_F(Processes, ExitE2_WithRestartItStartsAgain) {
  for (const auto& [way, line] : ways_to_end) {
    const std::string child = spawn({{"on_exit", "Restart"}});
    one(child, send("$our", "of the first life"));
    end(child, steps(way));
    wait_for_line_of(child, line);
    wait_for("process " + child + " had OnExit behavior Restart");
    const Json results = act(child, steps("events", "get_on_exit"));
    EXPECT_EQ(results[0], Json::array()) << "the new life remembers the old one";
    EXPECT_EQ(results[1], "Restart");
    node().kernel({{"KillProcess", child}});
  }
}

TEST_F(Processes, ExitE2_WhatARestartedOneHadNotReadIsLost) {
  const std::string child = "forgetful:test-kit:test.os";
  initialize(child, "Restart");
  // All of it is there before the process begins.
  const Json results =
      act(actor, steps(send(child, script(hold(), receive(), step("trap"))),
                       send(child, "taken", {{"expects", longer_than_any_test}, {"context", "taken"}}),
                       send(child, "unread", {{"expects", longer_than_any_test}, {"context", "unread"}}),
                       send(kernel_id, {{"RunProcess", child}}), receive(), receive(), await(child, script("events"))));
  EXPECT_EQ((std::set<Json>{results[4]["context"], results[5]["context"]}), (std::set<Json>{"taken", "unread"}));
  EXPECT_EQ(results[4]["error"], "Timeout");
  EXPECT_EQ(results[5]["error"], "Timeout");
  EXPECT_EQ(Json::parse(results[6]["body"].get<std::string>())["results"][0], Json::array());
  node().kernel({{"KillProcess", child}});
}

TEST_F(Processes, K19_16_StateOutlivesARestart) {
  const std::string child = spawn({{"on_exit", "Restart"}});
  one(child, step("set_state", {{"bytes", {{"hex", "00ff80"}}}}));
  end(child, steps(step("trap")));
  EXPECT_EQ(one(child, "get_state")["hex"], "00ff80");
  act(child, steps("clear_state"));
  EXPECT_EQ(one(child, "get_state"), nullptr);
  node().kernel({{"KillProcess", child}});
}

TEST_F(Processes, ExitE3_WithRequestsTheyAreSentAndItIsGone) {
  const Json last_words = {{"Requests", Json::array({{{"to", actor},
                                                      {"body", "first"},
                                                      {"metadata", "m"},
                                                      {"expects", 5},
                                                      {"blob", {{"mime", "a/b"}, {"bytes", "b"}}}},
                                                     {{"to", "our@" + actor}, {"body", "second"}}})}};
  for (const auto& [way, line] : ways_to_end) {
    const Json results = act(actor, steps(step("spawn", {{"on_exit", last_words}}),
                                          send("$spawned", script(hold(), way)), receive(), receive()));
    const std::string child = results[0]["ok"].get<std::string>();
    const Json& first = results[2];
    EXPECT_EQ(first["kind"], "request");
    EXPECT_EQ(first["source"], address(child));
    EXPECT_EQ(first["body"], "first");
    EXPECT_EQ(first["metadata"], "m");
    EXPECT_EQ(first["expects"], nullptr) << "nobody is there to take the answer";
    EXPECT_EQ(first["blob"]["mime"], "a/b");
    EXPECT_EQ(first["blob"]["bytes"], "b");
    EXPECT_EQ(results[3]["body"], "second");
    wait_for("process " + child + " had OnExit behavior Requests");
    EXPECT_EQ(one(actor, await(child, "?", {{"expects", longer_than_any_test}}))["error"], "Timeout");
    EXPECT_FALSE(node().has_process(child));
  }
}

TEST_F(Processes, ExitE3_RequestsFollowTheRulesOfMessages) {
  const Json last_words = {
      {"Requests", Json::array({{{"to", closed}, {"body", "not allowed"}}, {{"to", actor}, {"body", "allowed"}}})}};
  node().connect(closed);
  one(closed, "events");
  const Json heard =
      act(plain, steps(step("spawn", {{"on_exit", last_words}}),
                       await("$spawned", script(hold(), "return"), {{"expects", longer_than_any_test}})));
  EXPECT_EQ(heard[1]["error"], "Timeout");
  EXPECT_EQ(one(closed, "events"), Json::array());
  EXPECT_EQ(one(actor, "events").back()["body"], "allowed");
}

TEST_F(Processes, WhatIsSetReplacesWhatWas) {
  const Json last_words = {{"Requests", Json::array({{{"to", actor}, {"body", "ended"}, {"expects", 7}}})}};
  const std::string child = spawn({{"on_exit", "Restart"}});
  const Json results = act(child, steps("get_on_exit", step("set_on_exit", {{"on_exit", last_words}}), "get_on_exit",
                                        step("set_on_exit", {{"on_exit", "None"}}), "get_on_exit"));
  EXPECT_EQ(results[0], "Restart");
  EXPECT_EQ(results[2]["Requests"][0]["body"], "ended") << results[2];
  EXPECT_EQ(results[2]["Requests"][0]["expects"], 7) << "it is shown as it was set";
  EXPECT_EQ(results[4], "None");
  EXPECT_EQ(entry(child)["on_exit"], "None");
  end(child, steps("return"));
  EXPECT_FALSE(node().has_process(child));
}

TEST_F(Processes, S2_RestartCanBeSetInOneThatWasStartedWithout) {
  const std::string child = spawn({{"on_exit", "None"}});
  one(child, step("set_on_exit", {{"on_exit", "Restart"}}));
  end(child, steps(step("trap")));
  EXPECT_EQ(one(child, "get_on_exit"), "Restart");
  end(child, steps(step("trap")));
  wait_for("process " + child + " starts again in ");
  EXPECT_TRUE(node().has_process(child));
  node().kernel({{"KillProcess", child}});
}

TEST_F(Processes, ACrashIsToldWithWhatStandardErrorSaidLast) {
  const std::string child = spawn({{"name", "teller"}});
  end(child, steps(step("stream", {{"data", "the last straw\n"}}), step("trap", {{"reason", "too much"}})));
  const std::string line = "process teller:test-kit:test.os ended with error: trapped";
  wait_for(line);
  const std::string told = node().output().substr(node().output().find(line, begin_));
  EXPECT_NE(told.find("the last straw"), std::string::npos) << told;
  EXPECT_NE(told.find("too much"), std::string::npos) << told;
}

// ---- crashing again and again --------------------------------------------------------------------

/// The delay that the line of a restart at or after `from` tells, in milliseconds, and where the line ends.
std::pair<long, size_t> delay_told(const NodeProcess& node, const std::string& child, size_t from) {
  const std::string line = "process " + child + " starts again in ";
  const size_t end = node.wait_for(line, from);
  const std::string output = node.output();
  const size_t number = output.find(line, from) + line.size();
  return {std::strtol(output.substr(number, end - number).c_str(), nullptr, 10), end};
}

TEST_F(Processes, ExitE2_OneThatCrashesAtOnceWaitsBeforeItStartsAgain) {
  const std::string child =
      attempt({{"wasm_path", kit_file("crasher")}, {"on_exit", "Restart"}})["ok"].get<std::string>();
  size_t place = begin_;
  for (int i = 0; i < 2; ++i) {
    const auto [delay, end] = delay_told(node(), child, place);
    EXPECT_GT(delay, 0);
    EXPECT_LE(delay, 1000);
    place = end;
  }
  EXPECT_TRUE(node().has_process(child));
  EXPECT_EQ(one(actor, await(child, "?", {{"expects", longer_than_any_test}}))["error"], "Timeout");
  node().kernel({{"KillProcess", child}});
}

TEST_F(Processes, L5_ExitE4_AKillWhileItWaitsToStartAgainEndsIt) {
  const Json arguments = {{"name", "l5"}, {"wasm_path", kit_file("crasher")}, {"on_exit", "Restart"}};
  const std::string child = attempt(arguments)["ok"].get<std::string>();
  const size_t waiting = delay_told(node(), child, begin_).second;
  EXPECT_TRUE(node().has_process(child));
  EXPECT_EQ(attempt(arguments), name_taken) << "its name stays its own while it waits";
  EXPECT_EQ(node().kernel({{"KillProcess", child}}), (Json{{"KilledProcess", child}}));
  EXPECT_FALSE(node().has_process(child));
  // Its restart was due within a second. A new one of its name is not touched by it.
  EXPECT_EQ(attempt({{"name", "l5"}, {"wasm_path", kit_file("child")}})["ok"], child);
  one(actor, await(timer_id, set_timer(1200)));
  EXPECT_FALSE(node().said("process " + child + " ended", waiting));
  EXPECT_EQ(one(actor, await(child, "?"))["body"], "alive");
}

// ---- kill ----------------------------------------------------------------------------------------

TEST_F(Processes, ExitE4_AKilledOneDoesNotStartAgainAndSaysNothing) {
  const Json last_words = {{"Requests", Json::array({{{"to", actor}, {"body", "never said"}}})}};
  for (const Json& on_exit : {Json("None"), Json("Restart"), last_words}) {
    const std::string child = spawn({{"on_exit", on_exit}});
    one(actor, "events");
    EXPECT_EQ(node().kernel({{"KillProcess", child}}), (Json{{"KilledProcess", child}}));
    EXPECT_FALSE(node().has_process(child));
    EXPECT_EQ(one(actor, await(child, "?", {{"expects", longer_than_any_test}}))["error"], "Timeout");
    EXPECT_EQ(one(actor, "events"), Json::array());
  }
}

TEST_F(Processes, L14_OneThatIsKilledWhileItAwaitsIsGone) {
  const std::string child = spawn({{"public", true}});
  const Json results =
      act(actor, steps(send(child, script(await(second, script(hold()), {{"expects", longer_than_any_test}})),
                            {{"expects", longer_than_any_test}, {"context", "asked"}}),
                       // Through the one that it asked, so when it waits.
                       await(second, script("our")), send(kernel_id, {{"KillProcess", child}}), receive()));
  EXPECT_EQ(results[3]["kind"], "error");
  EXPECT_EQ(results[3]["error"], "Timeout");
  EXPECT_EQ(results[3]["context"], "asked");
}

TEST_F(Processes, ItsNameIsFreeAfterItsEnd) {
  for (int life = 0; life < 3; ++life) {
    const std::string child = spawn({{"name", "again"}});
    EXPECT_EQ(child, "again:test-kit:test.os");
    EXPECT_EQ(one(child, "events"), Json::array());
    one(child, send("$our", "an event"));
    if (life == 0) {
      end(child, steps("return"));
    } else {
      node().kernel({{"KillProcess", child}});
    }
  }
}

// ---- before it runs ------------------------------------------------------------------------------

TEST_F(Processes, K19_12_MsgM1_L2_WhatIsSentBeforeItRunsIsReceivedInOrderAfterwards) {
  const std::string id = "gated:test-kit:test.os";
  initialize(id, "None");
  node().connect(id);
  constexpr int count = 150;  // more than the first client's channel holds
  Json list = steps();
  for (int i = 0; i < count; ++i) {
    list.push_back(send(id, std::to_string(i)));
  }
  act(plain, list);
  EXPECT_EQ(node().kernel({{"RunProcess", id}}), "StartedProcess");
  const Json events = one(id, "events");
  ASSERT_EQ(events.size(), count) << "`run` itself is not seen";
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(events[i]["body"], std::to_string(i));
  }
  // L2: a second `run` is answered, and not seen either.
  EXPECT_EQ(node().kernel({{"RunProcess", id}}), "StartedProcess");
  EXPECT_EQ(one(id, "events"), Json::array());
  node().kernel({{"KillProcess", id}});
}

TEST_F(Processes, AMessageThatSaysRunIsAMessage) {
  const std::string child = spawn({{"public", true}});
  one(actor, send(child, "run"));
  EXPECT_EQ(node().ask(child, script("events")).json()["results"][0][0]["body"], "run");
}

// ---- over a boot ---------------------------------------------------------------------------------

class ProcessesAtBoot : public ::testing::Test {
 protected:
  Json spawn(const std::string& name, const Json& on_exit) {
    return node_.step(actor, step("spawn", {{"name", name}, {"on_exit", on_exit}}));
  }
  bool lives(const std::string& name) { return node_.has_process(name + ":test-kit:test.os"); }

  NodeProcess node_;
};

TEST_F(ProcessesAtBoot, L8_ExitE4_L9_OnlyThoseComeBackThatAreToLast) {
  spawn("lasting", "Restart");
  spawn("passing", "None");
  spawn("given-up", "Restart");
  spawn("killed", "Restart");
  node_.connect("given-up:test-kit:test.os");
  node_.step("given-up:test-kit:test.os", step("set_on_exit", {{"on_exit", "None"}}));
  node_.kernel({{"KillProcess", "killed:test-kit:test.os"}});
  node_.restart();
  EXPECT_TRUE(lives("lasting"));
  EXPECT_FALSE(lives("passing"));
  EXPECT_FALSE(lives("given-up"));
  EXPECT_FALSE(lives("killed"));
  EXPECT_EQ(node_.step(actor, await("lasting:test-kit:test.os", script("our")))["source"],
            node_.address("lasting:test-kit:test.os"));
}

TEST_F(ProcessesAtBoot, ExitE3_L6_L7_RequestsAreSentAtBootAndTheProcessRuns) {
  spawn("sender", {{"Requests", Json::array({{{"to", actor}, {"body", "at boot"}, {"expects", 3}},
                                             {{"to", "our@" + actor}, {"body", "by the alias"}}})}});
  node_.restart();
  const Json events = node_.step(actor, "events");
  ASSERT_EQ(events.size(), 2) << events;
  EXPECT_EQ(events[0]["body"], "at boot");
  EXPECT_EQ(events[0]["source"], node_.address("sender:test-kit:test.os"));
  EXPECT_EQ(events[0]["expects"], nullptr);
  EXPECT_EQ(events[1]["body"], "by the alias");
  EXPECT_EQ(node_.step(actor, await("sender:test-kit:test.os", script("our")))["kind"], "response");
}

TEST_F(ProcessesAtBoot, L5_OneThatWaitsToStartAgainIsNotLost) {
  node_.step(actor, step("spawn", {{"name", "unlucky"}, {"wasm_path", kit_file("crasher")}, {"on_exit", "Restart"}}));
  node_.wait_for("process unlucky:test-kit:test.os starts again in ");
  node_.restart();
  EXPECT_TRUE(lives("unlucky"));
  node_.wait_for("process unlucky:test-kit:test.os ended with error");
}

// ---- no room for more ----------------------------------------------------------------------------

TEST(ProcessesWithoutRoom, L18_BeyondTheLimitASpawnIsRefusedAndTheNodeGoesOn) {
  NodeProcess node({.more = {"--max-processes", "30"}});
  Json spawned;
  int children = 0;
  const Json child = step("spawn", {{"wasm_path", kit_file("child")}});
  while ((spawned = node.step(actor, child)).contains("ok")) {
    ASSERT_LT(++children, 30);
  }
  EXPECT_GT(children, 0);
  EXPECT_EQ(spawned, no_file_at_path) << "another name would not mend it";
  node.wait_for("the node has its limit of 30 processes");
  EXPECT_EQ(node.step(actor, await(echo, "?"))["body"], "?");
  node.kernel({{"KillProcess", second}});
  EXPECT_TRUE(node.step(actor, child).contains("ok"));
}

}  // namespace
}  // namespace kinode::conformance
