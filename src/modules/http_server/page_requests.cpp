#include "modules/http_server/page_requests.h"

#include <utility>

#include "kernel/kernel.h"
#include "modules/http_server/front.h"
#include "modules/http_server/page_message.h"
#include "modules/http_server/rpc_endpoint.h"

namespace kinode::modules {
namespace {

using boost::beast::http::verb;

HttpExchange::MakeAnswer read_response(const kernel::Envelope& envelope) {
  auto answer = read_page_response(std::get<Response>(envelope.message).body.text(), envelope.blob);
  if (!answer) {
    return [message = answer.error().message, process = envelope.source.process().text()] {
      return text_answer(HttpStatus::internal_server_error,
                         fmt::format("what {} answered is no HTTP response: {}", process, message));
    };
  }
  return [answer = std::move(*answer)] { return answer; };
}

}  // namespace

std::expected<Bound<PageBinding>, HttpAnswer> PageRequests::find(const HttpHead& head, const HttpPeer& peer) const {
  auto bound = bindings_.find(path_of(head));
  if (!bound) {
    return std::unexpected(HttpAnswer{.status = HttpStatus::not_found});
  }
  if (auto refusal = access_.refusal(head, peer, *bound)) {
    return std::unexpected(std::move(*refusal));
  }
  return std::move(*bound);
}

std::expected<size_t, HttpAnswer> PageRequests::admit(const HttpHead& head, const HttpPeer& peer) const {
  auto found = find(head, peer);
  return found ? std::expected<size_t, HttpAnswer>(settings_.body_bytes) : std::unexpected(std::move(found.error()));
}

void PageRequests::handle(std::shared_ptr<HttpExchange> exchange) {
  // Once more: what is bound may have changed while the body came.
  auto found = find(exchange->request, exchange->peer);
  if (!found) {
    exchange->answer(std::move(found.error()));
    return;
  }
  const verb method = exchange->request.method();
  if (found->binding.content && (method == verb::get || method == verb::head)) {
    show(*found->binding.content, found->binding.authenticated, std::move(exchange));
  } else {
    ask(*found, std::move(exchange));
  }
}

void PageRequests::show(const StaticContent& content, bool is_private, std::shared_ptr<HttpExchange> exchange) {
  HttpAnswer answer = content.answer(exchange->request, is_private);
  context_.kernel().environment().journal.when_durable(
      content.rests_on(), [exchange = std::move(exchange), answer = std::move(answer)] { exchange->answer(answer); });
}

void PageRequests::ask(const Bound<PageBinding>& bound, std::shared_ptr<HttpExchange> exchange) {
  kernel::Outgoing outgoing{.target = context_.our().neighbour(bound.process)};
  outgoing.request.expects_response = static_cast<uint64_t>(settings_.response_timeout.count());
  const Front front = front_of(exchange->request, exchange->peer);
  outgoing.request.body =
      Bytes::from(write_page_request(exchange->request, exchange->peer, front.host.name, bound.path, bound.parameters));
  outgoing.blob = Blob{.mime = std::nullopt, .bytes = Bytes::from(std::move(exchange->request.body()))};
  exchange->request.body() = {};
  outbound_.ask(std::move(outgoing), std::move(exchange),
                [waited = settings_.response_timeout](const kernel::Envelope& envelope) -> HttpExchange::MakeAnswer {
                  if (envelope.kind == kernel::Envelope::Kind::send_error) {
                    return [answer = no_response(envelope, waited)] { return answer; };
                  }
                  return read_response(envelope);
                });
}

}  // namespace kinode::modules
