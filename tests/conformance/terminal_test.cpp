// terminal:terminal:sys, its scripts, and `kinode exec`. Term: the cases of packages-and-kit.md 7.3; M: the defects of
// the terminal in modules.md 13. What is typed at a terminal is in tests/terminal.
#include <gmock/gmock.h>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string terminal_id = "terminal:terminal:sys";
const std::string scripted = "scripted:test.os";

/// A package that has scripts, and no process of its own.
std::string scripted_package(const std::filesystem::path& folder) {
  const Json none = {{"root", false}, {"public", false}, {"request_networking", false}};
  Json rooted = none;
  rooted["root"] = true;
  Json asking = none;
  asking["request_capabilities"] = Json::array({"timer:distro:sys", "eth:distro:sys", "nobody:test-kit:test.os"});
  asking["grant_capabilities"] = Json::array({plain});
  asking["request_networking"] = true;
  const Json scripts = {
      {"none.wasm", none},   {"rooted.wasm", rooted}, {"asking.wasm", asking},        {"crasher.wasm", none},
      {"looper.wasm", none}, {"missing.wasm", none},  {"broken.wasm", {{"root", 1}}}, {"text.wasm", none}};
  PackageFolder package{.folder = folder / "scripted", .package = "scripted"};
  for (const char* name : {"none", "rooted", "asking"}) {
    package.files.emplace_back(std::string(name) + ".wasm", component("actor"));
  }
  package.files.emplace_back("crasher.wasm", component("crasher"));
  package.files.emplace_back("looper.wasm", component("looper"));
  package.files.emplace_back("text.wasm", "no component");
  package.files.emplace_back("scripts.json", scripts.dump());
  return package.write();
}

/// What the terminal is asked for by programs of this machine.
Json exec(const NodeProcess& node, const std::string& line, Json more = Json::object()) {
  more["line"] = line;
  return node.ask(terminal_id, {{"Exec", std::move(more)}}).json().at("Exec");
}
/// What a line's script answers.
std::string output(const NodeProcess& node, const std::string& line) {
  const Json outcome = exec(node, line);
  return outcome.contains("Ok") ? outcome["Ok"].at("output").get<std::string>() : "(" + outcome.dump() + ")";
}
std::string error(const NodeProcess& node, const std::string& line) {
  const Json outcome = exec(node, line);
  return outcome.contains("Err") ? outcome["Err"].get<std::string>() : "(" + outcome.dump() + ")";
}

class Terminal : public Suite<Terminal> {
 public:
  static NodeOptions node_options() {
    static const TempFolder folder;
    return {.bootstrap = {built_package("test-kit"), scripted_package(folder.path())}};
  }

 protected:
  std::string output(const std::string& line) const { return conformance::output(node(), line); }
  [[nodiscard]] std::string error(const std::string& line) const { return conformance::error(node(), line); }
  /// The result of one step of a script that is an actor.
  [[nodiscard]] Json scripted_step(const std::string& script, const Json& one) const {
    return Json::parse(output(script + ":" + scripted + " " + conformance::script(one).dump())).at("results").at(0);
  }
  /// Those that a script of the package holds, as text.
  [[nodiscard]] std::string held_by(const std::string& script) const {
    return scripted_step(script, "capabilities").dump();
  }
};

// ---- lines ----------------------------------------------------------------------------------------

TEST_F(Terminal, Term_T1_AnAliasNamesAScript) {
  EXPECT_EQ(output("alias say echo:terminal:sys"), "say is echo:terminal:sys from now on");
  EXPECT_EQ(output("say it"), "it");
  EXPECT_THAT(output("alias"), HasSubstr("say              echo:terminal:sys"));
  EXPECT_EQ(output("alias say"), "say is no alias any more");
  EXPECT_EQ(error("alias say"), "there is no alias say");
  EXPECT_THAT(error("say it"), HasSubstr("'say' is no alias and no script's id"));
  EXPECT_THAT(error("alias say echo"), HasSubstr("not set"));
  EXPECT_THAT(error("alias a:b echo:terminal:sys"), HasSubstr("not set"));
}

TEST_F(Terminal, Term_T2_ArgumentsComeAsTheyWereTyped) {
  EXPECT_EQ(output("echo  two  'words' \"x\" $HOME\\n "), " two  'words' \"x\" $HOME\\n ");
  EXPECT_EQ(output("echo"), "");
  EXPECT_EQ(output("echo:terminal:sys zwölf"), "zwölf");
}

