#include "modules/http_server/front.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>

namespace kinode::modules {
namespace {

using boost::beast::iequals;
using boost::beast::http::field;
using boost::beast::http::verb;

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_port(std::string_view text) {
  return text.empty() || (text.front() == ':' && text.size() <= 6 &&
                          std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; }));
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ') || text.ends_with('\t')) {
    text.remove_suffix(1);
  }
  return text;
}

/// The last one of a list: what the proxy next to us has added.
std::string_view last_of(std::string_view list) { return trimmed(list.substr(list.rfind(',') + 1)); }

boost::asio::ip::address client_of(std::string_view forwarded_for, const HttpPeer& peer) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(last_of(forwarded_for)), error);
  return error ? peer.address() : address;
}

/// The default ports of both schemes are none: a proxy may have taken the one away.
std::string_view shown_port(const Authority& authority) {
  return authority.port == ":80" || authority.port == ":443" ? std::string_view() : authority.port;
}

std::optional<Authority> authority_of_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) {
      return parse_authority(origin.substr(scheme.size()));
    }
  }
  return std::nullopt;
}

}  // namespace

bool Authority::is_address() const {
  boost::system::error_code error;
  boost::asio::ip::make_address(name.starts_with('[') ? name.substr(1, name.size() - 2) : name, error);
  return !error;
}

bool Authority::is_loopback() const {
  if (name == "localhost" || name.ends_with(".localhost")) {
    return true;
  }
  boost::system::error_code error;
  const auto address =
      boost::asio::ip::make_address(name.starts_with('[') ? name.substr(1, name.size() - 2) : name, error);
  return !error && address.is_loopback();
}

std::string_view Authority::first_label() const {
  return is_address() ? std::string_view() : std::string_view(name).substr(0, name.find('.'));
}

std::optional<Authority> parse_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  Authority authority{lower(text.substr(0, bracketed ? end + 1 : end)),
                      std::string(text.substr(bracketed ? end + 1 : end))};
  const bool is_name = bracketed ? authority.is_address()
                                 : !authority.name.empty() && std::ranges::all_of(authority.name, is_name_letter);
  return is_name && is_port(authority.port) ? std::optional(std::move(authority)) : std::nullopt;
}

Front front_of(const HttpHead& head, const HttpPeer& peer) {
  Front front{.host = parse_authority(head[field::host]).value_or(Authority{"localhost", ""}),
              .https = false,
              .client = peer.address()};
  if (peer.address().is_loopback()) {
    if (auto forwarded = parse_authority(last_of(head["X-Forwarded-Host"]))) {
      front.host = std::move(*forwarded);
    }
    front.https = iequals(last_of(head["X-Forwarded-Proto"]), "https");
    front.client = client_of(head["X-Forwarded-For"], peer);
  }
  return front;
}

Result<void> check_same_origin(const HttpHead& head, const Front& front) {
  const std::string_view site = head.count("Sec-Fetch-Site") == 1 ? head["Sec-Fetch-Site"] : "";
  if (site == "same-origin" || site == "none") {
    return {};  // also where the page's policy hides its origin
  }
  if (head.count(field::origin) == 0) {
    if (head.count("Sec-Fetch-Site") > 0) {
      return fail("this request comes from a page of another site, which may not make it");
    }
    return {};
  }
  const std::string_view origin = head[field::origin];
  const auto theirs = authority_of_origin(origin);
  const bool same = head.count(field::origin) == 1 && theirs && theirs->name == front.host.name &&
                    (shown_port(*theirs) == shown_port(front.host) || front.host.is_loopback());
  if (!same) {
    return fail("this request comes from a page of another origin, which may not make it; its origin is not that of {}",
                front.host.text());
  }
  return {};
}

bool changes_state(const HttpHead& head) {
  return head.method() != verb::get && head.method() != verb::head && head.method() != verb::options;
}

}  // namespace kinode::modules
