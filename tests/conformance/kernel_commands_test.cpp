// kernel:distro:sys: every command in exact JSON, and its answer to the byte (kernel.md 8).

#include "suite.h"

namespace kinode::conformance {
namespace {

// So long that only an error at once ends the test.
constexpr uint64_t longer_than_any_test = 100000;

class KernelCommands : public Suite<KernelCommands> {
 protected:
  /// The answer's text to a command's text.
  [[nodiscard]] std::string say(const std::string& command, std::optional<Blob> blob = {}) const {
    const Reply reply = node().ask(kernel_id, command, std::move(blob));
    EXPECT_EQ(reply.status, 200U) << command;
    EXPECT_FALSE(reply.blob) << command;
    return reply.body;
  }
  [[nodiscard]] std::string initialize(const std::string& id, const std::string& capabilities = "[]",
                                       const std::string& on_exit = R"("None")") const {
    return say(initialize_text(id, capabilities, on_exit), Blob{{}, component("child")});
  }
  [[nodiscard]] static std::string initialize_text(const std::string& id, const std::string& capabilities = "[]",
                                                   const std::string& on_exit = R"("None")") {
    return R"({"InitializeProcess":{"id":")" + id + R"(","wasm_bytes_handle":")" + kit_file("child") +
           R"(","wit_version":1,"on_exit":)" + on_exit + R"(,"initial_capabilities":)" + capabilities +
           R"(,"public":false}})";
  }
  /// The answer to `command`, given by the actor with `more` as arguments of the step.
  [[nodiscard]] Json by_actor(const std::string& command, Json more = Json::object()) const {
    return one(actor, await(kernel_id, command, std::move(more)));
  }
  [[nodiscard]] Json entry(const std::string& process) const {
    return Json::parse(say(R"({"Debug":{"Process":")" + process + R"("}})")).at("Debug").at("Process");
  }
  static std::string error(const std::string& reason) { return R"({"Err":")" + reason + R"("})"; }
};

const std::string fresh = "made:test-kit:test.os";

// ---- InitializeProcess, RunProcess ---------------------------------------------------------------

TEST_F(KernelCommands, InitializeAndRun) {
  EXPECT_EQ(initialize(fresh), R"("InitializedProcess")");
  EXPECT_EQ(say(R"({"RunProcess":")" + fresh + R"("})"), R"("StartedProcess")");
  node().connect(fresh);
  EXPECT_EQ(node().ask(fresh, "?").body, "alive");
  EXPECT_EQ(say(R"({"KillProcess":")" + fresh + R"("})"), R"({"KilledProcess":")" + fresh + R"("})");
}

TEST_F(KernelCommands, InitializeMakesTheEntryThatItSays) {
  const std::string on_exit = R"({"Requests":[["test.os@)" + actor +
                              R"(",{"inherit":false,"expects_response":null,"body":[1,255],"metadata":"m",)"
                              R"("capabilities":[]},{"mime":"a/b","bytes":[0]}]]})";
  EXPECT_EQ(initialize(fresh, "[]", on_exit), R"("InitializedProcess")");
  const Json made = entry(fresh);
  EXPECT_EQ(made, (Json{{"wasm_bytes_handle", kit_file("child")},
                        {"wit_version", 1},
                        {"on_exit", Json::parse(on_exit)},
                        {"capabilities", Json::array({capability(address(fresh), messaging)})},
                        {"public", false}}));
  // Whoever makes a process may message it.
  EXPECT_TRUE(node().holds("http-server:distro:sys", fresh, messaging));
  node().kernel({{"KillProcess", fresh}});
}

TEST_F(KernelCommands, InitializeRefusesWhatItCannotMake) {
  const std::string refused = R"("InitializeProcessError")";
  EXPECT_EQ(say(initialize_text(fresh)), refused) << "no blob";
  EXPECT_EQ(initialize(plain), refused) << "the name is taken";
  for (const char* id : {"Upper:test-kit:test.os", "a_b:test-kit:test.os", "a:test kit:test.os", "a:test.kit:test.os",
                         "a:test-kit:test@os", "kernel:distro:sys", "anything:distro:sys"}) {
    EXPECT_EQ(initialize(id), refused) << id;
  }
  for (const std::string& bytes : {std::string(), std::string("garbage"), std::string("\0asm\1\0\0\0", 8)}) {
    EXPECT_EQ(say(initialize_text(fresh), Blob{{}, bytes}), refused) << bytes;
  }
  EXPECT_FALSE(node().has_process(fresh));
}

TEST_F(KernelCommands, L17_AnInitializeThatFailsGivesNothing) {
  const std::string unsafe = "Un_Safe:test-kit:test.os";
  for (const std::string& id : {closed, unsafe}) {
    const Json event = by_actor(initialize_text(id), {{"blob", "garbage"}});
    EXPECT_EQ(event["body"], R"("InitializeProcessError")") << id;
    EXPECT_FALSE(node().holds(actor, id, messaging)) << id;
  }
}

