// What must always hold, and the exception that says it does not.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace kinode::simulation {

enum class Invariant : uint8_t {
  right_receiver,     // no message reaches another process, or another life, than the one it was sent to
  arrives_once,       // none arrives twice, and none that was refused
  arrives_whole,      // body, blob, context and the rest arrive as they were sent
  ends_once,          // a request that expects a response ends exactly once: Response, Timeout or Offline
  in_order,           // first in, first out for each sender and receiver
  granted_before,     // a capability granted before a message was sent is there when it arrives
  capability_needed,  // nobody does, holds or passes on what it has no capability for
  conversation,       // what the WIT interface remembers: the request being handled, blobs, refusals
  bounded,            // mailboxes keep their limits, and suspend nobody below them
  store_is_prefix,    // what is stored is what was done; after a crash, a prefix of it
  gate,               // what left the node rests on what is on disk
  no_starvation,      // whoever can go on does
  everything_stops,   // it comes to rest when nothing drives it, and ends when it is told to
  nothing_leaks,      // nothing is left of what ended
  counted,            // a message that does not arrive is counted under its true cause
};

std::string_view name_of(Invariant invariant);
/// In words, for who reads a failure.
std::string_view meaning_of(Invariant invariant);

class Violation final : public std::exception {
 public:
  Violation(Invariant invariant, std::string text) : invariant_(invariant), text_(std::move(text)) {}
  [[nodiscard]] Invariant invariant() const { return invariant_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  Invariant invariant_;
  std::string text_;
};

/// Throws unless `holds`.
template <class... Arguments>
void require(bool holds, Invariant invariant, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (!holds) [[unlikely]] {
    throw Violation(invariant, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
}

}  // namespace kinode::simulation
