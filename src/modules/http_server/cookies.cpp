#include "modules/http_server/cookies.h"

#include <fmt/format.h>

#include <algorithm>

namespace kinode::modules {
namespace {

void add_cookies(std::string_view header, std::vector<Cookie>& cookies) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    std::string_view part = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    const size_t begin = std::min(part.find_first_not_of(" \t"), part.size());
    part.remove_prefix(begin);
    part = part.substr(0, part.find_last_not_of(" \t") + 1);
    const size_t equals = part.find('=');
    if (equals != std::string_view::npos) {
      cookies.push_back({part.substr(0, equals), part.substr(equals + 1)});
    }
  }
}

}  // namespace

std::vector<Cookie> cookies_of(const HttpHead& head) {
  std::vector<Cookie> cookies;
  const auto [begin, end] = head.equal_range(boost::beast::http::field::cookie);
  std::for_each(begin, end, [&](const auto& field) { add_cookies(field.value(), cookies); });
  return cookies;
}

std::string without_node_cookies(std::string_view header) {
  std::vector<Cookie> cookies;
  add_cookies(header, cookies);
  std::string rest;
  for (const Cookie& cookie : cookies) {
    if (!cookie.name.starts_with(node_cookie_prefix)) {
      fmt::format_to(std::back_inserter(rest), "{}{}={}", rest.empty() ? "" : "; ", cookie.name, cookie.value);
    }
  }
  return rest;
}

std::string set_cookie(std::string_view name, std::string_view token, std::chrono::seconds lifetime, bool https) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", name, token, lifetime.count(),
                     https ? "; Secure" : "");
}

}  // namespace kinode::modules
