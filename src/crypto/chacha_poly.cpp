#include "crypto/chacha_poly.h"

#include <array>
#include <climits>

#include "base/check.h"

namespace kinode::crypto {
namespace {

using Nonce = std::array<uint8_t, 12>;

enum class Direction : int { open = 0, seal = 1 };

Nonce noise_nonce(uint64_t counter) {
  Nonce nonce{};
  for (size_t i = 0; i < 8; ++i) {
    nonce[4 + i] = static_cast<uint8_t>(counter >> (8 * i));
  }
  return nonce;
}

EvpCipherContext context_for(const SecretArray<32>& key, Direction direction) {
  EvpCipherContext context(EVP_CIPHER_CTX_new());
  KINODE_CHECK(context != nullptr && EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr, key.data(),
                                                       nullptr, static_cast<int>(direction)) == 1);
  return context;
}

/// Starts over with a nonce; the key and the direction stay.
void start(EVP_CIPHER_CTX* context, uint64_t counter, std::span<const uint8_t> associated) {
  const Nonce nonce = noise_nonce(counter);
  KINODE_CHECK(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), -1) == 1);
  if (!associated.empty()) {
    int size = 0;
    KINODE_CHECK(associated.size() <= INT_MAX);
    KINODE_CHECK(EVP_CipherUpdate(context, nullptr, &size, associated.data(), static_cast<int>(associated.size())) ==
                 1);
  }
}

void update(EVP_CIPHER_CTX* context, std::span<const uint8_t> in, uint8_t* out) {
  if (!in.empty()) {  // an update of nothing may count as associated data
    int size = 0;
    KINODE_CHECK(in.size() <= INT_MAX, "{} bytes at once", in.size());
    KINODE_CHECK(EVP_CipherUpdate(context, out, &size, in.data(), static_cast<int>(in.size())) == 1);
  }
}

}  // namespace

ChaChaPoly::ChaChaPoly(const SecretArray<32>& key)
    : sealing_(context_for(key, Direction::seal)), opening_(context_for(key, Direction::open)) {}

void ChaChaPoly::seal(uint64_t nonce, std::span<const uint8_t> associated, std::span<const uint8_t> plain,
                      uint8_t* out) {
  EVP_CIPHER_CTX* context = sealing_.get();
  start(context, nonce, associated);
  update(context, plain, out);
  int size = 0;
  uint8_t* tag = out + plain.size();
  KINODE_CHECK(EVP_CipherFinal_ex(context, tag, &size) == 1 && size == 0);
  KINODE_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, tag) == 1);
}

bool ChaChaPoly::open(uint64_t nonce, std::span<const uint8_t> associated, std::span<const uint8_t> sealed,
                      uint8_t* out) {
  if (sealed.size() < tag_size) {
    return false;
  }
  const std::span<const uint8_t> text = sealed.first(sealed.size() - tag_size);
  std::array<uint8_t, tag_size> tag{};
  std::ranges::copy(sealed.last(tag_size), tag.begin());
  EVP_CIPHER_CTX* context = opening_.get();
  start(context, nonce, associated);
  KINODE_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1);
  update(context, text, out);
  int size = 0;
  std::array<uint8_t, tag_size> nothing{};
  if (EVP_CipherFinal_ex(context, nothing.data(), &size) != 1) {
    forget_errors();
    OPENSSL_cleanse(out, text.size());
    return false;
  }
  return true;
}

}  // namespace kinode::crypto
