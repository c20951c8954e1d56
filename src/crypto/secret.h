// Memory that holds a secret: it is wiped when its owner ends, and when it is moved away. So a key has one
// place at a time; there is no copy but an explicit one.
//
// Values, of one thread at a time.
#pragma once

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace kinode::crypto {

/// A secret of N bytes, at first zeros.
template <size_t N>
class SecretArray {
 public:
  SecretArray() = default;
  explicit SecretArray(std::span<const uint8_t, N> bytes) { std::ranges::copy(bytes, bytes_.begin()); }
  SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
  SecretArray& operator=(SecretArray&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.wipe();
    }
    return *this;
  }
  SecretArray(const SecretArray&) = delete;
  SecretArray& operator=(const SecretArray&) = delete;
  ~SecretArray() { wipe(); }

  [[nodiscard]] std::span<const uint8_t, N> span() const { return bytes_; }
  [[nodiscard]] std::span<uint8_t, N> span() { return bytes_; }
  [[nodiscard]] const uint8_t* data() const { return bytes_.data(); }
  [[nodiscard]] uint8_t* data() { return bytes_.data(); }
  [[nodiscard]] static constexpr size_t size() { return N; }

  void wipe() { OPENSSL_cleanse(bytes_.data(), N); }

 private:
  std::array<uint8_t, N> bytes_{};
};

/// A secret whose length is known when it is made.
class Secret {
 public:
  Secret() = default;
  /// Zeros.
  explicit Secret(size_t size) : bytes_(size == 0 ? nullptr : std::make_unique<uint8_t[]>(size)), size_(size) {}
  static Secret copy_of(std::span<const uint8_t> bytes) {
    Secret secret(bytes.size());
    std::ranges::copy(bytes, secret.data());
    return secret;
  }
  static Secret copy_of(std::string_view text) {
    return copy_of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      bytes_ = std::move(other.bytes_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  [[nodiscard]] std::span<const uint8_t> span() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<uint8_t> span() { return {bytes_.get(), size_}; }
  [[nodiscard]] const uint8_t* data() const { return bytes_.get(); }
  [[nodiscard]] uint8_t* data() { return bytes_.get(); }
  [[nodiscard]] size_t size() const { return size_; }

  void wipe() {
    if (size_ > 0) {
      OPENSSL_cleanse(bytes_.get(), size_);
    }
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

/// In a time that tells only whether the lengths differ.
inline bool equal_in_constant_time(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace kinode::crypto