TEST_F(KernelCommands, InitializePassesOnOnlyWhatTheSenderHolds) {
  const Json wanted = Json::array({capability(address(kernel_id), messaging), capability(address(closed), messaging),
                                   capability(address(actor), R"("of the actor itself")")});
  const Json list = steps(await(kernel_id, initialize_text(fresh, wanted.dump()), {{"inherit", true}}));
  const Json results = node().ask(actor, {{"steps", list}}, Blob{{}, component("child")}).json().at("results");
  ASSERT_EQ(results[0]["body"], R"("InitializedProcess")");
  EXPECT_TRUE(node().holds(fresh, kernel_id, messaging));
  EXPECT_FALSE(node().holds(fresh, closed, messaging));
  EXPECT_FALSE(node().holds(fresh, actor, R"("of the actor itself")")) << "it issues it, but does not hold it";
  EXPECT_TRUE(node().holds(actor, fresh, messaging));
  EXPECT_TRUE(said("does not hold " + address(closed)));
  node().kernel({{"KillProcess", fresh}});
}

TEST_F(KernelCommands, MsgM2_AComponentReadFromTheVfsIsInherited) {
  const std::string run = R"({"RunProcess":")" + fresh + R"("})";
  const Json results = act(
      actor, steps(await_vfs(kit_file("child"), "Read"), await(kernel_id, initialize_text(fresh), {{"inherit", true}}),
                   await(kernel_id, run), await(fresh, "?"), send(kernel_id, {{"KillProcess", fresh}})));
  EXPECT_EQ(results[1]["body"], R"("InitializedProcess")");
  EXPECT_EQ(results[2]["body"], R"("StartedProcess")");
  EXPECT_EQ(results[3]["body"], "alive");
  // The response has no blob of its own, and brings none.
  EXPECT_EQ(results[1]["has_blob"], false);
}

TEST_F(KernelCommands, RunOfNobodyIsAnError) {
  EXPECT_EQ(say(R"({"RunProcess":"nobody:test-kit:test.os"})"), R"("RunProcessError")");
}

// ---- KillProcess ---------------------------------------------------------------------------------

TEST_F(KernelCommands, K19_14_KillIsAnsweredWhereAResponseIsExpected) {
  const std::string child = spawn({});
  one(actor, "events");
  const Json silent =
      act(actor, steps(send(kernel_id, {{"KillProcess", child}}), await(plain, script("our")), "events"));
  EXPECT_EQ(silent[2], Json::array());
  EXPECT_FALSE(node().has_process(child));
}

TEST_F(KernelCommands, K19_14_L13_KillOfNobodyIsAnErrorWhereAResponseIsExpected) {
  const std::string nobody = "nobody:test-kit:test.os";
  one(actor, "events");
  EXPECT_EQ(say(R"({"KillProcess":")" + nobody + R"("})"), error(nobody + ": no such process"));
  const Json silent =
      act(actor, steps(send(kernel_id, {{"KillProcess", nobody}}), await(plain, script("our")), "events"));
  EXPECT_EQ(silent[2], Json::array());
}

TEST_F(KernelCommands, TheRuntimesModulesAreNotKilled) {
  for (const std::string& module : {kernel_id, vfs_id, timer_id, state_id}) {
    EXPECT_EQ(say(R"({"KillProcess":")" + module + R"("})"), error(module + ": no such process"));
    EXPECT_TRUE(node().has_process(module));
  }
}

// ---- GrantCapabilities, DropCapabilities, SetOnExit ----------------------------------------------

TEST_F(KernelCommands, L13_GrantAndDropAreAnsweredWhereAResponseIsExpected) {
  const std::string of_plain =
      R"({"target":")" + plain + R"(","capabilities":[{"issuer":"test.os@)" + actor + R"(","params":"{\"n\":1}"}]})";
  EXPECT_EQ(say(R"({"GrantCapabilities":)" + of_plain + "}"), R"("Ok")");
  EXPECT_TRUE(node().holds(plain, actor, R"({"n":1})"));
  EXPECT_EQ(say(R"({"DropCapabilities":)" + of_plain + "}"), R"("Ok")");
  EXPECT_FALSE(node().holds(plain, actor, R"({"n":1})"));
  // What is not held can be dropped too.
  EXPECT_EQ(say(R"({"DropCapabilities":)" + of_plain + "}"), R"("Ok")");
  one(actor, "events");
  const Json silent = act(
      actor, steps(send(kernel_id, R"({"GrantCapabilities":)" + of_plain + "}"),
                   send(kernel_id, R"({"DropCapabilities":)" + of_plain + "}"), await(plain, script("our")), "events"));
  EXPECT_EQ(silent.back(), Json::array());
}

