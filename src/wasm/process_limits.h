// What one guest may take, and what the machine must have left before another is started.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kinode::wasm {

struct ProcessLimits {
  /// Bytes of all its linear memories together. The largest components seen, whole JavaScript and
  /// Python engines, work in some 100 MiB; this leaves them room for their data, and a process that
  /// leaks ends before a small machine does.
  uint64_t memory = uint64_t{1} << 30;
  /// Elements of all its tables together. Tables hold functions: some 20 000 in a JavaScript engine.
  /// They lie outside the linear memory, 8 to 16 bytes each.
  uint64_t table = 500'000;
  /// Bytes that one call may carry from the guest to the host. As much as its memory: the first client
  /// has no bound, and what a guest holds it may send; but lists whose items overlap add up to more.
  uint64_t call = uint64_t{1} << 30;
};

/// What a guest may write to its standard output and error: more is left out, and counted.
struct OutputLimits {
  size_t line = 1'024;  // longer ones are broken
  size_t bytes_per_second = 16 << 10;
  size_t burst = 64 << 10;
  size_t kept_errors = 4 << 10;  // the end of standard error, for the message of its exit
};

struct MachineLimits {
  /// Memory of the machine that must stay available; 0: a twentieth of it, at most 256 MiB.
  uint64_t memory_reserve = 0;
  /// What one process may take at most when it starts.
  uint64_t memory_per_process = uint64_t{256} << 10;
  size_t maps_per_process = 8;
  /// What one takes that is not dense: its memory in three pieces, and what is reserved behind it.
  size_t maps_per_roomy_process = 4;
};

}  // namespace kinode::wasm
