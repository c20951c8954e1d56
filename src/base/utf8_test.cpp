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

}  // namespace
}  // namespace kinode
