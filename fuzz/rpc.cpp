// The texts of POST /rpc:distro:sys/message, at both ends.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/base64.h"
#include "modules/http_server/rpc/rpc_message.h"

using namespace kinode;
using namespace kinode::rpc;

namespace {

void check_request(std::string_view text) {
  Result<RpcRequest> request = parse_request(text);
  if (!request) {
    KINODE_CHECK(!request.error().message.empty());
    return;
  }
  Result<std::string> written = write_request(*request);
  KINODE_CHECK(written.has_value(), "{}", written.error().message);
  Result<RpcRequest> again = parse_request(*written);
  KINODE_CHECK(again.has_value(), "{}: {}", *written, again.error().message);
  KINODE_CHECK(again->node == request->node && again->process == request->process &&
                   again->expects_response == request->expects_response && again->body == request->body &&
                   again->metadata == request->metadata && again->blob == request->blob,
               "{}", *written);
  KINODE_CHECK(write_request(*again) == *written, "{}", *written);
}

void check_reply(std::string_view text) {
  Result<RpcReply> reply = parse_reply(text);
  if (!reply) {
    KINODE_CHECK(!reply.error().message.empty());
    return;
  }
  const std::string written = write_reply(*reply);
  Result<RpcReply> again = parse_reply(written);
  KINODE_CHECK(again && again->body == reply->body && again->blob == reply->blob, "{}", written);
}

/// One text for the same bytes.
void check_base64(std::string_view text) {
  if (auto bytes = codec::decode_base64(text)) {
    KINODE_CHECK(codec::encode_base64(*bytes) == text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_request(text);
  check_reply(text);
  check_base64(text);
  return 0;
}
