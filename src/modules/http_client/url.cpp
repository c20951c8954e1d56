#include "modules/http_client/url.h"

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>
#include <charconv>

#include "base/bytes.h"
#include "codec/base64.h"

namespace kinode::modules::http_client {
namespace {

namespace urls = boost::urls;

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

Result<std::string> host_of(const urls::url_view& url) {
  std::string host(url.encoded_host());
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

Result<uint16_t> port_of(const urls::url_view& url, bool is_secure) {
  const std::string_view text = url.port();
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

}  // namespace

Result<Url> Url::parse(std::string_view text, Protocol protocol) {
  Result<std::string> prepared_text = prepared(text);
  if (!prepared_text) {
    return std::unexpected(prepared_text.error());
  }
  const auto parsed = urls::parse_uri(*prepared_text);
  if (!parsed) {
    return fail("it is no URL: {}", parsed.error().message());
  }
  const std::string scheme(urls::url(*parsed).normalize_scheme().scheme());
  const std::string_view plain = protocol == Protocol::http ? "http" : "ws";
  Url url;
  url.protocol_ = protocol;
  url.is_secure_ = scheme == std::string(plain) + "s";
  if (!url.is_secure_ && scheme != plain) {
    return fail("its scheme is `{}`: `{}` and `{}s` are known here", scheme, plain, plain);
  }
  Result<std::string> host = host_of(*parsed);
  if (!host) {
    return std::unexpected(host.error());
  }
  Result<uint16_t> port = port_of(*parsed, url.is_secure_);
  if (!port) {
    return std::unexpected(port.error());
  }
  url.host_ = std::move(*host);
  url.port_ = *port;
  url.target_ = parsed->encoded_path().empty() ? "/" : std::string(parsed->encoded_path());
  while (url.target_.starts_with("/../")) {  // there is nothing above the root (RFC 3986, 5.2.4)
    url.target_.erase(0, 3);
  }
  if (parsed->has_query()) {
    url.target_ += "?" + std::string(parsed->encoded_query());
  }
  if (parsed->has_userinfo()) {
    url.authorization_ = "Basic " + codec::encode_base64(Bytes::from(parsed->user() + ":" + parsed->password()).span());
  }
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  Result<std::string> text = prepared(reference);
  if (!text) {
    return std::unexpected(text.error());
  }
  const auto parsed = urls::parse_uri_reference(*text);
  if (!parsed) {
    return fail("it is no URL: {}", parsed.error().message());
  }
  const std::string base_text = origin() + target_;
  const urls::url_view base(base_text);
  urls::url resolved;
  if (auto done = urls::resolve(base, *parsed, resolved); !done) {
    return fail("it leads nowhere: {}", done.error().message());
  }
  Result<Url> url = parse(std::string_view(resolved.buffer()), protocol_);
  if (url) {
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
