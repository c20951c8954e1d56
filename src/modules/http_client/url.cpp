#include "modules/http_client/url.h"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <cctype>
#include <charconv>

#include "base/bytes.h"
#include "codec/base64.h"

namespace kinode::modules::http_client {
namespace {

bool is_control(char letter) { return static_cast<uint8_t>(letter) < 0x20 || letter == 0x7f; }

bool is_hex(char letter) { return std::isxdigit(static_cast<uint8_t>(letter)) != 0; }

/// What the grammar has no place for, after the host or anywhere.
bool must_be_escaped(char letter, bool after_host) {
  constexpr std::string_view nowhere = " \"<>\\^`{|}";
  constexpr std::string_view in_hosts_alone = "[]";
  return static_cast<uint8_t>(letter) >= 0x80 || nowhere.contains(letter) ||
         (after_host && in_hosts_alone.contains(letter));
}

std::string escaped(std::string_view text) {
  const size_t scheme = text.find("://");
  const size_t host = scheme == std::string_view::npos ? 0 : text.find_first_of("/?", scheme + 3);
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    const bool stray = letter == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]));
    if (stray || must_be_escaped(letter, i >= host)) {
      result += fmt::format("%{:02X}", static_cast<uint8_t>(letter));
    } else {
      result += letter;
    }
  }
  return result;
}

/// Without white space around it and without a fragment, which no server is sent.
Result<std::string> prepared(std::string_view text) {
  if (text.size() > Url::max_bytes) {
    return fail("it has {} bytes, {} are the most", text.size(), Url::max_bytes);
  }
  const size_t begin = text.find_first_not_of(' ');
  text =
      begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
  text = text.substr(0, text.find('#'));
  if (std::ranges::any_of(text, is_control)) {
    return fail("it has control characters");
  }
  return escaped(text);
}

Result<std::string> host_of(std::string_view text) {
  std::string host(text);
  if (host.starts_with('[')) {
    host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(host, error);
    if (error || host.contains('%')) {
      return fail("`{}` is no IPv6 address", host);
    }
    return host;
  }
  std::ranges::transform(host, host.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' ||
           letter == '.';
  };
  if (host.empty() || host.size() > 253 || !std::ranges::all_of(host, fits)) {
    return fail("`{}` is no host: names of other letters are written as xn--...", host);
  }
  return host;
}

Result<uint16_t> port_of(std::string_view text, bool is_secure) {
  if (text.empty()) {
    return is_secure ? 443 : 80;
  }
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return fail("`{}` is no port", text);
  }
  return port;
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ec == std::errc()) {
      result += static_cast<char>(byte);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Of a path and its query: `.` and `..` are carried out (RFC 3986, 5.2.4).
std::string without_dots(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  std::string result;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin + 1), path.size());
    const std::string_view segment = path.substr(begin, end - begin);  // with its slash
    const bool is_last = end == path.size();
    if (segment == "/..") {
      result.erase(std::min(result.rfind('/'), result.size()));
    }
    if (segment != "/." && segment != "/..") {
      result += segment;
    } else if (is_last) {
      result += '/';
    }
    begin = end;
  }
  return result + std::string(target.substr(path.size()));
}

}  // namespace

Result<Url> Url::parse(std::string_view text, Protocol protocol) {
  Result<std::string> prepared_text = prepared(text);
  if (!prepared_text) {
    return std::unexpected(prepared_text.error());
  }
  const std::string_view whole = *prepared_text;
  const size_t colon = whole.find(':');
  if (colon == std::string_view::npos || !whole.substr(colon).starts_with("://")) {
    return fail("it is no URL: there is no scheme with a host, as https://");
  }
  std::string scheme(whole.substr(0, colon));
  std::ranges::transform(scheme, scheme.begin(), [](unsigned char letter) { return std::tolower(letter); });
  const std::string_view plain = protocol == Protocol::http ? "http" : "ws";
  Url url;
  url.protocol_ = protocol;
  url.is_secure_ = scheme == std::string(plain) + "s";
  if (!url.is_secure_ && scheme != plain) {
    return fail("its scheme is `{}`: `{}` and `{}s` are known here", scheme, plain, plain);
  }
  const std::string_view rest = whole.substr(colon + 3);
  const size_t target = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, target);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    std::string user = unescaped(authority.substr(0, at));
    if (!user.contains(':')) {
      user += ':';
    }
    url.authorization_ = "Basic " + codec::encode_base64(Bytes::from(std::move(user)).span());
    authority.remove_prefix(at + 1);
  }
  const size_t host_end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
  if (authority.starts_with('[') && host_end == std::string_view::npos) {
    return fail("`{}` is no host", authority);
  }
  const size_t host_size = std::min(authority.starts_with('[') ? host_end + 1 : host_end, authority.size());
  const std::string_view port_text = authority.substr(host_size);
  if (!port_text.empty() && !port_text.starts_with(':')) {
    return fail("`{}` is no host", authority);
  }
  Result<std::string> host = host_of(authority.substr(0, host_size));
  if (!host) {
    return std::unexpected(host.error());
  }
  Result<uint16_t> port = port_of(port_text.substr(port_text.empty() ? 0 : 1), url.is_secure_);
  if (!port) {
    return std::unexpected(port.error());
  }
  url.host_ = std::move(*host);
  url.port_ = *port;
  url.target_ = std::string(rest.substr(target));
  if (!url.target_.starts_with('/')) {
    url.target_.insert(0, "/");
  }
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  Result<std::string> text = prepared(reference);
  if (!text) {
    return std::unexpected(text.error());
  }
  const std::string path = target_.substr(0, target_.find('?'));
  const std::string scheme = origin().substr(0, origin().find("//"));
  const bool has_scheme = text->find(':') < text->find_first_of("/?");
  Result<Url> url = parse(has_scheme                ? *text
                          : text->starts_with("//") ? scheme + *text
                          : text->starts_with('/')  ? origin() + *text
                          : text->starts_with('?')  ? origin() + path + *text
                          : text->empty()           ? origin() + target_
                                                    : origin() + path.substr(0, path.rfind('/') + 1) + *text,
                          protocol_);
  if (url) {
    url->target_ = without_dots(url->target_);
    url->authorization_ = origin() == url->origin() ? authorization_ : std::nullopt;
  }
  return url;
}

std::string Url::host_field() const {
  const std::string host = host_.contains(':') ? "[" + host_ + "]" : host_;
  return port_ == (is_secure_ ? 443 : 80) ? host : fmt::format("{}:{}", host, port_);
}

std::string Url::origin() const {
  const std::string_view plain = protocol_ == Protocol::http ? "http" : "ws";
  return fmt::format("{}{}://{}", plain, is_secure_ ? "s" : "", host_field());
}

}  // namespace kinode::modules::http_client
