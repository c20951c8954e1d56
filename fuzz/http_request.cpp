// A request to the node's HTTP side as bytes of anybody: host, origin, cookies, query, route. The first line is a bound
// path, the rest the head of a request. What is local stays local; what processes are told is JSON.
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "codec/json.h"
#include "modules/http_server/cookies.h"
#include "modules/http_server/front.h"
#include "modules/http_server/login_page.h"
#include "modules/http_server/page_message.h"
#include "modules/http_server/query.h"
#include "modules/http_server/routes.h"
#include "modules/http_server/tokens.h"

using namespace kinode;
using namespace kinode::modules;
namespace http = boost::beast::http;

namespace {

void check_host(const HttpHead& head, const HttpPeer& peer) {
  const Front front = front_of(head, peer);
  const auto again = parse_authority(front.host.text());
  KINODE_CHECK(again && again->name == front.host.name && again->port == front.host.port, "{}", front.host.text());
  KINODE_CHECK(front.host.text().find_first_of("/@\\ \t\r\n\"<>") == std::string::npos, "{}", front.host.text());
  // Who says nothing of where it comes from is no page of another site.
  KINODE_CHECK(head.count(http::field::origin) > 0 || head.count("Sec-Fetch-Site") > 0 ||
               check_same_origin(head, front));
}

void check_cookies(const HttpHead& head) {
  for (const Cookie& cookie : cookies_of(head)) {
    KINODE_CHECK(!cookie.name.contains(';') && !cookie.name.contains('='), "{}", cookie.name);
    const std::string rest = without_node_cookies(std::string(cookie.name) + "=" + std::string(cookie.value));
    KINODE_CHECK(rest.empty() == cookie.name.starts_with(node_cookie_prefix), "{}", rest);
  }
  const Tokens tokens("node.os", crypto::Secret(32), [] { return UnixTime(); });
  KINODE_CHECK(!tokens.is_logged_in(head, std::nullopt), "a token was made up");
}

void check_redirect(std::string_view target) {
  if (is_local_target(target)) {
    KINODE_CHECK(target.front() == '/' && (target.size() == 1 || (target[1] != '/' && target[1] != '\\')), "{}",
                 target);
  }
  const HttpAnswer page = login_page({.node = "node.os", .secure = {}, .redirect = std::string(target), .error = {}});
  KINODE_CHECK(!page.body.text().contains("<script"), "{}", target);
}

void check_route(const RoutePattern& pattern, std::string_view path) {
  if (const auto parameters = pattern.match(path)) {
    for (const auto& [name, value] : *parameters) {
      KINODE_CHECK(!value.empty() && path.contains(value), "{} {}", name, value);
    }
    KINODE_CHECK(!pattern.is_literal() || pattern.text() == path, "{}", path);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const RoutePattern pattern(text.substr(0, std::min(line, size_t{256})));
  if (line == std::string_view::npos || pattern.parameters() > 16) {
    return 0;
  }
  const std::string_view rest = text.substr(line + 1);
  http::request_parser<http::empty_body> parser;
  parser.eager(false);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(rest.data(), rest.size()), error);
  if (error || !parser.is_header_done()) {
    return 0;
  }
  const HttpHead& head = parser.get().base();
  for (const char* address : {"127.0.0.1", "203.0.113.7"}) {
    check_host(head, HttpPeer(boost::asio::ip::make_address(address), 80));
  }
  check_cookies(head);
  check_redirect(std::string_view(head.target()));
  check_redirect(parse_query(query_of(head))["redirect"]);
  check_route(pattern, path_of(head));
  const std::string message = write_page_request(head, HttpPeer(), "localhost", pattern.text(),
                                                 pattern.match(path_of(head)).value_or(RouteParameters{}));
  KINODE_CHECK(codec::parse_json(message).has_value(), "{}", message);
  return 0;
}
