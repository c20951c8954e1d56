#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace kinode {
namespace {

TEST(Utf8, AcceptsText) {
  for (const char* text : {"", "a", "eight by", "more than eight bytes", "ä", "€", "😀", "\x7f", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, IsMadeOfAnyBytes) {
  EXPECT_EQ(to_utf8("ä text"), "ä text");
  EXPECT_EQ(to_utf8("a\xff"
                    "b\xc3"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(to_utf8("\xe2\x82"
                    "x"),
            "\xef\xbf\xbd\xef\xbf\xbd"
            "x");
}

TEST(Utf8, RefusesWhatIsNone) {
  const char* const refused[] = {
      "\x80",                  // no beginning
      "\xc3",                  // no end
      "\xe2\x82",              //
      "\xc0\x80",              // overlong
      "\xe0\x80\xaf",          //
      "\xf0\x80\x80\x80",      //
      "\xed\xa0\x80",          // surrogates
      "\xed\xbf\xbf",          //
      "\xf4\x90\x80\x80",      // above the last
      "\xf8\x88\x80\x80\x80",  //
      "\xff",
  };
  for (std::string text : refused) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(is_utf8("eight by" + text));
    EXPECT_FALSE(is_utf8("a" + text + " and more letters"));
  }
}

TEST(Utf8Prefix, IsTheWholeOfWhatIsShort) {
  EXPECT_EQ(utf8_prefix("", 0), "");
  EXPECT_EQ(utf8_prefix("abc", 3), "abc");
  EXPECT_EQ(utf8_prefix("\u20AC", 3), "\u20AC");
}

TEST(Utf8Prefix, EndsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("abcd", 3), "abc");
  std::string text = "a\u20AC\U0001F600b";  // 1, 3, 4 and 1 bytes
  size_t expected[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9};
  for (size_t longest = 0; longest < std::size(expected); ++longest) {
    EXPECT_EQ(utf8_prefix(text, longest).size(), expected[longest]) << longest;
  }
}

TEST(Utf8Prefix, CutsWhatHasNoSuchPlace) {
  EXPECT_EQ(utf8_prefix("\U0001F600", 2).size(), 2U);
  EXPECT_EQ(utf8_prefix(std::string(10, '\x80'), 7).size(), 7U);
}

}  // namespace
}  // namespace kinode
