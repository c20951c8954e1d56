#include "transport/handshake.h"

#include <algorithm>

namespace kinode::transport {
namespace {

using noise::Handshake;

std::vector<uint8_t> payload_of(const Credentials& ours, const Handshake& handshake, bool proxy_request) {
  wire::HandshakePayload payload;
  payload.name = ours.name;
  payload.signature = wire::handshake_signature(ours.key, handshake.static_key());
  payload.proxy_request = proxy_request;
  payload.features = wire::PeerFeatures{};
  const Bytes encoded = wire::encode_handshake_payload(payload);
  return {encoded.span().begin(), encoded.span().end()};
}

/// Whom the other side says it is, if it proves that.
Result<wire::HandshakePayload> check(std::span<const uint8_t> bytes, const Handshake& handshake,
                                     const FindKey& find_key) {
  Result<wire::HandshakePayload> payload = wire::decode_handshake_payload(Bytes::copy_of(bytes));
  if (!payload) {
    return std::unexpected(payload.error().at("handshake"));
  }
  const std::optional<crypto::PublicKey> key = find_key(payload->name);
  if (!key) {
    return fail("it says it is {}, a node that is not known here", payload->name);
  }
  if (Result<void> proved = wire::check_handshake(*payload, *key, handshake.remote_static()); !proved) {
    return std::unexpected(proved.error());
  }
  return payload;
}

Awaitable<void> send(Link& link, Handshake& handshake, std::span<const uint8_t> payload) {
  Result<std::vector<uint8_t>> message = handshake.write(payload);
  if (!message) {
    co_return std::unexpected(message.error());
  }
  co_return co_await send_packet(link, *message);
}

Awaitable<std::vector<uint8_t>> receive(Link& link, Handshake& handshake) {
  Result<std::span<const uint8_t>> packet = co_await link.read_packet();
  if (!packet) {
    co_return std::unexpected(packet.error());
  }
  co_return handshake.read(*packet);
}

}  // namespace

Awaitable<void> send_packet(Link& link, std::span<const uint8_t> packet) {
  std::ranges::copy(packet, link.add_packet(packet.size()).begin());
  return link.flush();
}

Awaitable<Secured> initiate(std::shared_ptr<Link> link, Credentials ours, std::string peer, crypto::PublicKey peer_key,
                            bool proxy_request) {
  Handshake handshake(Handshake::Role::initiator);
  if (Result<void> sent = co_await send(*link, handshake, {}); !sent) {
    co_return std::unexpected(sent.error());
  }
  Result<std::vector<uint8_t>> answer = co_await receive(*link, handshake);
  if (!answer) {
    co_return std::unexpected(answer.error());
  }
  // It must be the node that was dialled, not just any that is known (defect B23).
  const FindKey find_key = [&](std::string_view name) { return name == peer ? std::optional(peer_key) : std::nullopt; };
  Result<wire::HandshakePayload> theirs = check(*answer, handshake, find_key);
  if (!theirs) {
    co_return std::unexpected(theirs.error());
  }
  const std::vector<uint8_t> payload = payload_of(ours, handshake, proxy_request);
  if (Result<void> sent = co_await send(*link, handshake, payload); !sent) {
    co_return std::unexpected(sent.error());
  }
  Channel channel(std::move(link), std::move(handshake).split());
  co_return Secured{std::move(channel), std::move(peer), false, theirs->features};
}

Awaitable<Secured> respond(std::shared_ptr<Link> link, Credentials ours, std::span<const uint8_t> first,
                           FindKey find_key) {
  Handshake handshake(Handshake::Role::responder);
  if (Result<std::vector<uint8_t>> nothing = handshake.read(first); !nothing) {
    co_return std::unexpected(nothing.error());
  }
  const std::vector<uint8_t> payload = payload_of(ours, handshake, false);
  if (Result<void> sent = co_await send(*link, handshake, payload); !sent) {
    co_return std::unexpected(sent.error());
  }
  Result<std::vector<uint8_t>> answer = co_await receive(*link, handshake);
  if (!answer) {
    co_return std::unexpected(answer.error());
  }
  Result<wire::HandshakePayload> theirs = check(*answer, handshake, find_key);
  if (!theirs) {
    co_return std::unexpected(theirs.error());
  }
  if (theirs->name == ours.name) {
    co_return fail("it says it is {}, which is this node", ours.name);
  }
  Channel channel(std::move(link), std::move(handshake).split());
  co_return Secured{std::move(channel), theirs->name, theirs->proxy_request, theirs->features};
}

}  // namespace kinode::transport
