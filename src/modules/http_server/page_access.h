// Who may have a bound page or WebSocket (modules.md 6.3, 6.5, 6.7). In this order:
//
//   secure bindings on another host: 307 to the package's own; 401 where the host is an address, which has none below
//   it authenticated bindings without a login: a browser that opens a page gets the login page, with 200; others 401
//   local bindings from elsewhere: 403
//   requests of other sites' pages, which the browser says they are (Origin, Sec-Fetch-Site): 403. Where a login or
//   this
//     machine is what lets them in; of pages those that may change something; of WebSockets all
//
// Any thread.
#pragma once

#include <optional>

#include "modules/http_server/bindings.h"
#include "modules/http_server/front.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/tokens.h"

namespace kinode::modules {

class PageAccess {
 public:
  /// Both outlive it.
  PageAccess(const Tokens& tokens, const Bindings& bindings) : tokens_(tokens), bindings_(bindings) {}

  /// The answer that refuses it; none: it may go on.
  [[nodiscard]] std::optional<HttpAnswer> refusal(const HttpHead& head, const HttpPeer& peer,
                                                  const Bound<PageBinding>& bound) const;
  [[nodiscard]] std::optional<HttpAnswer> refusal(const HttpHead& head, const HttpPeer& peer,
                                                  const Bound<SocketBinding>& bound) const;

 private:
  [[nodiscard]] HttpAnswer to_own_host(const HttpHead& head, const Front& front, const ProcessId& process) const;
  [[nodiscard]] HttpAnswer ask_to_log_in(const HttpHead& head, const std::optional<ProcessId>& secure) const;

  const Tokens& tokens_;
  const Bindings& bindings_;
};

}  // namespace kinode::modules
