// MachineRoom: whether the machine has room for one more guest.
//
// Past the limit of memory maps the engine could only abort the node, and past the machine's memory the
// system would kill it; so a process is refused before. Measuring takes long where there are many
// maps: it is done again only when as many processes were admitted as the last measure had room for. Where it
// had room for none, all are refused until a place is given back or some time has passed: whoever goes on
// trying must not have the machine measured at each.
//
// A guest whose memory grows well takes some maps more than one that does not (dense, see engine.h). The
// first processes, as many as an eighth of the machine's maps are enough for, may take them; those
// after them are dense, so that there is room for the more.
//
// Thread-safe. A Place must not outlive what it was given by, which it holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "wasm/process_limits.h"

namespace kinode::wasm {

/// What is taken of the machine, and what it has.
struct MachineState {
  uint64_t maps = 0;
  uint64_t max_maps = 0;
  uint64_t address_space = 0;  // of this process
  uint64_t max_address_space = 0;
  uint64_t memory_available = 0;
  uint64_t memory_total = 0;
};

/// Reads it from the system.
MachineState measure_machine();

class MachineRoom : public std::enable_shared_from_this<MachineRoom> {
 public:
  /// `address_space_per_process`: what the engine reserves for one.
  MachineRoom(const MachineLimits& limits, uint64_t address_space_per_process,
              std::function<MachineState()> measure = measure_machine,
              std::function<Instant()> now = std::chrono::steady_clock::now)
      : limits_(limits),
        address_space_per_process_(address_space_per_process),
        measure_(std::move(measure)),
        now_(std::move(now)) {}

  /// Held by a process while it lives.
  class Place {
   public:
    Place(std::shared_ptr<MachineRoom> room, bool dense) : room_(std::move(room)), dense_(dense) {}
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place();
    [[nodiscard]] bool is_dense() const { return dense_; }

   private:
    std::shared_ptr<MachineRoom> room_;
    bool dense_;
  };

  /// A place, or which limit is reached and how to raise it.
  Result<Place> admit();
  [[nodiscard]] size_t processes() const;

 private:
  /// With the lock held: how many there is room for beside those there are, 1 or more.
  Result<uint64_t> measure();
  Result<uint64_t> room_for(const MachineState& state) const;

  const MachineLimits limits_;
  const uint64_t address_space_per_process_;
  const std::function<MachineState()> measure_;
  const std::function<Instant()> now_;
  mutable std::mutex mutex_;
  uint64_t processes_ = 0;
  uint64_t admitted_until_measure_ = 0;
  uint64_t roomy_processes_ = 0;  // more are dense
  std::optional<Error> refusal_;  // since the last measure, which had no room; until:
  Instant refused_until_;
};

}  // namespace kinode::wasm
