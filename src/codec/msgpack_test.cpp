#include "codec/msgpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <numeric>

#include "codec/generators_test.h"

namespace kinode::codec {
namespace {

using testing::HasSubstr;

std::string hex(const Bytes& bytes) {
  std::string text;
  for (uint8_t byte : bytes.span()) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

Bytes from_hex(std::string_view text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return Bytes::from(std::move(bytes));
}

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

Bytes text_bytes(std::string_view text) { return Bytes::copy_of(text); }

// The vectors of kernel.md 2.3.
constexpr std::string_view a = "ad612e6f7340703a713a722e6f73";
constexpr std::string_view b = "ad622e6f7340733a743a752e6f73";
constexpr std::string_view capability_hex = "92ad612e6f7340703a713a722e6f73ab226d6573736167696e6722";
constexpr std::string_view signature_hex =
    "ca200574b78dd1398598771278f5e890c5331404180ad0cf0bec28a846d08fbff443bbea26fb713d30c5bf173e362612dbc99f7475bcc647"
    "719fc2338275bc06";
constexpr std::string_view request_hex =
    "96cd0102ad612e6f7340703a713a722e6f73ad622e6f7340733a743a752e6f73ad612e6f7340703a713a722e6f7381a75265717565737495"
    "c205936869ccffc09092c09201ccc8";
constexpr std::string_view response_hex =
    "96cd0102ad622e6f7340733a743a752e6f73ad612e6f7340703a713a722e6f73c081a8526573706f6e73659294c2926f6bc090c0c0";

const Address address_a("a.os", ProcessId("p", "q", "r.os"));
const Address address_b("b.os", ProcessId("s", "t", "u.os"));

KernelMessage request_message() {
  Request request;
  request.expects_response = 5;
  request.body = text_bytes("hi\xff");
  return {258, address_a, address_b, address_a, request, {}, Blob{std::nullopt, text_bytes("\x01\xc8")}};
}

KernelMessage response_message() {
  Response response;
  response.body = text_bytes("ok");
  return {258, address_b, address_a, {}, response, {}, {}};
}

// ---- vectors --------------------------------------------------------------------------------------

TEST(MsgpackVectors, Capability) {
  Capability capability = Capability::messaging(address_a);
  EXPECT_EQ(hex(encode_capability(capability)), capability_hex);
  EXPECT_EQ(*decode_capability(from_hex(capability_hex)), capability);
  Capability spaced = *Capability::make(address_a, " \"messaging\" ");
  EXPECT_EQ(hex(encode_capability(spaced)), fmt::format("92{}ad20226d6573736167696e672220", a)) << "the text as given";
}

TEST(MsgpackVectors, SignatureOfACapability) {
  std::array<uint8_t, 32> seed{};
  std::iota(seed.begin(), seed.end(), 0);
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()), EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::vector<uint8_t> signature(64);
  size_t size = signature.size();
  Bytes covered = encode_capability(Capability::messaging(address_a));
  ASSERT_EQ(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()), 1);
  ASSERT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, covered.data(), covered.size()), 1);
  EXPECT_EQ(hex(Bytes::from(std::move(signature))), signature_hex);
}

TEST(MsgpackVectors, KernelMessages) {
  EXPECT_EQ(hex(encode_kernel_message(request_message())), request_hex);
  EXPECT_EQ(*decode_kernel_message(from_hex(request_hex)), request_message());
  EXPECT_EQ(hex(encode_kernel_message(response_message())), response_hex);
  EXPECT_EQ(*decode_kernel_message(from_hex(response_hex)), response_message());
}

TEST(MsgpackVectors, BytesAsBin) {
  std::string bin = std::string(request_hex);
  bin.replace(bin.find("936869ccff"), 10, "c4036869ff");
  bin.replace(bin.find("9201ccc8"), 8, "c40201c8");
  EXPECT_EQ(hex(encode_kernel_message(request_message(), ByteForm::bin)), bin);
  Bytes input = from_hex(bin);
  Result<KernelMessage> message = decode_kernel_message(input);
  ASSERT_TRUE(message);
  EXPECT_EQ(*message, request_message());
  const uint8_t* body = std::get<Request>(message->message).body.data();
  EXPECT_TRUE(body > input.data() && body < input.data() + input.size()) << "no copy";
}

// ---- messages -------------------------------------------------------------------------------------

