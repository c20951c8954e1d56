// SealedKeyfile: a keyfile's structure, with its secrets still encrypted (networking.md 2.1). Reading it needs no
// password and costs nothing. Values; functions of any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::identity {

/// A real one has less than 3 KiB.
constexpr size_t max_keyfile_size = 1U << 20U;
constexpr size_t max_routers = 64;

struct SealedKeyfile {
  std::string name;
  std::vector<std::string> routers;
  std::array<uint8_t, 32> salt{};
  // Each a blob of crypto/aes_gcm.h.
  std::vector<uint8_t> networking_key;
  std::vector<uint8_t> token_secret;
  std::vector<uint8_t> file_key;

  friend bool operator==(const SealedKeyfile&, const SealedKeyfile&) = default;
};

/// As JSON.
Bytes encode_sealed(const SealedKeyfile& keyfile);
/// JSON, or the bincode of early versions. What it gives has names that nodes can have, and blobs that are long enough
/// to be opened (defect B38).
Result<SealedKeyfile> decode_sealed(const Bytes& file);

}  // namespace kinode::identity
