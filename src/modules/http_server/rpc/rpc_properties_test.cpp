// The two ends of the RPC format agree on every message.
#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/generators_test.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::rpc {
namespace {

using codec::any_address;
using codec::any_bytes;
using codec::any_text;
using codec::maybe_blob;
using codec::maybe_text;

TEST(RpcProperty, ARequestIsReadAsItWasWritten) {
  EXPECT_TRUE(rc::check("a request", [] {
    RpcRequest request{.node = maybe_text(),
                       .process = any_address().process(),
                       .expects_response = {},
                       .body = Bytes::from(any_text()),
                       .metadata = maybe_text(),
                       .blob = maybe_blob()};
    if (*rc::gen::arbitrary<bool>()) {
      request.expects_response = *rc::gen::arbitrary<uint64_t>();
    }
    Result<std::string> written = write_request(request);
    RC_ASSERT(written.has_value());
    Result<RpcRequest> back = parse_request(*written);
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->node == request.node);
    RC_ASSERT(back->process == request.process);
    RC_ASSERT(back->expects_response == request.expects_response);
    RC_ASSERT(back->body == request.body);
    RC_ASSERT(back->metadata == request.metadata);
    RC_ASSERT(back->blob == request.blob);
  }));
}

TEST(RpcProperty, AReplyIsReadAsItWasWritten) {
  EXPECT_TRUE(rc::check("a reply", [] {
    Bytes body = any_bytes();
    RpcReply reply{std::move(body), maybe_blob()};
    Result<RpcReply> back = parse_reply(write_reply(reply));
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->body == reply.body);
    RC_ASSERT(back->blob == reply.blob);
  }));
}

TEST(RpcProperty, Base64OfAnyBytes) {
  EXPECT_TRUE(rc::check("there and back", [](const std::vector<uint8_t>& bytes) {
    RC_ASSERT(codec::decode_base64(codec::encode_base64(bytes)) == bytes);
  }));
}

}  // namespace
}  // namespace kinode::rpc
