// What a peer may send once its name is proved: messages in chunks, over TCP and WebSocket. Of the input the first byte
// says by which; then, in TCP, four bytes are a length, and a chunk is made of three bytes and what they ask for. What
// comes whole is what was sent, and what is refused was wrong.
#include "transport/channel.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/check.h"

using namespace kinode;
using namespace kinode::transport;

namespace asio = boost::asio;

namespace {

constexpr size_t chunk_limit = Link::packet_limit - noise::tag_size;

crypto::SecretArray<32> key(uint8_t byte) {
  crypto::SecretArray<32> bytes;
  std::ranges::fill(bytes.span(), byte);
  return bytes;
}
noise::CipherState to_us() { return noise::CipherState(key(1)); }
noise::CipherState from_us() { return noise::CipherState(key(2)); }

asio::io_context& loop() {
  static asio::io_context io{1};
  return io;
}

template <class Value>
Result<Value> run(Awaitable<Value> work) {
  std::optional<Result<Value>> result;
  asio::co_spawn(loop(), std::move(work), [&](const std::exception_ptr& thrown, Result<Value> value) {
    KINODE_CHECK(!thrown);
    result = std::move(value);
  });
  loop().restart();
  loop().run();
  KINODE_CHECK(result.has_value(), "it waits for what nobody will do");
  return std::move(*result);
}

/// What is the same for both links below.
class MemoryLink : public Link {
 public:
  explicit MemoryLink(Protocol protocol) : protocol_(protocol) {}

  [[nodiscard]] Protocol protocol() const override { return protocol_; }
  [[nodiscard]] const asio::ip::tcp::endpoint& remote() const override { return remote_; }
  [[nodiscard]] asio::any_io_executor executor() override { return loop().get_executor(); }
  void limit_packets(size_t bytes) override { KINODE_CHECK(bytes <= packet_limit); }
  std::span<uint8_t> add_packet(size_t size) override {
    KINODE_CHECK(size <= packet_limit);
    return packets_.emplace_back(size);
  }
  void add_length(uint32_t length) override { lengths_.push_back(length); }
  [[nodiscard]] size_t unsent() const override { return 0; }
  Awaitable<void> flush() override { co_return Result<void>{}; }
  bool flush_now() override { return true; }
  Awaitable<void> ping() override { co_return Result<void>{}; }
  void close() override {}
  asio::awaitable<void> relay_to(Link& /*other*/, const std::function<void(size_t)>& /*moved*/) override { co_return; }

 protected:
  std::deque<std::vector<uint8_t>> packets_;
  std::deque<uint32_t> lengths_;

 private:
  const Protocol protocol_;
  const asio::ip::tcp::endpoint remote_;
};

/// Gives back what was added to it.
class LoopLink final : public MemoryLink {
 public:
  using MemoryLink::MemoryLink;

  Awaitable<std::span<const uint8_t>> read_packet() override {
    KINODE_CHECK(!packets_.empty(), "more was read than written");
    current_ = std::move(packets_.front());
    packets_.pop_front();
    co_return std::span<const uint8_t>(current_);
  }
  Awaitable<uint32_t> read_length() override {
    KINODE_CHECK(!lengths_.empty());
    const uint32_t length = lengths_.front();
    lengths_.pop_front();
    co_return length;
  }
  [[nodiscard]] bool is_empty() const { return packets_.empty() && lengths_.empty(); }

 private:
  std::vector<uint8_t> current_;
};

/// The peer, which does what the input says.
class PeerLink final : public MemoryLink {
 public:
  PeerLink(Protocol protocol, std::span<const uint8_t> input) : MemoryLink(protocol), rest_(input) {}

  Awaitable<std::span<const uint8_t>> read_packet() override {
    if (rest_.size() < 3) {
      co_return ended();
    }
    const std::span<const uint8_t> head = take(3);
    const unsigned kind = head[0];
    std::vector<uint8_t> plain(std::min<size_t>(chunk_limit, size_t{head[1]} << 8U | head[2]));
    // The rest are zeros, so that a small input makes large messages.
    std::ranges::copy(take(std::min<size_t>({rest_.size(), plain.size(), kind >> 3U})), plain.begin());
    packet_.resize(plain.size() + noise::tag_size);
    seal_.seal(plain, packet_.data());
    spoil(kind, plain);
    chunks_.push_back(std::move(plain));
    co_return std::span<const uint8_t>(packet_);
  }
  Awaitable<uint32_t> read_length() override {
    if (rest_.size() < 4) {
      co_return ended();
    }
    length_ = 0;
    for (const uint8_t byte : take(4)) {
      length_ = length_ << 8U | byte;
    }
    co_return length_;
  }

