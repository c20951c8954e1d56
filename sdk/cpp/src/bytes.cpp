#include "kinode/bytes.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace kinode {

namespace {

uint8_t* allocate(size_t size) {
  if (size == 0) return nullptr;
  auto* memory = static_cast<uint8_t*>(std::malloc(size));
  if (memory == nullptr) __builtin_trap();
  return memory;
}

}  // namespace

Bytes::Bytes(const void* data, size_t size) : data_(allocate(size)), size_(size) {
  if (size != 0) std::memcpy(data_, data, size);
}

Bytes::Bytes(Bytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Bytes& Bytes::operator=(Bytes other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Bytes::~Bytes() { std::free(data_); }

Bytes Bytes::adopt(uint8_t* data, size_t size) {
  Bytes bytes;
  if (size != 0) {
    bytes.data_ = data;
    bytes.size_ = size;
  }
  return bytes;
}

Bytes Bytes::filled(size_t size, uint8_t fill) {
  Bytes bytes = adopt(allocate(size), size);
  if (size != 0) std::memset(bytes.data_, fill, size);
  return bytes;
}

}  // namespace kinode
