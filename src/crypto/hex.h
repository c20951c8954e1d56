// Bytes as hex text. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kinode::crypto {

/// Lower case.
std::string to_hex(std::span<const uint8_t> bytes);
/// Both cases. None for an odd number of digits or any other character.
std::optional<std::vector<uint8_t>> from_hex(std::string_view text);

}  // namespace kinode::crypto
