#include "node/operator_answers.h"

#include <gtest/gtest.h>

#include "kernel/testing/memory_journal.h"
#include "kernel/testing/recording_printer.h"

namespace kinode::node {
namespace {

const ProcessId script("17", "terminal", "sys");
const ProcessId other("17", "made", "sys");

struct OperatorAnswersTest : ::testing::Test {
  void write_something() {
    kernel::Batch batch;
    batch.put("state/echo:test:sys", Bytes::copy_of("x"));
    ASSERT_TRUE(journal.write(batch).has_value());
  }

  kernel::testing::MemoryJournal journal;
  kernel::testing::RecordingPrinter shown;
  OperatorAnswers answers{journal, shown};
};

TEST_F(OperatorAnswersTest, AnAnswerIsNotShownBeforeWhatItRestsOnIsOnDisk) {
  write_something();
  answers.print({0, script, "it is written"});
  EXPECT_FALSE(shown.has("it is written"));
  write_something();  // later: the answer does not rest on it
  journal.flush(journal.written() - 1);
  EXPECT_TRUE(shown.has("it is written", 0));
}

TEST_F(OperatorAnswersTest, AllElseIsShownAtOnce) {
  write_something();
  answers.print({0, other, "of another package"});
  answers.print({1, script, "for debugging"});
  EXPECT_TRUE(shown.has("of another package", 0));
  EXPECT_TRUE(shown.has("for debugging", 1));
}

TEST_F(OperatorAnswersTest, AnswersKeepTheirOrder) {
  write_something();
  answers.print({0, script, "one"});
  answers.print({0, script, "two"});
  journal.flush();
  ASSERT_EQ(shown.printouts().size(), 2U);
  EXPECT_EQ(shown.printouts()[0].text, "one");
}

}  // namespace
}  // namespace kinode::node
