#include "names.h"

#include <cstdint>

namespace file_transfer {

namespace {

// With a suffix it is still a name for any file system.
constexpr size_t longest_name = 200;

/// FNV-1a of 64 bits: file names have letters that process names must not have.
std::string digest(std::string_view text) {
  uint64_t sum = 0xcbf29ce484222325;
  for (const char c : text) sum = (sum ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(sum >> shift) & 15U];
  return hex;
}

bool is_control(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::expected<void, std::string> check_name(std::string_view name) {
  if (name.empty()) return std::unexpected("the file has no name");
  if (name.size() > longest_name) return std::unexpected("the file's name is longer than 200 bytes");
  if (name == "." || name == "..") return std::unexpected("the file's name is that of a folder");
  for (const char c : name) {
    if (c == '/' || c == '\\') return std::unexpected("the file's name has a slash");
    if (is_control(c)) return std::unexpected("the file's name has a control character");
  }
  return {};
}

std::string sender_name(std::string_view file) { return "send-" + digest(file); }
std::string receiver_name(std::string_view file) { return "receive-" + digest(file); }

}  // namespace file_transfer
