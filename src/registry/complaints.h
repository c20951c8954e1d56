// Complaints: what is wrong with files that are read again and again is told once, until something else is.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kinode::registry {

class Complaints {
 public:
  explicit Complaints(std::function<void(const std::string&)> report) : report_(std::move(report)) {}

  /// All that is wrong now.
  void tell(const std::vector<Error>& errors) {
    std::string lines;
    for (const Error& error : errors) {
      lines += (lines.empty() ? "" : "\n") + error.message;
    }
    if (lines != std::exchange(last_, lines) && !lines.empty()) {
      report_(lines);
    }
  }

 private:
  const std::function<void(const std::string&)> report_;
  std::string last_;
};

}  // namespace kinode::registry