TEST(MsgpackMessage, ReadsStructsByName) {
  MsgpackWriter writer;
  writer.map(6);
  writer.string("message");
  writer.variant("Request");
  writer.map(4);
  writer.string("capabilities");
  writer.array(1);
  writer.array(2);
  writer.map(2);
  writer.string("params");
  writer.string("1");
  writer.string("issuer");
  writer.string(address_a.text());
  writer.bytes({});
  writer.string("body");
  writer.bytes(text_bytes("x").span());
  writer.string("inherit");
  writer.boolean(true);
  writer.string("unknown");
  writer.map(1);
  writer.array(1);
  writer.nil();
  writer.i64(-5);
  writer.string("target");
  writer.string(address_b.text());
  writer.string("rsvp");
  writer.nil();
  writer.string("source");
  writer.string(address_a.text());
  writer.string("later");
  writer.bytes(std::vector<uint8_t>(40, 0xff));
  writer.string("id");
  writer.u64(UINT64_MAX);

  Request request;
  request.inherit = true;
  request.body = text_bytes("x");
  request.capabilities = {{*Capability::make(address_a, "1"), {}}};
  KernelMessage expected{UINT64_MAX, address_a, address_b, {}, request, {}, {}};
  Result<KernelMessage> message = decode_kernel_message(std::move(writer).finish());
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(*message, expected);
}

TEST(MsgpackMessage, DropsTheContext) {
  KernelMessage message = response_message();
  message.context = text_bytes("mine");
  EXPECT_EQ(hex(encode_kernel_message(message)), response_hex);
  std::string with_context = std::string(response_hex);
  with_context.replace(with_context.size() - 4, 2, "920102");
  Result<KernelMessage> read = decode_kernel_message(from_hex(with_context));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, response_message());
}

TEST(MsgpackMessage, IgnoresWhatComesAfter) {
  EXPECT_EQ(*decode_kernel_message(from_hex(std::string(request_hex) + "c1ffff")), request_message());
}

TEST(MsgpackMessage, LeavesOutCapabilitiesWithoutJson) {
  std::string text = std::string(response_hex);
  // [[a, `root`], []], [[a, `1`], []]
  text.replace(text.size() - 6, 2, fmt::format("929292{}a4726f6f74909292{}a13190", a, a));
  Result<KernelMessage> message = decode_kernel_message(from_hex(text));
  ASSERT_TRUE(message) << message.error().message;
  const auto& capabilities = std::get<Response>(message->message).capabilities;
  ASSERT_EQ(capabilities.size(), 1U);
  EXPECT_EQ(capabilities[0].capability, *Capability::make(address_a, "1"));
  EXPECT_FALSE(decode_capability(from_hex(fmt::format("92{}a4726f6f74", a))));
}

