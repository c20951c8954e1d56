// Names as texts of anybody, and the params of capabilities.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "types/address.h"
#include "types/capability.h"

using namespace kinode;

namespace {

/// What was read is the text it was read from.
template <class Name>
void check_name(std::string_view text) {
  Result<Name> name = Name::parse(text);
  if (!name) {
    KINODE_CHECK(!name.error().message.empty());
    return;
  }
  KINODE_CHECK(name->text() == text, "{}", name->text());
  Result<Name> again = Name::parse(name->text());
  KINODE_CHECK(again && *again == *name && std::hash<Name>{}(*again) == std::hash<Name>{}(*name));
}

void check_parts(std::string_view text) {
  if (Result<ProcessId> id = ProcessId::parse(text)) {
    KINODE_CHECK(*id == ProcessId(id->process(), id->package(), id->publisher()));
    KINODE_CHECK(id->package_id() == *PackageId::parse(id->package_id().text()));
    KINODE_CHECK(id->is_name_safe() == (is_safe_name(id->process()) && id->package_id().is_name_safe()));
  }
  if (Result<Address> address = Address::parse(text)) {
    KINODE_CHECK(*address == Address(address->node(), address->process()));
  }
}

/// Equal params have one canonical text, which is JSON itself.
void check_params(std::string_view text) {
  static const Address issuer("node.os", ProcessId("alice", "test", "sys"));
  Result<Capability> capability = Capability::make(issuer, std::string(text));
  if (!capability) {
    return;
  }
  KINODE_CHECK(text.find('\0') == std::string_view::npos, "a zero byte is not JSON");
  Result<Capability> canonical = Capability::make(issuer, capability->canonical_params());
  KINODE_CHECK(canonical.has_value(), "{}", capability->canonical_params());
  KINODE_CHECK(*canonical == *capability && canonical->hash() == capability->hash());
  KINODE_CHECK(canonical->params() == canonical->canonical_params(), "{}", canonical->params());
  KINODE_CHECK(capability->params() == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_name<PackageId>(text);
  check_name<ProcessId>(text);
  check_name<Address>(text);
  check_parts(text);
  check_params(text);
  return 0;
}
