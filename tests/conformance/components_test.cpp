// Components, good and bad: what does not run is told by name and ends alone (S1, S12), what runs without end
// holds up nobody (S9), and none is compiled twice.

#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

// So long that only an error at once ends the test.
constexpr uint64_t longer_than_any_test = 100000;

// A component starts with these bytes, a module of core Wasm with those.
const std::string component_header("\0asm\x0d\0\1\0", 8);
const std::string module_header("\0asm\1\0\0\0", 8);

/// The echo, asking for an interface that no node has.
std::string component_of_unknown_import() {
  std::string bytes = component("echo");
  const std::string known = "kinode:process/standard";
  for (size_t at = bytes.find(known); at != std::string::npos; at = bytes.find(known, at)) {
    bytes.replace(at, known.size(), "kinode:process/stranger");
  }
  return bytes;
}

/// The echo with bytes of no meaning at its end: another component, as large as one likes.
std::string padded_echo(size_t size) {
  std::string section = "\4note" + std::string(size, 'x');
  std::string length;
  for (size_t rest = section.size(); length.empty() || rest > 0; rest >>= 7U) {
    length += static_cast<char>((rest & 127U) | (rest > 127 ? 128U : 0U));
  }
  return component("echo") + '\0' + length + section;
}

/// Makes a process of `bytes` and has it run. False: refused.
bool start(const NodeProcess& node, const std::string& id, const std::string& bytes, const Json& on_exit = "None",
           const std::string& handle = "") {
  const Json answer = node.kernel({{"InitializeProcess",
                                    {{"id", id},
                                     {"wasm_bytes_handle", handle},
                                     {"wit_version", nullptr},
                                     {"on_exit", on_exit},
                                     {"initial_capabilities", Json::array()},
                                     {"public", true}}}},
                                  Blob{{}, bytes});
  if (answer != "InitializedProcess") {
    return false;
  }
  EXPECT_EQ(node.kernel({{"RunProcess", id}}), "StartedProcess");
  return true;
}

class Components : public Suite<Components> {
 protected:
  /// Has a child do what ends it; returns when it has ended, with what the node told of it.
  [[nodiscard]] std::string told_of(const std::string& name, const Json& way) const {
    const std::string child = spawn({{"name", name}});
    const Json event = one(actor, await(child, script(hold(), way), {{"expects", longer_than_any_test}}));
    EXPECT_EQ(event["error"], "Timeout") << event;
    const std::string line = "process " + child + " ended with error: ";
    wait_for(line);
    const std::string output = node().output();
    return output.substr(output.find(line, begin_) + line.size());
  }
  /// It is there and does its work.
  void expect_node_works() const { EXPECT_EQ(one(actor, await(echo, "still here"))["body"], "still here"); }
  /// Starts the looper under this name and has it loop.
  std::string begin_loop(const std::string& name) const {
    const Json results = act(actor, steps(step("spawn", {{"name", name}, {"wasm_path", kit_file("looper")}}),
                                          await("$spawned", "answer first")));
    EXPECT_EQ(results[1]["body"], "looping");
    return results[0]["ok"].get<std::string>();
  }
};

// ---- what does not start -------------------------------------------------------------------------

TEST_F(Components, S1_WhatItsFirstBytesGiveAwayIsRefusedAtOnce) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "is empty, not a Wasm component"},
      {"garbage", "is not a Wasm component"},
      {"\x7f"
       "ELF and more",
       "is not a Wasm component"},
      {std::string(100000, '\0'), "is not a Wasm component"},
      {module_header, "is a core Wasm module"},
      {"(component)", "is in Wasm's text format"},
      {" ;; a comment\n(component)", "is in Wasm's text format"}};
  for (const auto& [bytes, reason] : bad) {
    EXPECT_FALSE(start(node(), "refused:test-kit:test.os", bytes)) << reason;
    wait_for("InitializeProcess refused:test-kit:test.os from http-server:distro:sys: ");
    EXPECT_TRUE(said(reason)) << reason;
  }
  EXPECT_FALSE(node().has_process("refused:test-kit:test.os"));
  expect_node_works();
}

