// WebSocketChannels: the WebSockets of all processes (modules.md 6.7, 6.8). A channel is one WebSocket, by the number
// that its process knows it by.
//
// The process is told of what the client does by requests that expect no response, in order:
//
//   {"WebSocketOpen":{"path":"/x","channel_id":N}}    then for each frame, with the payload as the blob
//   {"WebSocketPush":{"channel_id":N,"message_type":T}}    at last, whoever ended it
//   {"WebSocketClose":N}
//
// A channel ends with the life of its process: a browser then connects anew, and the next life is told of that.
//
// Extensions: what a process pushes by WebSocketExtPushOutgoing becomes a frame of extension_frames.h. A frame that the
// extension sends as a Response answers that request; others are pushes.
//
// Any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kernel/process_context.h"
#include "modules/http_server/bindings.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"
#include "modules/http_server/outbound.h"
#include "modules/http_server/process_lives.h"
#include "modules/http_server/server_actions.h"
#include "modules/http_server/websocket_handler.h"
#include "modules/module.h"

namespace kinode::modules {

class WebSocketChannels {
 public:
  /// All outlive it.
  WebSocketChannels(kernel::ProcessContext& context, Outbound& outbound, ProcessLives& lives,
                    const HttpSettings& settings);
  ~WebSocketChannels();
  WebSocketChannels(const WebSocketChannels&) = delete;
  WebSocketChannels& operator=(const WebSocketChannels&) = delete;

  /// The handler of a new channel, or the answer that refuses it.
  std::expected<std::shared_ptr<WebSocketHandler>, HttpAnswer> open(const Bound<SocketBinding>& bound,
                                                                    std::string_view path);

  // What processes ask; each returns the answer (server_answers), an extension push none where it went well.
  std::string_view push(const Call& call, const PushAction& action);
  std::optional<std::string_view> push_to_extension(const Call& call, const ExtensionPushAction& action);
  std::string_view close(const Call& call, const CloseAction& action);

  void end_of(const std::shared_ptr<ProcessLife>& life);

  /// Channels that are open or about to be.
  [[nodiscard]] size_t size() const;

 private:
  class Channel;
  struct Table;
  std::shared_ptr<Channel> find(uint32_t id) const;
  /// From now on it can be found; its number.
  uint32_t add(std::shared_ptr<Channel> channel);
  /// Sends when what was written until now is on disk. False where there is no socket, or no place for it.
  bool send(const std::shared_ptr<WebSocket>& socket, WebSocketFrame frame);

  kernel::ProcessContext& context_;
  Outbound& outbound_;
  ProcessLives& lives_;
  const HttpSettings& settings_;
  /// Shared with the channels, which may be let go of when this is gone.
  std::shared_ptr<Table> table_;
};

}  // namespace kinode::modules
