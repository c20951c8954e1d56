// What peers and processes say to net:distro:sys: what can be read comes back equal when it is written and read again.
#include "wire/net_api.h"

#include <cstdint>
#include <span>

#include "base/check.h"

using namespace kinode;
using namespace kinode::wire;

namespace {

void check_action(const Bytes& input) {
  Result<NetAction> action = decode_net_action(input);
  if (!action) {
    KINODE_CHECK(!action.error().message.empty());
    return;
  }
  for (codec::ByteForm form : {codec::ByteForm::integers, codec::ByteForm::bin}) {
    KINODE_CHECK(decode_net_action(encode_net_action(*action, form)) == *action);
  }
}

/// Equal once it was written: of an identity with both routes one is left out.
void check_response(const Bytes& input) {
  Result<NetResponse> response = decode_net_response(input);
  if (!response) {
    KINODE_CHECK(!response.error().message.empty());
    return;
  }
  const Bytes written = encode_net_response(*response);
  Result<NetResponse> again = decode_net_response(written);
  KINODE_CHECK(again && encode_net_response(*again) == written);
}

void check_identity(const Bytes& input) {
  if (Result<Identity> identity = decode_identity(input)) {
    const Bytes written = encode_identity(*identity);
    Result<Identity> again = decode_identity(written);
    KINODE_CHECK(again && encode_identity(*again) == written);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input = Bytes::copy_of(std::span(data, size));
  check_action(input);
  check_response(input);
  check_identity(input);
  return 0;
}
