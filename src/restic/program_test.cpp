#include "restic/program.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

namespace kinode::restic {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Heard {
  Result<Ended> ended = fail("not run");
  std::vector<std::string> lines;
};

Heard run(const std::string& script, std::vector<const crypto::Secret*> secrets = {}) {
  Heard heard;
  Program program{
      .command = {"sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}, .secrets = std::move(secrets)};
  program.on_line = [&](std::string_view line) { heard.lines.emplace_back(line); };
  program.line_limit = 1000;
  heard.ended = run_program(program, {});
  return heard;
}

TEST(Program, TellsLinesStatusAndErrors) {
  Heard heard = run("echo one; printf two; echo wrong >&2; exit 7");
  ASSERT_TRUE(heard.ended) << heard.ended.error().message;
  EXPECT_EQ(heard.ended->status, 7);
  EXPECT_EQ(heard.ended->errors, "wrong\n");
  EXPECT_THAT(heard.lines, ElementsAre("one", "two"));
  EXPECT_EQ(run("kill -9 $$").ended->status, 128 + SIGKILL);
}

TEST(Program, SecretsComeByFilesAlone) {
  const crypto::Secret first = crypto::Secret::copy_of(std::string_view("hidden one"));
  const crypto::Secret second = crypto::Secret::copy_of(std::string_view("hidden two"));
  Heard heard = run("cat " + secret_file(0) + "; echo; cat " + secret_file(1) +
                        "; echo; tr '\\0' ' ' </proc/$$/cmdline; echo; tr '\\0' ' ' </proc/$$/environ",
                    {&first, &second});
  ASSERT_EQ(heard.lines.size(), 4U);
  EXPECT_EQ(heard.lines[0], "hidden one");
  EXPECT_EQ(heard.lines[1], "hidden two");
  EXPECT_THAT(heard.lines[2] + heard.lines[3], testing::Not(HasSubstr("hidden")));
}

TEST(Program, HasNoFilesButItsOwn) {
  Heard heard = run("exec ls /proc/self/fd");
  EXPECT_THAT(heard.lines, ElementsAre("0", "1", "2", "3"));  // the last is that of ls
}

TEST(Program, OneThatIsNotThereIsNamed) {
  const Program program{.command = {"kinode-has-no-such-program"}, .environment = {"PATH=/usr/bin:/bin"}};
  const Result<Ended> ended = run_program(program, {});
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("kinode-has-no-such-program: it is not installed"));
}

TEST(Program, ALineWithoutEndStopsIt) {
  const Heard heard = run("yes | tr -d '\\n'");
  ASSERT_FALSE(heard.ended);
  EXPECT_THAT(heard.ended.error().message, HasSubstr("a line of more than 1000 bytes"));
}

TEST(Program, ErrorsWithoutEndAreCutAtTheirBegin) {
  const Heard heard = run("yes 0123456789abcde | head -n 10000 >&2; echo last >&2");
  ASSERT_TRUE(heard.ended);
  EXPECT_EQ(heard.ended->errors.size(), 8192U);
  EXPECT_TRUE(heard.ended->errors.ends_with("last\n"));
}

/// Stops the program at its first line.
Result<Ended> stopped(const std::string& script, std::vector<std::string>& lines) {
  std::stop_source stop;
  Program program{.command = {"sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
  program.on_line = [&](std::string_view line) {
    lines.emplace_back(line);
    stop.request_stop();
  };
  return run_program(program, stop.get_token());
}

TEST(Program, StopsByAnInterruptThatItMayHeed) {
  std::vector<std::string> lines;
  const Result<Ended> ended = stopped("trap 'echo tidy; exit 3' INT; echo up; while :; do sleep 0.01; done", lines);
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("was stopped before its end"));
  EXPECT_THAT(lines, testing::Contains("tidy"));
}

TEST(Program, IsKilledWhereItHeedsNone) {
  std::vector<std::string> lines;
  EXPECT_FALSE(stopped("trap '' INT; echo up; while :; do sleep 0.01; done", lines));
}

TEST(Program, WhatItLeavesBehindIsNotWaitedFor) {
  const Heard heard = run("sleep 100 & echo $!");
  ASSERT_TRUE(heard.ended);
  ASSERT_EQ(heard.lines.size(), 1U);
  kill(std::stoi(heard.lines[0]), SIGKILL);
}

}  // namespace
}  // namespace kinode::restic
