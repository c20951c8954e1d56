#include "kernel/testing/memory_journal.h"

#include <gmock/gmock.h>

namespace kinode::kernel::testing {
namespace {

using ::testing::ElementsAre;

Batch putting(const std::string& key, std::string_view value) {
  Batch batch;
  batch.put(key, Bytes::copy_of(value));
  return batch;
}

std::optional<std::string> read(Journal& journal, const std::string& key) {
  std::optional<Bytes> value = journal.read(key).value();
  return value ? std::optional(std::string(value->text())) : std::nullopt;
}

TEST(MemoryJournal, ReadsSeeWhatIsNotDurableAndACrashLosesIt) {
  MemoryJournal journal;
  uint64_t first = journal.write(putting("state/a", "1")).value();
  journal.flush();
  uint64_t second = journal.write(putting("state/a", "2")).value();
  Batch erase;
  erase.erase("state/a");
  uint64_t third = journal.write(erase).value();
  EXPECT_EQ(journal.written(), third);
  EXPECT_EQ(journal.durable(), first);

  EXPECT_EQ(read(journal, "state/a"), std::nullopt);
  EXPECT_EQ(read(*journal.after_crash(), "state/a"), "1");
  EXPECT_EQ(read(*journal.after_crash(second), "state/a"), "2");
  EXPECT_EQ(read(*journal.after_crash(third), "state/a"), std::nullopt);
}

TEST(MemoryJournal, CallsWhatWaitsInOrderOfSequence) {
  MemoryJournal journal;
  std::vector<int> calls;
  uint64_t first = journal.write(putting("a", "1")).value();
  uint64_t second = journal.write(putting("a", "2")).value();
  journal.when_durable(second, [&] { calls.push_back(2); });
  journal.when_durable(first, [&] { calls.push_back(1); });
  journal.when_durable(0, [&] { calls.push_back(0); });
  EXPECT_THAT(calls, ElementsAre(0));
  journal.flush(first);
  EXPECT_THAT(calls, ElementsAre(0, 1));
  journal.flush();
  EXPECT_THAT(calls, ElementsAre(0, 1, 2));
}

TEST(MemoryJournal, FailsAsLongAsTheTestSays) {
  MemoryJournal journal;
  uint64_t first = journal.write(putting("a", "1")).value();
  journal.fail({"disk full"});
  EXPECT_EQ(journal.write(putting("a", "2")).error().message, "disk full");
  EXPECT_FALSE(journal.read("a").has_value());
  journal.flush();
  EXPECT_LT(journal.durable(), first);
  journal.recover();
  journal.flush();
  EXPECT_EQ(journal.durable(), first);
  EXPECT_EQ(read(journal, "a"), "1");
}

TEST(MemoryJournal, ScansAPrefixInOrderAndStopsAtAnError) {
  MemoryJournal journal({{"b/1", {}}, {"b/2", {}}, {"b", {}}, {"c", {}}, {"a", {}}});
  std::vector<std::string> keys;
  auto note = [&](std::string_view key, Bytes) -> Result<void> {
    keys.emplace_back(key);
    return {};
  };
  EXPECT_TRUE(journal.scan("b/", note).has_value());
  EXPECT_THAT(keys, ElementsAre("b/1", "b/2"));
  EXPECT_EQ(journal.scan("", [](auto, auto) -> Result<void> { return fail("stop"); }).error().message, "stop");
}

TEST(MemoryJournal, HoldsReadsUntilTheTestAnswersThem) {
  MemoryJournal journal;
  journal.hold_reads();
  int answers = 0;
  journal.read_async("a", [&](const Result<std::optional<Bytes>>& value) { answers += value.has_value() ? 1 : 0; });
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(journal.answer_reads(), 1);
  EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace kinode::kernel::testing
