// MessagePack in the compact form of the reference (kernel.md 2.3): what nodes say to each other and what
// the signature of a capability covers.
//
// Writing: structs are arrays in the order of their fields, an enum's value is a string or a map of one,
// bytes are an array of small integers. Reading also takes structs as maps by name and bytes as `bin`.
//
// Whoever needs a peer's other types uses MsgpackReader and MsgpackWriter, e.g. for a struct
// {id: u64, name: string, note: optional string, keys: list of bytes}:
//
//   MsgpackReader reader(input);
//   Thing thing;
//   reader.fields({"id", "name", "note?", "keys"}, [&](size_t field) {
//     switch (field) {
//       case 0: thing.id = reader.u64(); break;
//       case 1: thing.name = reader.string(); break;
//       case 2: thing.note = reader.optional_string(); break;
//       case 3: reader.each([&] { thing.keys.push_back(reader.bytes()); }); break;
//     }
//   });
//   return reader.result(std::move(thing));
//
// Both are fast for byte lists of many MiB. No exception leaves this header.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "types/message.h"

namespace kinode::codec {

namespace detail {
/// Whether each of eight bytes is an integer of one byte.
inline bool all_below_128(const uint8_t* bytes) {
  uint64_t eight = 0;
  std::memcpy(&eight, bytes, 8);
  return (eight & 0x8080808080808080U) == 0;
}
}  // namespace detail

/// How bytes are written. The first client reads both, and writes integers.
enum class ByteForm : uint8_t { integers, bin };

class MsgpackWriter {
 public:
  /// `expected_size` saves copies where it is enough.
  explicit MsgpackWriter(ByteForm form = ByteForm::integers, size_t expected_size = 0) : form_(form) {
    buffer_.reserve(expected_size);
  }

  /// Structs, tuples and lists: `size` values follow.
  void array(uint32_t size);
  /// `size` pairs of a key and a value follow.
  void map(uint32_t size);
  /// A value of an enum that carries something, which follows. One that carries nothing is a `string`.
  void variant(std::string_view name);
  void nil();
  void boolean(bool value);
  void u64(uint64_t value);
  void i64(int64_t value);
  void string(std::string_view value);
  void optional_string(const std::optional<std::string>& value);
  void bytes(std::span<const uint8_t> value);
  /// Bytes in the form `bin`, of which the caller puts the `size` bytes themselves behind what was written.
  void bin_header(size_t size);

  /// What was written.
  [[nodiscard]] Bytes finish() &&;

 private:
  ByteForm form_;
  std::string buffer_;
};

/// Takes values from the front of its input. It remembers the first failure: all reads after it give an
/// empty value. So a whole struct is read first, and `result` is asked at its end. Whatever sizes the
/// input claims, memory is taken only for what is there.
class MsgpackReader {
 public:
  /// The input is kept, and bytes in the form `bin` share its memory.
  explicit MsgpackReader(Bytes input) : input_(std::move(input)) {}

  [[nodiscard]] bool failed() const { return failed_; }
  /// `value`, or the failure: "MessagePack, message.body at byte 17: expected bytes, found nil".
  template <class Value>
  [[nodiscard]] Result<Value> result(Value value) const;
  /// Makes the read fail, for a value that is well formed but wrong.
  void fail_with(std::string_view message);

  /// True if the next value is nil, which is then taken.
  bool take_nil();
  bool boolean();
  uint64_t u64();
  int64_t i64();
  /// Valid UTF-8, in the input's memory.
  std::string_view string();
  std::optional<std::string> optional_string();
  Bytes bytes();
  /// The header of a list: that many values follow.
  uint32_t array();
  /// The header of a list that must have this many values.
  void tuple(uint32_t size);
  /// Calls `read` before each value of a list.
  template <class Read>
  void each(Read&& read);

  /// The header of a map: that many pairs of a key and a value follow.
  uint32_t map();

  /// The name of an enum's value. Where it carries something, that follows.
  struct Variant {
    std::string_view name;
    bool has_payload = false;
  };
  Variant variant();
  /// The same of an enum with these names, which must be literals: a peer may also give the number of one.
  Variant variant(std::initializer_list<std::string_view> names);

