// Capabilities: who holds what, how it is passed on, kept and taken away.

#include <algorithm>

#include "suite.h"

namespace kinode::conformance {
namespace {

class Capabilities : public Suite<Capabilities> {
 public:
  static NodeOptions node_options() { return {.bootstrap = {built_package("test-kit"), built_package("other-kit")}}; }

 protected:
  [[nodiscard]] Json messaging_of(const std::string& process) const { return capability(address(process), messaging); }
};

size_t count(const Json& list, const Json& capability) {
  return static_cast<size_t>(std::count(list.begin(), list.end(), capability));
}

TEST_F(Capabilities, AManifestGrantsWhatItSays) {
  EXPECT_TRUE(node().holds(actor, kernel_id, messaging));
  EXPECT_TRUE(node().holds(actor, kernel_id, network));
  EXPECT_TRUE(node().holds(timer_id, actor, messaging));
  EXPECT_TRUE(node().holds(plain, vfs_id, messaging));
  EXPECT_TRUE(node().holds(plain, vfs_id, R"({"drive":"/test-kit:test.os/pkg","kind":"write"})"));
  EXPECT_TRUE(node().holds(plain, plain, messaging));
  EXPECT_FALSE(node().holds(plain, kernel_id, messaging));
  EXPECT_FALSE(node().holds(plain, kernel_id, network));
}

TEST_F(Capabilities, K19_2_CapC2_ParamsAreComparedAsJson) {
  const std::string holder = spawn_actor();
  node().grant(holder, Json::array({capability(address(actor), R"({"a":1,"b":[2,null]})")}));
  EXPECT_TRUE(node().holds(holder, actor, R"({ "b" : [2, null], "a":1 })"));
  EXPECT_FALSE(node().holds(holder, actor, R"({"a":1.0,"b":[2,null]})"));
  EXPECT_FALSE(node().holds(holder, actor, R"({"a":1})"));
  EXPECT_FALSE(node().holds(holder, plain, R"({"a":1,"b":[2,null]})"));
}

TEST_F(Capabilities, C6_ParamsThatAreNoJsonAreNoCapability) {
  const std::string holder = spawn_actor();
  const size_t before = one(holder, "capabilities").size();
  one(holder,
      step("save_capabilities",
           {{"capabilities", Json::array({capability("$our", "{broken"), capability("$our", "also broken")})}}));
  EXPECT_EQ(one(holder, "capabilities").size(), before);
  const Json answer =
      node().kernel({{"GrantCapabilities",
                      {{"target", holder}, {"capabilities", Json::array({capability(address(actor), "no json")})}}}});
  EXPECT_TRUE(answer.contains("Err")) << answer;
  EXPECT_EQ(one(holder, "capabilities").size(), before);
  // Neither does asking about one end in "it is null".
  node().grant(holder, Json::array({capability(address(actor), "null")}));
  EXPECT_EQ(one(holder, "capabilities").size(), before + 1);
}

TEST_F(Capabilities, C7_EqualOnesAreHeldOnce) {
  const std::string holder = spawn_actor();
  const size_t before = one(holder, "capabilities").size();
  node().grant(holder, Json::array({capability(address(actor), R"({"a":1,"b":2})")}));
  node().grant(holder, Json::array({capability(address(actor), R"({ "b":2, "a":1 })")}));
  EXPECT_EQ(one(holder, "capabilities").size(), before + 1);
}

TEST_F(Capabilities, AttachedOnesAreThoseHeldOrIssued) {
  const Json attached = Json::array({capability("$our", R"("my own")"), messaging_of(kernel_id), messaging_of(closed)});
  const Json event = one(actor, await(plain, script("message"), {{"capabilities", attached}}));
  const Json seen = Json::parse(event["body"].get<std::string>())["results"][0]["capabilities"];
  EXPECT_EQ(seen.size(), 2);
  EXPECT_EQ(count(seen, capability(address(actor), R"("my own")")), 1);
  EXPECT_EQ(count(seen, messaging_of(kernel_id)), 1);
}

TEST_F(Capabilities, ResponsesCarryThemToo) {
  const Json event =
      one(plain, await(second, script(respond("r", {{"capabilities", Json::array({capability("$our", "7")})}}))));
  EXPECT_EQ(event["capabilities"], Json::array({capability(address(second), "7")}));
}

TEST_F(Capabilities, OneReceivedCanBeSavedAndUsed) {
  const std::string child = spawn_actor({{"public", true}});
  EXPECT_EQ(one(child, await(kernel_id, {{"Debug", "ProcessMap"}}, {{"expects", 1}}))["kind"], "error");
  one(actor, await(child, script(step("save_capabilities", {{"capabilities", "$received"}})),
                   {{"capabilities", Json::array({kernel_id})}}));
  EXPECT_TRUE(node().holds(child, kernel_id, messaging));
  EXPECT_EQ(one(child, await(kernel_id, {{"Debug", {{"Process", child}}}}))["kind"], "response");
}

TEST_F(Capabilities, OneReceivedWorksWithoutBeingSavedOnlyForWhoSentIt) {
  const std::string child = spawn_actor({{"public", true}});
  one(actor, await(child, script("our"), {{"capabilities", Json::array({kernel_id})}}));
  EXPECT_FALSE(node().holds(child, kernel_id, messaging));
}

TEST_F(Capabilities, K19_17_C1_OneNeverReceivedCannotBeSaved) {
  const std::string child = spawn_actor();
  const Json wanted = Json::array({messaging_of(kernel_id), capability(address(kernel_id), network),
                                   capability(address(vfs_id), R"({"root":true})")});
  one(child, step("save_capabilities", {{"capabilities", wanted}}));
  EXPECT_FALSE(node().holds(child, kernel_id, messaging));
  EXPECT_FALSE(node().holds(child, kernel_id, network));
  EXPECT_FALSE(node().holds(child, vfs_id, R"({"root":true})"));
  EXPECT_TRUE(said("it was not received"));
}

TEST_F(Capabilities, K19_17_C2_AProcessNamedKernelIsNotTheKernel) {
  one(plain, step("spawn", {{"name", "kernel"}}));
  const std::string impostor = "kernel:test-kit:test.os";
  const Json grant = {
      {"GrantCapabilities", {{"target", plain}, {"capabilities", Json::array({messaging_of(kernel_id)})}}}};
  one(plain, send(impostor, grant));
  one(plain, await(impostor, script("our"), {{"expects", 2}}));
  EXPECT_FALSE(node().holds(plain, kernel_id, messaging));
}

TEST_F(Capabilities, C2_NamesOfTheRuntimeAreItsOwn) {
  for (const char* name : {"kernel:distro:sys", "new:distro:sys"}) {
    const Json command = {{"InitializeProcess",
                           {{"id", name},
                            {"wasm_bytes_handle", ""},
                            {"wit_version", nullptr},
                            {"on_exit", "None"},
                            {"initial_capabilities", Json::array()},
                            {"public", true}}}};
    EXPECT_EQ(node().kernel(command, Blob{{}, component("child")}), "InitializeProcessError") << name;
  }
}

TEST_F(Capabilities, C3_OnExitRequestsCarryOnlyWhatTheProcessHoldsOrIssues) {
  const std::string child = spawn({{"public", true}});
  const Json last_word = {{"to", actor},
                          {"body", "last word"},
                          {"capabilities", Json::array({messaging_of(kernel_id), capability("$our", "1")})}};
  const Json end = script(step("set_on_exit", {{"on_exit", {{"Requests", Json::array({last_word})}}}}), "return");
  const Json heard = act(actor, steps(send(child, end), receive())).back();
  EXPECT_EQ(heard["body"], "last word");
  EXPECT_EQ(heard["source"], address(child));
  EXPECT_EQ(heard["capabilities"], Json::array({capability(address(child), "1")}));
}

TEST_F(Capabilities, C3_OnExitRequestsOfAChildAreFilteredByItsParentsRights) {
  const Json last_word = {{"to", actor}, {"body", "child's"}, {"capabilities", Json::array({messaging_of(kernel_id)})}};
  const Json heard =
      act(actor, steps(await(plain, script(step("spawn", {{"name", "c3"},
                                                          {"wasm_path", kit_file("crasher")},
                                                          {"on_exit", {{"Requests", Json::array({last_word})}}}}))),
                       receive()))
          .back();
  EXPECT_EQ(heard["body"], "child's");
  EXPECT_EQ(heard["capabilities"], Json::array());
}

TEST_F(Capabilities, C4_NoneIsIssuedInAnotherNodesName) {
  const Json foreign = Json::array({capability("other.os@" + plain, "1")});
  one(plain, step("save_capabilities", {{"capabilities", foreign}}));
  EXPECT_EQ(count(one(plain, "capabilities"), foreign[0]), 0);
  const Json event = one(plain, await(second, script("message"), {{"capabilities", foreign}}));
  EXPECT_EQ(Json::parse(event["body"].get<std::string>())["results"][0]["capabilities"], Json::array());
}

TEST_F(Capabilities, DroppedOnesAreGone) {
  const std::string child = spawn_actor({{"public", true}});
  node().grant(child, Json::array({messaging_of(closed)}));
  EXPECT_TRUE(node().holds(child, closed, messaging));
  one(child, step("drop_capabilities", {{"capabilities", Json::array({closed})}}));
  EXPECT_FALSE(node().holds(child, closed, messaging));
}

TEST_F(Capabilities, R1_AGrantIsThereForTheMessageSentAfterIt) {
  constexpr size_t rounds = 30;
  const std::string child = spawn({{"public", false}});
  const Json capabilities = {{"target", plain}, {"capabilities", Json::array({messaging_of(child)})}};
  const Json round =
      steps(send(kernel_id, {{"GrantCapabilities", capabilities}}), await(plain, script(await(child, script("our")))),
            send(kernel_id, {{"DropCapabilities", capabilities}}),
            await(plain, script(await(child, script("our"), {{"expects", 100000}}))));
  for (size_t i = 0; i < rounds; ++i) {
    const Json results = act(actor, round);
    EXPECT_EQ(Json::parse(results[1]["body"].get<std::string>())["results"][0]["kind"], "response");
    EXPECT_EQ(Json::parse(results[3]["body"].get<std::string>())["results"][0]["kind"], "error");
  }
}

TEST_F(Capabilities, CapC1_AGrantMayComeBeforeItsTarget) {
  const std::string later = "later:test-kit:test.os";
  node().grant(later, Json::array({capability(address(actor), R"("promised")")}));
  one(actor, step("spawn", {{"name", "later"}}));
  EXPECT_TRUE(node().holds(later, actor, R"("promised")"));
}

TEST_F(Capabilities, CapC6_AChildGetsOnlyWhatItsParentHolds) {
  const std::string poor = spawn({{"request_capabilities", Json::array({kernel_id, vfs_id})}}, plain);
  EXPECT_FALSE(node().holds(poor, kernel_id, messaging));
  EXPECT_TRUE(node().holds(poor, vfs_id, messaging));
  EXPECT_TRUE(node().holds(poor, plain, messaging));
  EXPECT_TRUE(node().holds(plain, poor, messaging));
  EXPECT_FALSE(node().holds(poor, kernel_id, network));

  const std::string rich =
      spawn({{"request_capabilities", Json::array({kernel_id, capability(address(kernel_id), network)})}});
  EXPECT_TRUE(node().holds(rich, kernel_id, messaging));
  EXPECT_TRUE(node().holds(rich, kernel_id, network));
  EXPECT_FALSE(node().holds(rich, vfs_id, messaging));
}

TEST_F(Capabilities, SpawnGrantsInTheChildsName) {
  const std::string child =
      spawn({{"grant_capabilities", Json::array({plain, {{"process", second}, {"params", R"({"door":1})"}}})}});
  EXPECT_TRUE(node().holds(plain, child, messaging));
  EXPECT_TRUE(node().holds(second, child, R"({"door":1})"));
  EXPECT_FALSE(node().holds(second, child, messaging));
}

TEST_F(Capabilities, K19_13_CapC7_TheEndOfAProcessRevokesWhatItIssued) {
  for (const std::string& end : {std::string("return"), std::string("kill")}) {
    const std::string child = spawn({{"grant_capabilities", Json::array({plain})}});
    ASSERT_TRUE(node().holds(plain, child, messaging));
    if (end == "kill") {
      node().kernel({{"KillProcess", child}});
    } else {
      act(actor, steps(send(child, script("return"), {{"expects", 100000}}), receive()));
      wait_for(child + " had OnExit behavior None");
      while (node().has_process(child)) {
      }
    }
    EXPECT_FALSE(node().holds(plain, child, messaging)) << end;
    EXPECT_FALSE(node().holds(actor, child, messaging)) << end;
  }
}

TEST_F(Capabilities, K19_13_KillWithNoRevokeLeavesThem) {
  const std::string child = spawn({{"grant_capabilities", Json::array({plain})}});
  one(actor, await(kernel_id, {{"KillProcess", child}}, {{"metadata", "no-revoke"}}));
  EXPECT_TRUE(node().holds(plain, child, messaging));
}

TEST_F(Capabilities, K19_13_CapC8_ARestartKeepsThemBothWays) {
  const std::string child = spawn({{"on_exit", "Restart"}, {"grant_capabilities", Json::array({plain})}});
  node().grant(child, Json::array({capability(address(actor), R"("kept")")}));
  node().begin(child, steps(step("trap")));
  wait_for(child + " had OnExit behavior Restart");
  // Answered by the new one, if not yet by the old.
  while (node().ask(child, script("our")).status != 200) {
  }
  EXPECT_TRUE(node().holds(plain, child, messaging));
  EXPECT_TRUE(node().holds(child, actor, R"("kept")"));
  node().kernel({{"KillProcess", child}});
}

TEST_F(Capabilities, C14_BootedIsForTheRuntimeAlone) {
  EXPECT_TRUE(node().kernel("Booted").contains("Err"));
  EXPECT_EQ(one(plain, "events"), Json::array());
}

TEST_F(Capabilities, C15_S6_StateOfOthersIsNotToBeHad) {
  const std::string holder = spawn_actor({{"public", true}});
  node().grant(holder, Json::array({messaging_of(state_id)}));
  one(second, step("set_state", {{"bytes", "private"}}));
  for (const std::string& whose : {second, kernel_id}) {
    for (const char* what : {"GetState", "SetState", "DeleteState"}) {
      const Json event = one(holder, await(state_id, {{what, whose}}, {{"blob", "overwritten"}}));
      ASSERT_EQ(event["kind"], "response") << what;
      EXPECT_TRUE(event["body"].get<std::string>().starts_with(R"({"Err")")) << what << ": " << event["body"];
      EXPECT_EQ(event["has_blob"], false) << what;
    }
  }
  EXPECT_EQ(one(second, "get_state"), "private");
  one(second, "clear_state");
}

TEST_F(Capabilities, C18_AGuestDoesNotLearnAPathOfTheHost) {
  const Json environment = one(plain, "env");
  EXPECT_FALSE(environment.dump().find(node().home().string()) != std::string::npos) << environment;
  const Json listed = one(plain, step("file", {{"op", "list"}, {"path", "/"}}));
  EXPECT_FALSE(listed.dump().find("etc") != std::string::npos) << listed;
}

}  // namespace
}  // namespace kinode::conformance
