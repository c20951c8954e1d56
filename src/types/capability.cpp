#include "types/capability.h"

#include <nlohmann/json.hpp>

#include "types/json_depth.h"

namespace kinode {
namespace {

Result<nlohmann::json> parse_params(std::string_view params) {
  if (nests_deeper(params, max_json_depth)) {
    return fail("capability params nest deeper than {} levels", max_json_depth);
  }
  nlohmann::json value = nlohmann::json::parse(params, nullptr, /*allow_exceptions=*/false);
  // The library takes a zero byte for the end of the text.
  if (value.is_discarded() || params.contains('\0')) {
    return fail("capability params are not JSON: {}", params.substr(0, 200));
  }
  return value;
}

}  // namespace

Capability::Capability(Address issuer, std::string params, std::string canonical)
    : issuer_(std::move(issuer)), params_(std::move(params)), canonical_(std::move(canonical)) {
  if (canonical_ == params_) {
    canonical_.clear();
  }
  hash_ = std::hash<Address>{}(issuer_) ^ (std::hash<std::string>{}(canonical_params()) * 0x9e3779b97f4a7c15U);
}

Result<Capability> Capability::make(Address issuer, std::string params) {
  if (params == messaging_params || params == network_params) {
    std::string canonical = params;
    return Capability(std::move(issuer), std::move(params), std::move(canonical));
  }
  Result<nlohmann::json> value = parse_params(params);
  if (!value) {
    return std::unexpected(value.error());
  }
  std::string canonical = value->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return Capability(std::move(issuer), std::move(params), std::move(canonical));
}

Capability Capability::messaging(const Address& target) {
  return {target, std::string(messaging_params), std::string(messaging_params)};
}

Capability Capability::network(const Address& kernel) {
  return {kernel, std::string(network_params), std::string(network_params)};
}

}  // namespace kinode
