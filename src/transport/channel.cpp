#include "transport/channel.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "crypto/chacha_poly.h"

namespace kinode::transport {
namespace {

constexpr size_t tag = crypto::ChaChaPoly::tag_size;
constexpr size_t chunk_limit = Link::packet_limit - tag;
/// From here on the sealed bytes are sent before more are added.
constexpr size_t much_unsent = size_t{256} << 10;
/// What is reserved for a message on the word of its length alone, before any of its bytes proved true.
constexpr size_t trusted_reserve = chunk_limit;

}  // namespace

/// The plain bytes of one message, in the order in which they are sealed.
class Channel::Source {
 public:
  Source(std::span<const uint8_t> length, std::span<const uint8_t> head, std::span<const uint8_t> tail)
      : parts_{length, head, tail} {}

  [[nodiscard]] size_t left() const { return parts_[0].size() + parts_[1].size() + parts_[2].size(); }

  /// The next `size` bytes; in `scratch` where they come from more than one part.
  std::span<const uint8_t> take(size_t size, std::vector<uint8_t>& scratch) {
    for (std::span<const uint8_t>& part : parts_) {
      if (!part.empty()) {
        if (part.size() >= size) {
          return take_from(part, size);
        }
        break;
      }
    }
    scratch.resize(size);
    size_t filled = 0;
    for (std::span<const uint8_t>& part : parts_) {
      const std::span<const uint8_t> piece = take_from(part, std::min(part.size(), size - filled));
      std::ranges::copy(piece, scratch.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += piece.size();
    }
    return scratch;
  }

 private:
  static std::span<const uint8_t> take_from(std::span<const uint8_t>& part, size_t size) {
    const std::span<const uint8_t> taken = part.first(size);
    part = part.subspan(size);
    return taken;
  }

  std::array<std::span<const uint8_t>, 3> parts_;
};

Channel::Channel(std::shared_ptr<Link> link, noise::Ciphers ciphers)
    : link_(std::move(link)), ciphers_(std::move(ciphers)) {
  link_->limit_packets(Link::packet_limit);
}

// ---- writing --------------------------------------------------------------------------------------

Channel::Source Channel::begin(std::span<const uint8_t> head, std::span<const uint8_t> tail,
                               std::span<uint8_t, 4> length) {
  const auto size = static_cast<uint32_t>(head.size() + tail.size());
  if (link_->protocol() == Protocol::tcp) {
    link_->add_length(size);
    return {{}, head, tail};
  }
  for (unsigned int i = 0; i < 4; ++i) {
    length[i] = static_cast<uint8_t>(size >> (24U - 8U * i));
  }
  return {length, head, tail};
}

void Channel::seal_next(Source& source, std::vector<uint8_t>& scratch) {
  const std::span<const uint8_t> chunk = source.take(std::min(source.left(), chunk_limit), scratch);
  ciphers_.send.seal(chunk, link_->add_packet(chunk.size() + tag).data());
}

Awaitable<void> Channel::write(std::span<const uint8_t> head, std::span<const uint8_t> tail) {
  std::array<uint8_t, 4> length{};
  std::vector<uint8_t> scratch;
  Source source = begin(head, tail, length);
  while (source.left() > 0) {
    seal_next(source, scratch);
    if (link_->unsent() >= much_unsent) {
      if (Result<void> sent = co_await link_->flush(); !sent) {
        co_return sent;
      }
    }
  }
  co_return Result<void>{};
}

bool Channel::write_now(std::span<const uint8_t> head, std::span<const uint8_t> tail) {
  std::array<uint8_t, 4> length{};
  std::vector<uint8_t> scratch;
  for (Source source = begin(head, tail, length); source.left() > 0;) {
    seal_next(source, scratch);
  }
  return link_->flush_now();
}

Awaitable<void> Channel::flush() { return link_->flush(); }

// ---- reading --------------------------------------------------------------------------------------

Awaitable<Bytes> Channel::read() { return link_->protocol() == Protocol::tcp ? read_tcp() : read_websocket(); }

Result<void> Channel::open_into(std::string& message, std::span<const uint8_t> packet, size_t limit) {
  if (packet.size() < tag) {
    return fail("a chunk of {} bytes came; the least is {}", packet.size(), tag);
  }
  const size_t size = packet.size() - tag;
  const size_t old = message.size();
  if (size > limit - old) {
    return fail("a chunk goes {} bytes over the end of its message", size - (limit - old));
  }
  bool genuine = false;
  message.resize_and_overwrite(old + size, [&](char* bytes, size_t /*at least that*/) {
    genuine = ciphers_.receive.open(packet, reinterpret_cast<uint8_t*>(bytes) + old);
    return old + size;
  });
  if (!genuine) {
    return fail("a chunk was altered on its way, or is not for this connection");
  }
  return {};
}

Awaitable<Bytes> Channel::read_tcp() {
  Result<uint32_t> length = co_await link_->read_length();
  if (!length) {
    co_return std::unexpected(length.error());
  }
  if (*length == 0 || *length > message_limit) {
    co_return fail("a message of {} bytes was announced; the most is {}", *length, message_limit);
  }
  std::string message;
  message.reserve(std::min<size_t>(*length, trusted_reserve));
  while (message.size() < *length) {
    Result<std::span<const uint8_t>> packet = co_await link_->read_packet();
    if (!packet) {
      co_return std::unexpected(packet.error());
    }
    if (packet->size() == tag) {
      co_return fail("an empty chunk came");
    }
    if (Result<void> opened = open_into(message, *packet, *length); !opened) {
      co_return std::unexpected(opened.error());
    }
    message.reserve(*length);
  }
  co_return Bytes::from(std::move(message));
}

Awaitable<Bytes> Channel::read_websocket() {
  std::string message;
  size_t wanted = 4;
  do {
    Result<std::span<const uint8_t>> packet = co_await link_->read_packet();
    if (!packet) {
      co_return std::unexpected(packet.error());
    }
    const bool is_first = message.empty();
    // More than announced is taken and left alone, as the first client does; so is less, up to a chunk.
    if (Result<void> opened = open_into(message, *packet, wanted + chunk_limit); !opened) {
      co_return std::unexpected(opened.error());
    }
    if (is_first) {
      if (message.size() < 4) {
        co_return fail("the first chunk of a message has {} bytes; the least is 4", message.size());
      }
      uint32_t length = 0;
      for (int i = 0; i < 4; ++i) {
        length = length << 8U | static_cast<uint8_t>(message[i]);
      }
      if (length > message_limit) {
        co_return fail("a message of {} bytes was announced; the most is {}", length, message_limit);
      }
      wanted = 4 + size_t{length};
      message.reserve(wanted);
    }
  } while (message.size() < wanted);
  co_return Bytes::from(std::move(message)).slice(4);
}

}  // namespace kinode::transport
