#include "identity/pkcs8.h"

#include <algorithm>
#include <array>

namespace kinode::identity {
namespace {

constexpr size_t key_size = 32;
constexpr size_t length_at = 1;

// Both forms are fixed but for the keys, so they are compared, not parsed. In front of the seed: a SEQUENCE and its
// length, version 1 (which means 2), the algorithm 1.3.101.112, an OCTET STRING in an OCTET STRING.
constexpr std::array<uint8_t, 16> head = {0x30, 0x51, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06,
                                          0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
// In front of the public key: [1] IMPLICIT BIT STRING, of the older form [1] EXPLICIT BIT STRING.
constexpr std::array<uint8_t, 3> implicit_wrapping = {0x81, 0x21, 0x00};
constexpr std::array<uint8_t, 5> explicit_wrapping = {0xa1, 0x23, 0x03, 0x21, 0x00};

/// Whether the document has the head, the seed, this wrapping and the public key.
bool has_form(std::span<const uint8_t> document, std::span<const uint8_t> wrapping) {
  if (document.size() != head.size() + key_size + wrapping.size() + key_size) {
    return false;
  }
  std::array<uint8_t, head.size()> expected = head;
  expected[length_at] = static_cast<uint8_t>(document.size() - 2);
  return std::ranges::equal(document.first(head.size()), expected) &&
         std::ranges::equal(document.subspan(head.size() + key_size, wrapping.size()), wrapping);
}

}  // namespace

crypto::Secret encode_pkcs8(const crypto::SigningKey& key) {
  crypto::Secret document(head.size() + key_size + implicit_wrapping.size() + key_size);
  const crypto::SecretArray<key_size> seed = key.seed();
  uint8_t* end = std::ranges::copy(head, document.data()).out;
  end = std::ranges::copy(seed.span(), end).out;
  end = std::ranges::copy(implicit_wrapping, end).out;
  std::ranges::copy(key.public_key(), end);
  return document;
}

Result<crypto::SigningKey> decode_pkcs8(std::span<const uint8_t> document) {
  if (!has_form(document, implicit_wrapping) && !has_form(document, explicit_wrapping)) {
    return fail("the networking key's {} bytes are no PKCS#8 document of an Ed25519 key with its public key",
                document.size());
  }
  crypto::SigningKey key = crypto::SigningKey::from_seed(document.subspan(head.size()).first<key_size>());
  if (!std::ranges::equal(document.last(key_size), key.public_key())) {
    return fail("the networking key's PKCS#8 document holds the public key of another");
  }
  return key;
}

}  // namespace kinode::identity
