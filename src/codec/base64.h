// Base64, of the standard alphabet with padding or of that for URLs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kinode::codec {

std::string encode_base64(std::span<const uint8_t> bytes);

/// Strict, as the first client reads it: full padding, no white space, no bits left over. None: not
/// base64.
std::optional<std::vector<uint8_t>> decode_base64(std::string_view text);

/// Of the alphabet for URLs, without padding (RFC 4648, 5): the parts of a JSON web token.
std::string encode_base64url(std::span<const uint8_t> bytes);
/// As strict.
std::optional<std::vector<uint8_t>> decode_base64url(std::string_view text);

}  // namespace kinode::codec
