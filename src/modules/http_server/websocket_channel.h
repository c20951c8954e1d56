// One channel of WebSocketChannels. Inner part of it.
#pragma once

#include <deque>
#include <utility>

#include "modules/http_server/websocket_channels.h"

namespace kinode::modules {

/// For the client.
inline constexpr std::string_view process_has_ended = "the process behind this WebSocket has ended";

/// The channels by their numbers, and how many there are of whom.
struct WebSocketChannels::Table {
  mutable std::mutex mutex;
  std::unordered_map<uint32_t, std::shared_ptr<Channel>> channels;
  /// Those whose socket is not closed yet, with or without a number.
  size_t open = 0;
  std::unordered_map<ProcessId, size_t> open_without_login;
};

class WebSocketChannels::Channel final : public WebSocketHandler, public std::enable_shared_from_this<Channel> {
 public:
  /// Counted in the table, from before it is made until its end.
  Channel(WebSocketChannels& channels, std::shared_ptr<ProcessLife> life, const SocketBinding& binding,
          std::string path);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void opened(std::shared_ptr<WebSocket> socket, Next next) override;
  void took(WebSocketFrame frame, Next next) override;
  void closed() override;

  [[nodiscard]] const std::shared_ptr<ProcessLife>& life() const { return life_; }
  [[nodiscard]] bool is_extension() const { return binding_.extension; }
  /// Null after `closed`.
  [[nodiscard]] std::shared_ptr<WebSocket> socket() const;

  /// Keeps a request for the extension to answer; of too many the oldest is lost.
  void keep(uint64_t id, const Call& call);

 private:
  void tell(std::string body, std::optional<Bytes> payload, Next next);
  /// Whether the frame was the extension's own kind.
  bool take_extension_frame(const WebSocketFrame& frame, Next& next);
  std::optional<Call> take_kept(uint64_t id);

  WebSocketChannels& channels_;
  const std::shared_ptr<Table> table_;
  const std::shared_ptr<ProcessLife> life_;
  const SocketBinding binding_;
  const std::string path_;

  uint32_t id_ = 0;  // from `opened` on

  mutable std::mutex mutex_;
  std::shared_ptr<WebSocket> socket_;
  std::deque<std::pair<uint64_t, Call>> kept_;
};

}  // namespace kinode::modules
