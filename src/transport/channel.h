// Channel: messages over a link whose two ends have proved their names (networking.md 4.3). Each is cut
// into chunks, each chunk sealed. Whatever is wrong with what comes ends the channel.
//
// Threads: as its link.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "noise/handshake.h"
#include "transport/link.h"

namespace kinode::transport {

class Channel {
 public:
  /// The longest message that the first client takes.
  static constexpr size_t message_limit = 10'485'800;

  Channel(std::shared_ptr<Link> link, noise::Ciphers ciphers);

  [[nodiscard]] Link& link() { return *link_; }

  /// The next message whole.
  Awaitable<Bytes> read();

  /// Adds the message `head` and `tail`, one behind the other, to what is sent. It waits only when much
  /// was added: see `flush`. Not longer than `message_limit`.
  Awaitable<void> write(std::span<const uint8_t> head, std::span<const uint8_t> tail);
  /// Sends what was added.
  Awaitable<void> flush();
  /// Both at once for a message of not many bytes, as far as the operating system takes it; the rest is for `flush`.
  /// Over TCP. On any thread, if nothing else is written meanwhile.
  bool write_now(std::span<const uint8_t> head, std::span<const uint8_t> tail);
  [[nodiscard]] bool has_unsent() const { return link_->unsent() > 0; }

 private:
  class Source;
  /// What is to be sealed of a message; adds what stands before it.
  Source begin(std::span<const uint8_t> head, std::span<const uint8_t> tail, std::span<uint8_t, 4> length);
  /// Seals the next chunk of it.
  void seal_next(Source& source, std::vector<uint8_t>& scratch);
  Awaitable<Bytes> read_tcp();
  Awaitable<Bytes> read_websocket();
  /// Opens a packet at the end of `message`, which must not become longer than `limit`.
  Result<void> open_into(std::string& message, std::span<const uint8_t> packet, size_t limit);

  std::shared_ptr<Link> link_;
  noise::Ciphers ciphers_;
};

}  // namespace kinode::transport
