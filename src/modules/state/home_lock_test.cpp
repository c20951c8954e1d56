#include "modules/state/home_lock.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "kernel/testing/temp_folder.h"

namespace kinode::modules {
namespace {

using ::testing::HasSubstr;

TEST(HomeLock, OneToAHomeUntilItIsLetGo) {
  kernel::testing::TempFolder folder;
  std::filesystem::path home = folder.path() / "deep" / "home";
  {
    Result<HomeLock> first = HomeLock::take(home);
    ASSERT_TRUE(first.has_value()) << first.error().message;
    Result<HomeLock> second = HomeLock::take(home);
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error().message, HasSubstr(home.string()));
    EXPECT_THAT(second.error().message, HasSubstr(std::to_string(getpid())));
    HomeLock moved = std::move(*first);
    EXPECT_FALSE(HomeLock::take(home).has_value());
  }
  EXPECT_TRUE(HomeLock::take(home).has_value());
}

TEST(HomeLock, SaysWhyThereIsNoHome) {
  Result<HomeLock> lock = HomeLock::take("/proc/no/home");
  ASSERT_FALSE(lock.has_value());
  EXPECT_THAT(lock.error().message, HasSubstr("/proc/no/home"));
}

}  // namespace
}  // namespace kinode::modules
