#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/test_node.h"
#include "modules/terminal/terminal_module.h"

namespace kinode::modules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CommandLine, WordsAndQuotes) {
  EXPECT_THAT(*split_words("m our@a:b:c 'two words' -a 5"), ElementsAre("m", "our@a:b:c", "two words", "-a", "5"));
  EXPECT_THAT(*split_words("  "), ElementsAre());
  EXPECT_THAT(*split_words("say \"x\""), ElementsAre("say", "\"x\""));
  EXPECT_FALSE(split_words("m 'open").has_value());
}

TEST(CommandLine, MalformedLinesSayHowItShouldBe) {
  for (const char* line : {"nonsense", "m a", "m our@a:b:c x -a", "m our@a:b:c x -a soon", "m nobody x", "kill",
                           "kill a:b", "verbosity 9", "verbosity"}) {
    Result<std::optional<TerminalCommand>> command = parse_command_line(line);
    ASSERT_FALSE(command.has_value()) << line;
    EXPECT_FALSE(command.error().message.empty()) << line;
  }
  EXPECT_FALSE(parse_command_line("")->has_value());
}

struct TerminalTest : ::testing::Test {
  TerminalTest() {
    node.kernel.add_module(TerminalModule::id(), true, [this](kernel::ProcessContext& context) {
      auto module = std::make_unique<TerminalModule>(
          context, TerminalModule::Actions{[this](uint8_t level) { verbosity = level; }, [this] { ++exits; }});
      terminal = module.get();
      return module;
    });
    node.run();
  }
  std::string last_line() { return node.printer.printouts().back().text; }

  kernel::testing::TestNode node;
  TerminalModule* terminal = nullptr;
  int verbosity = -1;
  int exits = 0;
};

TEST_F(TerminalTest, SendsAndPrintsTheAnswer) {
  kernel::testing::Puppet& echo = node.add_puppet("echo:test:sys", /*is_public=*/true);
  terminal->line("m our@echo:test:sys 'hello there' -a 5");
  node.run();
  std::unique_ptr<kernel::Envelope> request = echo.take();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->request().body.text(), "hello there");
  echo.respond(*request, "hello back");
  node.run();
  EXPECT_THAT(last_line(), HasSubstr("hello back"));
}

TEST_F(TerminalTest, TellsOfATimeout) {
  terminal->line("m our@nobody:test:sys x -a 5");
  node.run();
  EXPECT_THAT(last_line(), HasSubstr("no answer"));
}

TEST_F(TerminalTest, KillsAndLists) {
  node.add_puppet("victim:test:sys");
  terminal->line("top");
  node.run();
  EXPECT_THAT(last_line(), HasSubstr("victim:test:sys"));
  terminal->line("kill victim:test:sys");
  node.run();
  EXPECT_FALSE(node.kernel.exists(ProcessId("victim", "test", "sys")));
  terminal->line("kill victim:test:sys");
  node.run();
  EXPECT_THAT(last_line(), HasSubstr("no process"));
}

TEST_F(TerminalTest, VerbosityAndExit) {
  terminal->line("verbosity 2");
  terminal->line("exit");
  node.run();
  EXPECT_EQ(verbosity, 2);
  EXPECT_EQ(exits, 1);
}

TEST_F(TerminalTest, APartOfTheNodeIsNotKilled) {
  terminal->line("kill terminal:distro:sys");
  node.run();
  EXPECT_EQ(last_line(), "terminal:distro:sys is a part of the node: it ends with it");
  terminal->line("top terminal:distro:sys");
  node.run();
  EXPECT_THAT(last_line(), HasSubstr("terminal:distro:sys\n  a part of the node\n  public"));
}

/// Of the journal alone: what a process writes before it answers.
void write_something(kernel::Journal& journal) {
  kernel::Batch batch;
  batch.put("state/echo:test:sys", Bytes::copy_of("x"));
  ASSERT_TRUE(journal.write(batch).has_value());
}

TEST_F(TerminalTest, AnAnswerIsNotShownBeforeWhatItRestsOnIsOnDisk) {
  kernel::testing::Puppet& echo = node.add_puppet("echo:test:sys", /*is_public=*/true);
  node.journal.flush();
  terminal->line("m our@echo:test:sys hello -a 5");
  node.run();
  std::unique_ptr<kernel::Envelope> request = echo.take();
  ASSERT_TRUE(request);
  write_something(node.journal);
  echo.respond(*request, "it is written");
  node.run();
  EXPECT_FALSE(node.printer.has("it is written"));
  write_something(node.journal);  // later: the answer does not rest on it
  node.journal.flush(node.journal.written() - 1);
  EXPECT_TRUE(node.printer.has("it is written", 0));
}

TEST_F(TerminalTest, AKillIsNotToldBeforeItIsOnDisk) {
  node.add_puppet("victim:test:sys");
  node.journal.flush();
  write_something(node.journal);
  terminal->line("kill victim:test:sys");
  node.run();
  EXPECT_FALSE(node.kernel.exists(ProcessId("victim", "test", "sys")));
  EXPECT_FALSE(node.printer.has("killed process"));
  node.journal.flush();
  EXPECT_TRUE(node.printer.has("killed process victim:test:sys", 0));
}

}  // namespace
}  // namespace kinode::modules
