// kernel:distro:sys, in the JSON that processes use (kernel.md 8).
#include "kernel/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::blob;
using testing::Guest;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TestNode;
using testing::to;

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() { node_.kernel.grant(root_.id(), {Capability::messaging(node_.kernel.address())}); }

  /// Sends a command that expects an answer; the answer's body, or "timeout BODY".
  std::string ask(std::string_view command, std::optional<Blob> with = {}, std::optional<std::string> metadata = {}) {
    GuestRequest request = to(node_.kernel.address(), command, 5);
    request.blob = std::move(with);
    request.request.metadata = std::move(metadata);
    std::string end = root_.await(std::move(request));
    if (end == "pending") {
      node_.advance(5s);
      return root_.resume_await();
    }
    EXPECT_EQ(root_.last().source, node_.kernel.address());
    EXPECT_EQ(root_.last().blob, std::nullopt);
    EXPECT_EQ(root_.last().response().metadata, std::nullopt);
    return std::string(root_.last().response().body.text());
  }
  static std::string initialize_command(std::string_view id, std::string_view capabilities = "[]") {
    return fmt::format(
        R"({{"InitializeProcess":{{"id":"{}","wasm_bytes_handle":"/test:sys/pkg/a.wasm","wit_version":1,)"
        R"("on_exit":"Restart","initial_capabilities":{},"public":true}}}})",
        id, capabilities);
  }
  static std::string messaging_of(std::string_view id) {
    return fmt::format(R"({{"issuer":"node.os@{}","params":"\"messaging\""}})", id);
  }
  bool holds(std::string_view holder, const Capability& capability) {
    return node_.kernel.holds(node_.local(holder).process(), capability);
  }

  TestNode node_;
  Guest& root_ = node_.add_guest("root:test:sys");
  Guest& alice_ = node_.add_guest("alice:test:sys", {.is_public = true});
};

// ---- who may -------------------------------------------------------------------------------------

TEST_F(CommandsTest, OnlyWhoHoldsMessagingOfTheKernelCommands) {
  EXPECT_EQ(alice_.await(to(node_.kernel.address(), R"({"KillProcess":"root:test:sys"})", 5)),
            R"(timeout {"KillProcess":"root:test:sys"})");
  EXPECT_TRUE(root_.alive());
  EXPECT_EQ(node_.kernel.counters().denied, 1U);
}

TEST_F(CommandsTest, ACommandIsCarriedOutBeforeTheSendReturns) {
  root_.send(to(node_.kernel.address(), R"({"KillProcess":"alice:test:sys"})"));
  EXPECT_FALSE(node_.kernel.exists(alice_.id()));
  EXPECT_EQ(root_.next(), "-") << "no answer was expected";
}

TEST_F(CommandsTest, R1_AGrantIsThereForTheMessageSentAfterIt) {
  Guest& closed = node_.add_guest("closed:test:sys");
  std::vector<GuestRequest> both;
  both.push_back(to(node_.kernel.address(),
                    fmt::format(R"({{"GrantCapabilities":{{"target":"root:test:sys","capabilities":[{}]}}}})",
                                messaging_of("closed:test:sys"))));
  both.push_back(to(closed.address(), "hello"));
  root_.conversation().send(std::move(both));
  EXPECT_EQ(closed.next(), "request hello");
}

TEST_F(CommandsTest, TheAnswerGoesAlongTheChain) {
  node_.kernel.grant(root_.id(), {Capability::messaging(alice_.address())});
  node_.kernel.grant(alice_.id(), {Capability::messaging(root_.address())});
  alice_.send(to(root_.address(), "is bob there?", 5));
  EXPECT_EQ(root_.next(), "request is bob there?");
  root_.send(testing::inheriting(node_.kernel.address(), R"({"Debug":{"Process":"bob:test:sys"}})"));
  EXPECT_EQ(alice_.next(), R"(response {"Debug":{"Process":null}})");
  EXPECT_EQ(alice_.last().source, node_.kernel.address());
}

