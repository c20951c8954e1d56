#include "modules/kv/entries.h"

#include <cstdint>
#include <optional>

#include "base/check.h"

namespace kinode::modules::kv {
namespace {

constexpr size_t length_bytes = 4;

void append_part(std::string& blob, std::string_view part) {
  KINODE_CHECK(part.size() <= UINT32_MAX, "{} bytes", part.size());
  auto length = static_cast<uint32_t>(part.size());
  for (size_t i = 0; i < length_bytes; ++i) {
    blob.push_back(static_cast<char>(length >> (8 * i)));
  }
  blob.append(part);
}

/// Takes one off the front; none where it is not there whole.
std::optional<std::string_view> take_part(std::string_view& rest) {
  if (rest.size() < length_bytes) {
    return std::nullopt;
  }
  uint32_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<uint32_t>(static_cast<uint8_t>(rest[i])) << (8 * i);
  }
  rest.remove_prefix(length_bytes);
  if (rest.size() < length) {
    return std::nullopt;
  }
  std::string_view part = rest.substr(0, length);
  rest.remove_prefix(length);
  return part;
}

}  // namespace

void append_entry(std::string& blob, const Entry& entry) {
  append_part(blob, entry.key);
  append_part(blob, entry.value);
}

Result<std::vector<Entry>> read_entries(std::string_view blob, const KvLimits& limits) {
  if (blob.size() > limits.batch_bytes) {
    return fail("{} bytes of entries are over the limit of {}", blob.size(), limits.batch_bytes);
  }
  std::vector<Entry> entries;
  for (std::string_view rest = blob; !rest.empty();) {
    if (entries.size() == limits.batch_entries) {
      return fail("more than {} entries", limits.batch_entries);
    }
    size_t begin = blob.size() - rest.size();
    auto key = take_part(rest);
    auto value = key ? take_part(rest) : std::nullopt;
    if (!value) {
      return fail("entry {}, at byte {}, is not there whole", entries.size(), begin);
    }
    if (key->size() > limits.key_bytes || value->size() > limits.value_bytes) {
      return fail("entry {} has a key of {} bytes and a value of {}; the most are {} and {}", entries.size(),
                  key->size(), value->size(), limits.key_bytes, limits.value_bytes);
    }
    entries.push_back({*key, *value});
  }
  return entries;
}

}  // namespace kinode::modules::kv
