#include "wire/routing_request.h"

#include "wire/greeting_fields.h"

namespace kinode::wire {
namespace {

/// No separator stands between the names: so it is in the first protocol.
std::vector<uint8_t> signed_text(std::string_view target, std::string_view router) {
  std::vector<uint8_t> text(target.begin(), target.end());
  text.insert(text.end(), router.begin(), router.end());
  return text;
}

}  // namespace

crypto::Signature sign_route(const crypto::SigningKey& key, std::string_view target, std::string_view router) {
  return key.sign(signed_text(target, router));
}

bool verify(const RoutingRequest& request, const crypto::PublicKey& source_key, std::string_view router) {
  return crypto::verify(source_key, signed_text(request.target, router), request.signature);
}

Bytes encode_routing_request(const RoutingRequest& request, codec::ByteForm form) {
  codec::MsgpackWriter writer(form, 1024);
  writer.array(4);
  writer.u64(request.protocol_version);
  writer.string(request.source);
  writer.bytes(request.signature);
  writer.string(request.target);
  return std::move(writer).finish();
}

Result<RoutingRequest> decode_routing_request(const Bytes& input) {
  if (Result<void> size = check_greeting_size(input, "routing request"); !size) {
    return std::unexpected(size.error());
  }
  codec::MsgpackReader reader(input);
  RoutingRequest request;
  reader.fields({"protocol_version", "source", "signature", "target"}, [&](size_t field) {
    switch (field) {
      case 0:
        request.protocol_version = read_version(reader);
        break;
      case 1:
        request.source = read_node_name(reader);
        break;
      case 2:
        request.signature = read_signature(reader);
        break;
      default:
        request.target = read_node_name(reader);
    }
  });
  if (reader.failed()) {
    return std::unexpected(reader.result(0).error().at("routing request"));
  }
  return request;
}

}  // namespace kinode::wire