TEST(MsgpackMessage, ErrorsNameThePlace) {
  auto refusal = [](const std::string& text) {
    Result<KernelMessage> message = decode_kernel_message(from_hex(text));
    EXPECT_FALSE(message) << text;
    return message ? "" : message.error().message;
  };
  const std::string id_and_addresses = fmt::format("9605{}{}c0", a, b);
  const std::vector<std::pair<std::string, std::string>> errors = {
      {"", "MessagePack, at byte 0: the input ends here"},
      {"c0", "MessagePack, at byte 0: expected a struct, found nil"},
      {"c1", "MessagePack, at byte 0: 0xc1 begins no value"},
      {"9505", "MessagePack, at byte 0: expected a struct of 6 fields, found 5"},
      {"9705", "MessagePack, at byte 0: expected a struct of 6 fields, found 7"},
      {"dfffffffff", "MessagePack, at byte 5: the input ends here"},
      {"96ff", "MessagePack, id at byte 1: expected a number that is not negative, found a negative number"},
      {"96cb3ff0000000000000", "MessagePack, id at byte 1: expected a number that is not negative, found a float"},
      {"96cd01", "MessagePack, id at byte 1: the input ends within this value"},
      {"9605a16e",
       "MessagePack, source at byte 4: 'n' is not an address: Node ID missing (expected "
       "node@process:package:publisher)"},
      {"9605a5ff", "MessagePack, source at byte 3: 5 bytes are to follow, 1 are left"},
      {"9605a1ff", "MessagePack, source at byte 2: the string is not UTF-8"},
      {id_and_addresses + "a752657175657374",
       "MessagePack, message.Request at byte 39: expected a Request or a Response"},
      {id_and_addresses + "81a152", "MessagePack, message.R at byte 34: expected a Request or a Response"},
      {id_and_addresses + "82a152", "MessagePack, message at byte 31: expected a variant, found a map of 2"},
      {id_and_addresses + "c0", "MessagePack, message at byte 31: expected the name of a variant, found nil"},
      {id_and_addresses + "81a75265717565737495c2c0a178",
       "MessagePack, message.Request.body at byte 43: expected bytes, found a string"},
      {id_and_addresses + "81a75265717565737495c2c093016100",
       "MessagePack, message.Request.metadata at byte 47: the input ends here"},
      {id_and_addresses + "81a75265717565737495c2c09301cd010002c0",
       "MessagePack, message.Request.body at byte 45: expected a number from 0 to 255, found 256"},
      {id_and_addresses + "81a75265717565737495c2c090c091c0",
       "MessagePack, message.Request.capabilities[0] at byte 46: expected a list, found nil"},
      {id_and_addresses + "81a75265717565737495c2c0ddffffffff01",
       "MessagePack, message.Request.body at byte 48: 4294967295 values are to follow, 1 bytes are left"},
      {id_and_addresses + "81a75265717565737495c2c0c6ffffffff01",
       "MessagePack, message.Request.body at byte 48: 4294967295 bytes are to follow, 1 are left"},
      {"83a2696405a2696406", "MessagePack, at byte 5: field id stands twice"},
      {"81a2696405", "MessagePack, at byte 5: field source is missing"},
      {"81a178c1", "MessagePack, at byte 3: a value that is malformed, cut off or too deep"},
      {"81a178" + repeated("91", 100'000), "MessagePack, at byte 3: a value that is malformed, cut off or too deep"},
  };
  for (const auto& [text, message] : errors) {
    EXPECT_EQ(refusal(text), message) << text.substr(0, 200);
  }
}

TEST(MsgpackMessage, EveryBeginningIsRefused) {
  for (std::string_view whole : {request_hex, response_hex}) {
    for (size_t size = 0; size < whole.size(); size += 2) {
      EXPECT_FALSE(decode_kernel_message(from_hex(whole.substr(0, size)))) << size;
    }
  }
}

TEST(MsgpackMessage, GoesThereAndBack) {
  EXPECT_TRUE(rc::check("in both forms of bytes", [] {
    KernelMessage message = any_message();
    ByteForm form = *rc::gen::element(ByteForm::integers, ByteForm::bin);
    Bytes encoded = encode_kernel_message(message, form);
    Result<KernelMessage> back = decode_kernel_message(encoded);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == message);
    RC_ASSERT(encode_kernel_message(*back, form) == encoded);
  }));
}

TEST(MsgpackMessage, AnyBytesAreReadOrRefused) {
  EXPECT_TRUE(rc::check("some bytes changed", [] {
    Bytes encoded = encode_kernel_message(any_message());
    std::vector<uint8_t> bytes(encoded.span().begin(), encoded.span().end());
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
      bytes[*rc::gen::inRange<size_t>(0, bytes.size())] = *rc::gen::arbitrary<uint8_t>();
    }
    (void)decode_kernel_message(Bytes::from(std::move(bytes)));
  }));
  EXPECT_TRUE(rc::check("any bytes", [](const std::vector<uint8_t>& bytes) {
    Bytes input = Bytes::copy_of(bytes);
    (void)decode_kernel_message(input);
    MsgpackReader(input).skip();
  }));
}

// ---- writer and reader ----------------------------------------------------------------------------

TEST(MsgpackWriter, IsCompact) {
  auto written = [](const std::function<void(MsgpackWriter&)>& write) {
    MsgpackWriter writer;
    write(writer);
    return hex(std::move(writer).finish());
  };
  const std::vector<std::pair<uint64_t, std::string>> numbers = {{0, "00"},
                                                                 {127, "7f"},
                                                                 {128, "cc80"},
                                                                 {255, "ccff"},
                                                                 {256, "cd0100"},
                                                                 {65535, "cdffff"},
                                                                 {65536, "ce00010000"},
                                                                 {4294967295, "ceffffffff"},
                                                                 {4294967296, "cf0000000100000000"},
                                                                 {UINT64_MAX, "cfffffffffffffffff"}};
  for (const auto& [number, text] : numbers) {
    EXPECT_EQ(written([&](MsgpackWriter& writer) { writer.u64(number); }), text);
    MsgpackReader reader(from_hex(text));
    EXPECT_EQ(*reader.result(reader.u64()), number);
  }
  const std::vector<std::pair<int64_t, std::string>> signed_numbers = {{5, "05"},
                                                                       {200, "ccc8"},
                                                                       {-1, "ff"},
                                                                       {-32, "e0"},
                                                                       {-33, "d0df"},
                                                                       {-128, "d080"},
                                                                       {-129, "d1ff7f"},
                                                                       {-32769, "d2ffff7fff"},
                                                                       {-2147483649, "d3ffffffff7fffffff"},
                                                                       {INT64_MIN, "d38000000000000000"}};
  for (const auto& [number, text] : signed_numbers) {
    EXPECT_EQ(written([&](MsgpackWriter& writer) { writer.i64(number); }), text);
    MsgpackReader reader(from_hex(text));
    EXPECT_EQ(*reader.result(reader.i64()), number);
  }
  for (size_t size : {0, 1, 31, 32, 255, 256, 65535, 65536}) {
    std::string text(size, 'x');
    std::string header = size < 32      ? fmt::format("{:02x}", 0xa0 + size)
                         : size < 256   ? fmt::format("d9{:02x}", size)
                         : size < 65536 ? fmt::format("da{:04x}", size)
                                        : fmt::format("db{:08x}", size);
    EXPECT_TRUE(written([&](MsgpackWriter& writer) { writer.string(text); }).starts_with(header)) << size;
    MsgpackWriter writer;
    writer.string(text);
    MsgpackReader reader(std::move(writer).finish());
    EXPECT_EQ(*reader.result(reader.string()), text);
  }
  EXPECT_EQ(written([](MsgpackWriter& writer) {
              writer.boolean(true);
              writer.boolean(false);
              writer.nil();
              writer.variant("A");
              writer.array(16);
            }),
            "c3c2c081a141dc0010");
}

