#include "keccak.h"

#include <gtest/gtest.h>

#include <string>

namespace app_store {
namespace {

// Ethereum's values: the hash of nothing, and those of texts whose hashes its standards name.
TEST(Keccak, KnownValues) {
  EXPECT_EQ(keccak_256_text(""), "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(keccak_256_text("eth"), "0x4f5b812789fc606be1b3b16908db13fc7a9adf7ca72641f84d75b47069d3d7f0");
  EXPECT_EQ(keccak_256_text("Transfer(address,address,uint256)"),
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

// Lengths around a block of 136 bytes: values of an implementation that gives those of SHA3-256 with that one's
// padding.
TEST(Keccak, LengthsAroundABlock) {
  EXPECT_EQ(keccak_256_text(std::string(135, 'a')),
            "0x34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446");
  EXPECT_EQ(keccak_256_text(std::string(136, 'a')),
            "0xa6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
  EXPECT_EQ(keccak_256_text(std::string(137, 'a')),
            "0xd869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39");
  EXPECT_EQ(keccak_256_text(std::string(300, 'a')),
            "0x5b7e0e47a96f32a88b4f14ca177982790807c40e1a105742ba0fc1babe1ef826");
}

}  // namespace
}  // namespace app_store
