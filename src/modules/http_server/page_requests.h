// PageRequests: requests to bound paths, from their routing to their answer (modules.md 6.3, 6.4).
//
//   who may have it: page_access.h          404  nothing is bound there
//   GET and HEAD of cached content: static_content.h
//   else the process is asked:
//     as it says                            408  no response in time, or the process cannot be asked
//     500  not the form of a response       503  too many requests wait for that process
//
// Any thread.
#pragma once

#include <expected>
#include <memory>

#include "kernel/process_context.h"
#include "modules/http_server/bindings.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"
#include "modules/http_server/outbound.h"
#include "modules/http_server/page_access.h"

namespace kinode::modules {

class PageRequests {
 public:
  /// All outlive it.
  PageRequests(kernel::ProcessContext& context, const Bindings& bindings, const PageAccess& access, Outbound& outbound,
               const HttpSettings& settings)
      : context_(context), bindings_(bindings), access_(access), outbound_(outbound), settings_(settings) {}

  // See HttpSite.
  [[nodiscard]] std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) const;
  void handle(std::shared_ptr<HttpExchange> exchange);

 private:
  /// What serves the request, or the answer that refuses it.
  [[nodiscard]] std::expected<Bound<PageBinding>, HttpAnswer> find(const HttpHead& head, const HttpPeer& peer) const;
  void show(const StaticContent& content, bool is_private, std::shared_ptr<HttpExchange> exchange);
  void ask(const Bound<PageBinding>& bound, std::shared_ptr<HttpExchange> exchange);

  kernel::ProcessContext& context_;
  const Bindings& bindings_;
  const PageAccess& access_;
  Outbound& outbound_;
  const HttpSettings& settings_;
};

}  // namespace kinode::modules
