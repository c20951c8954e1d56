#include "crypto/aes_gcm.h"

#include <climits>

#include "base/check.h"
#include "crypto/openssl.h"
#include "crypto/random.h"

namespace kinode::crypto {
namespace {

constexpr size_t nonce_size = 12;
constexpr size_t tag_size = 16;

}  // namespace

std::vector<uint8_t> aes_gcm_seal(const SecretArray<32>& key, std::span<const uint8_t> plain) {
  AesGcmNonce nonce{};
  fill_random(nonce);
  return aes_gcm_seal(key, nonce, plain);
}

std::vector<uint8_t> aes_gcm_seal(const SecretArray<32>& key, const AesGcmNonce& nonce,
                                  std::span<const uint8_t> plain) {
  KINODE_CHECK(plain.size() <= INT_MAX);
  std::vector<uint8_t> blob(nonce_size + plain.size() + tag_size);
  std::ranges::copy(nonce, blob.begin());
  uint8_t* text = blob.data() + nonce_size;
  uint8_t* tag = text + plain.size();
  EvpCipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  KINODE_CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data()) == 1);
  KINODE_CHECK(EVP_EncryptUpdate(context.get(), text, &size, plain.data(), static_cast<int>(plain.size())) == 1);
  KINODE_CHECK(EVP_EncryptFinal_ex(context.get(), tag, &size) == 1 && size == 0);
  KINODE_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag) == 1);
  return blob;
}

std::optional<Secret> aes_gcm_open(const SecretArray<32>& key, std::span<const uint8_t> blob) {
  if (blob.size() < aes_gcm_overhead || blob.size() > INT_MAX) {
    return std::nullopt;
  }
  const std::span<const uint8_t> text = blob.subspan(nonce_size, blob.size() - aes_gcm_overhead);
  std::array<uint8_t, tag_size> tag{};
  std::ranges::copy(blob.last(tag_size), tag.begin());
  Secret plain(text.size());
  EvpCipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  KINODE_CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), blob.data()) == 1);
  KINODE_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1);
  if (!text.empty()) {
    KINODE_CHECK(EVP_DecryptUpdate(context.get(), plain.data(), &size, text.data(), static_cast<int>(text.size())) ==
                 1);
  }
  std::array<uint8_t, tag_size> nothing{};
  if (EVP_DecryptFinal_ex(context.get(), nothing.data(), &size) != 1) {
    forget_errors();
    return std::nullopt;
  }
  return plain;
}

}  // namespace kinode::crypto
