#include <algorithm>
#include <cstring>
#include <limits>
#include <msgpack.hpp>

#include "base/check.h"
#include "codec/msgpack.h"

namespace kinode::codec {
namespace {

/// Where the library's packer puts its bytes.
struct Sink {
  std::string& buffer;
  void write(const char* data, size_t size) { buffer.append(data, size); }
};

class Packer : public msgpack::packer<Sink> {
 public:
  explicit Packer(std::string& buffer) : msgpack::packer<Sink>(sink_), sink_{buffer} {}

 private:
  Sink sink_;
};

uint32_t size_of(size_t size) {
  KINODE_CHECK(size <= std::numeric_limits<uint32_t>::max(), "{} bytes do not fit into MessagePack", size);
  return static_cast<uint32_t>(size);
}

/// Writes bytes as integers to `out`, which has room for two bytes each; gives the end. Free of branches
/// on single bytes, which nobody could predict.
uint8_t* write_integers(uint8_t* out, std::span<const uint8_t> bytes) {
  const uint8_t* byte = bytes.data();
  const uint8_t* end = byte + bytes.size();
  while (byte != end) {
    if (end - byte >= 8 && detail::all_below_128(byte)) {
      std::memcpy(out, byte, 8);
      out += 8;
      byte += 8;
      continue;
    }
    const uint8_t* pause = byte + std::min<ptrdiff_t>(8, end - byte);
    for (; byte != pause; ++byte) {
      size_t high = *byte >> 7U;
      out[0] = 0xcc;
      out[high] = *byte;
      out += 1 + high;
    }
  }
  return out;
}

}  // namespace

void MsgpackWriter::array(uint32_t size) { Packer(buffer_).pack_array(size); }

void MsgpackWriter::map(uint32_t size) { Packer(buffer_).pack_map(size); }

void MsgpackWriter::variant(std::string_view name) {
  map(1);
  string(name);
}

void MsgpackWriter::nil() { Packer(buffer_).pack_nil(); }

void MsgpackWriter::boolean(bool value) { value ? Packer(buffer_).pack_true() : Packer(buffer_).pack_false(); }

void MsgpackWriter::u64(uint64_t value) { Packer(buffer_).pack_uint64(value); }

void MsgpackWriter::i64(int64_t value) { Packer(buffer_).pack_int64(value); }

void MsgpackWriter::string(std::string_view value) {
  Packer(buffer_).pack_str(size_of(value.size()));
  buffer_.append(value);
}

void MsgpackWriter::optional_string(const std::optional<std::string>& value) { value ? string(*value) : nil(); }

void MsgpackWriter::bytes(std::span<const uint8_t> value) {
  if (form_ == ByteForm::bin) {
    Packer(buffer_).pack_bin(size_of(value.size()));
    buffer_.append(reinterpret_cast<const char*>(value.data()), value.size());
    return;
  }
  array(size_of(value.size()));
  size_t start = buffer_.size();
  buffer_.resize_and_overwrite(start + 2 * value.size(), [&](char* data, size_t) {
    auto* out = reinterpret_cast<uint8_t*>(data);
    return static_cast<size_t>(write_integers(out + start, value) - out);
  });
}

void MsgpackWriter::bin_header(size_t size) { Packer(buffer_).pack_bin(size_of(size)); }

Bytes MsgpackWriter::finish() && { return Bytes::from(std::move(buffer_)); }

}  // namespace kinode::codec
