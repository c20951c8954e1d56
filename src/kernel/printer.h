// Where the kernel and the processes print.
#pragma once

#include <cstdint>
#include <string>

#include "types/address.h"

namespace kinode::kernel {

struct Printout {
  /// 0 always shown, 1 debugging, 2 detail, 3 the finest (kernel.md 11).
  uint8_t verbosity;
  ProcessId source;
  std::string text;
};

class Printer {
 public:
  virtual ~Printer() = default;
  /// Any thread. Never blocks: what cannot be kept is dropped and counted.
  virtual void print(Printout printout) = 0;
};

}  // namespace kinode::kernel
