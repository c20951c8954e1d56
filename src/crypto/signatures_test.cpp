// Ed25519 and X25519, with the vectors of their RFCs.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "crypto/ed25519.h"
#include "crypto/hex.h"
#include "crypto/x25519.h"

namespace kinode::crypto {
namespace {

using Bytes32 = std::array<uint8_t, 32>;

Bytes32 bytes32(std::string_view hex) {
  Bytes32 bytes{};
  std::ranges::copy(from_hex(hex).value(), bytes.begin());
  return bytes;
}

struct Rfc8032 {
  std::string_view seed, public_key, message, signature;
};

// RFC 8032, section 7.1, tests 1 to 3.
constexpr Rfc8032 rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "5"
     "5141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "0"
     "0d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "0"
     "27beceea1ec40a"},
};

TEST(Ed25519, SignsAsTheRfcDoes) {
  for (const Rfc8032& vector : rfc8032) {
    const SigningKey key = SigningKey::from_seed(bytes32(vector.seed));
    const std::vector<uint8_t> message = from_hex(vector.message).value();
    EXPECT_EQ(to_hex(key.public_key()), vector.public_key);
    EXPECT_EQ(to_hex(key.seed().span()), vector.seed);
    const Signature signature = key.sign(message);
    EXPECT_EQ(to_hex(signature), vector.signature);
    EXPECT_TRUE(verify(key.public_key(), message, signature));
  }
}

TEST(Ed25519, RefusesWhatIsNotCanonical) {
  // The third signature with the group's order added to S: it satisfies the equation all the same.
  const std::vector<uint8_t> large_s = from_hex(
                                           "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                                           "05d391b0a77904e98404ef037747a56e4a7c15e9716ed28dc027beceea1ec41a")
                                           .value();
  EXPECT_FALSE(verify(bytes32(rfc8032[2].public_key), from_hex("af82").value(), large_s));
}

TEST(Ed25519, RefusesOtherLengthsAndKeysThatAreNoPoint) {
  const SigningKey key = SigningKey::generate();
  const Signature signature = key.sign({});
  EXPECT_TRUE(verify(key.public_key(), {}, signature));
  EXPECT_FALSE(verify(key.public_key(), {}, std::span(signature).first(63)));
  EXPECT_FALSE(verify(key.public_key(), {}, {}));
  PublicKey no_point{};
  no_point.fill(0xff);
  EXPECT_FALSE(verify(no_point, {}, signature));
  EXPECT_FALSE(verify(SigningKey::generate().public_key(), {}, signature));
}

TEST(Ed25519, AnyFlippedBitSpoilsASignature) {
  EXPECT_TRUE(rc::check("a flipped bit", [](std::vector<uint8_t> message) {
    const SigningKey key = SigningKey::generate();
    Signature signature = key.sign(message);
    RC_ASSERT(verify(key.public_key(), message, signature));
    const size_t bit = *rc::gen::inRange<size_t>(0, 8 * (signature.size() + message.size()));
    (bit / 8 < signature.size() ? signature[bit / 8] : message[bit / 8 - signature.size()]) ^=
        static_cast<uint8_t>(1U << (bit % 8));
    RC_ASSERT(!verify(key.public_key(), message, signature));
  }));
}

TEST(OpensslErrors, AForgeryLeavesNoneBehind) {
  ERR_clear_error();
  EXPECT_FALSE(verify(SigningKey::generate().public_key(), {}, Signature{}));
  EXPECT_FALSE(X25519Key::generate().agree(Bytes32{}).has_value());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PublicKeyText, IsReadInAllFormsThatRegistriesWrite) {
  const PublicKey key = bytes32(rfc8032[0].public_key);
  const std::string text = format_public_key(key);
  EXPECT_EQ(text, "0x" + std::string(rfc8032[0].public_key));
  EXPECT_EQ(parse_public_key(text), key);
  EXPECT_EQ(parse_public_key(text.substr(2)), key);
  EXPECT_EQ(parse_public_key("0xD75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A"), key);
  EXPECT_EQ(parse_public_key(""), std::nullopt);
  EXPECT_EQ(parse_public_key("0x"), std::nullopt);
  EXPECT_EQ(parse_public_key(text + "00"), std::nullopt);
  EXPECT_EQ(parse_public_key(text.substr(0, 65) + "g"), std::nullopt);
  EXPECT_EQ(parse_public_key("0x" + text.substr(0, 64)), std::nullopt);
}

TEST(X25519, AgreesAsTheRfcDoes) {
  // RFC 7748, section 6.1.
  const auto alice =
      X25519Key::from_private(bytes32("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = X25519Key::from_private(bytes32("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  constexpr std::string_view secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(alice.public_key()), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob.public_key()), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(to_hex(alice.agree(bob.public_key())->span()), secret);
  EXPECT_EQ(to_hex(bob.agree(alice.public_key())->span()), secret);
}

TEST(X25519, MultipliesAsTheRfcDoes) {
  // RFC 7748, section 5.2, the first vector.
  const auto key = X25519Key::from_private(bytes32("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"));
  const Bytes32 point = bytes32("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
  EXPECT_EQ(to_hex(key.agree(point)->span()), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

TEST(X25519, RefusesKeysOfLowOrder) {
  // All points of small order, as https://cr.yp.to/ecdh.html lists them, those above the field's prime too.
  constexpr std::string_view points[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  const X25519Key key = X25519Key::generate();
  for (std::string_view point : points) {
    EXPECT_FALSE(key.agree(bytes32(point)).has_value()) << point;
  }
  EXPECT_TRUE(key.agree(X25519Key::generate().public_key()).has_value());
}

}  // namespace
}  // namespace kinode::crypto
