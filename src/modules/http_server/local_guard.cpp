#include "modules/http_server/local_guard.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>
#include <string>

#include "modules/http_server/front.h"

namespace kinode::modules {
namespace {

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

namespace {

/// Not another machine, a proxy, or a host name that `is_here` does not know.
Result<void> check_neighbour(const HttpHead& head, const HttpPeer& peer, bool (*is_here)(std::string_view host)) {
  if (!peer.address().is_loopback()) {
    return fail("this path is for programs on the node's own machine; reach it from elsewhere through a tunnel");
  }
  // Of every header: who sends one twice must not choose which of them counts.
  for (const auto& field : head) {
    const std::string_view name = view(field.name_string());
    if (is_proxy_header(name)) {
      return fail("the request came through a proxy (header {}); this path is for programs on this machine alone",
                  name);
    }
    if (iequals(name, "Host") && !is_here(view(field.value()))) {
      return fail("the Host header must be localhost or a loopback address, not `{}`", view(field.value()));
    }
  }
  return {};
}

}  // namespace

Result<void> check_this_machine(const HttpHead& head, const HttpPeer& peer) {
  return check_neighbour(head, peer, [](std::string_view host) {
    const auto authority = parse_authority(host);
    return authority && authority->is_loopback();
  });
}

Result<void> check_local_program(const HttpHead& head, const HttpPeer& peer) {
  if (Result<void> here = check_neighbour(head, peer, is_loopback_host); !here) {
    return here;
  }
  for (const auto& field : head) {
    const std::string_view name = view(field.name_string());
    if (iequals(name, "Origin") || (iequals(name, "Sec-Fetch-Site") && field.value() != "none")) {
      return fail("the request came from a web page (header {}); this path is for programs alone", name);
    }
  }
  return {};
}

}  // namespace kinode::modules
