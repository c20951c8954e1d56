// Failure that a guest, a peer, a disk or a person can cause.
//
// A function that can fail for such a reason returns Result<T>. The error's text is written for the
// person who reads it: what failed, where, and what to do about it. Bugs of ours are not errors but
// assertions (base/check.h).
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace kinode {

struct Error {
  std::string message;

  /// The same error with the place where it happened before it: "place: message".
  [[nodiscard]] Error at(std::string_view place) const { return {fmt::format("{}: {}", place, message)}; }
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail("no file {}", path);`
template <class... Arguments>
[[nodiscard]] std::unexpected<Error> fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return std::unexpected(Error{fmt::format(format, std::forward<Arguments>(arguments)...)});
}

}  // namespace kinode
