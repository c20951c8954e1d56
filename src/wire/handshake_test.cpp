// Handshake payloads and routing requests, and the whole handshake that they are part of.
#include "noise/handshake.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "wire/golden_test.h"
#include "wire/handshake_payload.h"
#include "wire/routing_request.h"

namespace kinode::wire {
namespace {

using codec::ByteForm;
using codec::MsgpackWriter;
using crypto::to_hex;
using noise::Handshake;

HandshakePayload payload_of(const crypto::SigningKey& key, std::string_view name,
                            std::span<const uint8_t, 32> static_key) {
  return {.name = std::string(name), .signature = handshake_signature(key, static_key)};
}

std::string any_name() {
  const std::string letters = "abcxyz0189-.";
  std::string name = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(letters)));
  return name.substr(0, max_name_size);
}

crypto::Signature any_signature() {
  crypto::Signature signature{};
  for (uint8_t& byte : signature) {
    byte = *rc::gen::arbitrary<uint8_t>();
  }
  return signature;
}

Bytes with_tail(const Bytes& value, std::string_view tail) {
  return Bytes::from(std::string(value.text()) + std::string(golden::bytes(tail).text()));
}

// ---- golden bytes (networking.md 11.1) ----------------------------------------------------------------

TEST(HandshakeGolden, Keys) {
  EXPECT_EQ(to_hex(golden::a_key().public_key()), golden::a_public);
  EXPECT_EQ(to_hex(golden::b_key().public_key()), golden::b_public);
}

TEST(HandshakeGolden, Payload) {
  const HandshakePayload payload = payload_of(golden::b_key(), "b.dev", golden::x25519_key(4).public_key());
  EXPECT_EQ(to_hex(encode_handshake_payload(payload, ByteForm::integers).span()), golden::payload_2);
  EXPECT_EQ(decode_handshake_payload(golden::bytes(golden::payload_2)), payload);
}

TEST(HandshakeGolden, TheWholeHandshakeAndTheFirstMessage) {
  Handshake a(Handshake::Role::initiator, golden::x25519_key(2), golden::x25519_key(1));
  Handshake b(Handshake::Role::responder, golden::x25519_key(4), golden::x25519_key(3));
  auto payload = [](const crypto::SigningKey& key, std::string_view name, const Handshake& handshake) {
    return encode_handshake_payload(payload_of(key, name, handshake.static_key()), ByteForm::integers);
  };
  const std::vector<uint8_t> message_1 = a.write({}).value();
  EXPECT_EQ(to_hex(message_1), golden::message_1);
  EXPECT_TRUE(b.read(message_1).value().empty());
  const std::vector<uint8_t> message_2 = b.write(payload(golden::b_key(), "b.dev", b).span()).value();
  EXPECT_EQ(to_hex(message_2), golden::message_2);
  EXPECT_EQ(to_hex(a.read(message_2).value()), golden::payload_2);
  const std::vector<uint8_t> message_3 = a.write(payload(golden::a_key(), "a.dev", a).span()).value();
  EXPECT_EQ(to_hex(message_3), golden::message_3);
  const HandshakePayload of_a = decode_handshake_payload(Bytes::from(b.read(message_3).value())).value();
  EXPECT_EQ(of_a.name, "a.dev");
  EXPECT_TRUE(check_handshake(of_a, golden::a_key().public_key(), b.remote_static()));
  EXPECT_EQ(to_hex(a.hash()), golden::handshake_hash);
  EXPECT_EQ(to_hex(b.hash()), golden::handshake_hash);

  noise::Ciphers of_a_to_b = std::move(a).split();
  std::vector<uint8_t> hello = {0, 0, 0, 88};  // on a WebSocket the length is inside of the first chunk
  const Bytes message = golden::bytes(golden::hello);
  hello.insert(hello.end(), message.span().begin(), message.span().end());
  std::vector<uint8_t> sealed(hello.size() + noise::tag_size);
  of_a_to_b.send.seal(hello, sealed.data());
  EXPECT_EQ(to_hex(sealed), golden::hello_ws);

  noise::Ciphers of_b_to_a = std::move(b).split();
  ASSERT_TRUE(of_b_to_a.receive.open(sealed, hello.data()));
  EXPECT_EQ(to_hex(hello), "00000058" + std::string(golden::hello));
}