  void begin_message() { chunks_.clear(); }
  /// Of the message that was begun: its bytes in clear.
  [[nodiscard]] std::vector<uint8_t> sent() const {
    std::vector<uint8_t> all;
    for (const std::vector<uint8_t>& chunk : chunks_) {
      all.insert(all.end(), chunk.begin(), chunk.end());
    }
    return all;
  }
  [[nodiscard]] const std::vector<std::vector<uint8_t>>& chunks() const { return chunks_; }
  [[nodiscard]] uint32_t length() const { return length_; }
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  [[nodiscard]] bool is_forged() const { return is_forged_; }

 private:
  std::span<const uint8_t> take(size_t size) {
    const std::span<const uint8_t> taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::unexpected<Error> ended() {
    has_ended_ = true;
    return fail("the end");
  }
  void spoil(unsigned kind, const std::vector<uint8_t>& plain) {
    if ((kind & 1U) != 0) {
      packet_[plain.size() / 2] ^= 1U;
    }
    if ((kind & 2U) != 0) {
      packet_ = plain;
    }
    if ((kind & 4U) != 0 && !packet_.empty()) {
      packet_.pop_back();
    }
    is_forged_ = is_forged_ || (kind & 7U) != 0;
  }

  std::span<const uint8_t> rest_;
  noise::CipherState seal_ = to_us();
  std::vector<uint8_t> packet_;
  std::vector<std::vector<uint8_t>> chunks_;
  uint32_t length_ = 0;
  bool has_ended_ = false;
  bool is_forged_ = false;
};

/// The length that a message over WebSocket begins with; none if its first chunk has none.
std::optional<size_t> announced(const PeerLink& peer) {
  if (peer.protocol() == Protocol::tcp) {
    return peer.length();
  }
  if (peer.chunks().empty() || peer.chunks().front().size() < 4) {
    return std::nullopt;
  }
  const std::vector<uint8_t>& first = peer.chunks().front();
  return size_t{first[0]} << 24U | size_t{first[1]} << 16U | size_t{first[2]} << 8U | first[3];
}

void check_message(const PeerLink& peer, const Bytes& message) {
  const size_t prefix = peer.protocol() == Protocol::websocket ? 4 : 0;
  const std::vector<uint8_t> sent = peer.sent();
  const std::optional<size_t> length = announced(peer);
  KINODE_CHECK(!peer.is_forged() && length && *length <= Channel::message_limit);
  KINODE_CHECK(std::ranges::equal(message.span(), std::span(sent).subspan(prefix)));
  KINODE_CHECK(message.size() >= *length && message.size() <= *length + (prefix == 0 ? 0 : chunk_limit));
}

void check_refusal(const PeerLink& peer, const Error& error) {
  KINODE_CHECK(!error.message.empty());
  if (peer.has_ended() || peer.is_forged()) {
    return;
  }
  const std::optional<size_t> length = announced(peer);
  if (!length || *length > Channel::message_limit) {
    return;
  }
  const size_t sent = peer.sent().size();
  if (peer.protocol() == Protocol::tcp) {
    KINODE_CHECK(*length == 0 || sent > *length || peer.chunks().back().empty(), "{}", error.message);
  } else {
    KINODE_CHECK(sent > 4 + *length + chunk_limit, "{}", error.message);
  }
}

void read_all(Protocol protocol, std::span<const uint8_t> input) {
  auto peer = std::make_shared<PeerLink>(protocol, input);
  Channel channel(peer, {from_us(), to_us()});
  while (true) {
    peer->begin_message();
    Result<Bytes> message = run(channel.read());
    if (!message) {
      check_refusal(*peer, message.error());
      return;
    }
    check_message(*peer, *message);
  }
}

/// What this node writes, the other end reads, in however many chunks.
void there_and_back(Protocol protocol, std::span<const uint8_t> input) {
  std::vector<uint8_t> message;
  for (unsigned i = 0; i <= input[0]; ++i) {
    message.insert(message.end(), input.begin(), input.end());
  }
  auto link = std::make_shared<LoopLink>(protocol);
  Channel writer(link, {to_us(), from_us()});
  Channel reader(link, {from_us(), to_us()});
  const size_t middle = message.size() * input.back() / 255;
  const auto [head, tail] = std::pair(std::span(message).first(middle), std::span(message).subspan(middle));
  KINODE_CHECK(run(writer.write(head, tail)) && run(writer.write(input, {})));
  for (const std::span<const uint8_t> wanted : {std::span<const uint8_t>(message), input}) {
    Result<Bytes> read = run(reader.read());
    KINODE_CHECK(read && std::ranges::equal(read->span(), wanted));
  }
  KINODE_CHECK(link->is_empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::span<const uint8_t> input(data + 1, size - 1);
  const Protocol protocol = (data[0] & 1U) == 0 ? Protocol::tcp : Protocol::websocket;
  read_all(protocol, input);
  if ((data[0] & 2U) != 0 && !input.empty()) {
    there_and_back(protocol, input);
  }
  return 0;
}
