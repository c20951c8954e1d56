// Cookies that the node gives its owner, and those of the processes beside them (RFC 6265).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modules/http_server/http_exchange.h"

namespace kinode::modules {

/// The names of all cookies of the node begin so.
inline constexpr std::string_view node_cookie_prefix = "kinode-auth_";

struct Cookie {
  std::string_view name;
  std::string_view value;
};
/// Of all Cookie headers, in their order. Views into `head`.
std::vector<Cookie> cookies_of(const HttpHead& head);

/// The value of a Cookie header without the node's own cookies: no process gets what opens the others.
std::string without_node_cookies(std::string_view header);

/// The value of a Set-Cookie header for a token. Scripts do not see it, other sites' pages do not send it.
std::string set_cookie(std::string_view name, std::string_view token, std::chrono::seconds lifetime, bool https);

}  // namespace kinode::modules
