#include "identity/sealed_keyfile.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "codec/json.h"
#include "crypto/aes_gcm.h"
#include "types/address.h"

namespace kinode::identity {
namespace {

constexpr size_t max_name_size = 253;

/// Takes values of bincode 1.3 from the front of its input: little endian, lengths of 64 bits. After the first failure
/// all is empty. No length is believed that the input does not hold.
class BincodeReader {
 public:
  explicit BincodeReader(std::span<const uint8_t> input) : rest_(input) {}

  [[nodiscard]] bool failed() const { return failed_; }

  std::vector<uint8_t> bytes() {
    const std::span<const uint8_t> taken = take(length());
    return {taken.begin(), taken.end()};
  }
  std::string string() {
    const std::span<const uint8_t> taken = take(length());
    std::string text(taken.begin(), taken.end());
    failed_ = failed_ || !is_utf8(text);
    return text;
  }
  std::vector<std::string> strings() {
    std::vector<std::string> texts;
    const uint64_t count = length();
    failed_ = failed_ || count > max_routers;
    while (!failed_ && texts.size() < count) {
      texts.push_back(string());
    }
    return texts;
  }

 private:
  uint64_t length() {
    uint64_t value = 0;
    const std::span<const uint8_t> taken = take(8);
    for (size_t i = 0; i < taken.size(); ++i) {
      value |= uint64_t{taken[i]} << (8 * i);
    }
    return value;
  }
  std::span<const uint8_t> take(uint64_t size) {
    failed_ = failed_ || size > rest_.size();
    if (failed_) {
      return {};
    }
    const std::span<const uint8_t> taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const uint8_t> rest_;
  bool failed_ = false;
};

/// The six values in either form, the salt of any length.
struct RawKeyfile {
  std::string name;
  std::vector<std::string> routers;
  std::vector<uint8_t> salt, networking_key, token_secret, file_key;
};

std::vector<uint8_t> octets(const Bytes& bytes) { return {bytes.span().begin(), bytes.span().end()}; }

Result<RawKeyfile> read_json(const nlohmann::json& json) {
  Result<std::vector<codec::JsonReader>> values = codec::JsonReader(json).tuple(6);
  if (!values) {
    return std::unexpected(values.error());
  }
  auto& all = *values;
  Result<std::string> name = all[0].string();
  Result<std::vector<std::string>> routers = all[1].list(&codec::JsonReader::string);
  Result<Bytes> salt = all[2].bytes();
  Result<Bytes> networking_key = all[3].bytes();
  Result<Bytes> token_secret = all[4].bytes();
  Result<Bytes> file_key = all[5].bytes();
  if (auto error = codec::first_error(name, routers, salt, networking_key, token_secret, file_key)) {
    return std::unexpected(*error);
  }
  return RawKeyfile{*name, *routers, octets(*salt), octets(*networking_key), octets(*token_secret), octets(*file_key)};
}

std::optional<RawKeyfile> read_bincode(const Bytes& file) {
  BincodeReader reader(file.span());
  RawKeyfile raw;
  raw.name = reader.string();
  raw.routers = reader.strings();
  raw.salt = reader.bytes();
  raw.networking_key = reader.bytes();
  raw.token_secret = reader.bytes();
  raw.file_key = reader.bytes();
  return reader.failed() ? std::nullopt : std::optional(std::move(raw));
}

/// The error of the JSON form, unless it is the other: that is what the file of a person who edited it has.
Result<RawKeyfile> read_either(const Bytes& file) {
  Result<nlohmann::json> json = codec::parse_json(file.text(), {.size = max_keyfile_size});
  if (json) {
    return read_json(*json);
  }
  if (std::optional<RawKeyfile> raw = read_bincode(file)) {
    return std::move(*raw);
  }
  return std::unexpected(json.error());
}

bool is_node_name(const std::string& name) { return name.size() <= max_name_size && is_safe_node(name); }

Result<SealedKeyfile> check(RawKeyfile raw) {
  if (!is_node_name(raw.name)) {
    return fail("its first value is no name of a node");
  }
  if (raw.routers.size() > max_routers || !std::ranges::all_of(raw.routers, is_node_name)) {
    return fail("its second value is no list of up to {} names of nodes", max_routers);
  }
  SealedKeyfile keyfile{std::move(raw.name),           std::move(raw.routers),      {},
                        std::move(raw.networking_key), std::move(raw.token_secret), std::move(raw.file_key)};
  if (raw.salt.size() != keyfile.salt.size()) {
    return fail("its salt has {} bytes, not {}", raw.salt.size(), keyfile.salt.size());
  }
  std::ranges::copy(raw.salt, keyfile.salt.begin());
  for (const std::vector<uint8_t>* blob : {&keyfile.networking_key, &keyfile.token_secret, &keyfile.file_key}) {
    if (blob->size() < crypto::aes_gcm_overhead) {
      return fail("one of its encrypted values has {} bytes, less than {}", blob->size(), crypto::aes_gcm_overhead);
    }
  }
  return keyfile;
}

}  // namespace

Bytes encode_sealed(const SealedKeyfile& keyfile) {
  return Bytes::from(codec::to_text(nlohmann::ordered_json::array(
      {keyfile.name, keyfile.routers, keyfile.salt, keyfile.networking_key, keyfile.token_secret, keyfile.file_key})));
}

Result<SealedKeyfile> decode_sealed(const Bytes& file) {
  if (file.size() > max_keyfile_size) {
    return fail("the keyfile has {} bytes, at most {} are read: this is another file", file.size(), max_keyfile_size);
  }
  Result<RawKeyfile> raw = read_either(file);
  Result<SealedKeyfile> keyfile = raw ? check(std::move(*raw)) : std::unexpected(raw.error());
  if (!keyfile) {
    return fail("the keyfile is damaged, put a copy in its place: {}", keyfile.error().message);
  }
  return keyfile;
}

}  // namespace kinode::identity