TEST_F(KernelCommands, StructsMayBeArrays) {
  const std::string granted = R"(["test.os@)" + actor + R"(","2"])";
  EXPECT_EQ(say(R"({"GrantCapabilities":[")" + plain + R"(",[)" + granted + "]]}"), R"("Ok")");
  EXPECT_TRUE(node().holds(plain, actor, "2"));
  EXPECT_EQ(say(R"({"DropCapabilities":[")" + plain + R"(",[)" + granted + "]]}"), R"("Ok")");
  EXPECT_FALSE(node().holds(plain, actor, "2"));
}

TEST_F(KernelCommands, L15_L13_SetOnExitIsAnsweredAndChangesTheRunningProcess) {
  const std::string child = spawn({{"on_exit", "None"}});
  EXPECT_EQ(say(R"({"SetOnExit":{"target":")" + child + R"(","on_exit":"Restart"}})"), R"("Ok")");
  EXPECT_EQ(entry(child)["on_exit"], "Restart");
  EXPECT_EQ(one(child, "get_on_exit"), "Restart");
  one(actor, await(child, script(hold(), step("trap")), {{"expects", longer_than_any_test}}));
  EXPECT_EQ(one(child, "our")["our"], address(child));
  node().kernel({{"KillProcess", child}});
  EXPECT_EQ(say(R"({"SetOnExit":{"target":")" + child + R"(","on_exit":"Restart"}})"),
            error(child + ": no such process"));
}

// ---- Debug ---------------------------------------------------------------------------------------

TEST_F(KernelCommands, K19_15_TheProcessMapShowsEveryProcessTheModulesIncluded) {
  const std::string text = say(R"({"Debug":"ProcessMap"})");
  EXPECT_TRUE(text.starts_with(R"({"Debug":{"ProcessMap":{")")) << text.substr(0, 100);
  const Json map = Json::parse(text).at("Debug").at("ProcessMap");
  for (const auto& [id, shown] : map.items()) {
    EXPECT_EQ(std::count(id.begin(), id.end(), ':'), 2) << id;
    EXPECT_EQ(shown.size(), 5) << id;
    EXPECT_TRUE(shown.at("wasm_bytes_handle").is_string()) << id;
    EXPECT_TRUE(shown.at("wit_version").is_null() || shown.at("wit_version").is_number_unsigned()) << id;
    EXPECT_TRUE(shown.at("public").is_boolean()) << id;
    EXPECT_TRUE(shown.at("on_exit").is_string() || shown.at("on_exit").contains("Requests")) << id;
    ASSERT_TRUE(shown.at("capabilities").is_array()) << id;
    for (const Json& held : shown.at("capabilities")) {
      EXPECT_EQ(held.size(), 2) << id << " " << held;
      EXPECT_TRUE(held.at("issuer").is_string()) << id;
      EXPECT_TRUE(held.at("params").is_string()) << id;
    }
  }
  for (const std::string& module : {kernel_id, vfs_id, timer_id, state_id, std::string("http-server:distro:sys")}) {
    ASSERT_TRUE(map.contains(module)) << module;
    EXPECT_EQ(map[module]["wasm_bytes_handle"], "") << module;
    EXPECT_EQ(map[module]["wit_version"], 1) << module;
    EXPECT_EQ(map[module]["on_exit"], "Restart") << module;
    EXPECT_EQ(map[module]["public"], module == timer_id) << module;
  }
  EXPECT_EQ(map[echo], entry(echo));
}

TEST_F(KernelCommands, DebugOfOneProcess) {
  const std::string text = say(R"({"Debug":{"Process":")" + echo + R"("}})");
  EXPECT_TRUE(text.starts_with(R"({"Debug":{"Process":{"wasm_bytes_handle":")" + kit_file("echo") +
                               R"(","wit_version":1,"on_exit":"Restart","capabilities":[{"issuer":")"))
      << text;
  EXPECT_TRUE(text.ends_with(R"(,"public":true}}})")) << text;
  EXPECT_EQ(say(R"({"Debug":{"Process":"nobody:test-kit:test.os"}})"), R"({"Debug":{"Process":null}})");
}

TEST_F(KernelCommands, DebugOfACapability) {
  auto has = [&](const std::string& holder, const std::string& params) {
    return say(R"({"Debug":{"HasCap":{"on":")" + holder + R"(","cap":{"issuer":"test.os@)" + kernel_id +
               R"(","params":")" + params + R"("}}}})");
  };
  EXPECT_EQ(has(actor, R"(\"messaging\")"), R"({"Debug":{"HasCap":true}})");
  EXPECT_EQ(has(plain, R"(\"messaging\")"), R"({"Debug":{"HasCap":false}})");
  EXPECT_EQ(has("nobody:test-kit:test.os", R"(\"messaging\")"), R"({"Debug":{"HasCap":null}})");
}

