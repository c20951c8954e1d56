// ChaCha20-Poly1305 and AES-GCM.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "crypto/aes_gcm.h"
#include "crypto/chacha_poly.h"
#include "crypto/hex.h"
#include "crypto/random.h"

namespace kinode::crypto {
namespace {

using Octets = std::vector<uint8_t>;

SecretArray<32> key_of(std::string_view hex) {
  const Octets bytes = from_hex(hex).value();
  return SecretArray<32>(std::span<const uint8_t, 32>(bytes));
}

SecretArray<32> any_key() {
  SecretArray<32> key;
  fill_random(key.span());
  return key;
}

Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

Octets seal(ChaChaPoly& cipher, uint64_t nonce, const Octets& associated, const Octets& plain) {
  Octets sealed(plain.size() + ChaChaPoly::tag_size);
  cipher.seal(nonce, associated, plain, sealed.data());
  return sealed;
}

std::optional<Octets> open(ChaChaPoly& cipher, uint64_t nonce, const Octets& associated, const Octets& sealed) {
  Octets plain(sealed.size() < ChaChaPoly::tag_size ? 0 : sealed.size() - ChaChaPoly::tag_size, 0xaa);
  if (cipher.open(nonce, associated, sealed, plain.data())) {
    return plain;
  }
  EXPECT_TRUE(std::ranges::all_of(plain, [](uint8_t byte) { return byte == 0 || byte == 0xaa; }));
  return std::nullopt;
}

// RFC 8439, appendix A.5: its nonce has the zeros of Noise in front.
constexpr uint64_t rfc_nonce = 0x0807060504030201;
const Octets rfc_associated = from_hex("f33388860000000000004e91").value();
constexpr std::string_view rfc_key = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
constexpr std::string_view rfc_plain =
    "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted "
    "by other documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them "
    "other than as /“work in progress./”";
constexpr std::string_view rfc_sealed =
    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100"
    "d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b350638"
    "3606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa115"
    "5b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
    "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f"
    "38";

TEST(ChaChaPoly, SealsAndOpensAsTheRfcDoes) {
  ChaChaPoly cipher(key_of(rfc_key));
  EXPECT_EQ(to_hex(seal(cipher, rfc_nonce, rfc_associated, octets(rfc_plain))), rfc_sealed);
  EXPECT_EQ(open(cipher, rfc_nonce, rfc_associated, from_hex(rfc_sealed).value()), octets(rfc_plain));
}

TEST(ChaChaPoly, NothingIsOpenedThatAnotherNonceOrKeyOrTextSealed) {
  ChaChaPoly cipher(key_of(rfc_key));
  const Octets sealed = from_hex(rfc_sealed).value();
  EXPECT_FALSE(open(cipher, rfc_nonce + 1, rfc_associated, sealed));
  EXPECT_FALSE(open(cipher, rfc_nonce, {}, sealed));
  ChaChaPoly other(any_key());
  EXPECT_FALSE(open(other, rfc_nonce, rfc_associated, sealed));
  for (size_t size : {0, 1, 15, 16, 100}) {
    EXPECT_FALSE(open(cipher, rfc_nonce, rfc_associated, Octets(sealed.begin(), sealed.begin() + size)));
  }
  EXPECT_TRUE(open(cipher, rfc_nonce, rfc_associated, sealed)) << "a failure leaves the cipher usable";
}

TEST(ChaChaPoly, AnyFlippedBitIsFound) {
  ChaChaPoly cipher(any_key());
  EXPECT_TRUE(rc::check("there and back", [&](uint64_t nonce, const Octets& associated, const Octets& plain) {
    Octets sealed = seal(cipher, nonce, associated, plain);
    RC_ASSERT(open(cipher, nonce, associated, sealed) == plain);
    const size_t bit = *rc::gen::inRange<size_t>(0, 8 * sealed.size());
    sealed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    RC_ASSERT(!open(cipher, nonce, associated, sealed));
  }));
}

TEST(ChaChaPoly, WorksAfterAMove) {
  const SecretArray<32> key = any_key();
  ChaChaPoly cipher(key);
  ChaChaPoly moved = std::move(cipher);
  ChaChaPoly same(key);
  EXPECT_EQ(open(moved, 5, {}, seal(same, 5, {}, {1, 2, 3})), (Octets{1, 2, 3}));
}

TEST(OpensslErrors, NoneStayAfterAForgedText) {
  ERR_clear_error();
  ChaChaPoly cipher(any_key());
  EXPECT_FALSE(open(cipher, 0, {}, Octets(100)));
  EXPECT_FALSE(aes_gcm_open(any_key(), Octets(100)));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(AesGcm, HasTheFormOfAKeyfile) {
  // Made with another implementation (Python's cryptography): key 00..1f, nonce 00..0b.
  SecretArray<32> key;
  AesGcmNonce nonce{};
  for (uint8_t i = 0; i < 32; ++i) {
    key.data()[i] = i;
  }
  for (uint8_t i = 0; i < 12; ++i) {
    nonce[i] = i;
  }
  const Octets blob = aes_gcm_seal(key, nonce, octets("plain text"));
  EXPECT_EQ(to_hex(blob), "000102030405060708090a0b376eb772abc5b67ef5359528ca65847aded5e947c858d99530bd");
  std::optional<Secret> plain = aes_gcm_open(key, blob);
  ASSERT_TRUE(plain);
  EXPECT_EQ(to_hex(plain->span()), to_hex(octets("plain text")));
  EXPECT_FALSE(aes_gcm_open(any_key(), blob));
}

TEST(AesGcm, AnyFlippedBitAndAnyCutIsFound) {
  const SecretArray<32> key = any_key();
  EXPECT_TRUE(rc::check("there and back", [&](const Octets& plain) {
    Octets blob = aes_gcm_seal(key, plain);
    RC_ASSERT(blob.size() == plain.size() + aes_gcm_overhead);
    std::optional<Secret> opened = aes_gcm_open(key, blob);
    RC_ASSERT(opened.has_value());
    RC_ASSERT(std::ranges::equal(opened->span(), plain));
    const size_t size = *rc::gen::inRange<size_t>(0, blob.size());
    RC_ASSERT(!aes_gcm_open(key, std::span(blob).first(size)));
    const size_t bit = *rc::gen::inRange<size_t>(0, 8 * blob.size());
    blob[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    RC_ASSERT(!aes_gcm_open(key, blob));
  }));
}

}  // namespace
}  // namespace kinode::crypto
