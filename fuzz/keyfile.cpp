// A keyfile that somebody brings, as far as it is read without its password; and the document of a key in it.
#include "identity/keyfile.h"

#include <cstdint>
#include <span>

#include "base/check.h"
#include "identity/pkcs8.h"
#include "identity/sealed_keyfile.h"

using namespace kinode;
using namespace kinode::identity;

namespace {

void check_structure(const Bytes& input) {
  Result<SealedKeyfile> keyfile = decode_sealed(input);
  Result<KeyfileNames> names = read_names(input);
  KINODE_CHECK(keyfile.has_value() == names.has_value());
  if (!keyfile) {
    KINODE_CHECK(!keyfile.error().message.empty());
    return;
  }
  KINODE_CHECK(names->name == keyfile->name && names->routers == keyfile->routers);
  KINODE_CHECK(decode_sealed(encode_sealed(*keyfile)) == *keyfile);
}

void check_document(std::span<const uint8_t> input) {
  Result<crypto::SigningKey> key = decode_pkcs8(input);
  if (!key) {
    KINODE_CHECK(!key.error().message.empty());
    return;
  }
  Result<crypto::SigningKey> again = decode_pkcs8(encode_pkcs8(*key).span());
  KINODE_CHECK(again && again->public_key() == key->public_key());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_structure(Bytes::copy_of(std::span(data, size)));
  check_document(std::span(data, size));
  return 0;
}
