#include "base/bytes.h"

#include <algorithm>
#include <cstring>

namespace kinode {

Bytes Bytes::copy_of(std::span<const uint8_t> bytes) {
  if (bytes.empty()) {
    return {};
  }
  auto memory = std::make_shared_for_overwrite<uint8_t[]>(bytes.size());
  std::memcpy(memory.get(), bytes.data(), bytes.size());
  std::span<const uint8_t> copy(memory.get(), bytes.size());
  return view(std::move(memory), copy);
}

Bytes Bytes::copy_of(std::string_view text) {
  return copy_of(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Bytes Bytes::from(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(owner->data()), owner->size());
  return view(std::move(owner), bytes);
}

Bytes Bytes::from(std::vector<uint8_t> bytes) {
  auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(bytes));
  std::span<const uint8_t> span(*owner);
  return view(std::move(owner), span);
}

Bytes Bytes::view(std::shared_ptr<const void> owner, std::span<const uint8_t> bytes) {
  Bytes result;
  result.owner_ = std::move(owner);
  result.data_ = bytes.data();
  result.size_ = bytes.size();
  return result;
}

Bytes Bytes::slice(size_t offset, size_t size) const {
  offset = std::min(offset, size_);
  return view(owner_, {data_ + offset, std::min(size, size_ - offset)});
}

}  // namespace kinode
