#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kinode {

/// A run of bytes that owns its memory: a body, a context, a blob's content.
///
/// The memory is malloc's, as that of the interface to the node is. So what the node hands in is
/// taken over without a copy, whatever its size. A copy of a Bytes copies the memory.
class Bytes {
 public:
  Bytes() = default;
  Bytes(std::string_view text) : Bytes(text.data(), text.size()) {}
  Bytes(const std::string& text) : Bytes(text.data(), text.size()) {}
  Bytes(const char* text) : Bytes(std::string_view(text)) {}
  Bytes(std::span<const uint8_t> bytes) : Bytes(bytes.data(), bytes.size()) {}
  Bytes(const void* data, size_t size);
  Bytes(const Bytes& other) : Bytes(other.data_, other.size_) {}
  Bytes(Bytes&& other) noexcept;
  Bytes& operator=(Bytes other) noexcept;
  ~Bytes();

  /// Owns `data` from now on; it came from malloc. Null if there are no bytes.
  static Bytes adopt(uint8_t* data, size_t size);
  /// `size` bytes, each `fill`.
  static Bytes filled(size_t size, uint8_t fill);

  const uint8_t* data() const { return data_; }
  uint8_t* data() { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const uint8_t* begin() const { return data_; }
  const uint8_t* end() const { return data_ + size_; }

  /// The same bytes read as text; valid as long as this object is.
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  std::string string() const { return std::string(text()); }
  operator std::span<const uint8_t>() const { return {data_, size_}; }

  bool operator==(const Bytes& other) const { return text() == other.text(); }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace kinode
