#include "modules/http_server/http_server.h"

#include <utility>

#include "modules/http_server/rpc/rpc_message.h"
#include "modules/module.h"

namespace kinode::modules {
namespace {

/// Envelopes taken in one poll, so that others get their turn.
constexpr int envelopes_per_poll = 256;

constexpr std::string_view malformed_request = R"({"Err":"MalformedRequest"})";

HttpAnswer not_found() { return {HttpStatus::not_found, "", ""}; }

}  // namespace

HttpServer::HttpServer(kernel::ProcessContext& context, std::shared_ptr<HttpListener> listener,
                       WriteMetrics write_metrics)
    : context_(context),
      listener_(std::move(listener)),
      rpc_(context, listener_->settings()),
      metrics_(std::move(write_metrics)) {}

kernel::Process::Poll HttpServer::poll() {
  for (int i = 0; i < envelopes_per_poll; ++i) {
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (!envelope) {
      rpc_.send_again();
      return {};
    }
    if (envelope->kind == kernel::Envelope::Kind::request) {
      take_request(std::move(*envelope));
    } else {
      rpc_.take(std::move(*envelope));
    }
  }
  return {.status = Status::yielded, .exit = {}};
}

void HttpServer::take_request(kernel::Envelope envelope) {
  if (envelope.source.node() != context_.our().node()) {
    context_.print(1, "http-server: dropped a request of " + envelope.source.text() + ": only processes of this node " +
                          "are served");
    return;
  }
  const Call call = call_of(std::move(envelope));
  if (call.wants_answer()) {
    answer(context_, call, std::string(malformed_request));
  }
}

std::expected<size_t, HttpAnswer> HttpServer::admit(const HttpHead& head, const HttpPeer& peer) {
  if (path_of(head) == rpc::path) {
    return rpc_.admit(head, peer);
  }
  if (path_of(head) == MetricsPage::path) {
    return metrics_.admit(head, peer);
  }
  return std::unexpected(not_found());
}

void HttpServer::handle(std::shared_ptr<HttpExchange> exchange) {
  if (path_of(exchange->request) == MetricsPage::path) {
    metrics_.handle(*exchange);
  } else {
    rpc_.handle(std::move(exchange));
  }
}

}  // namespace kinode::modules
