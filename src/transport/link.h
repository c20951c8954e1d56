// Link: a socket to another node that carries packets, over TCP or WebSocket (networking.md 4). It knows
// no secrets: what the packets hold is for Handshake and Channel.
//
//   TCP         a packet is its length in two bytes and its bytes; a length in four may stand before one
//   WebSocket   a packet is a binary message
//
// All bytes from a peer are bounded before memory is taken for them: `limit_packets` says by what.
// Threads: all calls on the thread that runs the link's executor. One read and one flush at a time may
// wait. A Link that is destroyed while one waits is not: whoever waits keeps it alive.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::transport {

template <class Value>
using Awaitable = boost::asio::awaitable<Result<Value>>;

enum class Protocol : uint8_t { tcp, websocket };

/// "tcp" or "ws", as in an identity's ports.
constexpr std::string_view name_of(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "ws"; }

class Link {
 public:
  /// The longest packet that there is: a full chunk.
  static constexpr size_t packet_limit = 65'535;
  /// The longest packet that is read from one whose name is not proved: a handshake message or a request
  /// to route. The first client's are below 800 bytes.
  static constexpr size_t stranger_packet_limit = 4'096;

  virtual ~Link() = default;
  [[nodiscard]] virtual Protocol protocol() const = 0;
  [[nodiscard]] virtual const boost::asio::ip::tcp::endpoint& remote() const = 0;
  [[nodiscard]] virtual boost::asio::any_io_executor executor() = 0;

  /// Longer packets than this end the connection; `stranger_packet_limit` until it is called.
  virtual void limit_packets(size_t bytes) = 0;
  /// The next packet; valid until the next read. Fails at the end of the connection.
  virtual Awaitable<std::span<const uint8_t>> read_packet() = 0;
  /// The length that stands before the packets of a message. TCP only.
  virtual Awaitable<uint32_t> read_length() = 0;

  /// Room for a packet at the end of what is to be sent, for the caller to fill before it adds another.
  virtual std::span<uint8_t> add_packet(size_t size) = 0;
  /// The length that stands before the packets of a message. TCP only.
  virtual void add_length(uint32_t length) = 0;
  /// Bytes added and not yet flushed.
  [[nodiscard]] virtual size_t unsent() const = 0;
  /// Sends what was added, and waits until the operating system has it.
  virtual Awaitable<void> flush() = 0;
  /// Sends of what was added as much as the operating system takes at once; true if that is all. What is left, or
  /// failed, is for `flush`. TCP only. On any thread, if nothing else is done with the link meanwhile but reading.
  virtual bool flush_now() = 0;
  /// Says that this side is there, where the protocol has a word for it.
  virtual Awaitable<void> ping() = 0;

  /// Ends the connection: what waits, and all later calls, fail. Again: no effect.
  virtual void close() = 0;

  /// Passes on what comes here to `other`, of the same protocol, as it is, until either ends. `moved` is
  /// called with the number of bytes at each step.
  virtual boost::asio::awaitable<void> relay_to(Link& other, const std::function<void(size_t)>& moved) = 0;
};

}  // namespace kinode::transport
