#pragma once

#include <kinode/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace terminal {

/// What `m` is called with (packages-and-kit.md 4.2).
struct MessageArguments {
  kinode::Address target;
  std::string body;
  /// How long to wait for the answer; none: it is of no interest.
  std::optional<uint64_t> await_s;
};

/// `ADDRESS BODY`, and `-a SECONDS` or `--await SECONDS` anywhere. Fails with what is wrong and how it should be.
std::expected<MessageArguments, std::string> parse_message_arguments(std::string_view text);

}  // namespace terminal
