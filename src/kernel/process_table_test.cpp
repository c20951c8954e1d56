#include "kernel/process_table.h"

#include <gtest/gtest.h>

#include "kernel/process_entry.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using testing::TestNode;

/// Entries are a kernel's: those of one that runs nothing.
class ProcessTableTest : public ::testing::Test {
 protected:
  TestNode node_;
  ProcessTable table_;

  std::shared_ptr<ProcessEntry> entry(std::string_view id) {
    Lifecycle& lifecycle = node_.add_puppet("other:test:sys").context().entry().lifecycle;
    node_.kernel.kill(node_.local("other:test:sys").process(), true);
    return std::make_shared<ProcessEntry>(node_.kernel, lifecycle, node_.local(id), ProcessEntry::Kind::guest);
  }
};

TEST_F(ProcessTableTest, FindsWhatWasAddedAndNothingElse) {
  auto a = entry("a:test:sys");
  EXPECT_TRUE(table_.add(a));
  EXPECT_EQ(table_.find(a->id()), a);
  EXPECT_EQ(table_.find(node_.local("b:test:sys").process()), nullptr);
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(ProcessTableTest, RefusesASecondOfOneId) {
  auto a = entry("a:test:sys");
  EXPECT_TRUE(table_.add(a));
  EXPECT_FALSE(table_.add(entry("a:test:sys")));
  EXPECT_EQ(table_.find(a->id()), a);
  EXPECT_EQ(table_.size(), 1);
}

TEST_F(ProcessTableTest, ReplacesAndRemovesTheVeryEntryOnly) {
  auto a = entry("a:test:sys");
  auto next = entry("a:test:sys");
  EXPECT_FALSE(table_.replace(*a, next));
  EXPECT_FALSE(table_.remove(*a));
  table_.add(a);
  EXPECT_TRUE(table_.replace(*a, next));
  EXPECT_EQ(table_.find(a->id()), next);
  EXPECT_FALSE(table_.replace(*a, a));
  EXPECT_FALSE(table_.remove(*a));
  EXPECT_TRUE(table_.remove(*next));
  EXPECT_EQ(table_.find(a->id()), nullptr);
  EXPECT_EQ(table_.size(), 0);
}

TEST_F(ProcessTableTest, ListsAll) {
  for (int i = 0; i < 500; ++i) {
    table_.add(entry(std::to_string(i) + ":test:sys"));
  }
  EXPECT_EQ(table_.size(), 500);
  EXPECT_EQ(table_.all().size(), 500);
}

}  // namespace
}  // namespace kinode::kernel
