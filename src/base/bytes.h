// Bytes: an immutable, reference-counted run of bytes, cheap to copy and to cut.
//
// A message's body or blob is copied once, where it enters the node (from a guest's memory or a
// socket), and never again until a guest or a socket asks for it. Copies of a Bytes and slices of it
// share the memory and keep it alive. A value type; safe to copy and read from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kinode {

class Bytes {
 public:
  Bytes() = default;

  /// Copies.
  static Bytes copy_of(std::span<const uint8_t> bytes);
  static Bytes copy_of(std::string_view text);

  /// Takes over without a copy.
  static Bytes from(std::string text);
  static Bytes from(std::vector<uint8_t> bytes);
  /// Memory that `owner` keeps alive.
  static Bytes view(std::shared_ptr<const void> owner, std::span<const uint8_t> bytes);

  [[nodiscard]] const uint8_t* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<const uint8_t> span() const { return {data_, size_}; }
  /// The bytes seen as text; not checked to be UTF-8.
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

  /// The part from `offset`, `size` bytes or up to the end, sharing the memory.
  [[nodiscard]] Bytes slice(size_t offset, size_t size = SIZE_MAX) const;

  friend bool operator==(const Bytes& a, const Bytes& b) { return a.text() == b.text(); }

 private:
  std::shared_ptr<const void> owner_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace kinode
