#include "wasm/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/test_node.h"

namespace kinode::wasm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr OutputLimits small{.line = 10, .bytes_per_second = 100, .burst = 200, .kept_errors = 20};

struct OutputTest : ::testing::Test {
  OutputTest() : puppet(node.add_puppet("it:test:sys")) {}

  void write(std::string_view text, Output::Stream stream = Output::Stream::out) { output.write(stream, text); }
  /// What was printed since the last call, without the process's name.
  std::vector<std::string> lines() {
    std::vector<std::string> texts;
    for (const kernel::Printout& printout : node.printer.printouts()) {
      EXPECT_EQ(printout.verbosity, 1);
      EXPECT_EQ(printout.source.text(), "it:test:sys");
      EXPECT_TRUE(printout.text.starts_with("it:test:sys")) << printout.text;
      texts.push_back(printout.text.substr(std::string_view("it:test:sys").size() + 1));
    }
    node.printer.clear();
    return texts;
  }

  kernel::testing::TestNode node;
  kernel::testing::Puppet& puppet;
  Output output{puppet.context(), small, node.clock};
};

TEST_F(OutputTest, PrintsWholeLines) {
  write("one\ntw");
  EXPECT_THAT(lines(), ElementsAre("stdout: one"));
  write("o\n\nthree");
  EXPECT_THAT(lines(), ElementsAre("stdout: two", "stdout: "));
  output.finish();
  EXPECT_THAT(lines(), ElementsAre("stdout: three"));
  output.finish();
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(OutputTest, TheTwoStreamsDoNotMix) {
  write("out ");
  write("error\n", Output::Stream::error);
  write("out\n");
  EXPECT_THAT(lines(), ElementsAre("stderr: error", "stdout: out out"));
}

TEST_F(OutputTest, ALongLineIsBroken) {
  write("0123456789");
  EXPECT_THAT(lines(), IsEmpty()) << "it may end here";
  write("\n");
  EXPECT_THAT(lines(), ElementsAre("stdout: 0123456789"));
  write("0123456789012345678901\n");
  EXPECT_THAT(lines(), ElementsAre("stdout: 0123456789", "stdout: 0123456789", "stdout: 01"));
}

TEST_F(OutputTest, ALineIsNotBrokenInsideACharacter) {
  write("01234567\u20AC9\n");
  EXPECT_THAT(lines(), ElementsAre("stdout: 01234567", "stdout: \u20AC9"));
  for (char byte : std::string("\u20AC\u20AC\u20AC\u20AC\n")) {
    write(std::string_view(&byte, 1));
  }
  EXPECT_THAT(lines(), ElementsAre("stdout: \u20AC\u20AC\u20AC", "stdout: \u20AC"));
}

TEST_F(OutputTest, WhatIsNotUtf8IsReplaced) {
  write(
      "a\xff"
      "b\xe2\x82\n");
  EXPECT_THAT(lines(), ElementsAre("stdout: a\uFFFD"
                                   "b\uFFFD\uFFFD"));
  EXPECT_EQ(as_utf8("fine \u20AC"), "fine \u20AC");
  EXPECT_EQ(as_utf8("\x80\u20AC\xf8"), "\uFFFD\u20AC\uFFFD");
}

TEST_F(OutputTest, BeyondTheAllowanceLinesAreLeftOutAndCounted) {
  for (int i = 0; i < 8; ++i) {
    write("12345678\n");  // 40 of the 200 each
  }
  EXPECT_THAT(lines().size(), 5U);
  node.clock.advance(std::chrono::milliseconds(200));
  write("abcdefgh\n");
  EXPECT_THAT(lines(), IsEmpty()) << "20 are not enough";
  node.clock.advance(std::chrono::milliseconds(300));
  write("ABCDEFGH\n");
  EXPECT_THAT(lines(), ElementsAre(" 4 lines of its output were left out", "stdout: ABCDEFGH"));
}

TEST_F(OutputTest, TheAllowanceDoesNotGrowBeyondTheBurst) {
  node.clock.advance(std::chrono::hours(1));
  for (int i = 0; i < 8; ++i) {
    write("12345678\n");
  }
  EXPECT_THAT(lines().size(), 5U);
}

TEST_F(OutputTest, TheEndTellsWhatWasLeftOut) {
  for (int i = 0; i < 7; ++i) {
    write("12345678\n");
  }
  lines();
  write("the rest");
  output.finish();
  EXPECT_THAT(lines(), ElementsAre(" 3 lines of its output were left out"));
}

TEST_F(OutputTest, KeepsTheEndOfStandardErrorAlone) {
  write("not this\n");
  EXPECT_EQ(output.last_errors(), "");
  write("one\ntwo\n", Output::Stream::error);
  EXPECT_EQ(output.last_errors(), "one\ntwo\n");
  write("three\nfour\nfive\n", Output::Stream::error);
  EXPECT_EQ(output.last_errors(), "three\nfour\nfive\n") << "from the beginning of a line";
  write(std::string(1'000, 'x'), Output::Stream::error);
  EXPECT_EQ(output.last_errors(), std::string(20, 'x'));
  write("y\n", Output::Stream::error);
  EXPECT_EQ(output.last_errors(), std::string(18, 'x') + "y\n");
}

TEST_F(OutputTest, S11_WhatIsWrittenHasNoEnd) {
  for (int i = 0; i < 10'000; ++i) {
    write("a line of standard error\n", Output::Stream::error);
  }
  EXPECT_EQ(output.last_errors(), "e of standard error\n");
  EXPECT_LT(lines().size(), 10U);
}

}  // namespace
}  // namespace kinode::wasm
