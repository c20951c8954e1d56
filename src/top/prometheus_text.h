// Reads Prometheus' text format, as far as a node writes it (docs/metrics.md).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kinode::top {

struct Sample {
  std::string name;
  std::map<std::string, std::string, std::less<>> labels;
  double value = 0;
};

/// The samples, in order; comments are passed over. Fails with the line that is none.
Result<std::vector<Sample>> parse_prometheus(std::string_view text);

}  // namespace kinode::top