TEST(MsgpackReader, TakesWiderNumbers) {
  for (const char* text :
       {"05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005", "d200000005"}) {
    MsgpackReader reader(from_hex(text));
    EXPECT_EQ(*reader.result(reader.u64()), 5U) << text;
  }
  // A list of all kinds, long enough for the fast path to give up inside.
  MsgpackReader reader(
      from_hex("dc0012"
               "01cc02cd0003ce00000004cf0000000000000005d006d10007d20000"
               "0008"
               "d30000000000000009"
               "0a0b0c0d0e0f101112"));
  Result<Bytes> bytes = reader.result(reader.bytes());
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(hex(*bytes), "0102030405060708090a0b0c0d0e0f101112");
}

TEST(MsgpackReader, BytesOfAllSizesAndValues) {
  for (size_t size : {0, 1, 7, 8, 9, 15, 16, 17, 31, 100, 1000, 70000}) {
    for (int step : {0, 1, 97, 129}) {
      std::vector<uint8_t> bytes(size);
      for (size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<uint8_t>(i * static_cast<size_t>(step) + (step == 129 ? 0x80 : 0));
      }
      for (ByteForm form : {ByteForm::integers, ByteForm::bin}) {
        MsgpackWriter writer(form);
        writer.string("before");
        writer.bytes(bytes);
        writer.u64(300);
        MsgpackReader reader(std::move(writer).finish());
        reader.string();
        EXPECT_EQ(reader.bytes(), Bytes::copy_of(bytes)) << size << " " << step;
        EXPECT_EQ(*reader.result(reader.u64()), 300U);
      }
    }
  }
}

TEST(MsgpackReader, KeepsTheFirstFailure) {
  MsgpackReader reader(from_hex("0102"));
  reader.string();
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u64(), 0U);
  EXPECT_TRUE(reader.bytes().empty());
  EXPECT_FALSE(reader.take_nil());
  reader.fail_with("later");
  EXPECT_EQ(reader.result(1).error().message, "MessagePack, at byte 0: expected a string, found a number");
}

TEST(MsgpackReader, VariantsHaveNamesOrNumbers) {
  auto variant = [](std::string_view text) {
    MsgpackReader reader(from_hex(text));
    MsgpackReader::Variant read = reader.variant({"Zero", "One"});
    return reader.failed() ? "refused" : fmt::format("{}{}", read.name, read.has_payload ? "+" : "");
  };
  EXPECT_EQ(variant("00"), "Zero");
  EXPECT_EQ(variant("01"), "One");
  EXPECT_EQ(variant("cf0000000000000001"), "One");
  EXPECT_EQ(variant("8101c0"), "One+");
  EXPECT_EQ(variant("a34f6e65"), "One");
  EXPECT_EQ(variant("81a34f6e65c0"), "One+");
  EXPECT_EQ(variant("a54f74686572"), "Other") << "whoever asks knows the names";
  for (const char* text : {"", "02", "8102c0", "ff", "c0", "81", "82", "cf0000000100000001", "81c0"}) {
    EXPECT_EQ(variant(text), "refused") << text;
  }
}

TEST(MsgpackReader, MapsOfAnyKeys) {
  MsgpackReader reader(from_hex("82a16101a16202"));
  EXPECT_EQ(reader.map(), 2U);
  EXPECT_EQ(reader.string(), "a");
  EXPECT_EQ(reader.u64(), 1U);
  EXPECT_FALSE(reader.failed());
  MsgpackReader list(from_hex("90"));
  EXPECT_EQ(list.map(), 0U);
  EXPECT_TRUE(list.failed());
}

TEST(MsgpackReader, SkipsAnyValue) {
  for (const char* text : {"c0", "c3", "05", "ff", "ca3f800000", "cb3ff0000000000000", "a161", "c40161", "d40102",
                           "c7020102ff", "90", "9301a16180", "82a16101a16292c0c2",
                           "d901"
                           "61"}) {
    MsgpackReader reader(from_hex(std::string(text) + "2a"));
    reader.skip();
    EXPECT_EQ(*reader.result(reader.u64()), 42U) << text;
  }
}

}  // namespace
}  // namespace kinode::codec
