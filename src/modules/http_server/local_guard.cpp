#include "modules/http_server/local_guard.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <string>

namespace kinode::modules {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

constexpr std::string_view forwarded_prefix = "x-forwarded-";
constexpr auto proxy_headers =
    std::to_array<std::string_view>({"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
                                     "x-original-host", "cf-connecting-ip", "true-client-ip", "fastly-client-ip"});

bool is_proxy_header(std::string_view name) {
  return iequals(name.substr(0, forwarded_prefix.size()), forwarded_prefix) ||
         std::ranges::any_of(proxy_headers, [&](std::string_view known) { return iequals(name, known); });
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

bool is_loopback_host(std::string_view host) {
  std::string name;
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    name = host.substr(1, end - 1);
    host.remove_prefix(end + 1);
  } else {
    name = host.substr(0, host.find(':'));
    host.remove_prefix(name.size());
    if (iequals(name, "localhost")) {
      return host.empty() || is_port(host.substr(1));
    }
    if (name.contains(':')) {
      return false;
    }
  }
  if (!host.empty() && (host.front() != ':' || !is_port(host.substr(1)))) {
    return false;
  }
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(name, error);
  return !error && address.is_loopback();
}

Result<void> check_local_program(const HttpHead& head, const HttpPeer& peer) {
  if (!peer.address().is_loopback()) {
    return fail("this path is for programs on the node's own machine; reach it from elsewhere through a tunnel");
  }
  for (const auto& field : head) {
    if (is_proxy_header(view(field.name_string()))) {
      return fail("the request came through a proxy (header {}); this path is for programs on this machine alone",
                  view(field.name_string()));
    }
  }
  if (const auto host = head.find(http::field::host); host != head.end() && !is_loopback_host(view(host->value()))) {
    return fail("the Host header must be localhost or a loopback address, not `{}`", view(host->value()));
  }
  const bool from_page = head.count(http::field::origin) > 0;
  const auto fetch_site = head.find("Sec-Fetch-Site");
  if (from_page || (fetch_site != head.end() && fetch_site->value() != "none")) {
    return fail("the request came from a web page (header {}); this path is for programs alone",
                from_page ? "Origin" : "Sec-Fetch-Site");
  }
  return {};
}

}  // namespace kinode::modules
