// Tokens: what proves that a browser's user has logged in (modules.md 6.5): JSON web tokens in cookies, signed with
// HMAC-SHA256 by the secret of the node's keyfile.
//
//   {"alg":"HS256"} . {"username":node,"subdomain":null or "p:k:n","expiration":unix seconds} . signature
//
// A token with a subdomain is for the secure bindings of that process alone; one without, for none of these.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/secret.h"
#include "modules/http_server/http_exchange.h"
#include "types/address.h"

namespace kinode::modules {

using UnixTime = std::chrono::sys_seconds;
/// The time of the calendar. Any thread.
using ReadTime = std::function<UnixTime()>;

/// Any thread.
class Tokens {
 public:
  static constexpr std::chrono::weeks lifetime{26};

  Tokens(std::string node, crypto::Secret secret, ReadTime now);

  [[nodiscard]] const std::string& node() const { return node_; }
  /// For the secure bindings of a process, or for all that is not secure.
  [[nodiscard]] std::string make(const std::optional<ProcessId>& secure) const;
  [[nodiscard]] bool is_valid(std::string_view token, const std::optional<ProcessId>& secure) const;

  [[nodiscard]] std::string cookie_name(const std::optional<ProcessId>& secure) const;
  /// Whether some cookie of that name has such a token.
  [[nodiscard]] bool is_logged_in(const HttpHead& head, const std::optional<ProcessId>& secure) const;

 private:
  [[nodiscard]] std::string signature(std::string_view signed_text) const;

  const std::string node_;
  const crypto::Secret secret_;
  const ReadTime now_;
};

}  // namespace kinode::modules