TEST_F(CommandsTest, AResponseToTheKernelIsIgnored) {
  root_.context().respond({7, node_.kernel.address(), std::nullopt, true}, testing::answer("hm"), std::nullopt);
  EXPECT_EQ(root_.next(), "-");
}

// ---- InitializeProcess, RunProcess ---------------------------------------------------------------

TEST_F(CommandsTest, InitializeAndRun) {
  Guest& bob = node_.expect_guest("bob:test:sys");
  EXPECT_EQ(ask(initialize_command("bob:test:sys"), blob("bob:test:sys")), R"("InitializedProcess")");
  EXPECT_FALSE(bob.alive());
  EXPECT_TRUE(holds("bob:test:sys", Capability::messaging(bob.address())));
  EXPECT_TRUE(holds("root:test:sys", Capability::messaging(bob.address()))) << "who makes it may message it";
  EXPECT_EQ(ask(R"({"RunProcess":"bob:test:sys"})"), R"("StartedProcess")");
  node_.run();
  EXPECT_TRUE(bob.alive());
  EXPECT_EQ(ask(R"({"RunProcess":"bob:test:sys"})"), R"("StartedProcess")");
  node_.run();
  EXPECT_EQ(bob.lives(), 1U);
  EXPECT_EQ(ask(R"({"RunProcess":"nobody:test:sys"})"), R"("RunProcessError")");
}

TEST_F(CommandsTest, L17_InitializeThatFailsSaysSoAndGivesNothing) {
  node_.expect_guest("bob:test:sys");
  const std::string refused = R"("InitializeProcessError")";
  EXPECT_EQ(ask(initialize_command("bob:test:sys")), refused);
  EXPECT_TRUE(node_.printer.has("InitializeProcess bob:test:sys from root:test:sys: no blob", 0));
  EXPECT_EQ(ask(initialize_command("bob:test:sys"), blob("no component")), refused);
  EXPECT_EQ(ask(initialize_command("Bob:test:sys"), blob("bob:test:sys")), refused);
  EXPECT_EQ(ask(initialize_command("bob:distro:sys"), blob("bob:test:sys")), refused);
  EXPECT_FALSE(holds("root:test:sys", Capability::messaging(node_.local("bob:test:sys"))));
  EXPECT_FALSE(holds("root:test:sys", Capability::messaging(node_.local("bob:distro:sys"))));
  EXPECT_EQ(ask(initialize_command("alice:test:sys"), blob("bob:test:sys")), refused);
  EXPECT_TRUE(node_.printer.has("a process of this name exists", 0));
}

TEST_F(CommandsTest, InitialCapabilitiesAreThoseThatTheSenderHolds) {
  node_.expect_guest("bob:test:sys");
  std::string own = R"({"issuer":"node.os@root:test:sys","params":"\"mine, but not saved\""})";
  std::string list = fmt::format("[{},{},{}]", messaging_of("kernel:distro:sys"), messaging_of("alice:test:sys"), own);
  EXPECT_EQ(ask(initialize_command("bob:test:sys", list), blob("bob:test:sys")), R"("InitializedProcess")");
  EXPECT_TRUE(holds("bob:test:sys", Capability::messaging(node_.kernel.address())));
  EXPECT_FALSE(holds("bob:test:sys", Capability::messaging(alice_.address())));
  EXPECT_EQ(node_.kernel.capabilities(node_.local("bob:test:sys").process()).size(), 2U);
  EXPECT_TRUE(node_.printer.has("root:test:sys does not hold node.os@alice:test:sys \"messaging\"", 0));
}

// ---- KillProcess ---------------------------------------------------------------------------------