TEST_F(Components, S1_S12_WhatDoesNotStartEndsAsAnyOtherAndLeavesItsNameFree) {
  const std::string echo_bytes = component("echo");
  std::string damaged = echo_bytes;
  std::fill(damaged.begin() + static_cast<long>(damaged.size() / 2), damaged.end(), '\xff');
  const std::vector<std::tuple<std::string, std::string, std::string>> bad = {
      {"missing-export", component_header, "`init`"},
      {"unknown-import", component_of_unknown_import(), "kinode:process/stranger@1.0.0"},
      {"cut", echo_bytes.substr(0, echo_bytes.size() / 2), "is not valid"},
      {"damaged", damaged, "is not valid"}};
  for (const auto& [name, bytes, reason] : bad) {
    const std::string id = name + ":test-kit:test.os";
    const Json last_words = {{"Requests", Json::array({Json::array({address(actor),
                                                                    {{"inherit", false},
                                                                     {"expects_response", nullptr},
                                                                     {"body", Json::array({'o', 'v', 'e', 'r'})},
                                                                     {"metadata", nullptr},
                                                                     {"capabilities", Json::array()}},
                                                                    nullptr})})}};
    one(actor, "events");
    node().begin(actor, steps(receive(), step("print", {{"message", "heard of " + name}})));
    ASSERT_TRUE(start(node(), id, bytes, last_words)) << name;
    wait_for("heard of " + name);  // its on-exit is carried out
    const std::string line = "process " + id + " ended with error: could not be started";
    wait_for(line);
    const std::string output = node().output();
    const std::string told = output.substr(output.find(line, begin_), 400);
    EXPECT_NE(told.find(reason), std::string::npos) << told;
    EXPECT_EQ(one(actor, await(id, "?", {{"expects", longer_than_any_test}}))["error"], "Timeout");
    EXPECT_FALSE(node().has_process(id));
    EXPECT_TRUE(start(node(), id, echo_bytes)) << name;
    EXPECT_EQ(one(actor, await(id, "a good one"))["body"], "a good one");
    node().kernel({{"KillProcess", id}});
  }
  expect_node_works();
}

TEST_F(Components, S12_L14_WhoAwaitsWhatDoesNotStartIsToldAtOnce) {
  const std::string id = "stillborn:test-kit:test.os";
  EXPECT_EQ(node().kernel({{"InitializeProcess",
                            {{"id", id},
                             {"wasm_bytes_handle", ""},
                             {"wit_version", 1},
                             {"on_exit", "None"},
                             {"initial_capabilities", Json::array()},
                             {"public", true}}}},
                          Blob{{}, component_header}),
            "InitializedProcess");
  const Json results =
      act(actor, steps(send(id, "in its mailbox", {{"expects", longer_than_any_test}, {"context", "mine"}}),
                       send(kernel_id, {{"RunProcess", id}}), receive()));
  // The kernel answers a run also where no response is expected; whoever did not ask is not told.
  EXPECT_EQ(results[2]["error"], "Timeout");
  EXPECT_EQ(results[2]["context"], "mine");
}

TEST_F(Components, TheSecondNameOfTheInterfaceIsOffered) {
  const std::string id = "hyperware:test-kit:test.os";
  ASSERT_TRUE(start(node(), id, component("hyperware-echo")));
  const Json event = one(actor, await(id, "by another name", {{"blob", "with a blob"}}));
  EXPECT_EQ(event["body"], "by another name");
  EXPECT_EQ(event["blob"]["bytes"], "with a blob");
}

// ---- what ends while it runs ---------------------------------------------------------------------

TEST_F(Components, ACrashIsToldWithItsKindAndTheNodeGoesOn) {
  const std::vector<std::tuple<std::string, Json, std::string>> ways = {
      {"unreachable", step("trap"), "trapped: wasm `unreachable` instruction executed"},
      {"divide", step("trap", {{"kind", "divide"}}), "trapped: integer divide by zero"},
      {"memory", step("trap", {{"kind", "memory"}}), "trapped: out of bounds memory access"},
      {"stack", step("trap", {{"kind", "stack"}}), "stack overflow: the process used up its stack"},
      {"abort", step("trap", {{"kind", "abort"}}), "trapped: "},
      {"exit-0", step("exit", {{"code", 0}}), "exited: the process exited with status 0"},
      {"exit-1", step("exit", {{"code", 1}}), "exited: the process exited with status 1"},
      {"await-itself", await("$our", "?"), "stopped by the node: send-and-await-response: "}};
  for (const auto& [name, way, kind] : ways) {
    const std::string told = told_of("ends-by-" + name, way);
    EXPECT_TRUE(told.starts_with(kind)) << told;
  }
  expect_node_works();
}

