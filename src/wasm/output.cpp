#include "wasm/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/utf8.h"

namespace kinode::wasm {
namespace {

// How many bytes at the start of `bytes` are one character; 0 if they are none.
size_t character_size(std::string_view bytes) {
  for (size_t size = 1; size <= std::min<size_t>(bytes.size(), 4); ++size) {
    if (is_utf8(bytes.substr(0, size))) {
      return size;
    }
  }
  return 0;
}

}  // namespace

std::string as_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) {
    return std::string(bytes);
  }
  std::string text;
  while (!bytes.empty()) {
    size_t size = character_size(bytes);
    text += size > 0 ? bytes.substr(0, size) : "\xEF\xBF\xBD";
    bytes.remove_prefix(std::max<size_t>(size, 1));
  }
  return text;
}

Output::Output(kernel::ProcessContext& context, const OutputLimits& limits, const Clock& clock)
    : context_(context),
      limits_(limits),
      clock_(clock),
      allowance_(static_cast<double>(limits.burst)),
      allowed_at_(clock.now()) {}

void Output::write(Stream stream, std::string_view bytes) {
  if (stream == Stream::error) {
    errors_.append(bytes.substr(bytes.size() - std::min(bytes.size(), limits_.kept_errors)));
    errors_cut_ = errors_cut_ || bytes.size() > limits_.kept_errors;
    if (errors_.size() > 2 * limits_.kept_errors) {
      errors_.erase(0, errors_.size() - limits_.kept_errors);
      errors_cut_ = true;
    }
  }
  std::string& pending = pending_[static_cast<size_t>(stream)];
  while (!bytes.empty()) {
    // A byte more than a line shows whether a character goes on there.
    size_t taken = std::min({bytes.find('\n'), bytes.size(), limits_.line + 1 - pending.size()});
    pending.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (pending.size() > limits_.line) {
      std::string_view line = utf8_prefix(pending, limits_.line);
      print_line(stream, line);
      pending.erase(0, line.size());
    } else if (!bytes.empty()) {
      bytes.remove_prefix(1);
      print_line(stream, pending);
      pending.clear();
    }
  }
}

void Output::print_line(Stream stream, std::string_view line) {
  constexpr size_t each = 32;  // what a line costs beside its bytes
  Instant now = clock_.now();
  std::chrono::duration<double> passed = now - allowed_at_;
  allowed_at_ = now;
  allowance_ = std::min(allowance_ + passed.count() * static_cast<double>(limits_.bytes_per_second),
                        static_cast<double>(limits_.burst));
  auto cost = static_cast<double>(line.size() + each);
  if (allowance_ < cost) {
    ++left_out_;
    return;
  }
  allowance_ -= cost;
  tell_left_out();
  context_.print(1, fmt::format("{} {}: {}", context_.our().process().text(),
                                stream == Stream::out ? "stdout" : "stderr", as_utf8(line)));
}

void Output::tell_left_out() {
  if (size_t count = std::exchange(left_out_, 0); count > 0) {
    context_.print(1, fmt::format("{}: {} lines of its output were left out", context_.our().process().text(), count));
  }
}

void Output::finish() {
  for (Stream stream : {Stream::out, Stream::error}) {
    std::string& pending = pending_[static_cast<size_t>(stream)];
    if (!pending.empty()) {
      print_line(stream, pending);
      pending.clear();
    }
  }
  tell_left_out();
}

std::string Output::last_errors() const {
  std::string_view tail = errors_;
  bool cut = errors_cut_ || tail.size() > limits_.kept_errors;
  tail.remove_prefix(tail.size() - std::min(tail.size(), limits_.kept_errors));
  if (cut) {
    if (size_t line = tail.find('\n'); line != std::string_view::npos && line + 1 < tail.size()) {
      tail.remove_prefix(line + 1);
    }
  }
  return as_utf8(tail);
}

}  // namespace kinode::wasm