TEST_F(CommandsTest, K19_14_KillAnswersWhereAnAnswerIsExpected) {
  EXPECT_EQ(ask(R"({"KillProcess":"alice:test:sys"})"), R"({"KilledProcess":"alice:test:sys"})");
  EXPECT_FALSE(node_.kernel.exists(alice_.id()));
  EXPECT_TRUE(node_.printer.has("killed process alice:test:sys", 0));
  EXPECT_EQ(ask(R"({"KillProcess":"alice:test:sys"})"), R"({"Err":"alice:test:sys: no such process"})");
  root_.send(to(node_.kernel.address(), R"({"KillProcess":"alice:test:sys"})"));
  EXPECT_EQ(root_.next(), "-");
  EXPECT_EQ(ask(R"({"KillProcess":"kernel:distro:sys"})"), R"({"Err":"kernel:distro:sys: no such process"})");
}

TEST_F(CommandsTest, KillRevokesUnlessItIsToldNotTo) {
  Capability right = Capability::messaging(alice_.address());
  node_.kernel.grant(root_.id(), {right});
  ask(R"({"KillProcess":"alice:test:sys"})", std::nullopt, "no-revoke");
  EXPECT_TRUE(holds("root:test:sys", right));
  node_.run();
  node_.add_guest("alice:test:sys");
  ask(R"({"KillProcess":"alice:test:sys"})", std::nullopt, "no-revoke, please");
  EXPECT_FALSE(holds("root:test:sys", right));
}

TEST_F(CommandsTest, AProcessMayKillItself) {
  root_.send(to(node_.kernel.address(), R"({"KillProcess":"root:test:sys"})", 5));
  node_.run();
  EXPECT_FALSE(root_.alive());
  EXPECT_FALSE(node_.kernel.exists(root_.id()));
}

// ---- capabilities, on exit -----------------------------------------------------------------------

TEST_F(CommandsTest, L13_GrantAndDropAnswer) {
  Capability right = Capability::messaging(alice_.address());
  std::string list = fmt::format(R"("capabilities":[{}])", messaging_of("alice:test:sys"));
  EXPECT_EQ(ask(R"({"GrantCapabilities":{"target":"root:test:sys",)" + list + "}}"), R"("Ok")");
  EXPECT_TRUE(holds("root:test:sys", right));
  EXPECT_EQ(ask(R"({"DropCapabilities":{"target":"root:test:sys",)" + list + "}}"), R"("Ok")");
  EXPECT_FALSE(holds("root:test:sys", right));
  EXPECT_EQ(ask(R"({"DropCapabilities":{"target":"nobody:test:sys",)" + list + "}}"), R"("Ok")");
  EXPECT_EQ(ask(R"({"GrantCapabilities":{"target":"late:test:sys",)" + list + "}}"), R"("Ok")");
  node_.add_guest("late:test:sys");
  EXPECT_TRUE(holds("late:test:sys", right)) << "given before it was there";
  EXPECT_THAT(ask(R"({"GrantCapabilities":{"target":"Not Safe:test:sys",)" + list + "}}"), StartsWith(R"({"Err":")"));
}

TEST_F(CommandsTest, L13_L15_SetOnExitAnswersAndHoldsForTheRunningProcess) {
  EXPECT_EQ(ask(R"({"SetOnExit":{"target":"alice:test:sys","on_exit":"Restart"}})"), R"("Ok")");
  EXPECT_EQ(alice_.conversation().on_exit(), OnExit::restart());
  EXPECT_EQ(ask(R"({"SetOnExit":{"target":"nobody:test:sys","on_exit":"None"}})"),
            R"({"Err":"nobody:test:sys: no such process"})");
  EXPECT_EQ(ask(R"({"SetOnExit":{"target":"kernel:distro:sys","on_exit":"None"}})"),
            R"({"Err":"kernel:distro:sys: no such process"})");
}

// ---- the rest ------------------------------------------------------------------------------------

TEST_F(CommandsTest, C14_BootedIsForTheRuntimeAlone) {
  Guest& bob = node_.add_guest("bob:test:sys", {.run = false});
  EXPECT_EQ(ask(R"("Booted")"), R"({"Err":"Booted is for the runtime alone"})");
  node_.run();
  EXPECT_FALSE(bob.alive());
}

TEST_F(CommandsTest, ShutdownIsPassedToWhoComposedTheNodeAndNotAnswered) {
  EXPECT_EQ(ask(R"("Shutdown")"), R"(timeout "Shutdown")");
  EXPECT_EQ(node_.shutdowns, 1);
  EXPECT_TRUE(root_.alive()) << "the node stops in its own order";
}

TEST_F(CommandsTest, L13_WhatIsNotUnderstoodIsAnsweredWithItsPlace) {
  EXPECT_THAT(ask("no JSON"), StartsWith(R"({"Err":")"));
  EXPECT_THAT(ask(R"("Dance")"), HasSubstr("unknown variant `Dance`"));
  EXPECT_THAT(ask(R"({"RunProcess":7})"), AllOf(StartsWith(R"({"Err":")"), HasSubstr("RunProcess")));
  EXPECT_THAT(ask(""), StartsWith(R"({"Err":")"));
  EXPECT_TRUE(node_.printer.has("command from root:test:sys not understood", 0));
  root_.send(to(node_.kernel.address(), "no JSON"));
  EXPECT_EQ(root_.next(), "-");
}

// ---- Debug ---------------------------------------------------------------------------------------

TEST_F(CommandsTest, K19_15_DebugProcessShowsOneInTheReferencesForm) {
  EXPECT_EQ(ask(R"({"Debug":{"Process":"alice:test:sys"}})"),
            R"({"Debug":{"Process":{"wasm_bytes_handle":"/alice:test:sys","wit_version":1,"on_exit":"None",)"
            R"("capabilities":[{"issuer":"node.os@alice:test:sys","params":"\"messaging\""}],"public":true}}})");
  EXPECT_EQ(ask(R"({"Debug":{"Process":"nobody:test:sys"}})"), R"({"Debug":{"Process":null}})");
}