  /// A struct, with its names in their order: calls `read` with the number of each field that is there,
  /// before its value. A name that ends in '?' is of an optional field, which a map may leave out. At
  /// most 64 fields.
  template <class Read>
  void fields(std::initializer_list<std::string_view> names, Read&& read);

  /// Passes over one value of any kind.
  void skip();
  /// Runs `read`, and puts `name` before the place of a failure in it.
  template <class Read>
  void within(std::string_view name, Read&& read);

 private:
  enum class Kind : uint8_t { nothing, nil, boolean, positive, negative, real, string, bin, array, map, extension };
  struct Header {
    Kind kind = Kind::nothing;
    size_t start = 0;
    uint64_t value = 0;  // the value itself, or the size of what follows
  };
  struct StructHeader {
    bool by_name = false;
    uint32_t size = 0;
  };

  [[nodiscard]] size_t left() const { return input_.size() - position_; }
  Header header();
  Header header_as(Kind kind, std::string_view what);
  Header refuse(const Header& found, std::string_view what);
  void fail_at(size_t position, std::string message);
  void blame(std::string_view name);
  std::string_view take(size_t size);
  Bytes integers(size_t count);
  std::string_view variant_name(std::initializer_list<std::string_view> names);
  StructHeader open_struct(size_t fields);
  std::optional<size_t> next_name(std::initializer_list<std::string_view> names, uint64_t& seen);
  void check_complete(std::initializer_list<std::string_view> names, uint64_t seen);

  Bytes input_;
  size_t position_ = 0;
  bool failed_ = false;
  Error error_;
  size_t error_position_ = 0;
  std::string place_;  // of the error
};

// ---- our types ------------------------------------------------------------------------------------

/// What the signature of a capability covers: issuer and params, these as their text was given.
Bytes encode_capability(const Capability& capability);
Result<Capability> decode_capability(const Bytes& input);

/// A message for another node. Its context is not written.
Bytes encode_kernel_message(const KernelMessage& message, ByteForm form = ByteForm::integers);
/// Bytes after the message are ignored, and a context in it is dropped. A capability whose params are not
/// JSON is left out: nobody could use it (defect C6), and the message is not lost for it.
Result<KernelMessage> decode_kernel_message(const Bytes& input);

/// A message as two runs of bytes, one behind the other: `tail` is the memory of its blob.
struct MessageParts {
  Bytes head;
  Bytes tail;

  [[nodiscard]] size_t size() const { return head.size() + tail.size(); }
};
/// As encode_kernel_message in the form `bin`, without a copy of the blob.
MessageParts encode_kernel_message_parts(const KernelMessage& message);

/// The same as parts of something larger.
void pack(MsgpackWriter& writer, const KernelMessage& message);
/// None only when the reader failed.
std::optional<KernelMessage> unpack_kernel_message(MsgpackReader& reader);
std::optional<Address> unpack_address(MsgpackReader& reader);

// ---- templates ------------------------------------------------------------------------------------

template <class Value>
Result<Value> MsgpackReader::result(Value value) const {
  if (failed_) {
    return fail("MessagePack, {}{}at byte {}: {}", place_, place_.empty() ? "" : " ", error_position_, error_.message);
  }
  return value;
}

template <class Read>
void MsgpackReader::within(std::string_view name, Read&& read) {
  if (!failed_) {
    read();
    if (failed_) {
      blame(name);
    }
  }
}

template <class Read>
void MsgpackReader::each(Read&& read) {
  uint32_t size = array();
  for (uint32_t i = 0; i < size && !failed_; ++i) {
    read();
    if (failed_) {
      blame(fmt::format("[{}]", i));
    }
  }
}

template <class Read>
void MsgpackReader::fields(std::initializer_list<std::string_view> names, Read&& read) {
  StructHeader header = open_struct(names.size());
  uint64_t seen = 0;
  for (uint32_t i = 0; i < header.size && !failed_; ++i) {
    std::optional<size_t> field = header.by_name ? next_name(names, seen) : i;
    if (field) {
      within(names.begin()[*field], [&] { read(*field); });
    } else {
      skip();
    }
  }
  if (header.by_name) {
    check_complete(names, seen);
  }
}

}  // namespace kinode::codec
