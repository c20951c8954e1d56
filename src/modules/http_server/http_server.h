// http-server:distro:sys: the runtime module behind the node's HTTP port (modules.md 6).
//
// Two sides. To the web it is an HttpSite: RPC requests go to RpcEndpoint, /metrics to MetricsPage, any other path
// is 404. To processes it is a process: requests from other nodes are dropped (defect S1), and what a process
// asks is answered {"Err":"MalformedRequest"}. Paths bound by processes, login and WebSockets are not served yet;
// they become further parts beside these.
//
//   auto listener = HttpListener::open(settings);
//   kernel.add_module(HttpServer::id(), false, [&](kernel::ProcessContext& context) {
//     auto module = std::make_unique<HttpServer>(context, *listener, write_metrics);
//     server = module.get();
//     return module;
//   });
//   (*listener)->start(*server);  // when all that may be asked is there
//   (*listener)->stop();          // before the kernel ends, and this module with it
//
// Threads: `poll` on the kernel's workers, `admit` and `handle` on the listener's.
#pragma once

#include <expected>
#include <memory>

#include "kernel/process.h"
#include "modules/http_server/http_listener.h"
#include "modules/http_server/metrics_page.h"
#include "modules/http_server/rpc_endpoint.h"

namespace kinode::modules {

class HttpServer final : public kernel::Process, public HttpSite {
 public:
  static ProcessId id() { return {"http-server", "distro", "sys"}; }

  /// Whoever makes it starts the listener with it when it may be asked, and stops the listener before it ends.
  HttpServer(kernel::ProcessContext& context, std::shared_ptr<HttpListener> listener, WriteMetrics write_metrics);

  Poll poll() override;

  std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) override;
  void handle(std::shared_ptr<HttpExchange> exchange) override;

 private:
  void take_request(kernel::Envelope envelope);

  kernel::ProcessContext& context_;
  std::shared_ptr<HttpListener> listener_;
  RpcEndpoint rpc_;
  MetricsPage metrics_;
};

}  // namespace kinode::modules
