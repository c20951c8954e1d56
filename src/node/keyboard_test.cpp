#include "node/keyboard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

namespace kinode::node {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(pipe(ends.data()), 0); }
  ~Pipe() {
    close(ends[0]);
    close_writer();
  }
  void type(std::string_view text) const {
    EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (ends[1] >= 0) {
      close(ends[1]);
      ends[1] = -1;
    }
  }
  std::array<int, 2> ends{};
};

struct KeyboardTest : ::testing::Test {
  std::string next() { return keyboard.next_line(stop.ends[0]).value_or("(none)"); }

  Pipe terminal;
  Pipe stop;
  Keyboard keyboard{terminal.ends[0]};
};

TEST_F(KeyboardTest, GivesWholeLines) {
  terminal.type("one\n\ntwo\nth");
  EXPECT_EQ(next(), "one");
  EXPECT_EQ(next(), "");
  EXPECT_EQ(next(), "two");
  std::jthread later([this] {
    terminal.type("r");
    terminal.type("ee\n");
  });
  EXPECT_EQ(next(), "three");
}

TEST_F(KeyboardTest, TheEndOfInputIsTheEnd) {
  terminal.type("last\nbegun");
  terminal.close_writer();
  EXPECT_EQ(next(), "last");
  EXPECT_EQ(next(), "(none)");
}

TEST_F(KeyboardTest, AStopIsHeardBeforeWhatIsTypedLater) {
  stop.type("x");
  terminal.type("one\n");
  EXPECT_EQ(next(), "(none)");
}

TEST_F(KeyboardTest, WithoutATerminalOnlyTheStopIsHeard) {
  Keyboard none(-1);
  std::jthread later([this] { stop.type("x"); });
  EXPECT_EQ(none.next_line(stop.ends[0]), std::nullopt);
}

TEST_F(KeyboardTest, ALineThatIsTooLongIsLeftOutWhole) {
  std::jthread typing([this] {
    terminal.type(std::string(100'000, 'x'));
    terminal.type("end of it\nshort\n");
  });
  EXPECT_EQ(next(), "short");
}

TEST_F(KeyboardTest, ALongLineIsWhole) {
  std::jthread typing([this] { terminal.type(std::string(60'000, 'x') + "\n"); });
  EXPECT_EQ(next(), std::string(60'000, 'x'));
}

}  // namespace
}  // namespace kinode::node
