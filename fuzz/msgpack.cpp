// MessagePack as a peer would send it: a message that can be read comes back equal when it is written
// and read again, in both forms of bytes.
#include "codec/msgpack.h"

#include <cstdint>
#include <span>

#include "base/check.h"

using namespace kinode;
using namespace kinode::codec;

namespace {

void check_message(const Bytes& input) {
  Result<KernelMessage> message = decode_kernel_message(input);
  if (!message) {
    KINODE_CHECK(!message.error().message.empty());
    return;
  }
  for (ByteForm form : {ByteForm::integers, ByteForm::bin}) {
    const Bytes written = encode_kernel_message(*message, form);
    Result<KernelMessage> again = decode_kernel_message(written);
    KINODE_CHECK(again.has_value(), "{}", again.error().message);
    KINODE_CHECK(*again == *message);
    KINODE_CHECK(encode_kernel_message(*again, form) == written);
  }
}

void check_capability(const Bytes& input) {
  Result<Capability> capability = decode_capability(input);
  if (capability) {
    Result<Capability> again = decode_capability(encode_capability(*capability));
    KINODE_CHECK(again && *again == *capability && again->params() == capability->params());
  }
}

/// Each value is skipped or refused, and what was refused stays so.
void skip_all(const Bytes& input) {
  MsgpackReader reader(input);
  for (size_t i = 0; i <= input.size() && !reader.failed(); ++i) {
    reader.skip();
  }
  KINODE_CHECK(reader.failed(), "skipped more values than there are bytes");
  KINODE_CHECK(reader.u64() == 0 && reader.bytes().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input = Bytes::copy_of(std::span(data, size));
  check_message(input);
  check_capability(input);
  skip_all(input);
  return 0;
}
