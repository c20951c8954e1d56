#include "trace.h"

#include <fmt/format.h>

namespace kinode::simulation {

void Trace::write(const std::string& text) { sink_(fmt::format("{:>5} {:>8} ms  {}", step_, time_.count(), text)); }

void LastLines::add(const std::string& line) {
  lines_.push_back(line);
  if (lines_.size() > count_) {
    lines_.pop_front();
  }
}

std::string LastLines::text() const {
  std::string all;
  for (const std::string& line : lines_) {
    all += line + "\n";
  }
  return all;
}

}  // namespace kinode::simulation
