#include "modules/http_server/rpc_endpoint.h"

#include <string>
#include <utility>

#include "modules/http_server/local_guard.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::modules {
namespace {

kernel::Outgoing outgoing_of(rpc::RpcRequest request, const std::string& our_node, std::chrono::seconds timeout) {
  kernel::Outgoing outgoing{.target = Address(request.node.value_or(our_node), std::move(request.process))};
  if (request.expects_response) {
    outgoing.request.expects_response = static_cast<uint64_t>(timeout.count());
  }
  outgoing.request.body = std::move(request.body);
  outgoing.request.metadata = std::move(request.metadata);
  outgoing.blob = std::move(request.blob);
  return outgoing;
}

HttpExchange::MakeAnswer read_response(kernel::Envelope envelope, size_t limit) {
  rpc::RpcReply reply{std::get<Response>(std::move(envelope.message)).body, std::move(envelope.blob)};
  const size_t size = reply.body.size() + (reply.blob ? reply.blob->bytes.size() : 0);
  if (size > limit) {
    return [size, limit] {
      return text_answer(HttpStatus::internal_server_error,
                         fmt::format("the response has {} bytes; {} can be sent through this path", size, limit));
    };
  }
  return [reply = std::move(reply)] {
    return HttpAnswer{
        .status = HttpStatus::ok, .content_type = "text/html", .body = Bytes::from(rpc::write_reply(reply))};
  };
}

}  // namespace

std::expected<size_t, HttpAnswer> RpcEndpoint::admit(const HttpHead& head, const HttpPeer& peer) const {
  if (auto local = check_local_program(head, peer); !local) {
    return std::unexpected(text_answer(HttpStatus::forbidden, local.error().message));
  }
  return settings_.rpc_body_bytes;
}

void RpcEndpoint::handle(std::shared_ptr<HttpExchange> exchange) {
  auto request = rpc::parse_request(exchange->request.body());
  if (!request) {
    exchange->answer(text_answer(HttpStatus::bad_request, request.error().message));
    return;
  }
  exchange->request.body() = {};
  kernel::Outgoing outgoing = outgoing_of(std::move(*request), context_.our().node(), settings_.response_timeout);
  if (!outgoing.request.expects_response) {
    outbound_.tell(std::move(outgoing), [&outbound = outbound_, exchange = std::move(exchange)] {
      outbound.answer_when_durable(exchange, [] { return HttpAnswer{}; });
    });
    return;
  }
  const auto read_end = [&settings = settings_](kernel::Envelope envelope) -> HttpExchange::MakeAnswer {
    if (envelope.kind == kernel::Envelope::Kind::send_error) {
      return [answer = no_response(envelope, settings.response_timeout)] { return answer; };
    }
    return read_response(std::move(envelope), settings.rpc_answer_bytes);
  };
  outbound_.ask(std::move(outgoing), std::move(exchange), read_end);
}

HttpAnswer no_response(const kernel::Envelope& error, std::chrono::seconds waited) {
  const Address& target = error.target;
  if (error.error == SendErrorKind::offline) {
    return text_answer(HttpStatus::request_timeout, fmt::format("the node {} cannot be reached", target.node()));
  }
  return text_answer(HttpStatus::request_timeout,
                     fmt::format("no response from {}: there is no such process, or it may not be messaged by "
                                 "http-server:distro:sys or may not answer it, or it did not answer in {} s",
                                 target.text(), waited.count()));
}

}  // namespace kinode::modules
