#include "modules/vfs/handles.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace kinode::modules::vfs {
namespace {

class HandleTableTest : public ::testing::Test {
 protected:
  std::shared_ptr<Handle> acquire(const std::string& path) {
    auto handle = table_.acquire(path, [&]() -> VfsResult<OpenedFile> {
      opened_.push_back(path);
      return OpenedFile{Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)), true};
    });
    return handle ? *handle : nullptr;
  }
  void use(const std::string& path, uint64_t cursor) { acquire(path)->cursor = cursor; }
  [[nodiscard]] bool is_open(const std::string& path) { return table_.find(path) != nullptr; }

  HandleTable table_{{.open_files = 4, .kept_cursors = 3}};
  std::vector<std::string> opened_;
};

TEST_F(HandleTableTest, OneHandleForAPath) {
  EXPECT_EQ(acquire("a"), acquire("a"));
  EXPECT_EQ(opened_.size(), 1U);
}

TEST_F(HandleTableTest, V1_ClosesWhatWasUsedLongestAgo) {
  for (const char* path : {"a", "b", "c", "d"}) {
    use(path, 7);
  }
  acquire("a");  // opened first, used last
  acquire("e");
  EXPECT_TRUE(is_open("a"));
  EXPECT_FALSE(is_open("b"));
  EXPECT_FALSE(is_open("c"));
  EXPECT_EQ(acquire("b")->cursor, 7U);
}

TEST_F(HandleTableTest, V2_HandlesInUseStayAndTheTableGoesOn) {
  std::vector<std::shared_ptr<Handle>> used;
  for (const char* path : {"a", "b", "c", "d", "e", "f"}) {
    used.push_back(acquire(path));
  }
  EXPECT_EQ(table_.open_files(), 6U);
  table_.set_limit(1);
  EXPECT_EQ(table_.open_files(), 6U);
  used.clear();
  table_.set_limit(0);
  EXPECT_EQ(table_.open_files(), 1U);
}

TEST_F(HandleTableTest, V3_KeptCursorsGoWithTheirFiles) {
  use("a", 5);
  use("d/b", 5);
  table_.set_limit(1);
  use("c", 0);
  EXPECT_EQ(table_.kept_cursors(), 2U);
  table_.close("a");
  table_.forget_tree("d");
  EXPECT_EQ(table_.kept_cursors(), 0U);
  EXPECT_EQ(acquire("a")->cursor, 0U);
}

TEST_F(HandleTableTest, AKeptCursorIsGivenBackOnce) {
  use("a", 5);
  table_.set_limit(1);
  use("b", 0);
  EXPECT_EQ(acquire("a")->cursor, 5U);
  EXPECT_EQ(table_.kept_cursors(), 0U);
}

TEST_F(HandleTableTest, OfTooManyKeptCursorsTheOldestGoes) {
  table_.set_limit(1);
  for (const char* path : {"a", "b", "c", "d", "e"}) {
    use(path, 9);
  }
  EXPECT_EQ(table_.kept_cursors(), 3U);
  EXPECT_EQ(acquire("a")->cursor, 0U);
}

TEST_F(HandleTableTest, ForgetTreeTakesWhatIsBelowAndNothingElse) {
  for (const char* path : {"d", "d/x", "d-", "dx"}) {
    use(path, 1);
  }
  table_.forget_tree("d");
  EXPECT_FALSE(is_open("d"));
  EXPECT_FALSE(is_open("d/x"));
  EXPECT_TRUE(is_open("d-"));
  EXPECT_TRUE(is_open("dx"));
}

TEST_F(HandleTableTest, V6_AFileOpenedBeforeItsNameChangedIsNotKept) {
  int opens = 0;
  auto handle = table_.acquire("a", [&]() -> VfsResult<OpenedFile> {
    if (++opens == 1) {
      table_.forget("a");  // renamed by somebody else meanwhile
    }
    return OpenedFile{Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)), true};
  });
  EXPECT_TRUE(handle);
  EXPECT_EQ(opens, 2);
}

TEST_F(HandleTableTest, RenewedClosesAHandleThatIsNotTheCurrentOne) {
  auto current = acquire("a");
  current->cursor = 3;
  table_.renewed("a", current.get());
  EXPECT_EQ(table_.find("a"), current);
  table_.renewed("a", nullptr);
  EXPECT_FALSE(is_open("a"));
  EXPECT_EQ(acquire("a")->cursor, 3U);
}

TEST_F(HandleTableTest, ClosesFilesWhenTheSystemHasNoMore) {
  use("a", 1);
  use("b", 1);
  int opens = 0;
  auto handle = table_.acquire("c", [&]() -> VfsResult<OpenedFile> {
    if (++opens == 1) {
      return io_error(EMFILE);
    }
    return OpenedFile{Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)), true};
  });
  EXPECT_TRUE(handle);
  EXPECT_FALSE(is_open("a"));
  EXPECT_FALSE(table_.acquire("d", []() -> VfsResult<OpenedFile> { return io_error(EMFILE); }));
}

TEST_F(HandleTableTest, TellsWhenItMeetsTheLimit) {
  int told = 0;
  table_.on_limit([&] { ++told; });
  for (const char* path : {"a", "b", "c", "d"}) {
    use(path, 0);
  }
  EXPECT_EQ(told, 0);
  use("e", 0);
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace kinode::modules::vfs