// ---- what is no command --------------------------------------------------------------------------

TEST_F(KernelCommands, L13_WhatIsNotUnderstoodIsAnErrorThatSaysWhy) {
  for (const char* body :
       {"", "no json", "{}", "[]", "1", "\"Unknown\"", R"({"Unknown":1})",
        R"({"KillProcess":"a:b:c","RunProcess":"a:b:c"})", R"({"KillProcess":"no-id"})", R"({"KillProcess":"a:b:c:d"})",
        R"({"KillProcess":7})", "\"KillProcess\"", R"({"KillProcess":"a:b:c"} trailing)", R"({"Debug":"Unknown"})",
        R"({"Debug":{"ProcessMap":1}})", R"({"GrantCapabilities":{"target":"a:b:c"}})",
        R"({"GrantCapabilities":{"target":"a:b:c","capabilities":[{"issuer":"a:b:c","params":"1"}]}})",
        R"({"SetOnExit":{"target":"a:b:c","on_exit":"Never"}})", R"({"Booted":1})"}) {
    const Json answer = Json::parse(say(body), nullptr, false);
    EXPECT_TRUE(answer.is_object() && answer.size() == 1 && answer.contains("Err")) << body << " -> " << answer;
    EXPECT_FALSE(answer.value("Err", "").empty()) << body;
  }
  wait_for("command from http-server:distro:sys not understood");
}

TEST_F(KernelCommands, L13_WhoExpectsNothingIsNotAnswered) {
  one(actor, "events");
  const Json silent = act(
      actor, steps(send(kernel_id, "no json"), send(kernel_id, R"("Booted")"), await(plain, script("our")), "events"));
  EXPECT_EQ(silent.back(), Json::array());
}

TEST_F(KernelCommands, AnswersComeFromTheKernelWithoutBlobOrMetadata) {
  const Json event = by_actor(R"({"Debug":{"Process":"nobody:test-kit:test.os"}})", {{"metadata", "m"}, {"blob", "b"}});
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["source"], address(kernel_id));
  EXPECT_EQ(event["metadata"], nullptr);
  EXPECT_EQ(event["has_blob"], false);
  EXPECT_EQ(event["capabilities"], Json::array());
}

// ---- who may command -----------------------------------------------------------------------------

TEST_F(KernelCommands, WithoutItsMessagingNobodyCommands) {
  const Json event = one(plain, await(kernel_id, {{"KillProcess", second}}, {{"expects", longer_than_any_test}}));
  EXPECT_EQ(event["kind"], "error");
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_TRUE(node().has_process(second));
}

TEST_F(KernelCommands, C14_S7_BootedIsRefused) {
  one(plain, "events");
  EXPECT_EQ(initialize(fresh), R"("InitializedProcess")");
  EXPECT_EQ(say(R"("Booted")"), error("Booted is for the runtime alone"));
  EXPECT_EQ(one(plain, "events"), Json::array());
  node().grant(actor, Json::array({capability(address(fresh), messaging)}));
  EXPECT_EQ(one(actor, await(fresh, "?", {{"expects", 1}}))["error"], "Timeout") << "it was started";
  EXPECT_EQ(say(R"({"KillProcess":")" + fresh + R"("})"), R"({"KilledProcess":")" + fresh + R"("})");
}

TEST_F(KernelCommands, K19_17_C2_AnotherProcessNamedKernelGetsCommandsAsMessages) {
  const std::string impostor = spawn({{"name", "kernel"}, {"public", true}});
  ASSERT_EQ(impostor, "kernel:test-kit:test.os");
  const std::string kill = R"({"KillProcess":")" + second + R"("})";
  one(plain, send(impostor, kill));
  one(plain, await(impostor, script("our")));
  EXPECT_TRUE(node().has_process(second));
  const Json events = one(impostor, "events");
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0]["body"], kill);
  node().kernel({{"KillProcess", impostor}});
}

TEST(KernelShutdown, ShutdownStopsTheNode) {
  NodeProcess node;
  try {
    node.tell(kernel_id, "\"Shutdown\"");
  } catch (const Failure& no_answer) {
    // It may stop before it has answered that the message was sent.
    std::cout << no_answer.what() << '\n';
  }
  EXPECT_EQ(node.wait_for_end(), 0);
  EXPECT_NE(node.output().find("shutdown asked for by http-server:distro:sys"), std::string::npos);
  node.start();
  EXPECT_EQ(node.step(actor, "our")["our"], node.address(actor));
}

}  // namespace
}  // namespace kinode::conformance
