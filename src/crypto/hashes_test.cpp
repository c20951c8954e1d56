// Hashes, codes and keys from passwords; secrets.
#include <gtest/gtest.h>

#include "crypto/blake2s.h"
#include "crypto/hex.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"

namespace kinode::crypto {
namespace {

using Octets = std::vector<uint8_t>;

Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Blake2s, HashesAsTheRfcDoes) {
  // RFC 7693, appendix B.
  constexpr std::string_view abc = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982";
  EXPECT_EQ(to_hex(blake2s_hash(octets("abc"))), abc);
  EXPECT_EQ(to_hex(blake2s_hash({octets("a"), {}, octets("bc")})), abc);
}

TEST(Blake2s, MakesCodes) {
  // Made with another implementation (Python's hmac and hashlib): a key below and one above a block.
  EXPECT_EQ(to_hex(blake2s_hmac(octets("key"), octets("message")).span()),
            "bba8fa28708ae80d249e317318c95c859f3f77512be23910d5094d9110454d6f");
  Octets long_key;
  for (uint8_t i = 0; i < 100; ++i) {
    long_key.push_back(i);
  }
  EXPECT_EQ(to_hex(blake2s_hmac(long_key, octets("message")).span()),
            "0d91cbef198cf7e3847de5efd2c35fa5e8b8f90b5d751a12f7c76154a6d0b56f");
}

TEST(Sha256, HashesAsTheStandardDoes) {
  EXPECT_EQ(to_hex(sha256(octets("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, SignsAsTheRfcDoes) {
  EXPECT_EQ(to_hex(hmac_sha256(octets("Jefe"), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Pbkdf2, DerivesAsTheRfcDoes) {
  // RFC 7914, section 11, the first 32 of their 64 bytes.
  EXPECT_EQ(to_hex(pbkdf2_sha256("passwd", octets("salt"), 1).span()),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(to_hex(pbkdf2_sha256("Password", octets("NaCl"), 80000).span()),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST(Argon2id, DerivesAsTheReferenceDoes) {
  // Of the test suite of phc-winner-argon2.
  EXPECT_EQ(to_hex(argon2id("password", octets("somesalt"), {256, 2, 1})->span()),
            "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
  EXPECT_EQ(to_hex(argon2id("password", octets("somesalt"), {65536, 2, 1})->span()),
            "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
}

TEST(Argon2id, ASaltBelowEightBytesIsAnError) {
  Result<SecretArray<32>> key = argon2id("password", octets("1234567"));
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().message.find("Salt is too short"), std::string::npos) << key.error().message;
}

TEST(Hex, IsReadInBothCasesAndNothingElse) {
  EXPECT_EQ(from_hex("00fFaB"), (Octets{0, 0xff, 0xab}));
  EXPECT_EQ(to_hex(Octets{0, 0xff, 0xab}), "00ffab");
  EXPECT_EQ(from_hex(""), Octets{});
  for (std::string_view wrong : {"0", "0g", "g0", " 0", "0x", "@0", "`0", ":0", "/0"}) {
    EXPECT_EQ(from_hex(wrong), std::nullopt) << wrong;
  }
}

TEST(Secret, IsWipedWhereItIsMovedAway) {
  SecretArray<32> array;
  fill_random(array.span());
  const std::string text = to_hex(array.span());
  const SecretArray<32> moved = std::move(array);
  EXPECT_EQ(to_hex(moved.span()), text);
  EXPECT_EQ(to_hex(array.span()), std::string(64, '0'));  // NOLINT(bugprone-use-after-move): what this is about

  Secret secret = Secret::copy_of("password");
  const Secret owner = std::move(secret);
  EXPECT_EQ(to_hex(owner.span()), to_hex(octets("password")));
  EXPECT_EQ(secret.size(), 0U);  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, IsCompared) {
  EXPECT_TRUE(equal_in_constant_time(octets("abc"), octets("abc")));
  EXPECT_FALSE(equal_in_constant_time(octets("abc"), octets("abd")));
  EXPECT_FALSE(equal_in_constant_time(octets("abc"), octets("ab")));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

TEST(Random, IsNotTwiceTheSame) {
  Octets a(32);
  Octets b(32);
  fill_random(a);
  fill_random(b);
  EXPECT_NE(a, b);
  fill_random({});
}

}  // namespace
}  // namespace kinode::crypto
