#include "modules/http_server/tokens.h"

#include <algorithm>
#include <span>
#include <utility>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/sha256.h"
#include "modules/http_server/cookies.h"

namespace kinode::modules {
namespace {

/// Longer ones than can be are not looked at.
constexpr size_t longest_token = 4'096;

std::span<const uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// The JSON of a part of a token.
Result<nlohmann::json> read_part(std::string_view part) {
  const auto bytes = codec::decode_base64url(part);
  if (!bytes) {
    return fail("not base64url");
  }
  return codec::parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

bool is_known_algorithm(std::string_view header) {
  const Result<nlohmann::json> json = read_part(header);
  if (!json) {
    return false;
  }
  const auto fields = codec::JsonReader(*json).fields({"alg"});
  return fields && (*fields)["alg"].string() == "HS256";
}

struct Claims {
  std::string username;
  std::optional<std::string> subdomain;
  uint64_t expiration;
};

std::optional<Claims> read_claims(std::string_view part) {
  const Result<nlohmann::json> json = read_part(part);
  if (!json) {
    return std::nullopt;
  }
  const auto fields = codec::JsonReader(*json).fields({"username", "subdomain", "expiration"});
  if (!fields) {
    return std::nullopt;
  }
  auto username = (*fields)["username"].string();
  auto subdomain = (*fields)["subdomain"].optional(&codec::JsonReader::string);
  const auto expiration = (*fields)["expiration"].u64();
  if (!username || !subdomain || !expiration) {
    return std::nullopt;
  }
  return Claims{std::move(*username), std::move(*subdomain), *expiration};
}

}  // namespace

Tokens::Tokens(std::string node, crypto::Secret secret, ReadTime now)
    : node_(std::move(node)), secret_(std::move(secret)), now_(std::move(now)) {}

std::string Tokens::signature(std::string_view signed_text) const {
  return codec::encode_base64url(crypto::hmac_sha256(secret_.span(), signed_text));
}

std::string Tokens::make(const std::optional<ProcessId>& secure) const {
  nlohmann::ordered_json claims;
  claims["username"] = node_;
  claims["subdomain"] = secure ? nlohmann::ordered_json(secure->text()) : nlohmann::ordered_json();
  claims["expiration"] = (now_() + lifetime).time_since_epoch().count();
  const std::string text = codec::encode_base64url(octets(R"({"alg":"HS256"})")) + "." +
                           codec::encode_base64url(octets(codec::to_text(claims)));
  return text + "." + signature(text);
}

bool Tokens::is_valid(std::string_view token, const std::optional<ProcessId>& secure) const {
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (token.size() > longest_token || first == last) {
    return false;
  }
  const std::string_view signed_text = token.substr(0, last);
  if (!crypto::equal_in_constant_time(octets(token.substr(last + 1)), octets(signature(signed_text)))) {
    return false;
  }
  const std::optional<Claims> claims = read_claims(signed_text.substr(first + 1));
  return is_known_algorithm(token.substr(0, first)) && claims && claims->username == node_ &&
         claims->subdomain == (secure ? std::optional(secure->text()) : std::nullopt) &&
         claims->expiration > static_cast<uint64_t>(now_().time_since_epoch().count());
}

std::string Tokens::cookie_name(const std::optional<ProcessId>& secure) const {
  return fmt::format("{}{}{}{}", node_cookie_prefix, node_, secure ? "@" : "", secure ? secure->text() : "");
}

bool Tokens::is_logged_in(const HttpHead& head, const std::optional<ProcessId>& secure) const {
  const std::string name = cookie_name(secure);
  return std::ranges::any_of(
      cookies_of(head), [&](const Cookie& cookie) { return cookie.name == name && is_valid(cookie.value, secure); });
}

}  // namespace kinode::modules
