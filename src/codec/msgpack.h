// MessagePack in the compact form of the reference (kernel.md 2.3): what nodes say to each other and what
// the signature of a capability covers.
//
// Writing: structs are arrays in the order of their fields, an enum's value is a string or a map of one,
// bytes are an array of small integers. Reading also takes structs as maps by name and bytes as `bin`.
//
// Whoever parses a peer's own types uses MsgpackReader and MsgpackWriter below; both are fast for byte
// lists of many MiB. No exception leaves this header.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "types/message.h"

namespace kinode::codec {

/// How bytes are written. The first client reads both, and writes small integers.
enum class ByteForm : uint8_t { integers, bin };

class MsgpackWriter {
 public:
  explicit MsgpackWriter(ByteForm form = ByteForm::integers) : form_(form) {}

  /// Structs, tuples and lists: `size` values follow.
  void array(uint32_t size);
  /// Pairs of a key and a value follow.
  void map(uint32_t size);
  /// A value of an enum that carries something, which follows. One that carries nothing is a `string`.
  void variant(std::string_view name);
  void nil();
  void boolean(bool value);
  void u64(uint64_t value);
  void i64(int64_t value);
  void string(std::string_view value);
  void bytes(std::span<const uint8_t> value);
  void optional_string(const std::optional<std::string>& value);

  /// What was written.
  [[nodiscard]] Bytes finish() &&;

 private:
  ByteForm form_;
  std::string buffer_;
};

/// Takes values from the front of its input. It remembers the first failure: all reads after it give an
/// empty value. So a whole struct is read first and `result` is asked at its end. Whatever the input
/// claims, memory is taken only for what is there.
class MsgpackReader {
 public:
  /// The input is kept: bytes in the form `bin` share its memory.
  explicit MsgpackReader(Bytes input) : input_(std::move(input)) {}

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  /// `value`, or the failure: "MessagePack, message.Request.body at byte 17: expected bytes, found nil".
  template <class Value>
  [[nodiscard]] Result<Value> result(Value value);
  /// Makes the read fail, for a value that is well formed but wrong.
  void fail_with(std::string_view message);

  /// True if the next value is nil, which is then taken.
  bool take_nil();
  bool boolean();
  uint64_t u64();
  /// Valid UTF-8, in the input's memory.
  std::string_view string();
  std::optional<std::string> optional_string();
  Bytes bytes();
  /// The header of an array: that many values follow.
  uint32_t array();
  /// An array that must have this many values.
  void tuple(uint32_t size);
  /// The name of an enum's value. Where it carries something, `has_payload` is true and that follows.
  struct Variant {
    std::string_view name;
    bool has_payload = false;
  };
  Variant variant();
  /// A struct: calls `read` with the number of each field that is there, before its value. A name that
  /// ends in '?' is of an optional field, which a map may leave out.
  void fields(std::initializer_list<std::string_view> names, const std::function<void(size_t)>& read);
  /// Passes over one value of any kind.
  void skip();
  /// Runs `read`, with `name` before the place of a failure in it.
  void within(std::string_view name, const std::function<void()>& read);

 private:
  enum class Kind : uint8_t { nil, boolean, positive, negative, real, string, bin, array, map, extension, nothing };
  struct Header {
    Kind kind = Kind::nothing;
    uint64_t value = 0;  // the value itself, or the size
  };
  [[nodiscard]] Header peek(size_t& size) const;
  Header take(Kind kind, std::string_view what);
  void fail_at(size_t position, std::string message);
  Bytes integers(uint32_t count);

  Bytes input_;
  size_t position_ = 0;
  std::optional<Error> error_;
  std::string place_;
};

template <class Value>
Result<Value> MsgpackReader::result(Value value) {
  if (error_) {
    return std::unexpected(*error_);
  }
  return value;
}

/// The capability as it is signed: issuer and params, the params as their text was given.
Bytes encode_capability(const Capability& capability);
Result<Capability> decode_capability(const Bytes& input);

/// A message for another node; its context is not written.
Bytes encode_kernel_message(const KernelMessage& message, ByteForm form = ByteForm::integers);
/// Bytes after the message are ignored, a context that came with it is dropped. A capability whose params
/// are not JSON is left out: nobody could use it (defect C6), and the message is not lost for it.
Result<KernelMessage> decode_kernel_message(const Bytes& input);

}  // namespace kinode::codec
