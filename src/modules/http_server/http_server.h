// http-server:distro:sys: the runtime module behind the node's HTTP port (modules.md 6).
//
// Two sides. To the web it is an HttpSite: a request goes to the part that its path is of.
//
//   /rpc:distro:sys/message   RpcEndpoint      messages of programs on this machine
//   /metrics                  MetricsPage
//   /login, /logout           Login
//   any other                 PageRequests     what processes have bound; or WebSocketChannels
//
// To processes it is a process, which takes what they bind, and sends to their WebSockets (server_actions.h). Requests
// from other nodes are dropped (defect S1). What a process bound stays while it is started again, and goes when it is
// gone; its WebSockets go with each of its lives.
//
//   auto listener = HttpListener::open(settings);
//   kernel.add_module(HttpServer::id(), false, [&](kernel::ProcessContext& context) {
//     auto module = std::make_unique<HttpServer>(context, *listener, parts);
//     server = module.get();
//     return module;
//   });
//   (*listener)->start(*server);  // when all that may be asked is there
//   (*listener)->stop();          // before the kernel ends, and this module with it
//
// Threads: `poll` on the kernel's workers, `admit`, `upgrade` and `handle` on the listener's.
#pragma once

#include <expected>
#include <memory>
#include <optional>

#include "kernel/process.h"
#include "modules/http_server/bindings.h"
#include "modules/http_server/http_listener.h"
#include "modules/http_server/login.h"
#include "modules/http_server/metrics_page.h"
#include "modules/http_server/outbound.h"
#include "modules/http_server/page_access.h"
#include "modules/http_server/page_requests.h"
#include "modules/http_server/process_lives.h"
#include "modules/http_server/rpc_endpoint.h"
#include "modules/http_server/server_actions.h"
#include "modules/http_server/tokens.h"
#include "modules/http_server/websocket_channels.h"
#include "modules/module.h"

namespace kinode::modules {

class HttpServer final : public kernel::Process, public HttpSite {
 public:
  static ProcessId id() { return {"http-server", "distro", "sys"}; }

  struct Parts {
    Owner owner;
    WriteMetrics write_metrics;
    ReadTime time;
  };
  /// Whoever makes it starts the listener with it when it may be asked, and stops the listener before it ends.
  HttpServer(kernel::ProcessContext& context, std::shared_ptr<HttpListener> listener, Parts parts);

  Poll poll() override;

  Upgrade upgrade(const HttpHead& head, const HttpPeer& peer) override;
  std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) override;
  void handle(std::shared_ptr<HttpExchange> exchange) override;

 private:
  void take_request(kernel::Envelope envelope);
  /// The answer; none: it is answered later, or never.
  std::optional<std::string_view> act(const Call& call);
  std::optional<std::string_view> act(const Call& call, const BindAction& action);
  std::optional<std::string_view> act(const Call& call, const UnbindAction& action);
  std::optional<std::string_view> act(const Call& call, const BindSocketAction& action);
  std::optional<std::string_view> act(const Call& call, const UnbindSocketAction& action);
  std::optional<std::string_view> act(const Call& call, const PushAction& action);
  std::optional<std::string_view> act(const Call& call, const ExtensionPushAction& action);
  std::optional<std::string_view> act(const Call& call, const CloseAction& action);
  /// Has what the process binds end with it, and tells it how that went.
  std::string_view bound(const Call& call, const Result<void>& result);
  void ended(const std::shared_ptr<ProcessLife>& life);

  kernel::ProcessContext& context_;
  std::shared_ptr<HttpListener> listener_;
  const Tokens tokens_;
  Bindings bindings_;
  const PageAccess access_;
  Outbound outbound_;
  RpcEndpoint rpc_;
  MetricsPage metrics_;
  PageRequests pages_;
  ProcessLives lives_;
  WebSocketChannels channels_;
  Login login_;
};

}  // namespace kinode::modules
