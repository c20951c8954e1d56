// The head of an HTTP request as bytes of anybody, and who may use the RPC endpoint by it: full control of the
// node. Whoever is let in, the rules of local_guard.h hold of all its headers.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/local_guard.h"

using namespace kinode;
using namespace kinode::modules;
namespace http = boost::beast::http;
using boost::beast::iequals;

namespace {

void check_head(const HttpHead& head) {
  const std::string_view path = path_of(head);
  KINODE_CHECK(!path.contains('?') && std::string_view(head.target()).starts_with(path), "{}", path);

  const HttpPeer stranger(boost::asio::ip::make_address("203.0.113.7"), 80);
  KINODE_CHECK(!check_local_program(head, stranger));
  const HttpPeer here(boost::asio::ip::make_address("127.0.0.1"), 80);
  if (!check_local_program(head, here)) {
    return;
  }
  for (const auto& field : head) {
    const std::string name = field.name_string();
    const std::string value = field.value();
    KINODE_CHECK(!iequals(name, "Host") || is_loopback_host(value), "{}", value);
    KINODE_CHECK(!iequals(name, "Origin"), "{}", value);
    KINODE_CHECK(!iequals(name, "Sec-Fetch-Site") || value == "none", "{}", value);
    KINODE_CHECK(!iequals(name, "Forwarded") && !iequals(name, "X-Forwarded-For") && !iequals(name, "Via"), "{}", name);
  }
}

/// A name that passes is localhost or an address in brackets or not, with nothing but a port after it.
void check_host(std::string_view host) {
  if (!is_loopback_host(host)) {
    return;
  }
  std::string name(host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':')));
  const std::string_view rest = host.substr(name.size());
  KINODE_CHECK(rest.empty() || (rest.front() == ':' &&
                                std::ranges::all_of(rest.substr(1), [](char c) { return c >= '0' && c <= '9'; })),
               "{}", host);
  std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
  KINODE_CHECK(iequals(name, "localhost") || boost::asio::ip::make_address(name).is_loopback(), "{}", host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_host(text);
  http::request_parser<http::empty_body> parser;
  parser.eager(false);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(data, size), error);
  if (!error && parser.is_header_done()) {
    check_head(parser.get());
  }
  return 0;
}
