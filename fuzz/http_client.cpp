// Actions of http-client:distro:sys, and where a server's redirect leads: the input's first line is the action, or a
// URL; the rest a Location header.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "modules/http_client/actions.h"

using namespace kinode;
using namespace kinode::modules::http_client;

namespace {

/// What would end a line of a request, or be a line of its own.
bool is_of_one_line(std::string_view text) {
  return std::ranges::all_of(text, [](char letter) { return letter != '\r' && letter != '\n' && letter != '\0'; });
}

void check_url(const Url& url, Protocol protocol) {
  KINODE_CHECK(!url.host().empty() && url.port() != 0 && url.target().front() == '/', "{}", url.origin());
  KINODE_CHECK(is_of_one_line(url.host()) && is_of_one_line(url.target()) && !url.target().contains(' ') &&
                   !url.target().contains('#'),
               "{}", url.target());
  // Whoever connects, checks certificates and names the host sees one and the same.
  const Result<Url> again = Url::parse(url.origin() + url.target(), protocol);
  KINODE_CHECK(again.has_value(), "{}{}: {}", url.origin(), url.target(), again.error().message);
  KINODE_CHECK(again->origin() == url.origin() && again->target() == url.target(), "{}{}", url.origin(), url.target());
}

void check_headers(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    KINODE_CHECK(!name.empty() && is_of_one_line(name) && !name.contains(':') && is_of_one_line(value), "{}", name);
  }
}

void check_redirect(const Url& from, std::string_view location) {
  const Result<Url> next = from.resolve(location);
  if (!next) {
    KINODE_CHECK(!next.error().message.empty());
    return;
  }
  check_url(*next, Protocol::http);
  KINODE_CHECK(!next->authorization() || next->origin() == from.origin(), "{}", location);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Settings settings;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view rest = text.substr(std::min(line.size() + 1, text.size()));
  if (const Result<Url> url = Url::parse(line, Protocol::http)) {
    check_url(*url, Protocol::http);
    check_redirect(*url, rest);
  }
  const ActionResult<Action> action = read_action(line, settings);
  if (!action) {
    KINODE_CHECK(codec::parse_json(action.error().body).has_value(), "{}", action.error().body);
  } else if (const auto* http = std::get_if<HttpAction>(&*action)) {
    check_url(http->url, Protocol::http);
    check_headers(http->headers);
    check_redirect(http->url, rest);
    KINODE_CHECK(codec::parse_json(answers::http(200, http->headers)).has_value());
  } else if (const auto* open = std::get_if<OpenAction>(&*action)) {
    check_url(open->url, Protocol::websocket);
    check_headers(open->headers);
  }
  return 0;
}