TEST_F(CommandsTest, K19_15_DebugProcessMapShowsAllTheRuntimesOwnToo) {
  node_.kernel.drop(root_.id(), {Capability::messaging(root_.address())});
  node_.kernel.drop(alice_.id(), {Capability::messaging(alice_.address())});
  node_.kernel.drop(node_.kernel.address().process(), {Capability::network(node_.kernel.address())});
  const std::string kernel_messaging = messaging_of("kernel:distro:sys");
  EXPECT_EQ(ask(R"({"Debug":"ProcessMap"})"),
            R"({"Debug":{"ProcessMap":{)"
            R"("alice:test:sys":{"wasm_bytes_handle":"/alice:test:sys","wit_version":1,"on_exit":"None",)"
            R"("capabilities":[],"public":true},)"
            R"("kernel:distro:sys":{"wasm_bytes_handle":"","wit_version":1,"on_exit":"Restart",)"
            R"("capabilities":[)" +
                kernel_messaging +
                R"(],"public":false},)"
                R"("root:test:sys":{"wasm_bytes_handle":"/root:test:sys","wit_version":1,"on_exit":"None",)"
                R"("capabilities":[)" +
                kernel_messaging + R"(],"public":false}}}})");
}

TEST_F(CommandsTest, DebugHasCapTellsOfAProcessThatIsThere) {
  auto has = [&](std::string_view holder, std::string_view capability) {
    return ask(fmt::format(R"({{"Debug":{{"HasCap":{{"on":"{}","cap":{}}}}}}})", holder, capability));
  };
  EXPECT_EQ(has("root:test:sys", messaging_of("kernel:distro:sys")), R"({"Debug":{"HasCap":true}})");
  EXPECT_EQ(has("root:test:sys", messaging_of("alice:test:sys")), R"({"Debug":{"HasCap":false}})");
  EXPECT_EQ(has("nobody:test:sys", messaging_of("alice:test:sys")), R"({"Debug":{"HasCap":null}})");
  EXPECT_EQ(has("kernel:distro:sys", R"({"issuer":"node.os@kernel:distro:sys","params":" \"network\" "})"),
            R"({"Debug":{"HasCap":true}})");
}

}  // namespace
}  // namespace kinode::kernel
