// Output: what a guest writes to its standard output and error. It goes line by line to the terminal at
// verbosity 1, as much as OutputLimits allow; the rest is left out and counted. The end of standard
// error is kept for the message of its exit. It never closes, whatever is written (kernel.md 16, S11).
//
// One for each guest; the polling thread's alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "kernel/process_context.h"
#include "wasm/process_limits.h"

namespace kinode::wasm {

/// The text with U+FFFD in place of what is not UTF-8.
std::string as_utf8(std::string_view bytes);

class Output {
 public:
  enum class Stream : uint8_t { out, error };

  Output(kernel::ProcessContext& context, const OutputLimits& limits, const Clock& clock);

  void write(Stream stream, std::string_view bytes);
  /// Prints what is left without an end of line, and how much was left out.
  void finish();
  /// The end of standard error, from the beginning of a line where possible; UTF-8.
  [[nodiscard]] std::string last_errors() const;

 private:
  void print_line(Stream stream, std::string_view line);
  void tell_left_out();

  kernel::ProcessContext& context_;
  const OutputLimits& limits_;
  const Clock& clock_;
  std::string pending_[2];  // lines begun
  std::string errors_;
  bool errors_cut_ = false;
  double allowance_;
  Instant allowed_at_;
  size_t left_out_ = 0;
};

}  // namespace kinode::wasm
