#include "wire/handshake_payload.h"

#include <limits>

#include "wire/greeting_fields.h"

namespace kinode::wire {
namespace {

constexpr std::string_view features_key = "kinode";

void pack_features(codec::MsgpackWriter& writer, const PeerFeatures& features) {
  writer.map(1);
  writer.string(features_key);
  writer.u64(features.version);
}

/// None where nothing follows, or something else.
std::optional<PeerFeatures> unpack_features(codec::MsgpackReader& reader) {
  std::optional<PeerFeatures> features;
  for (uint32_t left = reader.map(); left > 0 && !reader.failed(); --left) {
    if (reader.string() != features_key) {
      reader.skip();
      continue;
    }
    const uint64_t version = reader.u64();
    if (version <= std::numeric_limits<uint32_t>::max()) {
      features = PeerFeatures{static_cast<uint32_t>(version)};
    }
  }
  return reader.failed() ? std::nullopt : features;
}

}  // namespace

crypto::Signature handshake_signature(const crypto::SigningKey& key, std::span<const uint8_t, 32> static_key) {
  return key.sign(static_key);
}

Result<void> check_handshake(const HandshakePayload& payload, const crypto::PublicKey& key,
                             std::span<const uint8_t, 32> static_key) {
  if (payload.protocol_version != protocol_version) {
    return fail("handshake with {}: it speaks version {} of the protocol, we speak {}", payload.name,
                payload.protocol_version, protocol_version);
  }
  if (!crypto::verify(key, static_key, payload.signature)) {
    return fail("handshake with {}: the signature is not of the key that the registry has for this name", payload.name);
  }
  return {};
}

Bytes encode_handshake_payload(const HandshakePayload& payload, codec::ByteForm form) {
  codec::MsgpackWriter writer(form, 512);
  writer.array(4);
  writer.u64(payload.protocol_version);
  writer.string(payload.name);
  writer.bytes(payload.signature);
  writer.boolean(payload.proxy_request);
  if (payload.features) {
    pack_features(writer, *payload.features);
  }
  return std::move(writer).finish();
}

Result<HandshakePayload> decode_handshake_payload(const Bytes& input) {
  if (Result<void> size = check_greeting_size(input, "handshake payload"); !size) {
    return std::unexpected(size.error());
  }
  codec::MsgpackReader reader(input);
  HandshakePayload payload;
  reader.fields({"protocol_version", "name", "signature", "proxy_request"}, [&](size_t field) {
    switch (field) {
      case 0:
        payload.protocol_version = read_version(reader);
        break;
      case 1:
        payload.name = read_node_name(reader);
        break;
      case 2:
        payload.signature = read_signature(reader);
        break;
      default:
        payload.proxy_request = reader.boolean();
    }
  });
  if (reader.failed()) {
    return std::unexpected(reader.result(0).error().at("handshake payload"));
  }
  payload.features = unpack_features(reader);
  return payload;
}

}  // namespace kinode::wire
