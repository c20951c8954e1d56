// A printer that keeps what it is given, for the test to look at. Any thread.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "kernel/printer.h"

namespace kinode::kernel::testing {

class RecordingPrinter final : public Printer {
 public:
  void print(Printout printout) override {
    std::lock_guard lock(mutex_);
    printouts_.push_back(std::move(printout));
  }

  [[nodiscard]] std::vector<Printout> printouts() const {
    std::lock_guard lock(mutex_);
    return printouts_;
  }
  /// Whether a line of at most this verbosity holds `text`.
  [[nodiscard]] bool has(std::string_view text, uint8_t verbosity = 3) const {
    std::lock_guard lock(mutex_);
    return std::ranges::any_of(printouts_, [&](const Printout& printout) {
      return printout.verbosity <= verbosity && printout.text.find(text) != std::string::npos;
    });
  }
  void clear() {
    std::lock_guard lock(mutex_);
    printouts_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Printout> printouts_;
};

}  // namespace kinode::kernel::testing
