// state:distro:sys, and the state of processes over their lives (kernel.md 9). K19_16: kernel.md 19; C15, M10, R2:
// defects of the first client that are repaired here.

#include "suite.h"

namespace kinode::conformance {
namespace {

class State : public Suite<State> {
 protected:
  void SetUp() override {
    Suite::SetUp();
    // A case before may have started the node anew, and grants to processes that do not last do not outlive that.
    for (const std::string& process : connected()) {
      node().connect(process);
    }
    for (const std::string& process : {actor, plain}) {
      node().grant(process, Json::array({capability(address(state_id), messaging)}));
    }
  }

  /// The event of the answer to what `process` asks of the module.
  [[nodiscard]] Json ask_state(const std::string& process, Json request, Json more = Json::object()) const {
    Json event = one(process, await(state_id, std::move(request), std::move(more)));
    EXPECT_EQ(event["kind"], "response");
    EXPECT_EQ(event["source"], address(state_id));
    return event;
  }
  /// The answer's body.
  [[nodiscard]] std::string answer(const std::string& process, Json request, Json more = Json::object()) const {
    return ask_state(process, std::move(request), std::move(more))["body"].get<std::string>();
  }
};

Json get_state(const std::string& process) { return {{"GetState", process}}; }
Json set_state(const std::string& process) { return {{"SetState", process}}; }
Json delete_state(const std::string& process) { return {{"DeleteState", process}}; }

/// The error's payload: {"Err":{name:payload}}.
Json error_of(const std::string& body, const std::string& name) {
  const Json json = Json::parse(body);
  EXPECT_EQ(json.size(), 1) << body;
  EXPECT_EQ(json["Err"].size(), 1) << body;
  EXPECT_TRUE(json["Err"].contains(name)) << body;
  return json["Err"].value(name, Json());
}

// ---- the module ----------------------------------------------------------------------------------

TEST_F(State, WhatIsSetIsGot) {
  const Json set = ask_state(actor, set_state(actor), {{"blob", {{"hex", "00ff80"}}}});
  EXPECT_EQ(set["body"], R"("SetState")");
  EXPECT_EQ(set["has_blob"], false);
  const Json got = ask_state(actor, get_state(actor));
  EXPECT_EQ(got["body"], R"("GetState")");
  EXPECT_EQ(got["blob"]["mime"], "application/octet-stream");
  EXPECT_EQ(got["blob"]["bytes"]["hex"], "00ff80");
  EXPECT_EQ(got["capabilities"], Json::array());
}

TEST_F(State, WhatIsDeletedIsNotFound) {
  EXPECT_EQ(answer(actor, set_state(actor), {{"blob", "x"}}), R"("SetState")");
  EXPECT_EQ(answer(actor, delete_state(actor)), R"("DeleteState")");
  EXPECT_EQ(answer(actor, get_state(actor)), R"({"Err":{"NotFound":{"process_id":"actor:test-kit:test.os"}}})");
  // Nothing there is as good.
  EXPECT_EQ(answer(actor, delete_state(actor)), R"("DeleteState")");
}

TEST_F(State, AnEmptyStateIsAState) {
  EXPECT_EQ(answer(actor, set_state(actor), {{"blob", ""}}), R"("SetState")");
  const Json got = ask_state(actor, get_state(actor));
  EXPECT_EQ(got["body"], R"("GetState")");
  EXPECT_EQ(got["blob"]["bytes"], "");
}

TEST_F(State, SettingWithoutABlobIsAnError) {
  EXPECT_EQ(answer(actor, set_state(actor), {{"blob", "kept"}}), R"("SetState")");
  EXPECT_EQ(answer(actor, set_state(actor)), R"({"Err":{"BadBytes":{"action":"SetState"}}})");
  EXPECT_EQ(ask_state(actor, get_state(actor))["blob"]["bytes"], "kept");
}

TEST_F(State, WhatIsNoRequestIsBadJson) {
  for (const std::string body : {"", "no json", R"("Nonsense")", R"({"GetState":7})", R"({"GetState":"a:b"})",
                                 R"({"SetState":null})", R"({"GetState":"a:b:c","SetState":"a:b:c"})", "[]"}) {
    EXPECT_TRUE(error_of(answer(actor, body), "BadJson")["error"].is_string()) << body;
  }
}

TEST_F(State, SuccessBringsTheMetadataBackAndAnErrorDoesNot) {
  const Json with = {{"metadata", "mine"}, {"blob", "x"}};
  for (const Json& request : {set_state(actor), get_state(actor), delete_state(actor)}) {
    EXPECT_EQ(ask_state(actor, request, with)["metadata"], "mine") << request;
  }
  EXPECT_EQ(ask_state(actor, get_state(actor), with)["metadata"], nullptr);
}

TEST_F(State, SuccessGoesToWhomTheRequestWasInheritedFrom) {
  EXPECT_EQ(answer(plain, set_state(plain), {{"blob", "plain's"}}), R"("SetState")");
  const Json event = one(actor, await(plain, script(send(state_id, get_state(plain), {{"inherit", true}}), hold())));
  EXPECT_EQ(event["source"], address(state_id));
  EXPECT_EQ(event["blob"]["bytes"], "plain's");
}

TEST_F(State, WhoExpectsNothingIsNotAnsweredButServed) {
  act(actor, steps("events", send(state_id, set_state(actor), {{"blob", "silently"}}), send(state_id, "no json")));
  const Json results = act(actor, steps(await(state_id, get_state(actor)), "events"));
  EXPECT_EQ(results[0]["blob"]["bytes"], "silently");
  EXPECT_EQ(results[1], Json::array());
}

TEST_F(State, C15_AProcessMayUseItsOwnStateOnly) {
  EXPECT_EQ(answer(actor, set_state(actor), {{"blob", "the actor's"}}), R"("SetState")");
  for (const std::string& not_own : {actor, kernel_id}) {
    for (const Json& request : {get_state(not_own), set_state(not_own), delete_state(not_own)}) {
      const Json event = ask_state(plain, request, {{"blob", "stolen"}});
      EXPECT_TRUE(error_of(event["body"], "BadRequest")["error"].is_string());
      EXPECT_EQ(event["has_blob"], false);
    }
  }
  EXPECT_TRUE(error_of(answer(plain, "\"Backup\""), "BadRequest")["error"].is_string());
  EXPECT_EQ(ask_state(actor, get_state(actor))["blob"]["bytes"], "the actor's");
}

TEST_F(State, C15_TheRuntimeMayUseAnyState) {
  // http-server:distro:sys, who sends what this test asks.
  EXPECT_EQ(node().ask(state_id, set_state("nobody:made-up:test.os"), Blob{{}, "left by the runtime"}).body,
            R"("SetState")");
  const Reply got = node().ask(state_id, get_state("nobody:made-up:test.os"));
  EXPECT_EQ(got.body, R"("GetState")");
  ASSERT_TRUE(got.blob);
  EXPECT_EQ(got.blob->bytes, "left by the runtime");
  EXPECT_EQ(got.blob->mime, "application/octet-stream");
  EXPECT_EQ(node().ask(state_id, delete_state("nobody:made-up:test.os")).body, R"("DeleteState")");
}

TEST_F(State, C15_WithoutTheCapabilityOnesOwnStateIsOutOfReachByMessage) {
  const Json event = one(second, await(state_id, get_state(second), {{"expects", 100000}}));
  EXPECT_EQ(event["kind"], "error");
  EXPECT_EQ(event["error"], "Timeout");
}

TEST_F(State, R2_RequestsOfOneProcessAreDoneInOrder) {
  constexpr int rounds = 30;
  for (int round = 0; round < rounds; ++round) {
    Json list = steps();
    for (int i = 0; i < 10; ++i) {
      list.push_back(send(state_id, set_state(actor), {{"blob", std::to_string(round * 10 + i)}}));
    }
    list.push_back(await(state_id, get_state(actor)));
    EXPECT_EQ(act(actor, list).back()["blob"]["bytes"], std::to_string(round * 10 + 9));
  }
}

// ---- set-state, get-state, clear-state ------------------------------------------------------------

TEST_F(State, TheCallsOfAProcessAndTheModuleMeanTheSameState) {
  EXPECT_EQ(act(actor, steps(step("set_state", {{"bytes", "by call"}}),
                             await(state_id, get_state(actor))))[1]["blob"]["bytes"],
            "by call");
  EXPECT_EQ(act(actor, steps(await(state_id, set_state(actor), {{"blob", "by message"}}), "get_state"))[1],
            "by message");
  EXPECT_EQ(act(actor, steps("clear_state", await(state_id, get_state(actor))))[1]["has_blob"], false);
}

TEST_F(State, K19_16_StateOutlivesTheProcessAndTheNode) {
  const std::string child = spawn({{"on_exit", "Restart"}, {"public", true}});
  one(child, step("set_state", {{"bytes", {{"hex", "00c3ff"}}}}));
  crash(child);
  EXPECT_EQ(one(child, "get_state")["hex"], "00c3ff");
  node().restart();
  EXPECT_EQ(one(child, "get_state")["hex"], "00c3ff");
  one(child, "clear_state");
  EXPECT_EQ(one(child, "get_state"), nullptr);
  crash(child);
  EXPECT_EQ(one(child, "get_state"), nullptr);
  node().kill9();
  node().start();
  EXPECT_EQ(one(child, "get_state"), nullptr);
}

TEST_F(State, AStateOfMegabytesIsKept) {
  const Json large = {{"size", 3000000}, {"fill", "s"}};
  const Json results = act(actor, steps(step("set_state", {{"bytes", large}}), "get_state"));
  EXPECT_EQ(results[1]["size"], 3000000);
  const Json sum = results[1]["sum"];
  node().restart();
  EXPECT_EQ(one(actor, "get_state")["sum"], sum);
  one(actor, "clear_state");
}

TEST_F(State, AKillLeavesTheState) {
  const std::string child = spawn({{"name", "killed-with-state"}});
  one(child, step("set_state", {{"bytes", "left behind"}}));
  EXPECT_EQ(node().kernel({{"KillProcess", child}}), Json({{"KilledProcess", child}}));
  const std::string again = spawn({{"name", "killed-with-state"}});
  EXPECT_EQ(one(again, "get_state"), "left behind");
}

// ---- the copy ------------------------------------------------------------------------------------

TEST_F(State, ABackupIsTheStoreAsItWasAndANodeRunsFromIt) {
  EXPECT_EQ(node().ask(counter, "reset").body, "0");
  EXPECT_EQ(node().ask(counter, "").body, "1");
  EXPECT_EQ(node().ask(state_id, "\"Backup\"").body, R"("Backup")");
  EXPECT_EQ(node().ask(counter, "").body, "2");

  const TempFolder folder;
  const std::filesystem::path home = folder.path() / "home";
  const auto with_all_below = std::filesystem::copy_options::recursive;
  std::filesystem::create_directories(home);
  std::filesystem::copy(node().home() / "kernel" / "backup", home / "kernel", with_all_below);
  std::filesystem::copy(node().home() / "vfs", home / "vfs", with_all_below);
  NodeOptions options = node().options();
  options.home = home.string();
  const NodeProcess copy(options);
  EXPECT_EQ(copy.ask(counter, "").body, "2");
}

TEST_F(State, ABackupReplacesTheOneBefore) {
  EXPECT_EQ(node().ask(counter, "reset").body, "0");
  EXPECT_EQ(node().ask(state_id, "\"Backup\"").body, R"("Backup")");
  write_file(node().home() / "kernel" / "backup" / "of-the-one-before", "");
  const Reply second_one = node().rpc().send({.process = state_id, .body = "\"Backup\"", .metadata = "m"});
  EXPECT_EQ(second_one.body, R"("Backup")");
  EXPECT_FALSE(std::filesystem::exists(node().home() / "kernel" / "backup" / "of-the-one-before"));
  EXPECT_TRUE(std::filesystem::exists(node().home() / "kernel" / "backup" / "CURRENT"));
}

}  // namespace
}  // namespace kinode::conformance