TEST(HandshakeGolden, KeysOfBothDirections) {
  auto key = [](std::string_view hex) {
    return crypto::SecretArray<32>(std::span<const uint8_t, 32>(golden::bytes(hex).span()));
  };
  Handshake a(Handshake::Role::initiator, golden::x25519_key(2), golden::x25519_key(1));
  ASSERT_TRUE(a.write({}));
  ASSERT_TRUE(a.read(golden::bytes(golden::message_2).span()));
  ASSERT_TRUE(a.write(
      encode_handshake_payload(payload_of(golden::a_key(), "a.dev", a.static_key()), ByteForm::integers).span()));
  noise::Ciphers ciphers = std::move(a).split();

  // On TCP the length of the message and that of the chunk are outside of it.
  const Bytes message = golden::bytes(golden::hello);
  std::vector<uint8_t> sealed(message.size() + noise::tag_size);
  noise::CipherState(key(golden::k1)).seal(message.span(), sealed.data());
  EXPECT_EQ("000000580068" + to_hex(sealed), golden::hello_tcp);
  ciphers.send.seal(message.span(), sealed.data());
  EXPECT_EQ("000000580068" + to_hex(sealed), golden::hello_tcp);

  noise::CipherState(key(golden::k2)).seal(message.span(), sealed.data());
  std::vector<uint8_t> plain(message.size());
  EXPECT_TRUE(ciphers.receive.open(sealed, plain.data()));
}

TEST(RoutingGolden, Request) {
  const RoutingRequest request{
      .source = "a.dev", .signature = sign_route(golden::a_key(), "b.dev", "r.dev"), .target = "b.dev"};
  EXPECT_EQ(to_hex(encode_routing_request(request, ByteForm::integers).span()), golden::routing_request);
  EXPECT_EQ(decode_routing_request(golden::bytes(golden::routing_request)), request);
  EXPECT_TRUE(verify(request, golden::a_key().public_key(), "r.dev"));
}

// ---- what is accepted ---------------------------------------------------------------------------------

TEST(HandshakePayload, GoesThereAndBack) {
  EXPECT_TRUE(rc::check("in both forms", [](uint8_t version, bool proxy) {
    HandshakePayload payload{version, any_name(), any_signature(), proxy, {}};
    if (*rc::gen::arbitrary<bool>()) {
      payload.features = PeerFeatures{*rc::gen::arbitrary<uint32_t>()};
    }
    for (ByteForm form : {ByteForm::bin, ByteForm::integers}) {
      Result<HandshakePayload> back = decode_handshake_payload(encode_handshake_payload(payload, form));
      RC_ASSERT(back.has_value());
      RC_ASSERT(*back == payload);
    }
  }));
}

TEST(HandshakePayload, FeaturesFollowWhatTheFirstClientReads) {
  HandshakePayload payload = payload_of(golden::b_key(), "b.dev", golden::x25519_key(4).public_key());
  payload.features = PeerFeatures{7};
  EXPECT_EQ(to_hex(encode_handshake_payload(payload, ByteForm::integers).span()),
            std::string(golden::payload_2) + "81a66b696e6f646507");
}

TEST(HandshakePayload, FeaturesThatAreMalformedAreNone) {
  const Bytes payload = golden::bytes(golden::payload_2);
  auto features = [&](std::string_view tail) { return decode_handshake_payload(with_tail(payload, tail))->features; };
  for (std::string_view tail : {"c0", "9107", "80", "81a66b696e6f6465", "81a66b696e6f6465a137", "ffff", "c1",
                                "81a66b696e6f6465cf0000000100000000", "81a1", "dfffffffff"}) {
    EXPECT_EQ(features(tail), std::nullopt) << tail;
  }
  EXPECT_EQ(features("81a66b696e6f646507ff"), PeerFeatures{7});
  EXPECT_EQ(features("82a161c0a66b696e6f646507"), PeerFeatures{7}) << "other keys are for later versions";
}

TEST(HandshakePayload, IsReadAsAMapToo) {
  MsgpackWriter writer(ByteForm::bin);
  writer.map(4);
  writer.string("proxy_request");
  writer.boolean(true);
  writer.string("name");
  writer.string("a.dev");
  writer.string("signature");
  writer.bytes(crypto::Signature{});
  writer.string("protocol_version");
  writer.u64(1);
  Result<HandshakePayload> payload = decode_handshake_payload(std::move(writer).finish());
  ASSERT_TRUE(payload);
  EXPECT_EQ(*payload, (HandshakePayload{.name = "a.dev", .proxy_request = true}));
}