TEST_F(Terminal, Term_T3_MSendsAMessage) {
  EXPECT_EQ(output("m our@" + echo + " 'hello there' -a 5"), "hello there");
  EXPECT_EQ(output("m -a 5 " + address(echo) + " \"x\""), "\"x\"") << "double quotes are nothing special";
  EXPECT_EQ(output("m our@" + echo + " unseen"), "") << "nobody asked to see it";
  EXPECT_THAT(error("m our@" + echo + " two words"), HasSubstr("usage: m"));
  EXPECT_THAT(error("m our@nobody:test-kit:test.os x -a 100"), HasSubstr("no answer from"));
  EXPECT_THAT(error("m our@" + plain + " '" + script(hold()).dump() + "' -a 1"), HasSubstr("in 1 s"));
}

TEST_F(Terminal, Term_T3_MAttachesAllThatItHolds) {
  const std::string list = script("message").dump();
  const std::string answer = output("m our@" + actor + " '" + list + "' -a 5");
  EXPECT_THAT(answer, HasSubstr(R"("issuer":"test.os@vfs:distro:sys","params":"{\"root\":true}")")) << answer;
}

TEST_F(Terminal, MReachesProcessesThatTakeMessagesOfNobody) {
  const std::string answer = output("m our@" + closed + " '" + script("our").dump() + "' -a 5");
  EXPECT_THAT(answer, HasSubstr(address(closed)));
}

TEST_F(Terminal, Term_T4_ARootScriptHoldsAllThatTheTerminalHolds) {
  const std::string root = held_by("rooted");
  EXPECT_THAT(root, HasSubstr(R"(test.os@vfs:distro:sys","params":"{\"root\":true})"));
  EXPECT_THAT(root, AllOf(HasSubstr("test.os@" + kernel_id), HasSubstr("network")));
  const std::string none = held_by("none");
  EXPECT_THAT(none, Not(HasSubstr("root")));
  EXPECT_THAT(none, Not(HasSubstr(kernel_id)));
  EXPECT_THAT(none, HasSubstr(address(terminal_id))) << "to answer it";
}

TEST_F(Terminal, AScriptGetsWhatItAsksForAndTheTerminalHolds) {
  const std::string held = held_by("asking");
  EXPECT_THAT(held, AllOf(HasSubstr("test.os@eth:distro:sys"), HasSubstr("network")));
  EXPECT_THAT(held, Not(HasSubstr("nobody"))) << "the terminal holds none of it";
}

TEST_F(Terminal, WhatAScriptGrantsIsThereWhenItRuns) {
  // plain may be asked by anybody, but answers only whom it may message.
  const Json answer = scripted_step("asking", await(plain, script("our")));
  EXPECT_EQ(answer["kind"], "response") << answer;
  EXPECT_EQ(scripted_step("none", await(plain, script("our"), {{"expects", 1}}))["error"], "Timeout");
}

TEST_F(Terminal, EachRunIsAProcessOfItsOwn) { EXPECT_NE(scripted_step("none", "our"), scripted_step("none", "our")); }

TEST_F(Terminal, Term_T5_WhatIsNoScriptIsTold) {
  EXPECT_EQ(error("nonsense"),
            "'nonsense' is no alias and no script's id, as script:package:publisher: help tells what there is");
  EXPECT_EQ(error("other:" + scripted), scripted + ": scripts.json has no other.wasm");
  EXPECT_EQ(
      error("broken:" + scripted),
      scripted + ": in scripts.json, broken.wasm must have root, public and request_networking, each true or false");
  EXPECT_THAT(error("x:nothing:test.os"), HasSubstr("no scripts.json in package nothing:test.os"));
  EXPECT_THAT(error("x:test-kit:test.os"), HasSubstr("no scripts.json in package test-kit:test.os"));
  EXPECT_THAT(error("missing:" + scripted), HasSubstr("missing.wasm"));
  EXPECT_THAT(error("text:" + scripted), HasSubstr("InitializeProcessError"));
  EXPECT_THAT(error("a:b"), HasSubstr("no script's id"));
  EXPECT_THAT(error("../pkg/none:" + scripted), HasSubstr("cannot be the id of a script"));
  EXPECT_THAT(error("echo:../terminal:sys"), HasSubstr("cannot be the id of a script"));
}

// ---- who may ask it -------------------------------------------------------------------------------

TEST_F(Terminal, OnlyItsOwnPackageEditsAliases) {
  node().grant(plain, Json::array({capability(address(terminal_id), messaging)}));
  const Json edit = {{"EditAlias", {{"alias", "mine"}, {"process", "echo:terminal:sys"}}}};
  EXPECT_EQ(one(plain, await(terminal_id, edit, {{"expects", 1}}))["error"], "Timeout");
  EXPECT_EQ(
      one(plain, await(terminal_id, {{"Exec", {{"line", "alias mine echo:terminal:sys"}}}}, {{"expects", 1}}))["error"],
      "Timeout");
  EXPECT_THAT(error("mine x"), HasSubstr("no alias"));
}

TEST_F(Terminal, ALineOfAnotherIsNoCommand) {
  node().grant(plain, Json::array({capability(address(terminal_id), messaging)}));
  one(plain, await(terminal_id, "echo from a stranger", {{"expects", 1}}));
  EXPECT_FALSE(said("from a stranger"));
}

// ---- what becomes of scripts ----------------------------------------------------------------------

TEST_F(Terminal, AScriptThatEndsWithoutAnAnswerIsTold) {
  EXPECT_EQ(exec(node(), "crasher:" + scripted, {{"timeout", 600}}), "Ended");
}

TEST_F(Terminal, AScriptWhoseTimeIsOverGoesOn) {
  const Json outcome = exec(node(), "looper:" + scripted, {{"timeout", 1}});
  ASSERT_TRUE(outcome.contains("StillRuns")) << outcome;
  const std::string id = outcome["StillRuns"];
  EXPECT_TRUE(node().has_process(id));
  EXPECT_EQ(output("kill " + id), "killed " + id);
  EXPECT_FALSE(node().has_process(id));
}

TEST_F(Terminal, AResultIsKeptForWhoGaveUpWaiting) {
  auto result = [&](const std::string& id) {
    return node().ask(terminal_id, {{"ExecResult", {{"id", id}}}}).json().at("ExecResult");
  };
  EXPECT_EQ(result("of nobody"), "Unknown");
  exec(node(), "echo it", {{"id", "first"}});
  EXPECT_EQ(result("first"), (Json{{"Ok", {{"output", "it"}}}}));
  EXPECT_EQ(result("first"), "Unknown") << "it is given once";
}

TEST_F(Terminal, ManyRunAtATime) {
  const Json outcome = exec(node(), "looper:" + scripted, {{"timeout", 1}});
  EXPECT_EQ(output("echo meanwhile"), "meanwhile");
  output("kill " + outcome.at("StillRuns").get<std::string>());
}

// ---- the scripts ----------------------------------------------------------------------------------

TEST_F(Terminal, CatPrintsAFile) {
  EXPECT_THAT(output("cat /terminal:sys/pkg/manifest.json"), HasSubstr("\"process_name\": \"terminal\""));
  EXPECT_THAT(output("cat /terminal:sys/pkg/echo.wasm"), HasSubstr("bytes that are no text"));
  EXPECT_THAT(error("cat /terminal:sys/pkg/nothing"), HasSubstr("No such file"));
  EXPECT_THAT(error("cat"), HasSubstr("usage: cat"));
}

TEST_F(Terminal, TopListsProcesses) {
  const std::string all = output("top");
  EXPECT_THAT(all, AllOf(StartsWith("process "), HasSubstr("\n" + echo + " "), HasSubstr("\nvfs:distro:sys "),
                         HasSubstr(" of packages, ")));
  EXPECT_THAT(output("top " + actor),
              AllOf(HasSubstr("on exit       Restart"), HasSubstr("public        yes"), Not(HasSubstr(network))));
  EXPECT_THAT(output("top -c " + actor), AllOf(HasSubstr(network), HasSubstr("test.os@vfs:distro:sys")));
  EXPECT_THAT(output("top --show-caps"), HasSubstr(network));
  EXPECT_THAT(output("top vfs:distro:sys"), HasSubstr("a part of the node"));
  EXPECT_EQ(error("top nobody:test-kit:test.os"), "no process nobody:test-kit:test.os");
  EXPECT_THAT(error("top nobody"), HasSubstr("is no process id"));
}

TEST_F(Terminal, KillEndsAProcess) {
  const std::string victim = spawn_actor();
  EXPECT_EQ(output("kill " + victim), "killed " + victim);
  EXPECT_FALSE(node().has_process(victim));
  EXPECT_EQ(error("kill " + victim), victim + ": no such process");
  EXPECT_EQ(error("kill vfs:distro:sys"), "vfs:distro:sys is a part of the node: it ends with it");
  EXPECT_THAT(error("kill"), HasSubstr("usage: kill"));
}

TEST_F(Terminal, HelpTellsWhatThereIs) {
  const std::string help = output("help");
  for (const char* script : {"alias", "cat", "echo", "exit", "help", "hi", "kfetch", "kill", "m ", "net-diagnostics",
                             "peer", "peers", "top"}) {
    EXPECT_THAT(help, HasSubstr(script));
  }
  EXPECT_THAT(help, HasSubstr("Ctrl-R"));
  EXPECT_THAT(output("help kill"), AllOf(StartsWith("kill PROCESS"), Not(HasSubstr("\n"))));
  EXPECT_EQ(error("help nothing"), "there is no help about nothing");
}

TEST_F(Terminal, KfetchShowsTheNode) {
  EXPECT_THAT(output("kfetch"), AllOf(HasSubstr("node       test.os"), HasSubstr("packages   app-store:sys"),
                                      HasSubstr("connected  with 0 nodes")));
}

TEST_F(Terminal, ScriptsLeaveNothingBehind) {
  output("echo warm");
  const size_t before =
      node().kernel({{"Debug", {{"Process", "net:distro:sys"}}}})["Debug"]["Process"]["capabilities"].size();
  for (int i = 0; i < 20; ++i) {
    output("peers");
  }
  EXPECT_EQ(node().kernel({{"Debug", {{"Process", "net:distro:sys"}}}})["Debug"]["Process"]["capabilities"].size(),
            before)
      << "what ended scripts granted is gone";
}

// ---- kinode exec ----------------------------------------------------------------------------------

TEST_F(Terminal, ExecPrintsTheAnswer) {
  const std::string home = node().home();
  auto ended = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {kinode_program(), "exec"});
    return run_to_end(words);
  };
  const Ended said = ended({home, "echo hello  there"});
  EXPECT_EQ(said.status, 0);
  EXPECT_EQ(said.output, "hello  there\n");
  EXPECT_EQ(ended({home, "m", "our@" + echo, "x", "-a", "5"}).output, "x\n");
  EXPECT_EQ(ended({home, "echo"}).output, "");

  const Ended wrong = ended({home, "nonsense"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.output, HasSubstr("no alias"));
  EXPECT_EQ(ended({home, "crasher:" + scripted}).status, 4);
  const Ended late = ended({"-t", "1", home, "looper:" + scripted});
  EXPECT_EQ(late.status, 3);
  EXPECT_THAT(late.output, HasSubstr("kinode exec " + home + " kill "));
  const size_t kill = late.output.find("kill ");
  EXPECT_EQ(ended({home, late.output.substr(kill, late.output.find(" ends it") - kill)}).status, 0);
}

TEST_F(Terminal, ExecWaitsLongerThanTheNodeLetsAProgramWait) {
  // The looper answers nobody; sixteen seconds are one more than RPC waits.
  const Ended late = run_to_end({kinode_program(), "exec", "-t", "16", node().home(), "looper:" + scripted});
  EXPECT_EQ(late.status, 3) << late.output;
  const size_t kill = late.output.find("kill ");
  output(late.output.substr(kill, late.output.find(" ends it") - kill));
}

TEST_F(Terminal, ExecWithoutANodeOrALineSaysWhatIsWrong) {
  const TempFolder home;
  EXPECT_EQ(run_to_end({kinode_program(), "exec", home.path(), "help"}).status, 1);
  EXPECT_EQ(run_to_end({kinode_program(), "exec", node().home()}).status, 2);
  EXPECT_EQ(run_to_end({kinode_program(), "exec"}).status, 2);
  EXPECT_EQ(run_to_end({kinode_program(), "exec", "--help"}).status, 0);
}

TEST(TerminalState, M5_AliasesOutliveTheNode) {
  NodeProcess node;
  output(node, "alias kept echo:terminal:sys");
  output(node, "alias hi");
  node.restart();
  EXPECT_EQ(output(node, "kept here"), "here");
  EXPECT_THAT(error(node, "hi test.os x"), HasSubstr("'hi' is no alias"));
}

TEST(TerminalState, ExitStopsTheNode) {
  NodeProcess node;
  run_to_end({kinode_program(), "exec", node.home(), "exit"});
  EXPECT_EQ(node.wait_for_end(), 0);
}

// ---- nodes of their own ------------------------------------------------------------------------------------

TEST(TerminalNetwork, HiAndPeers) {
  const TempFolder folder;
  auto make = [&](const std::string& name) {
    NodeOptions options;
    options.name = name;
    options.more = {"--devnet", folder.path().string()};
    return std::make_unique<NodeProcess>(options);
  };
  const auto a = make("a.dev");
  const auto b = make("b.dev");
  EXPECT_EQ(output(*a, "hi b.dev good morning"), "b.dev: ack");
  b->wait_for("good morning");
  EXPECT_THAT(output(*a, "peers"), AllOf(StartsWith("connected with 1 nodes"), HasSubstr("node     b.dev")));
  EXPECT_THAT(output(*a, "peer b.dev"),
              AllOf(HasSubstr("node     b.dev"), HasSubstr("key      0x"), HasSubstr("tcp ")));
  EXPECT_THAT(output(*a, "net-diagnostics"), HasSubstr("b.dev"));
  EXPECT_EQ(error(*a, "peer nobody.dev"), "no node nobody.dev is known here");
  EXPECT_THAT(error(*a, "hi nobody.dev x"), HasSubstr("nobody.dev is offline, or not known here"));
  EXPECT_THAT(error(*a, "hi b.dev"), HasSubstr("usage: hi"));
  EXPECT_EQ(output(*a, "m b.dev@" + echo + " across -a 10"), "across");
}

}  // namespace
}  // namespace kinode::conformance
