#include "keccak.h"

#include <bit>

#include "names.h"

namespace app_store {

namespace {

constexpr size_t rate_bytes = 136;
constexpr uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

using State = std::array<uint64_t, 25>;

/// Keccak-f[1600], the steps by the names of FIPS 202. Lane (x, y) is at x + 5 * y.
void permute(State& lanes) {
  for (const uint64_t round_constant : round_constants) {
    // theta
    uint64_t parity[5];
    for (size_t x = 0; x < 5; ++x) {
      parity[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
    }
    for (size_t i = 0; i < lanes.size(); ++i) {
      lanes[i] ^= parity[(i + 4) % 5] ^ std::rotl(parity[(i + 1) % 5], 1);
    }
    // rho and pi
    uint64_t moved = lanes[1];
    for (size_t t = 0, x = 1, y = 0; t < 24; ++t) {
      const size_t new_y = (2 * x + 3 * y) % 5;
      x = y;
      y = new_y;
      const auto rotation = static_cast<int>((t + 1) * (t + 2) / 2 % 64);
      const uint64_t next = lanes[x + 5 * y];
      lanes[x + 5 * y] = std::rotl(moved, rotation);
      moved = next;
    }
    // chi
    for (size_t row = 0; row < lanes.size(); row += 5) {
      const std::array<uint64_t, 5> old = {lanes[row], lanes[row + 1], lanes[row + 2], lanes[row + 3], lanes[row + 4]};
      for (size_t x = 0; x < 5; ++x) lanes[row + x] = old[x] ^ (~old[(x + 1) % 5] & old[(x + 2) % 5]);
    }
    // iota
    lanes[0] ^= round_constant;
  }
}

void absorb(State& lanes, size_t position, uint8_t byte) {
  lanes[position / 8] ^= static_cast<uint64_t>(byte) << (8 * (position % 8));
}

}  // namespace

std::array<uint8_t, 32> keccak_256(std::string_view bytes) {
  State lanes{};
  size_t position = 0;
  for (const char byte : bytes) {
    absorb(lanes, position, static_cast<uint8_t>(byte));
    if (++position == rate_bytes) {
      permute(lanes);
      position = 0;
    }
  }
  absorb(lanes, position, 0x01);
  absorb(lanes, rate_bytes - 1, 0x80);
  permute(lanes);
  std::array<uint8_t, 32> hash{};
  for (size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<uint8_t>(lanes[i / 8] >> (8 * (i % 8)));
  return hash;
}

std::string keccak_256_text(std::string_view bytes) { return "0x" + hex_of(keccak_256(bytes)); }

}  // namespace app_store
