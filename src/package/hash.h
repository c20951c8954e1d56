// SHA-256: the hash of package zips (packages-and-kit.md 1.8) and of the vfs action Hash.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace kinode::package {

using Sha256Digest = std::array<uint8_t, 32>;

/// Over bytes that come in parts. Used by one thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const uint8_t> bytes);
  /// Ends it: no `update` after this.
  Sha256Digest digest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(std::span<const uint8_t> bytes);
/// 64 lower-case digits: a package's version hash, when `bytes` is its zip.
std::string sha256_hex(std::span<const uint8_t> bytes);
std::string hex(const Sha256Digest& digest);

}  // namespace kinode::package
