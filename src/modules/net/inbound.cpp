#include "modules/net/inbound.h"

#include <utility>

#include "codec/msgpack.h"
#include "modules/net/arrival_waiter.h"
#include "modules/net/notice.h"
#include "modules/net/peer.h"
#include "modules/net/text.h"
#include "wire/net_api.h"

namespace kinode::modules::net {

namespace asio = boost::asio;

namespace {

/// How much of a greeting is shown.
constexpr size_t greeting_bytes = 1'024;
/// How many processes per peer are remembered as stuck.
constexpr size_t stuck_limit = 1'024;

}  // namespace

// ---- checks ---------------------------------------------------------------------------------------

Result<KernelMessage> Inbound::check(const Peer& peer, const Bytes& bytes) const {
  Result<KernelMessage> message = codec::decode_kernel_message(bytes);
  if (!message) {
    return message;
  }
  if (message->source.node() != peer.name()) {
    return fail("it sent a message in the name of {}", shown(message->source.text(), greeting_bytes));
  }
  if (Result<void> safe = message->source.process().check_name_safe(); !safe) {
    return fail("it sent a message from a process whose name it must not have: {}",
                shown(safe.error().message, greeting_bytes));
  }
  const std::string& target = message->target.node();
  if (target != shared_.our_name() && target != "our") {
    return fail("it sent a message that is for {}", shown(target, greeting_bytes));  // defect B6
  }
  return message;
}

void Inbound::prune_forged(KernelMessage& message) const {
  std::vector<AttachedCapability>& attached = std::visit(
      [](auto& carried) -> std::vector<AttachedCapability>& { return carried.capabilities; }, message.message);
  std::erase_if(attached, [&](const AttachedCapability& one) {
    return one.capability.issuer().node() == shared_.our_name() &&
           !crypto::verify(shared_.settings.key->public_key(), codec::encode_capability(one.capability).span(),
                           one.signature.span());
  });
}

transport::Awaitable<void> Inbound::arrived(Peer& peer, Session& session, Bytes bytes) {
  Result<KernelMessage> message = check(peer, bytes);
  if (!message) {
    say(peer, fmt::format("connection with {} closed: {}", peer.name(), message.error().message));
    co_return std::unexpected(message.error());
  }
  if (message->target.process() == net_id()) {
    for_net(peer, session, std::move(*message));
  } else {
    prune_forged(*message);
    co_await hand_over(peer, session, std::move(*message));
  }
  co_await wait_for_outbox(peer);
  co_return Result<void>{};
}

// ---- to processes ---------------------------------------------------------------------------------

asio::awaitable<void> Inbound::hand_over(Peer& peer, const Session& session, KernelMessage message) {
  using Arrival = kernel::Kernel::Arrival;
  const std::string target = message.target.process().text();
  const auto until = std::chrono::steady_clock::now() + shared_.kernel->environment().limits.full_mailbox_wait;
  std::shared_ptr<ArrivalWaiter> waiter;
  while (true) {
    switch (shared_.kernel->arrive(message, waiter)) {
      case Arrival::delivered:
        peer.stuck_.erase(target);
        co_return;
      case Arrival::no_such_process:
        if (session.is_our_kind()) {
          tell_missing(peer, message);
        }
        co_return;
      case Arrival::denied:
      case Arrival::late:
        co_return;
      case Arrival::full:
        break;
    }
    // One mailbox that stays full must not hold up what comes for the others for long, and not twice.
    if (peer.stuck_.contains(target) || std::chrono::steady_clock::now() >= until) {
      if (peer.stuck_.size() < stuck_limit && peer.stuck_.insert(target).second) {
        say(peer, fmt::format("messages of {} to {} are dropped: its mailbox stays full", peer.name(), target));
      }
      co_return;
    }
    if (!waiter) {
      waiter = std::make_shared<ArrivalWaiter>(shared_.io);
    } else {
      co_await waiter->wait(until);
    }
  }
}

asio::awaitable<void> Inbound::wait_for_outbox(Peer& peer) {
  if (peer.outbox().is_full()) {
    auto waiter = std::make_shared<ArrivalWaiter>(shared_.io);
    while (!peer.outbox().has_room(waiter)) {
      co_await waiter->wait(std::chrono::steady_clock::time_point::max());
    }
  }
}

void Inbound::tell_missing(Peer& peer, const KernelMessage& message) {
  const auto* request = std::get_if<Request>(&message.message);
  if (request == nullptr || !request->expects_response) {
    return;
  }
  Response notice;
  notice.body = encode(NoSuchProcess{message.id, message.source.process()});
  send(peer, KernelMessage{message.id, shared_.our_net(), Address(peer.name(), net_id()), std::nullopt,
                           std::move(notice), std::nullopt, std::nullopt});
}

void Inbound::send(Peer& peer, KernelMessage message) {
  codec::MessageParts encoded = codec::encode_kernel_message_parts(message);
  Outbox::Item item{std::move(message), std::move(encoded)};
  if (peer.outbox().add(item, nullptr) == Outbox::Added::first) {
    peer.outbox_filled();
  }
}

void Inbound::say(Peer& peer, const std::string& line) {
  if (const std::optional<uint64_t> held_back = peer.lines_.pass(Peer::Clock::now())) {
    shared_.print(0, *held_back > 0 ? fmt::format("{} ({} lines before it were not shown)", line, *held_back) : line);
  }
}

// ---- to net:distro:sys ----------------------------------------------------------------------------

void Inbound::for_net(Peer& peer, const Session& session, KernelMessage message) {
  if (const auto* response = std::get_if<Response>(&message.message)) {
    if (Result<NoSuchProcess> missing = decode_no_such_process(response->body);
        missing && session.is_our_kind() && message.source.process() == net_id()) {
      shared_.kernel->refused(peer.name(), missing->asker, missing->id);
    } else if (Result<wire::NetResponse> said = wire::decode_net_response(response->body); said) {
      if (const auto* rejected = std::get_if<wire::Rejected>(&*said)) {
        requests_.rejected(peer.name(), rejected->node);
      }
    }
    return;
  }
  const Request& request = std::get<Request>(message.message);
  Result<wire::NetAction> action = wire::decode_net_action(request.body);
  if (action) {
    if (const auto* wanted = std::get_if<wire::ConnectionRequest>(&*action)) {
      requests_.connection_request(peer.name(), wanted->node);
      return;
    }
    if (std::holds_alternative<wire::KnsUpdate>(*action) || std::holds_alternative<wire::KnsBatchUpdate>(*action)) {
      shared_.print(1, fmt::format("{} wanted to tell what nodes there are; that is not its business", peer.name()));
      return;
    }
  }
  greet(peer, message);
}

void Inbound::greet(Peer& peer, const KernelMessage& message) {
  const Request& request = std::get<Request>(message.message);
  say(peer, fmt::format("{}: {}", peer.name(), shown(request.body.text(), greeting_bytes)));
  Response acknowledged;
  acknowledged.body = Bytes::copy_of("ack");
  // To the peer, whatever the message says of whom to answer (defect B25).
  const bool answers_peer = message.rsvp && message.rsvp->node() == peer.name();
  send(peer, KernelMessage{message.id, shared_.our_net(), answers_peer ? *message.rsvp : message.source, std::nullopt,
                           std::move(acknowledged), std::nullopt, std::nullopt});
}

}  // namespace kinode::modules::net
