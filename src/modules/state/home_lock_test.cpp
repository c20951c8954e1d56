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

TEST(HomeLock, TellsThePortOfTheNodeThatHasIt) {
  kernel::testing::TempFolder folder;
  EXPECT_THAT(HomeLock::port_of_node(folder.path()).error().message, HasSubstr("cannot open"));
  {
    Result<HomeLock> lock = HomeLock::take(folder.path());
    ASSERT_TRUE(lock.has_value()) << lock.error().message;
    EXPECT_THAT(HomeLock::port_of_node(folder.path()).error().message, HasSubstr("it is starting"));
    lock->publish_port(8080);
    EXPECT_EQ(HomeLock::port_of_node(folder.path()), 8080);
    EXPECT_THAT(HomeLock::take(folder.path()).error().message, HasSubstr(fmt::format("(process {})", getpid())));
  }
  EXPECT_THAT(HomeLock::port_of_node(folder.path()).error().message, HasSubstr("no node runs on"));
  EXPECT_TRUE(HomeLock::take(folder.path()).has_value());
}

TEST(HomeLock, SaysWhyThereIsNoHome) {
  Result<HomeLock> lock = HomeLock::take("/proc/no/home");
  ASSERT_FALSE(lock.has_value());
  EXPECT_THAT(lock.error().message, HasSubstr("/proc/no/home"));
}

}  // namespace
}  // namespace kinode::modules
