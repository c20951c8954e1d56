#include "modules/http_server/websocket_channels.h"

#include <vector>

#include "base/utf8.h"
#include "kernel/kernel.h"
#include "modules/http_server/extension_frames.h"
#include "modules/http_server/websocket_channel.h"

namespace kinode::modules {
namespace {

/// Of all WebSockets, those without a login that one process may have (defect H11).
constexpr size_t share_without_login = 4;

}  // namespace

WebSocketChannels::WebSocketChannels(kernel::ProcessContext& context, Outbound& outbound, ProcessLives& lives,
                                     const HttpSettings& settings)
    : context_(context), outbound_(outbound), lives_(lives), settings_(settings), table_(std::make_shared<Table>()) {}

WebSocketChannels::~WebSocketChannels() = default;

std::expected<std::shared_ptr<WebSocketHandler>, HttpAnswer> WebSocketChannels::open(const Bound<SocketBinding>& bound,
                                                                                     std::string_view path) {
  auto life = lives_.of(bound.process);
  if (!life) {
    return std::unexpected(HttpAnswer{.status = HttpStatus::not_found});
  }
  std::lock_guard lock(table_->mutex);
  const bool without_login = !bound.binding.authenticated;
  const auto known = table_->open_without_login.find(bound.process);
  if (table_->open >= settings_.websockets ||
      (without_login && known != table_->open_without_login.end() &&
       known->second >= std::max<size_t>(settings_.websockets / share_without_login, 1))) {
    return std::unexpected(
        text_answer(HttpStatus::service_unavailable, "too many WebSockets are open: try again later"));
  }
  ++table_->open;
  if (without_login) {
    ++table_->open_without_login[bound.process];
  }
  return std::make_shared<Channel>(*this, std::move(life), bound.binding, own_path(bound.process, path));
}

uint32_t WebSocketChannels::add(std::shared_ptr<Channel> channel) {
  std::lock_guard lock(table_->mutex);
  uint32_t id = 0;
  do {
    id = static_cast<uint32_t>(context_.kernel().environment().random.next());
  } while (table_->channels.contains(id));
  table_->channels.emplace(id, std::move(channel));
  return id;
}

std::shared_ptr<WebSocketChannels::Channel> WebSocketChannels::find(uint32_t id) const {
  std::lock_guard lock(table_->mutex);
  const auto found = table_->channels.find(id);
  return found == table_->channels.end() ? nullptr : found->second;
}

bool WebSocketChannels::send(const std::shared_ptr<WebSocket>& socket, WebSocketFrame frame) {
  auto place = socket ? socket->take_place(frame.payload.size()) : nullptr;
  if (!place) {
    return false;
  }
  kernel::Journal& journal = context_.kernel().environment().journal;
  journal.when_durable(journal.written(),
                       [socket, frame = std::move(frame), place = std::move(place)] { socket->send(frame, place); });
  return true;
}

std::string_view WebSocketChannels::push(const Call& call, const PushAction& action) {
  if (action.type == FrameType::close) {
    return close(call, {action.channel});
  }
  if (!call.blob) {
    return server_answers::no_blob;
  }
  WebSocketFrame frame{action.type, call.blob->bytes};
  if ((frame.type == FrameType::ping || frame.type == FrameType::pong) &&
      frame.payload.size() > longest_control_payload) {
    return server_answers::ping_pong_too_long;
  }
  if (frame.type == FrameType::text && !is_utf8(frame.payload.text())) {
    frame.payload = Bytes::from(to_utf8(frame.payload.text()));
  }
  const auto channel = find(action.channel);
  if (!channel || channel->life()->process != call.source().process()) {
    return server_answers::channel_not_found;
  }
  return send(channel->socket(), std::move(frame)) ? server_answers::ok : server_answers::channel_not_found;
}

std::optional<std::string_view> WebSocketChannels::push_to_extension(const Call& call,
                                                                     const ExtensionPushAction& action) {
  if (!call.blob) {
    return server_answers::no_blob;
  }
  if (action.type != FrameType::binary) {
    return server_answers::malformed_request;
  }
  const auto channel = find(action.channel);
  if (!channel || channel->life()->process != call.source().process() || !channel->is_extension()) {
    return server_answers::channel_not_found;
  }
  const uint64_t id = call.prompting.id;
  if (action.wants_response && call.wants_answer()) {
    channel->keep(id, call);
  }
  WebSocketFrame frame{FrameType::binary, write_extension_frame({id, action.wants_response, call.blob->bytes})};
  if (!send(channel->socket(), std::move(frame))) {
    return server_answers::channel_not_found;
  }
  return action.wants_response ? std::nullopt : std::optional(server_answers::ok);
}

std::string_view WebSocketChannels::close(const Call& call, const CloseAction& action) {
  std::shared_ptr<Channel> channel;
  {
    std::lock_guard lock(table_->mutex);
    const auto found = table_->channels.find(action.channel);
    if (found == table_->channels.end()) {
      return server_answers::ok;
    }
    if (found->second->life()->process != call.source().process()) {
      return server_answers::channel_not_found;
    }
    channel = std::move(found->second);
    table_->channels.erase(found);
  }
  if (const auto socket = channel->socket()) {
    socket->close(call.blob ? to_utf8(call.blob->bytes.text()) : "");
  }
  return server_answers::ok;
}

void WebSocketChannels::end_of(const std::shared_ptr<ProcessLife>& life) {
  std::vector<std::shared_ptr<Channel>> ended;
  {
    std::lock_guard lock(table_->mutex);
    std::erase_if(table_->channels, [&](auto& entry) {
      const bool is_of_it = entry.second->life() == life;
      if (is_of_it) {
        ended.push_back(std::move(entry.second));
      }
      return is_of_it;
    });
  }
  for (const auto& channel : ended) {
    if (const auto socket = channel->socket()) {
      socket->close(std::string(process_has_ended));
    }
  }
}

size_t WebSocketChannels::size() const {
  std::lock_guard lock(table_->mutex);
  return table_->open;
}

}  // namespace kinode::modules
