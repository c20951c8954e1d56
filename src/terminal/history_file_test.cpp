#include "terminal/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kinode::terminal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct HistoryFileTest : ::testing::Test {
  HistoryFileTest() {
    std::string pattern = ::testing::TempDir() + "history-XXXXXX";
    folder = mkdtemp(pattern.data());
    path = folder + "/.terminal_history";
  }
  ~HistoryFileTest() override { std::filesystem::remove_all(folder); }

  std::string folder;
  std::string path;
};

TEST_F(HistoryFileTest, M4_ALineIsThereAsSoonAsItWasTyped) {
  HistoryFile history(path);
  EXPECT_THAT(history.load(), IsEmpty());
  history.add("one");
  EXPECT_THAT(HistoryFile(path).load(), ElementsAre("one"));
  history.add("zwölf 'Wörter'");
  EXPECT_THAT(HistoryFile(path).load(), ElementsAre("one", "zwölf 'Wörter'"));
}

TEST_F(HistoryFileTest, EmptyLinesAndRepeatsAreLeftOut) {
  HistoryFile history(path);
  for (const char* line : {"one", "one", "", "  ", "one", "two", "one"}) {
    history.add(line);
  }
  HistoryFile again(path);
  EXPECT_THAT(again.load(), ElementsAre("one", "two", "one"));
  again.add("one");
  EXPECT_THAT(HistoryFile(path).load(), ElementsAre("one", "two", "one")) << "also over a restart";
}

TEST_F(HistoryFileTest, TheLastThousandAreKept) {
  HistoryFile history(path);
  for (int i = 0; i < 1'500; ++i) {
    history.add("line " + std::to_string(i));
  }
  EXPECT_EQ(HistoryFile(path).load().size(), 1'000U);
  const std::vector<std::string> kept = HistoryFile(path).load();
  EXPECT_EQ(kept.front(), "line 500");
  EXPECT_EQ(kept.back(), "line 1499");
  EXPECT_LT(std::filesystem::file_size(path), 1'000 * 10U + 1) << "the file was made shorter";
}

TEST_F(HistoryFileTest, OfAHugeFileTheEndIsRead) {
  {
    std::ofstream file(path);
    file << std::string(HistoryFile::most_bytes, 'x') << "\nlast\n";
  }
  EXPECT_THAT(HistoryFile(path).load(), ElementsAre("last"));
}

TEST_F(HistoryFileTest, ItIsForItsOwnerAloneAndLeadsNowhereElse) {
  HistoryFile(path).add("secret");
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);

  const std::string link = folder + "/link";
  std::filesystem::create_symlink(path, link);
  HistoryFile(link).add("through a link");
  EXPECT_THAT(HistoryFile(path).load(), ElementsAre("secret"));
}

}  // namespace
}  // namespace kinode::terminal
