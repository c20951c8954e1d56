#include "modules/http_server/websocket_channel.h"

#include <algorithm>

#include "kernel/kernel.h"
#include "modules/http_server/extension_frames.h"

namespace kinode::modules {
namespace {

/// Requests that wait for the answer of one extension.
constexpr size_t most_kept = 1'024;
/// How long a message stands before the full mailbox of a process that takes nothing.
constexpr std::chrono::hours patience{24};

}  // namespace

WebSocketChannels::Channel::Channel(WebSocketChannels& channels, std::shared_ptr<ProcessLife> life,
                                    const SocketBinding& binding, std::string path)
    : channels_(channels), table_(channels.table_), life_(std::move(life)), binding_(binding), path_(std::move(path)) {}

WebSocketChannels::Channel::~Channel() {
  std::lock_guard lock(table_->mutex);
  --table_->open;
  if (!binding_.authenticated) {
    const auto count = table_->open_without_login.find(life_->process);
    if (--count->second == 0) {
      table_->open_without_login.erase(count);
    }
  }
}

void WebSocketChannels::Channel::opened(std::shared_ptr<WebSocket> socket, Next next) {
  {
    std::lock_guard lock(mutex_);
    socket_ = socket;
  }
  id_ = channels_.add(shared_from_this());
  if (life_->is_over) {
    socket->close(std::string(process_has_ended));  // before it could be found in the table
  }
  tell(socket_messages::open(path_, id_), std::nullopt, std::move(next));
}

void WebSocketChannels::Channel::took(WebSocketFrame frame, Next next) {
  if (binding_.extension && frame.type == FrameType::binary && take_extension_frame(frame, next)) {
    return;
  }
  tell(socket_messages::push(id_, frame.type), std::move(frame.payload), std::move(next));
}

void WebSocketChannels::Channel::closed() {
  {
    std::lock_guard lock(mutex_);
    socket_ = nullptr;
  }
  {
    std::lock_guard lock(table_->mutex);
    const auto found = table_->channels.find(id_);
    if (found != table_->channels.end() && found->second.get() == this) {
      table_->channels.erase(found);  // `this` is still the connection's
    }
  }
  tell(socket_messages::close(id_), std::nullopt, nullptr);
}

std::shared_ptr<WebSocket> WebSocketChannels::Channel::socket() const {
  std::lock_guard lock(mutex_);
  return socket_;
}

void WebSocketChannels::Channel::tell(std::string body, std::optional<Bytes> payload, Next next) {
  if (life_->is_over) {
    // Its next life knows nothing of this channel.
    if (next) {
      next();
    }
    return;
  }
  kernel::Outgoing outgoing{.target = channels_.context_.our().neighbour(life_->process)};
  // None is lost before a full mailbox: the client's socket is not read meanwhile.
  outgoing.wait_until = channels_.context_.kernel().environment().clock.now() + patience;
  outgoing.request.body = Bytes::from(std::move(body));
  if (payload) {
    outgoing.blob = Blob{.mime = std::nullopt, .bytes = std::move(*payload)};
  }
  channels_.outbound_.tell(std::move(outgoing), std::move(next));
}

// ---- extensions -------------------------------------------------------------------------------------

void WebSocketChannels::Channel::keep(uint64_t id, const Call& call) {
  std::lock_guard lock(mutex_);
  if (kept_.size() >= most_kept) {
    kept_.pop_front();
  }
  Call what_answers{call.prompting, {}, std::nullopt};
  what_answers.prompting.blob.reset();
  kept_.emplace_back(id, std::move(what_answers));
}

std::optional<Call> WebSocketChannels::Channel::take_kept(uint64_t id) {
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(kept_, id, [](const auto& entry) { return entry.first; });
  if (found == kept_.end()) {
    return std::nullopt;
  }
  Call call = std::move(found->second);
  kept_.erase(found);
  return call;
}

bool WebSocketChannels::Channel::take_extension_frame(const WebSocketFrame& frame, Next& next) {
  ExtensionInput input = read_extension_frame(frame.payload);
  if (input.kind == ExtensionInput::Kind::other) {
    return false;
  }
  const std::string body = socket_messages::push(id_, frame.type);
  if (input.kind == ExtensionInput::Kind::frame && !input.frame.is_response) {
    tell(body, std::move(input.frame.blob), std::move(next));
    return true;
  }
  if (input.kind == ExtensionInput::Kind::frame) {
    if (auto call = take_kept(input.frame.id)) {
      answer(channels_.context_, *call, body, Blob{.mime = std::nullopt, .bytes = std::move(input.frame.blob)});
    }
  }
  next();
  return true;
}

}  // namespace kinode::modules
