#include "node/process_verbosity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::node {
namespace {

const ProcessId one("one", "test", "sys");
const ProcessId two("two", "test", "sys");

TEST(ProcessVerbosity, TheFlagIsTheFirstClientsJson) {
  const auto parsed = parse_process_verbosity(R"({"one:test:sys":{"U8":3},"two:test:sys":"Muted"})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, (ProcessVerbosity{{one, {.verbosity = 3}}, {two, {.is_muted = true}}}));
  EXPECT_TRUE(parse_process_verbosity("{}")->empty());
}

TEST(ProcessVerbosity, AnotherFlagIsRefused) {
  for (const char* json :
       {"", "[]", "3", R"({"one":{"U8":3}})", R"({"one:test:sys":3})", R"({"one:test:sys":{"U8":4}})",
        R"({"one:test:sys":{"U8":-1}})", R"({"one:test:sys":"muted"})"}) {
    const auto parsed = parse_process_verbosity(json);
    ASSERT_FALSE(parsed) << json;
    EXPECT_THAT(parsed.error().message, ::testing::HasSubstr("\"U8\"")) << json;
  }
}

TEST(ProcessVerbosity, LinesSetAndClear) {
  ProcessVerbosity settings;
  EXPECT_EQ(process_verbosity_text(settings), "no process is shown otherwise than the others");
  EXPECT_TRUE(change_process_verbosity(settings, "one:test:sys 2"));
  for (const char* muted : {"two:test:sys m", "two:test:sys mute", "two:test:sys  muted "}) {
    settings.erase(two);
    EXPECT_TRUE(change_process_verbosity(settings, muted)) << muted;
    EXPECT_TRUE(settings[two].is_muted) << muted;
  }
  EXPECT_EQ(process_verbosity_text(settings), "one:test:sys shows 2\ntwo:test:sys is muted");
  EXPECT_TRUE(change_process_verbosity(settings, "two:test:sys "));
  EXPECT_EQ(settings, (ProcessVerbosity{{one, {.verbosity = 2}}}));
}

TEST(ProcessVerbosity, AWrongLineChangesNothing) {
  ProcessVerbosity settings{{one, {.verbosity = 2}}};
  for (const char* line : {"", "one", "one:test:sys 4", "one:test:sys loud", "one:test:sys 1 2", " one:test:sys"}) {
    EXPECT_FALSE(change_process_verbosity(settings, line)) << line;
  }
  EXPECT_EQ(settings, (ProcessVerbosity{{one, {.verbosity = 2}}}));
}

}  // namespace
}  // namespace kinode::node
