// A WebSocket's two ends in the node: what sends to its client, and what is told of what the client does.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "modules/http_server/websocket_frame.h"

namespace kinode::modules {

/// The way to the client. Any thread; without effect when the client is gone.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  /// Room for one frame on its way to the client; given back at its end.
  class Place {
   public:
    virtual ~Place() = default;
  };
  /// Null where too many frames, or bytes, wait already: then the client is too slow, and its connection ends.
  virtual std::shared_ptr<Place> take_place(size_t bytes) = 0;
  /// In the order of the calls. A text must be UTF-8; a ping or pong has 125 bytes at most.
  virtual void send(WebSocketFrame frame, std::shared_ptr<Place> place) = 0;
  /// After the frames sent before it. The reason, UTF-8, is cut after 123 bytes.
  virtual void close(std::string reason) = 0;
};

/// Called on the socket's strand: `opened` once, then frames, then `closed` once, whatever ended it.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;

  /// What comes next is told after `next` is called, by any thread; it is not read before.
  using Next = std::function<void()>;
  virtual void opened(std::shared_ptr<WebSocket> socket, Next next) = 0;
  virtual void took(WebSocketFrame frame, Next next) = 0;
  virtual void closed() = 0;
};

}  // namespace kinode::modules
