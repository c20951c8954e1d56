#include "wire/greeting_fields.h"

#include <algorithm>
#include <limits>

#include "types/address.h"
#include "wire/handshake_payload.h"

namespace kinode::wire {

Result<void> check_greeting_size(const Bytes& input, std::string_view what) {
  if (input.size() > max_greeting_size) {
    return fail("{}: {} bytes, at most {} are read", what, input.size(), max_greeting_size);
  }
  return {};
}

uint8_t read_version(codec::MsgpackReader& reader) {
  const uint64_t version = reader.u64();
  if (version > std::numeric_limits<uint8_t>::max()) {
    reader.fail_with("a version is a number below 256");
  }
  return static_cast<uint8_t>(version);
}

std::string read_node_name(codec::MsgpackReader& reader) {
  const std::string_view name = reader.string();
  if (!reader.failed() && (name.size() > max_name_size || !is_safe_node(name))) {
    reader.fail_with("a node's name has 1 to 253 letters of a-z, 0-9, - and .");
  }
  return reader.failed() ? std::string() : std::string(name);
}

crypto::Signature read_signature(codec::MsgpackReader& reader) {
  crypto::Signature signature{};
  const Bytes bytes = reader.bytes();
  if (bytes.size() == signature.size()) {
    std::ranges::copy(bytes.span(), signature.begin());
  } else if (!reader.failed()) {
    reader.fail_with(fmt::format("a signature has {} bytes, not {}", signature.size(), bytes.size()));
  }
  return signature;
}

}  // namespace kinode::wire
