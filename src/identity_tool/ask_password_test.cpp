// A terminal of the test's own stands for that of a person.
#include "identity_tool/ask_password.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

namespace kinode::identity_tool {
namespace {

class AskPasswordTest : public testing::Test {
 protected:
  AskPasswordTest() : person_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(::grantpt(person_), 0);
    EXPECT_EQ(::unlockpt(person_), 0);
    terminal_ = ::open(::ptsname(person_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_GE(terminal_, 0);
  }
  ~AskPasswordTest() override {
    ::close(terminal_);
    ::close(person_);
  }

  [[nodiscard]] bool shows_what_is_typed() const {
    termios state{};
    return ::tcgetattr(terminal_, &state) == 0 && (state.c_lflag & ECHO) != 0;
  }
  /// What the person sees, up to `end`.
  [[nodiscard]] std::string see(std::string_view end) const {
    std::string seen;
    char letter = 0;
    while (!seen.ends_with(end) && ::read(person_, &letter, 1) == 1) {
      seen += letter;
    }
    return seen;
  }
  void type(std::string_view text) const {
    ASSERT_EQ(::write(person_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  int person_;
  int terminal_ = -1;
};

TEST_F(AskPasswordTest, WhatIsTypedIsNotShown) {
  ASSERT_TRUE(shows_what_is_typed());
  auto asking = std::async(std::launch::async, [&] { return ask_on(terminal_, "Password: "); });
  EXPECT_EQ(see(": "), "Password: ");
  EXPECT_FALSE(shows_what_is_typed());
  type("correct horse\n");
  Result<crypto::Secret> password = asking.get();
  ASSERT_TRUE(password) << password.error().message;
  EXPECT_TRUE(crypto::equal_in_constant_time(password->span(), crypto::Secret::copy_of("correct horse").span()));
  EXPECT_EQ(see("\n"), "\r\n");
  EXPECT_TRUE(shows_what_is_typed());
}

TEST_F(AskPasswordTest, TheEndOfInputIsNoPassword) {
  auto asking = std::async(std::launch::async, [&] { return ask_on(terminal_, "Password: "); });
  EXPECT_EQ(see(": "), "Password: ");
  type("\x04");
  EXPECT_FALSE(asking.get());
  EXPECT_TRUE(shows_what_is_typed());
}

TEST(AskPassword, WhatCannotHideIsNotAsked) {
  const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  Result<crypto::Secret> password = ask_on(file, "Password: ");
  ::close(file);
  ASSERT_FALSE(password);
  EXPECT_NE(password.error().message.find("KINODE_PASSWORD"), std::string::npos);
}

}  // namespace
}  // namespace kinode::identity_tool
