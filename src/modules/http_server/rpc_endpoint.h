// RpcEndpoint: POST /rpc:distro:sys/message, by which kit and other programs on this machine send messages
// from http-server:distro:sys (modules.md 6.9, packages-and-kit.md 6.1).
//
//   200  no response wanted: empty, once the message is on its way; else the response as JSON, text/html
//   400  not the JSON of a request      403  not from a program on this machine (local_guard.h)
//   408  no response in time, or the message cannot be delivered, which is known at once
//   413  body too long                  500  a response too long to be sent as JSON
//   503  too many requests wait for that process
#pragma once

#include <expected>
#include <memory>

#include "kernel/process_context.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"
#include "modules/http_server/outbound.h"

namespace kinode::modules {

class RpcEndpoint {
 public:
  /// All outlive the endpoint.
  RpcEndpoint(const kernel::ProcessContext& context, Outbound& outbound, const HttpSettings& settings)
      : context_(context), outbound_(outbound), settings_(settings) {}

  // Any thread, for requests to rpc::path. See HttpSite.
  [[nodiscard]] std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) const;
  void handle(std::shared_ptr<HttpExchange> exchange);

 private:
  const kernel::ProcessContext& context_;
  Outbound& outbound_;
  const HttpSettings& settings_;
};

/// The answer to a client whose request to a process ended without a response.
HttpAnswer no_response(const kernel::Envelope& error, std::chrono::seconds waited);

}  // namespace kinode::modules
