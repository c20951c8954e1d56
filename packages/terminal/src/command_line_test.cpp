#include "command_line.h"

#include <gtest/gtest.h>

#include "message_arguments.h"

namespace terminal {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLine, WhatFollowsTheFirstSpaceIsLeftAsItIs) {
  const auto line = split_line("echo  two 'words' \"x\" ");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->head, "echo");
  EXPECT_EQ(line->arguments, " two 'words' \"x\" ");
  EXPECT_EQ(split_line("  help")->head, "help");
  EXPECT_EQ(split_line("help")->arguments, "");
  EXPECT_EQ(split_line("help ")->arguments, "");
  EXPECT_FALSE(split_line(""));
  EXPECT_FALSE(split_line(" \t"));
}

TEST(CommandLine, WordsAndQuotes) {
  EXPECT_EQ(*split_words("our@a:b:c 'two words' -a 5"), (Words{"our@a:b:c", "two words", "-a", "5"}));
  EXPECT_EQ(*split_words("  "), Words{});
  EXPECT_EQ(*split_words("say \"x y\""), (Words{"say", "\"x", "y\""}));
  EXPECT_EQ(*split_words("it's ''"), (Words{"it's", ""}));
  EXPECT_EQ(split_words("a 'open").error(), "the quote at position 3 is not closed");
}

TEST(MessageArguments, AnAddressABodyAndHowLongToWait) {
  for (const char* text : {"our@a:b:c 'x y' -a 5", "--await 5 our@a:b:c 'x y'", "our@a:b:c -a 5 'x y'"}) {
    const auto arguments = parse_message_arguments(text);
    ASSERT_TRUE(arguments) << text;
    EXPECT_EQ(arguments->target.text(), "our@a:b:c") << text;
    EXPECT_EQ(arguments->body, "x y") << text;
    EXPECT_EQ(arguments->await_s, 5U) << text;
  }
  EXPECT_EQ(parse_message_arguments("our@a:b:c \"x\"")->body, "\"x\"");
  EXPECT_EQ(parse_message_arguments("our@a:b:c x")->await_s, std::nullopt);
}

TEST(MessageArguments, WhatIsWrongSaysHowItShouldBe) {
  for (const char* text : {"", "our@a:b:c", "our@a:b:c x y", "our@a:b:c x -a", "our@a:b:c x -a soon",
                           "our@a:b:c x -a -1", "nobody x", "our@a:b:c 'x"}) {
    const auto arguments = parse_message_arguments(text);
    ASSERT_FALSE(arguments) << text;
    EXPECT_FALSE(arguments.error().empty()) << text;
  }
}

}  // namespace
}  // namespace terminal
