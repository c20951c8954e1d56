// The first frame of a stranger who wants to be passed on: what can be read comes back equal, and is believed only with
// the words that were signed.
#include "wire/routing_request.h"

#include <array>
#include <cstdint>
#include <span>

#include "base/check.h"

using namespace kinode;
using namespace kinode::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const crypto::SigningKey key = crypto::SigningKey::from_seed(std::array<uint8_t, 32>{});  // that of the seeds
  Result<RoutingRequest> request = decode_routing_request(Bytes::copy_of(std::span(data, size)));
  if (!request) {
    KINODE_CHECK(!request.error().message.empty());
    return 0;
  }
  for (codec::ByteForm form : {codec::ByteForm::integers, codec::ByteForm::bin}) {
    KINODE_CHECK(decode_routing_request(encode_routing_request(*request, form)) == *request);
  }
  KINODE_CHECK(!verify(*request, key.public_key(), "r.dev") || request->target == "b.dev", "{}", request->target);
  return 0;
}
