#include "modules/kv/entries.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <utility>

namespace kinode::modules::kv {
namespace {

TEST(Entries, HaveTheFormOfTheirPage) {
  std::string blob;
  append_entry(blob, {"key", "v"});
  append_entry(blob, {"", ""});
  EXPECT_EQ(blob, std::string("\x03\0\0\0key\x01\0\0\0v\0\0\0\0\0\0\0\0", 20));
}

TEST(Entries, ThereAndBack) {
  EXPECT_TRUE(rc::check("what is written is read", [](const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::string blob;
    for (const auto& [key, value] : pairs) {
      append_entry(blob, {key, value});
    }
    std::vector<Entry> entries = read_entries(blob, KvLimits{}).value();
    RC_ASSERT(entries.size() == pairs.size());
    for (size_t i = 0; i < pairs.size(); ++i) {
      RC_ASSERT(entries[i].key == pairs[i].first && entries[i].value == pairs[i].second);
    }
  }));
}

TEST(Entries, AreRefusedWhereTheyAreNotWhole) {
  std::string blob;
  append_entry(blob, {"key", "value"});
  for (size_t size = 1; size < blob.size(); ++size) {
    EXPECT_FALSE(read_entries(std::string_view(blob).substr(0, size), KvLimits{})) << size;
  }
  EXPECT_EQ(read_entries("\xff\xff\xff\xff", KvLimits{}).error().message, "entry 0, at byte 0, is not there whole");
}

}  // namespace
}  // namespace kinode::modules::kv
