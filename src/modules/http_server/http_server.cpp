#include "modules/http_server/http_server.h"

#include <utility>

#include "kernel/kernel.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::modules {
namespace {

/// Envelopes taken in one poll, so that others get their turn.
constexpr int envelopes_per_poll = 256;

bool is_login(std::string_view path) { return path == Login::path || path == Login::logout_path; }

}  // namespace

HttpServer::HttpServer(kernel::ProcessContext& context, std::shared_ptr<HttpListener> listener, Parts parts)
    : context_(context),
      listener_(std::move(listener)),
      tokens_(context.our().node(), crypto::Secret::copy_of(parts.owner.token_secret.span()), std::move(parts.time)),
      bindings_(listener_->settings()),
      access_(tokens_, bindings_),
      outbound_(context, listener_->settings().waiting_of_process),
      rpc_(context, outbound_, listener_->settings()),
      metrics_(std::move(parts.write_metrics)),
      pages_(context, bindings_, access_, outbound_, listener_->settings()),
      lives_(
          context,  // What nobody runs any more lies in the listener: it must not hold that.
          [listener = std::weak_ptr(listener_)](std::function<void()> work) {
            if (const auto alive = listener.lock()) {
              alive->post(std::move(work));
            }
          },
          [this](const std::shared_ptr<ProcessLife>& life) { ended(life); }),
      channels_(context, outbound_, lives_, listener_->settings()),
      login_(tokens_, bindings_, std::move(parts.owner), context.kernel().environment().clock, listener_->settings()) {}

// ---- to processes -----------------------------------------------------------------------------------

kernel::Process::Poll HttpServer::poll() {
  for (int i = 0; i < envelopes_per_poll; ++i) {
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (!envelope) {
      outbound_.send_again();
      return {};
    }
    if (envelope->kind == kernel::Envelope::Kind::request) {
      take_request(std::move(*envelope));
    } else {
      outbound_.take(std::move(*envelope));
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
  const auto said = act(call);
  if (said && call.wants_answer()) {
    answer(context_, call, std::string(*said));
  }
}

std::optional<std::string_view> HttpServer::act(const Call& call) {
  Result<ServerAction> action = read_server_action(call.body());
  if (!action) {
    context_.print(
        2, fmt::format("http-server: malformed request of {}: {}", call.source().text(), action.error().message));
    return server_answers::malformed_request;
  }
  return std::visit([&](auto& each) { return act(call, std::move(each)); }, *action);
}

std::optional<std::string_view> HttpServer::act(const Call& call, const BindAction& action) {
  PageBinding binding{.authenticated = action.authenticated, .local_only = action.local_only, .secure = action.secure};
  if (action.cache) {
    if (!call.blob) {
      return server_answers::no_blob;
    }
    binding.content = std::make_shared<const StaticContent>(*call.blob, action.path,
                                                            context_.kernel().environment().journal.written());
  }
  return bound(call, bindings_.bind(call.source().process(), action.path, std::move(binding)));
}

std::optional<std::string_view> HttpServer::act(const Call& call, const UnbindAction& action) {
  bindings_.unbind(call.source().process(), action.path);
  return server_answers::ok;
}

std::optional<std::string_view> HttpServer::act(const Call& call, const BindSocketAction& action) {
  const SocketBinding binding{
      .authenticated = action.authenticated, .secure = action.secure, .extension = action.extension};
  return bound(call, bindings_.bind_socket(call.source().process(), action.path, binding));
}

std::optional<std::string_view> HttpServer::act(const Call& call, const UnbindSocketAction& action) {
  bindings_.unbind_socket(call.source().process(), action.path);
  return server_answers::ok;
}

std::optional<std::string_view> HttpServer::act(const Call& call, const PushAction& action) {
  return channels_.push(call, action);
}

std::optional<std::string_view> HttpServer::act(const Call& call, const ExtensionPushAction& action) {
  return channels_.push_to_extension(call, action);
}

std::optional<std::string_view> HttpServer::act(const Call& call, const CloseAction& action) {
  return channels_.close(call, action);
}

std::string_view HttpServer::bound(const Call& call, const Result<void>& result) {
  if (!result) {
    context_.print(1, "http-server: " + result.error().message);
    return server_answers::malformed_request;
  }
  // Looked up after the binding: if the process ends from here on, `ended` finds the binding.
  const ProcessId& process = call.source().process();
  if (!lives_.of(process)) {
    bindings_.remove(process);
  }
  return server_answers::ok;
}

void HttpServer::ended(const std::shared_ptr<ProcessLife>& life) {
  channels_.end_of(life);
  // A process that is started again keeps what it has bound: who asks meanwhile waits for its next life.
  if (!lives_.of(life->process)) {
    bindings_.remove(life->process);
  }
}

// ---- to the web -------------------------------------------------------------------------------------

Upgrade HttpServer::upgrade(const HttpHead& head, const HttpPeer& peer) {
  const std::string_view path = path_of(head);
  const auto bound = bindings_.find_socket(path);
  if (!bound) {
    return {};
  }
  if (auto refusal = access_.refusal(head, peer, *bound)) {
    return std::move(*refusal);
  }
  auto handler = channels_.open(*bound, path);
  if (!handler) {
    return std::move(handler.error());
  }
  return std::move(*handler);
}

std::expected<size_t, HttpAnswer> HttpServer::admit(const HttpHead& head, const HttpPeer& peer) {
  const std::string_view path = path_of(head);
  if (path == rpc::path) {
    return rpc_.admit(head, peer);
  }
  if (path == MetricsPage::path) {
    return metrics_.admit(head, peer);
  }
  return is_login(path) ? login_.admit(head, peer) : pages_.admit(head, peer);
}

void HttpServer::handle(std::shared_ptr<HttpExchange> exchange) {
  const std::string_view path = path_of(exchange->request);
  if (path == rpc::path) {
    rpc_.handle(std::move(exchange));
  } else if (path == MetricsPage::path) {
    metrics_.handle(*exchange);
  } else if (is_login(path)) {
    login_.handle(std::move(exchange));
  } else {
    pages_.handle(std::move(exchange));
  }
}

}  // namespace kinode::modules
