#include <gtest/gtest.h>

#include "codec/generators_test.h"
#include "codec/msgpack.h"

namespace kinode::codec {
namespace {

TEST(MsgpackProperty, ACapabilityComesBackWithItsText) {
  EXPECT_TRUE(rc::check("a capability", [] {
    Capability capability = any_capability();
    Result<Capability> back = decode_capability(encode_capability(capability));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == capability);
    RC_ASSERT(back->params() == capability.params());
  }));
}

TEST(MsgpackProperty, EveryValueIsReadAsItWasWritten) {
  EXPECT_TRUE(rc::check("one after another", [](uint64_t unsigned_number, int64_t number, bool flag) {
    std::string text = any_text();
    std::optional<std::string> optional = maybe_text();
    Bytes bytes = any_bytes();
    MsgpackWriter writer(*rc::gen::element(ByteForm::integers, ByteForm::bin));
    writer.array(6);
    writer.u64(unsigned_number);
    writer.i64(number);
    writer.boolean(flag);
    writer.string(text);
    writer.optional_string(optional);
    writer.bytes(bytes.span());
    MsgpackReader reader(std::move(writer).finish());
    reader.tuple(6);
    RC_ASSERT(reader.u64() == unsigned_number);
    RC_ASSERT(reader.i64() == number);
    RC_ASSERT(reader.boolean() == flag);
    RC_ASSERT(reader.string() == text);
    RC_ASSERT(reader.optional_string() == optional);
    RC_ASSERT(reader.bytes() == bytes);
    RC_ASSERT(!reader.failed());
  }));
}

}  // namespace
}  // namespace kinode::codec
