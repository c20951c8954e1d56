#include "noise/symmetric_state.h"

#include "base/check.h"

namespace kinode::noise {
namespace {

using Key = crypto::SecretArray<32>;

/// The HKDF of Noise with two outputs (section 4.3).
std::pair<Key, Key> derive_two(const Key& chaining_key, std::span<const uint8_t> input) {
  const Key secret = crypto::blake2s_hmac(chaining_key.span(), input);
  constexpr std::array<uint8_t, 1> one = {1};
  Key first = crypto::blake2s_hmac(secret.span(), one);
  crypto::SecretArray<33> first_and_two;
  std::ranges::copy(first.span(), first_and_two.data());
  first_and_two.data()[32] = 2;
  return {std::move(first), crypto::blake2s_hmac(secret.span(), first_and_two.span())};
}

}  // namespace

SymmetricState::SymmetricState(std::string_view protocol_name) {
  // A name of up to 32 bytes would be padded in place of hashed. Ours is longer.
  KINODE_CHECK(protocol_name.size() > hash_.size(), "{}", protocol_name);
  hash_ = crypto::blake2s_hash({reinterpret_cast<const uint8_t*>(protocol_name.data()), protocol_name.size()});
  chaining_key_ = Key(hash_);
}

void SymmetricState::mix_hash(std::span<const uint8_t> bytes) { hash_ = crypto::blake2s_hash({hash_, bytes}); }

void SymmetricState::mix_key(const Key& agreed) {
  auto [chaining_key, key] = derive_two(chaining_key_, agreed.span());
  chaining_key_ = std::move(chaining_key);
  cipher_.emplace(key);
}

void SymmetricState::encrypt_and_hash(std::span<const uint8_t> plain, std::vector<uint8_t>& out) {
  const size_t start = out.size();
  if (cipher_) {
    out.resize(start + plain.size() + tag_size);
    cipher_->seal(hash_, plain, out.data() + start);
  } else {
    out.insert(out.end(), plain.begin(), plain.end());
  }
  mix_hash(std::span(out).subspan(start));
}

std::optional<std::vector<uint8_t>> SymmetricState::decrypt_and_hash(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> plain;
  if (!cipher_) {
    plain.assign(bytes.begin(), bytes.end());
  } else {
    plain.resize(bytes.size() < tag_size ? 0 : bytes.size() - tag_size);
    if (!cipher_->open(hash_, bytes, plain.data())) {
      return std::nullopt;
    }
  }
  mix_hash(bytes);
  return plain;
}

std::pair<Key, Key> SymmetricState::split() {
  std::pair<Key, Key> keys = derive_two(chaining_key_, {});
  chaining_key_.wipe();
  cipher_.reset();
  return keys;
}

}  // namespace kinode::noise