TEST_F(Components, S9_MemoryIsLimitedAndItsEndIsTold) {
  const std::string child = spawn({{"name", "hungry"}});
  // It copes with a refusal, and may still have what is there.
  const Json results = act(child, steps(step("allocate", {{"size", uint64_t{3} << 29U}}),
                                        step("allocate", {{"size", uint64_t{64} << 20U}})));
  EXPECT_TRUE(results[0].contains("err")) << results[0];
  EXPECT_EQ(results[1]["ok"], uint64_t{64} << 20U);
  // It does not cope.
  const std::string told = told_of("greedy", respond({{"size", uint64_t{3} << 29U}, {"fill", "x"}}));
  EXPECT_TRUE(told.starts_with("out of memory: ")) << told;
  EXPECT_NE(told.substr(0, told.find('\n')).find("the limit is 1024 MiB"), std::string::npos) << told;
  expect_node_works();
}

// ---- what does not end ---------------------------------------------------------------------------

TEST_F(Components, S9_EndlessLoopsHoldUpNobodyAndCanBeKilled) {
  std::vector<std::string> loops(6);
  for (size_t i = 0; i < loops.size(); ++i) {
    loops[i] = begin_loop("loop-" + std::to_string(i));
  }
  const Json results = act(plain, steps(repeat(100, steps(await(echo, "round"))), "spawn",
                                        await(timer_id, set_timer(1)), await_vfs("/test-kit:test.os/tmp", "ReadDir")));
  EXPECT_EQ(results[0]["times"], 100);
  EXPECT_TRUE(results[1].contains("ok"));
  for (const std::string& loop : loops) {
    EXPECT_EQ(node().kernel({{"KillProcess", loop}}), (Json{{"KilledProcess", loop}}));
    EXPECT_FALSE(node().has_process(loop));
  }
  // Their names are free again, and what ran there is gone.
  EXPECT_EQ(begin_loop("loop-0"), loops[0]);
  node().kernel({{"KillProcess", loops[0]}});
}

TEST_F(Components, S9_TheLastMessageBeforeALoopArrives) {
  const Json results = act(actor, steps(send(looper, "send first"), receive(), await(echo, "and others go on")));
  EXPECT_EQ(results[1]["body"], "looping");
  EXPECT_EQ(results[1]["source"], address(looper));
  EXPECT_EQ(results[2]["body"], "and others go on");
  node().kernel({{"KillProcess", looper}});
}

TEST_F(Components, S9_L14_ARequestToALoopTimesOutOrEndsWithIt) {
  const std::string loop = begin_loop("deaf");
  const Json results = act(actor, steps(await(loop, "?", {{"expects", 1}}),
                                        send(loop, "?", {{"expects", longer_than_any_test}, {"context", "unread"}}),
                                        send(kernel_id, {{"KillProcess", loop}}), receive()));
  EXPECT_EQ(results[0]["error"], "Timeout");
  EXPECT_EQ(results[3]["error"], "Timeout");
  EXPECT_EQ(results[3]["context"], "unread");
}

TEST(LoopsAtTheEnd, S9_S14_TheNodeStopsWhileProcessesLoopAndStartsAgain) {
  NodeProcess node;
  for (int i = 0; i < 4; ++i) {
    const Json results =
        node.act(actor, steps(step("spawn", {{"wasm_path", kit_file("looper")}, {"on_exit", "Restart"}}),
                              await("$spawned", "answer first")));
    EXPECT_EQ(results[1]["body"], "looping");
  }
  // It gives itself 20 seconds, and would then end by a signal.
  EXPECT_EQ(node.stop(), 0);
  node.start();
  EXPECT_EQ(node.step(actor, await(echo, "?"))["body"], "?");
}

// ---- over a boot ---------------------------------------------------------------------------------

