#include "modules/http_server/rpc_endpoint.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "kernel/kernel.h"
#include "modules/http_server/local_guard.h"

namespace kinode::modules {
namespace {

Bytes context_of(uint64_t number) { return Bytes::from(std::to_string(number)); }

std::optional<uint64_t> number_of(const std::optional<Bytes>& context) {
  uint64_t number = 0;
  if (!context) {
    return std::nullopt;
  }
  const std::string_view text = context->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

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

}  // namespace

RpcEndpoint::RpcEndpoint(kernel::ProcessContext& context, const HttpSettings& settings)
    : context_(context), settings_(settings) {}

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
  Sending sending{.outgoing = outgoing_of(std::move(*request), context_.our().node(), settings_.rpc_timeout),
                  .exchange = {}};
  if (sending.outgoing.request.expects_response) {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= settings_.rpc_waiting) {
      exchange->answer(
          text_answer(HttpStatus::service_unavailable, "too many requests wait for their response: try again later"));
      return;
    }
    const uint64_t number = next_number_++;
    sending.outgoing.context = context_of(number);
    waiting_.emplace(number, std::move(exchange));
  } else {
    sending.exchange = std::move(exchange);
  }
  send(std::move(sending));
}

void RpcEndpoint::send(Sending sending) {
  if (context_.send(sending.outgoing) == kernel::SendStatus::full) {
    {
      std::lock_guard lock(mutex_);
      before_full_mailbox_.push_back(std::move(sending));
    }
    // Room may have come before it was put aside.
    context_.wake();
    return;
  }
  if (sending.exchange) {
    answer_when_durable(std::move(sending.exchange), [] { return HttpAnswer{}; });
  }
}

void RpcEndpoint::send_again() {
  std::vector<Sending> again;
  {
    std::lock_guard lock(mutex_);
    again.swap(before_full_mailbox_);
  }
  std::vector<Sending> still_full;
  for (Sending& sending : again) {
    if (context_.send(sending.outgoing) == kernel::SendStatus::full) {
      still_full.push_back(std::move(sending));
    } else if (sending.exchange) {
      answer_when_durable(std::move(sending.exchange), [] { return HttpAnswer{}; });
    }
  }
  if (!still_full.empty()) {
    std::lock_guard lock(mutex_);
    before_full_mailbox_.insert(before_full_mailbox_.begin(), std::make_move_iterator(still_full.begin()),
                                std::make_move_iterator(still_full.end()));
  }
}

void RpcEndpoint::take(kernel::Envelope envelope) {
  const auto number = number_of(envelope.context);
  if (!number) {
    return;
  }
  std::shared_ptr<HttpExchange> exchange;
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_.extract(*number);
    if (found.empty()) {
      return;
    }
    exchange = std::move(found.mapped());
  }
  if (envelope.kind == kernel::Envelope::Kind::send_error) {
    answer_when_durable(std::move(exchange), [answer = no_response(envelope)] { return answer; });
    return;
  }
  rpc::RpcReply reply{std::get<Response>(std::move(envelope.message)).body, std::move(envelope.blob)};
  const size_t size = reply.body.size() + (reply.blob ? reply.blob->bytes.size() : 0);
  if (size > settings_.rpc_answer_bytes) {
    answer_when_durable(std::move(exchange), [size, limit = settings_.rpc_answer_bytes] {
      return text_answer(HttpStatus::internal_server_error,
                         fmt::format("the response has {} bytes; {} can be sent through this path", size, limit));
    });
    return;
  }
  answer_when_durable(std::move(exchange), [reply = std::move(reply)] {
    return HttpAnswer{HttpStatus::ok, "text/html", rpc::write_reply(reply)};
  });
}

void RpcEndpoint::answer_when_durable(std::shared_ptr<HttpExchange> exchange, HttpExchange::MakeAnswer make) {
  // Nothing of this endpoint is in the callback: it may come after its end.
  kernel::Journal& journal = context_.kernel().environment().journal;
  journal.when_durable(journal.written(), [exchange = std::move(exchange), make = std::move(make)]() mutable {
    exchange->answer_with(std::move(make));
  });
}

HttpAnswer RpcEndpoint::no_response(const kernel::Envelope& error) const {
  const Address& target = error.target;
  if (error.error == SendErrorKind::offline) {
    return text_answer(HttpStatus::request_timeout, fmt::format("the node {} cannot be reached", target.node()));
  }
  return text_answer(HttpStatus::request_timeout,
                     fmt::format("no response from {}: there is no such process, or it may not be messaged by "
                                 "http-server:distro:sys or may not answer it, or it did not answer in {} s",
                                 target.text(), settings_.rpc_timeout.count()));
}

size_t RpcEndpoint::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace kinode::modules
