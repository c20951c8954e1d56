// The library passes over unknown values. All else is read here, value by value: the library would make
// an object of 24 bytes for each byte of a list.

#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <msgpack.hpp>

#include "base/check.h"
#include "base/utf8.h"
#include "codec/msgpack.h"

namespace kinode::codec {
namespace {

constexpr int max_skip_depth = 128;

class SkipVisitor : public msgpack::null_visitor {
 public:
  bool start_array(uint32_t /*size*/) { return ++depth_ <= max_skip_depth; }
  bool start_map(uint32_t /*size*/) { return ++depth_ <= max_skip_depth; }
  bool end_array() { return --depth_ >= 0; }
  bool end_map() { return --depth_ >= 0; }

 private:
  int depth_ = 0;
};

std::string_view without_mark(std::string_view name) {
  return name.ends_with('?') ? name.substr(0, name.size() - 1) : name;
}

}  // namespace

// ---- headers -----------------------------------------------------------------------

void MsgpackReader::fail_at(size_t position, std::string message) {
  if (!failed_) {
    failed_ = true;
    error_position_ = position;
    error_.message = std::move(message);
  }
}

void MsgpackReader::fail_with(std::string_view message) { fail_at(position_, std::string(message)); }

void MsgpackReader::blame(std::string_view name) {
  std::string_view between = place_.empty() || place_.starts_with('[') ? "" : ".";
  place_ = fmt::format("{}{}{}", without_mark(name), between, place_);
}

MsgpackReader::Header MsgpackReader::header() {
  Header header{.start = position_};
  if (failed_) {
    return header;
  }
  if (left() == 0) {
    fail_at(position_, "the input ends here");
    return header;
  }
  uint8_t first = input_.data()[position_++];
  auto direct = [&](Kind kind, uint64_t value) {
    header.kind = kind;
    header.value = value;
    return header;
  };
  auto number = [&](Kind kind, size_t size) {
    if (left() < size) {
      fail_at(header.start, "the input ends within this value");
      return header;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      value = value << 8U | input_.data()[position_++];
    }
    return direct(kind, value);
  };
  auto negative = [&](size_t size) {
    number(Kind::negative, size);
    uint64_t sign = uint64_t{1} << (8 * size - 1);
    header.value = (header.value ^ sign) - sign;  // sign extension
    if (header.kind == Kind::negative && static_cast<int64_t>(header.value) >= 0) {
      header.kind = Kind::positive;
    }
    return header;
  };
  if (first < 0x80) {
    return direct(Kind::positive, first);
  }
  if (first < 0x90) {
    return direct(Kind::map, first & 0x0fU);
  }
  if (first < 0xa0) {
    return direct(Kind::array, first & 0x0fU);
  }
  if (first < 0xc0) {
    return direct(Kind::string, first & 0x1fU);
  }
  if (first >= 0xe0) {
    return direct(Kind::negative, static_cast<uint64_t>(static_cast<int8_t>(first)));
  }
  switch (first) {
    case 0xc0:
      return direct(Kind::nil, 0);
    case 0xc2:
    case 0xc3:
      return direct(Kind::boolean, first & 1U);
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return number(Kind::bin, size_t{1} << (first - 0xc4U));
    case 0xca:
    case 0xcb:
      return number(Kind::real, first == 0xca ? 4 : 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return number(Kind::positive, size_t{1} << (first - 0xccU));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return negative(size_t{1} << (first - 0xd0U));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return number(Kind::string, size_t{1} << (first - 0xd9U));
    case 0xdc:
    case 0xdd:
      return number(Kind::array, first == 0xdc ? 2 : 4);
    case 0xde:
    case 0xdf:
      return number(Kind::map, first == 0xde ? 2 : 4);
    case 0xc1:
      fail_at(header.start, "0xc1 begins no value");
      return header;
    default:
      return direct(Kind::extension, 0);
  }
}

MsgpackReader::Header MsgpackReader::refuse(const Header& found, std::string_view what) {
  constexpr std::string_view names[] = {"nothing",  "nil",   "a boolean", "a number", "a negative number", "a float",
                                        "a string", "bytes", "a list",    "a map",    "an extension"};
  fail_at(found.start, fmt::format("expected {}, found {}", what, names[static_cast<size_t>(found.kind)]));
  return {};
}

MsgpackReader::Header MsgpackReader::header_as(Kind kind, std::string_view what) {
  Header found = header();
  return found.kind == kind ? found : refuse(found, what);
}

std::string_view MsgpackReader::take(size_t size) {
  if (size > left()) {
    fail_at(position_, fmt::format("{} bytes are to follow, {} are left", size, left()));
  }
  if (failed_) {
    return {};
  }
  std::string_view taken = input_.text().substr(position_, size);
  position_ += size;
  return taken;
}

// ---- values ------------------------------------------------------------------------

bool MsgpackReader::take_nil() {
  bool nil = !failed_ && left() > 0 && input_.data()[position_] == 0xc0;
  position_ += nil ? 1 : 0;
  return nil;
}

bool MsgpackReader::boolean() { return header_as(Kind::boolean, "a boolean").value != 0; }

uint64_t MsgpackReader::u64() { return header_as(Kind::positive, "a number that is not negative").value; }

int64_t MsgpackReader::i64() {
  Header found = header();
  bool fits = found.kind == Kind::positive && found.value <= uint64_t{std::numeric_limits<int64_t>::max()};
  if (!fits && found.kind != Kind::negative) {
    found = refuse(found, "a signed number of 64 bits");
  }
  return static_cast<int64_t>(found.value);
}

std::string_view MsgpackReader::string() {
  Header found = header_as(Kind::string, "a string");
  std::string_view text = take(found.value);
  if (!is_utf8(text)) {
    fail_at(found.start, "the string is not UTF-8");
    return {};
  }
  return text;
}

std::optional<std::string> MsgpackReader::optional_string() {
  if (take_nil()) {
    return std::nullopt;
  }
  return std::string(string());
}

Bytes MsgpackReader::bytes() {
  Header found = header();
  if (found.kind == Kind::array) {
    return integers(found.value);
  }
  if (found.kind != Kind::bin) {
    refuse(found, "bytes");
    return {};
  }
  size_t start = position_;
  return input_.slice(start, take(found.value).size());
}

Bytes MsgpackReader::integers(size_t count) {
  if (count > left()) {
    fail_at(position_, fmt::format("{} values are to follow, {} bytes are left", count, left()));
    return {};
  }
  if (count == 0 || failed_) {
    return {};
  }
  auto memory = std::make_shared_for_overwrite<uint8_t[]>(count);
  uint8_t* out = memory.get();
  uint8_t* const end = out + count;
  while (out != end && !failed_) {
    const uint8_t* in = input_.data() + position_;
    if (end - out >= 8 && left() >= 16) {
      if (detail::all_below_128(in)) {
        std::memcpy(out, in, 8);
        out += 8;
        position_ += 8;
        continue;
      }
      // As in writing, without branches on single bytes; anything but the usual forms is left to below.
      bool usual = true;
      const uint8_t* start = in;
      for (int i = 0; i < 8; ++i) {
        size_t wide = *in == 0xcc ? 1 : 0;
        usual &= (*in < 0x80) | (wide != 0);
        out[i] = in[wide];
        in += 1 + wide;
      }
      if (usual) {
        out += 8;
        position_ += static_cast<size_t>(in - start);
        continue;
      }
    }
    Header found = header_as(Kind::positive, "a number from 0 to 255");
    if (found.value > 255) {
      fail_at(found.start, fmt::format("expected a number from 0 to 255, found {}", found.value));
    }
    *out++ = static_cast<uint8_t>(found.value);
  }
  if (failed_) {
    return {};
  }
  return Bytes::view(std::move(memory), {end - count, count});
}

uint32_t MsgpackReader::array() { return static_cast<uint32_t>(header_as(Kind::array, "a list").value); }

void MsgpackReader::tuple(uint32_t size) {
  Header found = header_as(Kind::array, "a list");
  if (found.value != size) {
    fail_at(found.start, fmt::format("expected a list of {}, found one of {}", size, found.value));
  }
}

uint32_t MsgpackReader::map() { return static_cast<uint32_t>(header_as(Kind::map, "a map").value); }

MsgpackReader::Variant MsgpackReader::variant() { return variant({}); }

MsgpackReader::Variant MsgpackReader::variant(std::initializer_list<std::string_view> names) {
  size_t start = position_;
  if (left() > 0 && (input_.data()[start] & 0xf0U) != 0x80 && (input_.data()[start] & 0xfeU) != 0xde) {
    return {variant_name(names), false};
  }
  Header found = header_as(Kind::map, "a variant");
  if (found.value != 1) {
    fail_at(found.start, fmt::format("expected a variant, found a map of {}", found.value));
  }
  return {variant_name(names), true};
}

/// One of `names` by its number, or any name.
std::string_view MsgpackReader::variant_name(std::initializer_list<std::string_view> names) {
  const bool is_string = left() > 0 && ((input_.data()[position_] & 0xe0U) == 0xa0 ||
                                        (input_.data()[position_] >= 0xd9 && input_.data()[position_] <= 0xdb));
  if (names.size() == 0 || is_string) {
    return string();
  }
  const Header found = header_as(Kind::positive, "the name of a variant");
  if (found.value >= names.size()) {
    fail_at(found.start, fmt::format("there is no variant {}", found.value));
  }
  return failed_ ? std::string_view() : names.begin()[found.value];
}

void MsgpackReader::skip() {
  if (failed_) {
    return;
  }
  SkipVisitor visitor;
  size_t next = position_;
  bool whole = false;
  std::string_view input = input_.text();
  try {
    whole = msgpack::parse(input.data(), input.size(), next, visitor);
  } catch (const std::exception&) {
    whole = false;
  }
  if (!whole) {
    fail_at(position_, "a value that is malformed, cut off or too deep");
    return;
  }
  position_ = next;
}

// ---- structs -----------------------------------------------------------------------

MsgpackReader::StructHeader MsgpackReader::open_struct(size_t fields) {
  KINODE_CHECK(fields <= 64, "{} fields", fields);
  Header found = header();
  if (found.kind == Kind::map) {
    return {true, static_cast<uint32_t>(found.value)};
  }
  if (found.kind != Kind::array) {
    refuse(found, "a struct");
    return {};
  }
  if (found.value != fields) {
    fail_at(found.start, fmt::format("expected a struct of {} fields, found {}", fields, found.value));
  }
  return {false, static_cast<uint32_t>(found.value)};
}

std::optional<size_t> MsgpackReader::next_name(std::initializer_list<std::string_view> names, uint64_t& seen) {
  size_t start = position_;
  std::string_view name = string();
  for (size_t i = 0; i < names.size(); ++i) {
    if (without_mark(names.begin()[i]) == name) {
      if ((seen >> i & 1U) != 0) {
        fail_at(start, fmt::format("field {} stands twice", name));
      }
      seen |= uint64_t{1} << i;
      return i;
    }
  }
  return std::nullopt;
}

void MsgpackReader::check_complete(std::initializer_list<std::string_view> names, uint64_t seen) {
  for (size_t i = 0; i < names.size(); ++i) {
    if ((seen >> i & 1U) == 0 && !names.begin()[i].ends_with('?')) {
      fail_at(position_, fmt::format("field {} is missing", names.begin()[i]));
    }
  }
}

}  // namespace kinode::codec
