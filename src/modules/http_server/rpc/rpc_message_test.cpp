#include "modules/http_server/rpc/rpc_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::rpc {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view json) {
  auto request = parse_request(json);
  return request ? "no error" : request.error().message;
}

TEST(RpcRequest, OnlyTheProcessIsNeeded) {
  auto request = parse_request(R"({"process":"a:b:c"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->process.text(), "a:b:c");
  EXPECT_EQ(request->node, std::nullopt);
  EXPECT_EQ(request->expects_response, std::nullopt);
  EXPECT_TRUE(request->body.empty());
  EXPECT_EQ(request->blob, std::nullopt);
}

TEST(RpcRequest, AllFields) {
  auto request = parse_request(
      R"({"node":"n.os","process":"a:b:c","inherit":true,"expects_response":18446744073709551615,"body":"{}",)"
      R"("metadata":"m","context":"ignored","mime":"x/y","data":"AAH/","unknown":[1]})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->node, "n.os");
  EXPECT_EQ(request->expects_response, UINT64_MAX);
  EXPECT_EQ(request->body.text(), "{}");
  EXPECT_EQ(request->metadata, "m");
  ASSERT_TRUE(request->blob);
  EXPECT_EQ(request->blob->mime, "x/y");
  EXPECT_EQ(request->blob->bytes, Bytes::copy_of(std::string_view("\x00\x01\xff", 3)));
}

TEST(RpcRequest, DataThatIsNotBase64MakesNoBlob) {
  auto request = parse_request(R"({"process":"a:b:c","mime":"x/y","data":"not base64"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->blob, std::nullopt);
}

TEST(RpcRequest, ErrorsNameThePlace) {
  EXPECT_THAT(error_of(""), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(error_of("{\"process\":\"a:b:c\",\n}"), HasSubstr("2"));
  EXPECT_THAT(error_of("{}"), HasSubstr("process"));
  EXPECT_THAT(error_of(R"({"process":"a:b"})"), HasSubstr("process: "));
  EXPECT_THAT(error_of(R"({"process":"a:b:c","body":{}})"), HasSubstr("body: "));
  EXPECT_THAT(error_of(R"({"process":"a:b:c","expects_response":-1})"), HasSubstr("expects_response: "));
  EXPECT_THAT(error_of(R"({"process":"a:b:c","inherit":"yes"})"), HasSubstr("inherit: "));
  EXPECT_THAT(error_of(R"({"process":"a:b:c","context":5})"), HasSubstr("context: "));
}

TEST(RpcRequest, WhatIsWrittenReadsTheSame) {
  const RpcRequest request{.node = "n.os",
                           .process = *ProcessId::parse("a:b:c"),
                           .expects_response = 15,
                           .body = Bytes::copy_of(R"({"quoted":"\"é"})"),
                           .metadata = "m",
                           .blob = Blob{"application/octet-stream", Bytes::copy_of(std::string_view("\0\xff", 2))}};
  auto json = write_request(request);
  ASSERT_TRUE(json) << json.error().message;
  auto back = parse_request(*json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->node, request.node);
  EXPECT_EQ(back->expects_response, request.expects_response);
  EXPECT_EQ(back->body, request.body);
  EXPECT_EQ(back->metadata, request.metadata);
  EXPECT_EQ(back->blob, request.blob);
}

TEST(RpcRequest, BodyThatIsNotUtf8CannotBeWritten) {
  auto json = write_request({.process = *ProcessId::parse("a:b:c"), .body = Bytes::copy_of("\xff")});
  ASSERT_FALSE(json);
  EXPECT_THAT(json.error().message, HasSubstr("UTF-8"));
}

TEST(RpcReply, TheBlobIsEncodedTwice) {
  // "hi" is aGk= in base64.
  const RpcReply reply{Bytes::copy_of(std::string_view("\0\x09\x0a\x63\x64\xff", 6)),
                       Blob{"text/plain", Bytes::copy_of("hi")}};
  EXPECT_EQ(write_reply(reply),
            R"({"body":[0,9,10,99,100,255],"lazy_load_blob":{"mime":"text/plain","bytes":[97,71,107,61]}})");
}

TEST(RpcReply, NoBlobAndNoMimeAreNull) {
  EXPECT_EQ(write_reply({}), R"({"body":[],"lazy_load_blob":null})");
  EXPECT_EQ(write_reply({{}, Blob{}}), R"({"body":[],"lazy_load_blob":{"mime":null,"bytes":[]}})");
}

TEST(RpcReply, WhatIsWrittenReadsTheSame) {
  const RpcReply reply{Bytes::copy_of("body"), Blob{"with \"quotes\"", Bytes::copy_of(std::string_view("\0\xff", 2))}};
  auto back = parse_reply(write_reply(reply));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->body, reply.body);
  EXPECT_EQ(back->blob, reply.blob);
}

TEST(RpcReply, RefusesWhatIsNone) {
  EXPECT_FALSE(parse_reply(""));
  EXPECT_FALSE(parse_reply("{}"));
  EXPECT_FALSE(parse_reply(R"({"body":[256],"lazy_load_blob":null})"));
  EXPECT_FALSE(parse_reply(R"({"body":[],"lazy_load_blob":{"mime":null,"bytes":[1,2,3,4]}})"));
}

}  // namespace
}  // namespace kinode::rpc
