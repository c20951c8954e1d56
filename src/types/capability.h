// A capability: the right that `params` names, at its issuer (kernel.md 3).
//
// Params are JSON text. Two capabilities are equal when their issuers are equal and their params are
// the same JSON value: white space and the order of keys do not count, 1 and 1.0 differ. Text that is
// not JSON never becomes a Capability (defect C6 of the reference: there all such texts are equal).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "types/address.h"

namespace kinode {

/// The params of the two capabilities that the kernel itself reads, with the quotes of their JSON.
inline constexpr std::string_view messaging_params = "\"messaging\"";
inline constexpr std::string_view network_params = "\"network\"";

class Capability {
 public:
  /// Fails when `params` is not one JSON value, or one nested deeper than the reference reads (127).
  static Result<Capability> make(Address issuer, std::string params);
  /// The right to message `target`, issued by it.
  static Capability messaging(const Address& target);
  /// The right to message other nodes; `kernel` is kernel:distro:sys of this node.
  static Capability network(const Address& kernel);

  [[nodiscard]] const Address& issuer() const { return issuer_; }
  /// The text as it was given.
  [[nodiscard]] const std::string& params() const { return params_; }
  /// The text that all equal params have in common: no white space, keys sorted.
  [[nodiscard]] const std::string& canonical_params() const { return canonical_.empty() ? params_ : canonical_; }
  [[nodiscard]] size_t hash() const { return hash_; }

  friend bool operator==(const Capability& a, const Capability& b) {
    return a.hash_ == b.hash_ && a.issuer_ == b.issuer_ && a.canonical_params() == b.canonical_params();
  }

 private:
  Capability(Address issuer, std::string params, std::string canonical);

  Address issuer_;
  std::string params_;
  std::string canonical_;  // empty where params_ is canonical itself
  size_t hash_;
};

/// A capability on its way: with the issuer's signature where it crosses nodes, else with none.
struct AttachedCapability {
  Capability capability;
  Bytes signature;

  friend bool operator==(const AttachedCapability&, const AttachedCapability&) = default;
};

}  // namespace kinode

template <>
struct std::hash<kinode::Capability> {
  size_t operator()(const kinode::Capability& capability) const noexcept { return capability.hash(); }
};
