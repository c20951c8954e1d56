// The example of docs/formats/listing.md: its signature is genuine by the key that stands there. Checked by OpenSSL, as
// another implementation of the format would.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "listing.h"

namespace app_store {
namespace {

bool is_genuine(const std::string& key_hex, const std::string& bytes, const kinode::Bytes& signature) {
  unsigned char key[32];
  for (size_t i = 0; i < sizeof key; ++i) {
    key[i] = static_cast<unsigned char>(std::stoi(key_hex.substr(2 * i, 2), nullptr, 16));
  }
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key, sizeof key), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), data, bytes.size()) == 1;
}

TEST(Listing, TheExampleOfTheFormatIsGenuine) {
  std::ifstream file(GOLDEN_LISTING);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto json = kinode::parse_json(text);
  ASSERT_TRUE(json) << "no JSON in " GOLDEN_LISTING;
  auto listing = listing_of(*json);
  ASSERT_TRUE(listing) << listing.error();
  const std::string key = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
  const std::string signer = "alice.os@chain:app-store:sys";
  EXPECT_TRUE(is_genuine(key, signer + signed_bytes(*listing).string(), listing->signature));
  ++listing->serial;
  EXPECT_FALSE(is_genuine(key, signer + signed_bytes(*listing).string(), listing->signature));
}

}  // namespace
}  // namespace app_store
