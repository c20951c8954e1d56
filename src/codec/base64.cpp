#include "codec/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace kinode::codec {
namespace {

// OpenSSL counts in int, so long input goes in pieces of whole groups.
constexpr size_t groups_per_piece = size_t{1} << 20;

constexpr int8_t not_a_digit = -1;

constexpr std::array<int8_t, 256> make_digits() {
  std::array<int8_t, 256> digits{};
  digits.fill(not_a_digit);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < alphabet.size(); ++i) {
    digits[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return digits;
}
constexpr std::array<int8_t, 256> digits = make_digits();

const unsigned char* unsigned_data(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string encode_base64(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  if (bytes.empty()) {
    return text;
  }
  // The function ends what it writes with a zero: that falls on the next piece or on the string's own.
  size_t written = 0;
  for (size_t done = 0; done < bytes.size();) {
    const size_t piece = std::min(bytes.size() - done, groups_per_piece * 3);
    written += EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()) + written, bytes.data() + done,
                               static_cast<int>(piece));
    done += piece;
  }
  return text;
}

std::optional<std::vector<uint8_t>> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  if (text.empty()) {
    return std::vector<uint8_t>{};
  }
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view data = text.substr(0, text.size() - padding);
  if (!std::ranges::all_of(data, [](char c) { return digits[static_cast<uint8_t>(c)] != not_a_digit; })) {
    return std::nullopt;
  }
  // The last digit before padding carries bits that no byte takes: they must be zero.
  const int unused_bits = padding == 2 ? 0x0f : padding == 1 ? 0x03 : 0;
  if ((digits[static_cast<uint8_t>(data.back())] & unused_bits) != 0) {
    return std::nullopt;
  }
  std::vector<uint8_t> bytes(text.size() / 4 * 3);
  size_t written = 0;
  for (size_t done = 0; done < text.size();) {
    const size_t piece = std::min(text.size() - done, groups_per_piece * 4);
    const int got = EVP_DecodeBlock(bytes.data() + written, unsigned_data(text.substr(done)), static_cast<int>(piece));
    if (got < 0) {
      return std::nullopt;
    }
    written += static_cast<size_t>(got);
    done += piece;
  }
  bytes.resize(written - padding);
  return bytes;
}

std::string encode_base64url(std::span<const uint8_t> bytes) {
  std::string text = encode_base64(bytes);
  while (text.ends_with('=')) {
    text.pop_back();
  }
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::optional<std::vector<uint8_t>> decode_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  return decode_base64(standard);
}

}  // namespace kinode::codec
