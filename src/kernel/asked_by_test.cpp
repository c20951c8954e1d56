#include "kernel/asked_by.h"

#include <gtest/gtest.h>

namespace kinode::kernel {
namespace {

std::vector<uint64_t> ids(const AskedBy& asked) {
  std::vector<uint64_t> ids;
  for (const AskedBy::Request& request : asked.all()) {
    ids.push_back(request.id);
  }
  return ids;
}

TEST(AskedBy, HasWhatWasAddedAndNotRemoved) {
  AskedBy asked;
  EXPECT_EQ(ids(asked), (std::vector<uint64_t>{}));
  const size_t first = asked.add({{}, 1});
  asked.add({{}, 2});
  asked.add({{}, 2});
  asked.remove(first);
  EXPECT_EQ(ids(asked), (std::vector<uint64_t>{2, 2}));
  EXPECT_EQ(asked.size(), 2U);
}

TEST(AskedBy, UsesPlacesAgain) {
  AskedBy asked;
  const size_t place = asked.add({{}, 1});
  const size_t other = asked.add({{}, 2});
  asked.remove(place);
  EXPECT_EQ(asked.add({{}, 3}), place);
  EXPECT_EQ(ids(asked), (std::vector<uint64_t>{3, 2}));
  asked.remove(other);
  asked.remove(place);
  EXPECT_EQ(asked.size(), 0U);
}

}  // namespace
}  // namespace kinode::kernel