TEST(BadComponentsAtBoot, S1_C17_TheyDoNotKeepTheNodeFromBooting) {
  NodeProcess node;
  const std::filesystem::path folder = node.home() / "vfs" / "test-kit:test.os" / "pkg";
  const std::string folder_handle = "/test-kit:test.os/pkg/";
  const std::map<std::string, std::string> becomes = {{"text", "garbage"},
                                                      {"module", module_header},
                                                      {"empty", ""},
                                                      {"headless", component_header},
                                                      {"cut", component("echo").substr(0, 9000)},
                                                      {"good", component("echo")}};
  for (const auto& [name, bytes] : becomes) {
    ASSERT_TRUE(start(node, name + ":test-kit:test.os", component("echo"), "Restart", folder_handle + name + ".wasm"));
  }
  ASSERT_TRUE(start(node, "gone:test-kit:test.os", component("echo"), "Restart", folder_handle + "gone.wasm"));
  ASSERT_TRUE(start(node, "outside:test-kit:test.os", component("echo"), "Restart",
                    folder_handle + "../../../../../../../etc/passwd"));
  node.stop();
  for (const auto& [name, bytes] : becomes) {
    write_file(folder / (name + ".wasm"), bytes);
  }
  node.start();
  for (const char* name : {"text", "module", "empty", "headless", "cut"}) {
    node.wait_for("process " + std::string(name) + ":test-kit:test.os ended with error: could not be started: ");
  }
  for (const char* name : {"gone", "outside"}) {
    node.wait_for(std::string(name) + ":test-kit:test.os is forgotten: ");
    EXPECT_FALSE(node.has_process(std::string(name) + ":test-kit:test.os"));
  }
  EXPECT_EQ(node.output().find("root:"), std::string::npos) << "it read what lies outside";
  EXPECT_EQ(node.step(actor, await("good:test-kit:test.os", "?"))["body"], "?");
}

// ---- compiled once -------------------------------------------------------------------------------

/// The compiled files and, each written once, their numbers in the file system.
std::map<std::string, ino_t> files_in(const std::filesystem::path& folder) {
  std::map<std::string, ino_t> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    struct stat status{};
    stat(entry.path().c_str(), &status);
    found[entry.path().filename()] = status.st_ino;
  }
  return found;
}

TEST(CompiledComponents, NoneIsCompiledTwice) {
  TempFolder folder;
  const std::filesystem::path cache = folder.path() / "compiled";
  const std::string id = "echo:made:test.os";
  const std::string large = padded_echo(600'000);  // as long ones are told
  PackageFolder package{.folder = folder.path() / "made",
                        .manifest = Json::array({manifest_entry("echo", "echo.wasm")}),
                        .files = {{"echo.wasm", large}}};
  NodeProcess node({.bootstrap = {built_package("test-kit"), package.write()}, .compiled_components = cache.string()});
  EXPECT_EQ(node.ask(id, "first boot").body, "first boot");
  node.wait_for("compiled /made:test.os/pkg/echo.wasm in ");
  const std::map<std::string, ino_t> first = files_in(cache);

  // Neither for another process of it,
  ASSERT_TRUE(start(node, "other:made:test.os", large));
  EXPECT_EQ(node.step(actor, await("other:made:test.os", "?"))["body"], "?");
  // nor at the next boot.
  node.restart();
  EXPECT_EQ(node.ask(id, "second boot").body, "second boot");
  EXPECT_EQ(node.output().find("compiling /made:"), std::string::npos) << node.output();
  // Others may have been compiled since, but none of these again: the file would be another.
  std::map<std::string, ino_t> second = files_in(cache);
  std::erase_if(second, [&](const auto& file) { return !first.contains(file.first); });
  EXPECT_EQ(second, first);

  // One that is damaged is compiled again, and the file mended.
  node.stop();
  for (const auto& [name, number] : first) {
    std::filesystem::resize_file(cache / name, std::filesystem::file_size(cache / name) / 2);
  }
  node.start();
  EXPECT_EQ(node.ask(id, "third boot").body, "third boot");
  node.wait_for("compiled /made:test.os/pkg/echo.wasm in ");
  node.restart();
  EXPECT_EQ(node.ask(id, "fourth boot").body, "fourth boot");
  EXPECT_EQ(node.output().find("compiling /made:"), std::string::npos) << node.output();
}

}  // namespace
}  // namespace kinode::conformance