// ---- what is refused ----------------------------------------------------------------------------------

TEST(HandshakePayload, NamesThatNoNodeCanHaveAreRefused) {
  for (const std::string& name : {std::string(), std::string("A.dev"), std::string("a dev"), std::string("a@b"),
                                  std::string("\x1b[31m"), std::string("é"), std::string(254, 'a')}) {
    EXPECT_FALSE(decode_handshake_payload(encode_handshake_payload({.name = name}))) << name;
    EXPECT_FALSE(decode_routing_request(encode_routing_request({.source = name, .target = "b"}))) << name;
    EXPECT_FALSE(decode_routing_request(encode_routing_request({.source = "a", .target = name}))) << name;
  }
  EXPECT_TRUE(decode_handshake_payload(encode_handshake_payload({.name = std::string(253, 'a')})));
}

Bytes payload_with(size_t signature_size, uint64_t version) {
  MsgpackWriter writer(ByteForm::bin);
  writer.array(4);
  writer.u64(version);
  writer.string("a.dev");
  writer.bytes(std::vector<uint8_t>(signature_size));
  writer.boolean(false);
  return std::move(writer).finish();
}

TEST(HandshakePayload, ASignatureHas64Bytes) {
  for (size_t size : {0, 1, 63, 65, 1000}) {
    EXPECT_FALSE(decode_handshake_payload(payload_with(size, 1))) << size;
  }
  EXPECT_TRUE(decode_handshake_payload(payload_with(64, 255)));
  EXPECT_FALSE(decode_handshake_payload(payload_with(64, 256)));
}

TEST(HandshakePayload, IsBoundedAndWhole) {
  const Bytes payload = golden::bytes(golden::payload_2);
  for (size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(decode_handshake_payload(payload.slice(0, size))) << size;
  }
  EXPECT_TRUE(decode_handshake_payload(Bytes::from(std::string(payload.text()) + std::string(4096 - 108, 'x'))));
  EXPECT_FALSE(decode_handshake_payload(Bytes::from(std::string(payload.text()) + std::string(4097 - 108, 'x'))));
  const Bytes routing = golden::bytes(golden::routing_request);
  for (size_t size = 0; size < routing.size(); ++size) {
    EXPECT_FALSE(decode_routing_request(routing.slice(0, size))) << size;
  }
  EXPECT_FALSE(decode_routing_request(Bytes::from(std::string(routing.text()) + std::string(4096, 'x'))));
}

TEST(HandshakePayload, IsCheckedAgainstTheRegistry) {
  const crypto::X25519Key static_key = golden::x25519_key(4);
  HandshakePayload payload = payload_of(golden::b_key(), "b.dev", static_key.public_key());
  EXPECT_TRUE(check_handshake(payload, golden::b_key().public_key(), static_key.public_key()));
  EXPECT_FALSE(check_handshake(payload, golden::a_key().public_key(), static_key.public_key()));
  EXPECT_FALSE(check_handshake(payload, golden::b_key().public_key(), golden::x25519_key(2).public_key()));
  payload.protocol_version = 2;
  EXPECT_EQ(check_handshake(payload, golden::b_key().public_key(), static_key.public_key()).error().message,
            "handshake with b.dev: it speaks version 2 of the protocol, we speak 1");
}

TEST(RoutingRequest, GoesThereAndBack) {
  EXPECT_TRUE(rc::check("in both forms", [](uint8_t version) {
    const RoutingRequest request{version, any_name(), any_signature(), any_name()};
    for (ByteForm form : {ByteForm::bin, ByteForm::integers}) {
      Result<RoutingRequest> back = decode_routing_request(encode_routing_request(request, form));
      RC_ASSERT(back.has_value());
      RC_ASSERT(*back == request);
    }
  }));
}

TEST(RoutingRequest, IsOfOneSourceTargetAndRouter) {
  RoutingRequest request = decode_routing_request(golden::bytes(golden::routing_request)).value();
  EXPECT_FALSE(verify(request, golden::a_key().public_key(), "s.dev"));
  EXPECT_FALSE(verify(request, golden::b_key().public_key(), "r.dev"));
  request.target = "c.dev";
  EXPECT_FALSE(verify(request, golden::a_key().public_key(), "r.dev"));
}

}  // namespace
}  // namespace kinode::wire
