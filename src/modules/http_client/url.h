// Url: where a request goes, taken from text that a process or a server wrote.
//
// RFC 3986, of scheme http and https, or ws and wss. As processes of the first client may rely on it, characters that a
// URL must not have are percent-encoded as browsers do it; a host has letters, digits, `-`, `_` and `.`, or is an
// address. Control characters and whatever else is odd are refused: what is asked is what the guard and the certificate
// are compared with. A user name in a server's redirect counts for nothing.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kinode::modules::http_client {

enum class Protocol : uint8_t { http, websocket };

class Url {
 public:
  static constexpr size_t max_bytes = size_t{16} << 10U;

  static Result<Url> parse(std::string_view text, Protocol protocol);
  /// What `reference`, a Location header, means seen from here.
  [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

  /// Over TLS.
  [[nodiscard]] bool is_secure() const { return is_secure_; }
  /// Lower case; an IPv6 address without brackets.
  [[nodiscard]] const std::string& host() const { return host_; }
  [[nodiscard]] uint16_t port() const { return port_; }
  /// Path and query, as they stand in a request.
  [[nodiscard]] const std::string& target() const { return target_; }
  /// For the header Host.
  [[nodiscard]] std::string host_field() const;
  /// Scheme, host and port: equal for what one server may share.
  [[nodiscard]] std::string origin() const;
  /// The header Authorization of `user:password@` in it.
  [[nodiscard]] const std::optional<std::string>& authorization() const { return authorization_; }

 private:
  Url() = default;
  Protocol protocol_ = Protocol::http;
  bool is_secure_ = false;
  std::string host_;
  uint16_t port_ = 0;
  std::string target_;
  std::optional<std::string> authorization_;
};

}  // namespace kinode::modules::http_client
