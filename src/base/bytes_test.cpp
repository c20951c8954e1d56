#include "base/bytes.h"

#include <gtest/gtest.h>

namespace kinode {
namespace {

TEST(Bytes, OfNothing) {
  EXPECT_TRUE(Bytes().empty());
  EXPECT_TRUE(Bytes::copy_of(std::string_view()).empty());
  EXPECT_TRUE(Bytes::from(std::string()).empty());
  EXPECT_EQ(Bytes(), Bytes::from(std::vector<uint8_t>()));
  EXPECT_EQ(Bytes().slice(0), Bytes());
  EXPECT_EQ(Bytes().slice(5, 5), Bytes());
}

TEST(Bytes, AreComparedByContent) {
  EXPECT_EQ(Bytes::copy_of("ab"), Bytes::from(std::vector<uint8_t>{'a', 'b'}));
  EXPECT_NE(Bytes::copy_of("ab"), Bytes::copy_of("abc"));
  EXPECT_NE(Bytes::copy_of(std::string_view("\0", 1)), Bytes());
}

TEST(Bytes, CopyOnlyWhenAskedTo) {
  std::string text(1000, 'x');
  const char* memory = text.data();
  Bytes bytes = Bytes::from(std::move(text));
  EXPECT_EQ(bytes.text().data(), memory);
  Bytes same = bytes;
  EXPECT_EQ(same.data(), bytes.data());
  std::vector<uint8_t> vector{1, 2, 3};
  Bytes copy = Bytes::copy_of(vector);
  vector[0] = 9;
  EXPECT_EQ(copy.data()[0], 1);
}

TEST(Bytes, SliceSharesAndKeepsTheMemory) {
  auto owner = std::make_shared<std::string>("0123456789");
  std::weak_ptr<std::string> alive = owner;
  Bytes whole = Bytes::view(owner, {reinterpret_cast<const uint8_t*>(owner->data()), owner->size()});
  owner.reset();
  Bytes middle = whole.slice(2, 3);
  EXPECT_EQ(middle.text(), "234");
  EXPECT_EQ(middle.data(), whole.data() + 2);
  whole = {};
  EXPECT_FALSE(alive.expired());
  EXPECT_EQ(middle.slice(1).text(), "34");
  middle = {};
  EXPECT_TRUE(alive.expired());
}

TEST(Bytes, SliceStaysInside) {
  Bytes bytes = Bytes::copy_of("0123");
  EXPECT_EQ(bytes.slice(1, 100).text(), "123");
  EXPECT_EQ(bytes.slice(4).text(), "");
  EXPECT_EQ(bytes.slice(100).text(), "");
  EXPECT_EQ(bytes.slice(SIZE_MAX, SIZE_MAX).text(), "");
  EXPECT_EQ(bytes.slice(1, SIZE_MAX).text(), "123");
}

}  // namespace
}  // namespace kinode
