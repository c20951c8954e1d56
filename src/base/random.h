// Randomness, as an interface, so that a simulation replays by its seed.
#pragma once

#include <cstdint>
#include <span>

namespace kinode {

class Random {
 public:
  virtual ~Random() = default;
  /// Any thread. Not to be guessed by a guest or a peer.
  virtual uint64_t next() = 0;
  virtual void fill(std::span<uint8_t> bytes) = 0;
};

/// OpenSSL's generator, drawn in blocks for each thread.
class SystemRandom final : public Random {
 public:
  uint64_t next() override;
  void fill(std::span<uint8_t> bytes) override;
};

}  // namespace kinode
