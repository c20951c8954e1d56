#include "top/prometheus_text.h"

#include <charconv>
#include <optional>

namespace kinode::top {
namespace {

/// One line, read from its beginning.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  bool take(char c) {
    bool there = rest_.starts_with(c);
    rest_.remove_prefix(there ? 1 : 0);
    return there;
  }
  std::string_view take_until(std::string_view ends) {
    std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  /// The value of a label, in quotation marks.
  std::optional<std::string> take_quoted() {
    if (!take('"')) {
      return std::nullopt;
    }
    std::string value;
    while (!rest_.empty()) {
      if (take('"')) {
        return value;
      }
      bool escaped = take('\\');
      if (rest_.empty()) {
        break;
      }
      value += escaped && rest_.front() == 'n' ? '\n' : rest_.front();
      rest_.remove_prefix(1);
    }
    return std::nullopt;
  }
  std::optional<double> take_number() {
    double value = 0;
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) {
      return std::nullopt;
    }
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<Sample> parse_sample(Line line) {
  Sample sample{.name = std::string(line.take_until("{ "))};
  if (line.take('{')) {
    while (!line.take('}')) {
      std::string name(line.take_until("="));
      std::optional<std::string> value = line.take('=') ? line.take_quoted() : std::nullopt;
      if (!value) {
        return std::nullopt;
      }
      sample.labels.insert_or_assign(std::move(name), std::move(*value));
      line.take(',');
    }
  }
  std::optional<double> value = line.take(' ') ? line.take_number() : std::nullopt;
  if (sample.name.empty() || !value || !line.at_end()) {
    return std::nullopt;
  }
  sample.value = *value;
  return sample;
}

}  // namespace

Result<std::vector<Sample>> parse_prometheus(std::string_view text) {
  std::vector<Sample> samples;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    std::optional<Sample> sample = parse_sample(Line(line));
    if (!sample) {
      return fail("not a metric: {}", line.substr(0, 200));
    }
    samples.push_back(std::move(*sample));
  }
  return samples;
}

}  // namespace kinode::top
