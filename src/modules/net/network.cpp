#include "modules/net/network.h"

#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "codec/msgpack.h"
#include "modules/net/inbound.h"
#include "modules/net/passthroughs.h"
#include "modules/net/peers.h"
#include "modules/net/shared.h"
#include "transport/deadline.h"
#include "transport/listener.h"
#include "wire/net_api.h"

namespace kinode::modules::net {

namespace asio = boost::asio;
using transport::Link;
using transport::Listener;
using transport::Protocol;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// How often a node behind routers sees to it that it is connected with them; others tidy up as often.
constexpr std::chrono::seconds round_time{1};
/// How long a stopping node sends what waits.
constexpr std::chrono::milliseconds farewell_time{500};
constexpr std::chrono::milliseconds farewell_pause{5};
constexpr uint16_t first_tcp_port = 10'000;
constexpr uint16_t first_ws_port = 9'000;

}  // namespace

struct PeerNetwork::Parts : std::enable_shared_from_this<Parts> {
  Parts(NetworkSettings settings, registry::Registry& nodes, Executor& workers)
      : shared(std::move(settings), nodes, workers),
        passthroughs(shared, [this](const auto& target, const auto& source) { return ask(target, source); }),
        inbound(shared, {[this](const auto& router, const auto& name) { connection_requested(router, name); },
                         [this](const auto& peer, const auto& name) { passthroughs.reject(name, peer); }}),
        peers(shared, inbound),
        round(shared.io) {}

  // ---- connections that others make ----
  void accept(std::shared_ptr<Link> link, Listener::Stranger stranger);
  transport::Awaitable<void> welcome(std::shared_ptr<Link> link);
  void joined(transport::Secured secured, bool dialled);

  // ---- routers ----
  bool ask(const std::string& target, const std::string& source);
  void connection_requested(const std::string& router, const std::string& name);
  asio::awaitable<void> answer_through(std::string router, std::string name);
  void keep_routers();
  [[nodiscard]] bool is_our_router(const std::string& name) const;

  /// What is known of a node changed. Any thread.
  void changed(const std::string& name);
  asio::awaitable<void> rounds();
  [[nodiscard]] NetworkStatus status() const;
  void sign_capabilities(KernelMessage& message) const;
  /// What a peer was told must not be forgotten: messages wait for the writes they may rest on.
  void release_when_durable(const std::shared_ptr<Peer>& peer, uint64_t write);
  asio::awaitable<void> close();

  Shared shared;
  Passthroughs passthroughs;
  Inbound inbound;
  Peers peers;
  std::vector<std::shared_ptr<Listener>> listeners;
  asio::steady_timer round;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  bool stopping = false;
};

// ---- life -----------------------------------------------------------------------------------------

PeerNetwork::PeerNetwork(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

PeerNetwork::~PeerNetwork() { stop(); }

Result<std::unique_ptr<PeerNetwork>> PeerNetwork::open(NetworkSettings settings, const ListenSettings& listen,
                                                       registry::Registry& registry, Executor& workers) {
  std::vector<transport::ListenerSettings> wanted;
  if (settings.ours.routers.empty()) {
    wanted.push_back({Protocol::tcp, listen.loopback_only, listen.tcp_port, first_tcp_port});
    wanted.push_back({Protocol::websocket, listen.loopback_only, listen.ws_port, first_ws_port});
  }
  auto network =
      std::unique_ptr<PeerNetwork>(new PeerNetwork(std::make_shared<Parts>(std::move(settings), registry, workers)));
  Parts& parts = *network->parts_;
  Identity& ours = parts.shared.settings.ours;
  ours.direct.ports.clear();
  for (const transport::ListenerSettings& one : wanted) {
    if (one.port == 0) {
      continue;
    }
    Result<std::shared_ptr<Listener>> listener = Listener::open(parts.shared.io.get_executor(), one);
    if (!listener) {
      return std::unexpected(listener.error());
    }
    ours.direct.ports[std::string(transport::name_of(one.protocol))] = (*listener)->port();
    parts.listeners.push_back(std::move(*listener));
  }
  return network;
}

const Identity& PeerNetwork::ours() const { return parts_->shared.settings.ours; }

registry::Registry& PeerNetwork::registry() { return parts_->shared.registry; }

void PeerNetwork::start(kernel::Kernel& kernel) {
  parts_->shared.kernel = &kernel;
  parts_->work.emplace(parts_->shared.io.get_executor());
  parts_->shared.registry.on_change([weak = parts_->weak_from_this()](const std::string& name) {
    if (const std::shared_ptr<Parts> parts = weak.lock()) {
      parts->changed(name);
    }
  });
  for (const std::shared_ptr<Listener>& listener : parts_->listeners) {
    listener->start([parts = parts_.get()](std::shared_ptr<Link> link, Listener::Stranger stranger) {
      parts->accept(std::move(link), std::move(stranger));
    });
  }
  asio::co_spawn(parts_->shared.io, parts_->rounds(), asio::detached);
  thread_ = std::thread([parts = parts_.get()] {
    pthread_setname_np(pthread_self(), "network");
    parts->shared.io.run();
  });
}

void PeerNetwork::stop() {
  if (!thread_.joinable()) {
    return;
  }
  asio::co_spawn(parts_->shared.io, parts_->close(), asio::detached);
  thread_.join();
}

asio::awaitable<void> PeerNetwork::Parts::close() {
  stopping = true;
  for (const std::shared_ptr<Listener>& listener : listeners) {
    listener->close();
  }
  passthroughs.close();
  // What processes said last should arrive.
  auto wait_while = [this](auto something) -> asio::awaitable<void> {
    const auto until = std::chrono::steady_clock::now() + farewell_time;
    while (something() && std::chrono::steady_clock::now() < until) {
      asio::steady_timer pause(shared.io, farewell_pause);
      co_await pause.async_wait(as_result);
    }
  };
  co_await wait_while([this] { return peers.has_more_to_send(); });
  peers.close_all("this node stops");
  // Until each has let go of its peer.
  co_await wait_while([this] { return shared.counters.connections > 0; });
  round.cancel();
  work.reset();
  shared.io.stop();
}

// ---- connections that others make -----------------------------------------------------------------

void PeerNetwork::Parts::accept(std::shared_ptr<Link> link, Listener::Stranger stranger) {
  asio::co_spawn(
      shared.io,
      [this, link = std::move(link), stranger = std::move(stranger)]() -> asio::awaitable<void> {
        const transport::Deadline deadline(link, std::chrono::steady_clock::now() + set_up_time);
        if (Result<void> welcomed = co_await welcome(link); !welcomed) {
          ++shared.counters.refused;
          shared.print(2, fmt::format("connection from {} refused: {}", link->remote().address().to_string(),
                                      welcomed.error().message));
          link->close();
        }
      },
      asio::detached);
}

transport::Awaitable<void> PeerNetwork::Parts::welcome(std::shared_ptr<Link> link) {
  if (Result<void> opened = co_await Listener::open(*link); !opened) {
    co_return opened;
  }
  Result<std::span<const uint8_t>> first = co_await link->read_packet();
  if (!first) {
    co_return std::unexpected(first.error());
  }
  if (!transport::begins_handshake(*first)) {
    Result<wire::RoutingRequest> request = wire::decode_routing_request(Bytes::copy_of(*first));
    if (!request) {
      co_return std::unexpected(request.error());
    }
    co_return co_await passthroughs.handle(std::move(link), std::move(*request));
  }
  const transport::FindKey find_key = [this](std::string_view name) -> std::optional<crypto::PublicKey> {
    const auto entry = shared.registry.find(std::string(name));
    return entry ? std::optional(entry->key) : std::nullopt;
  };
  Result<transport::Secured> secured =
      co_await transport::respond(std::move(link), shared.credentials(), *first, find_key);
  if (!secured) {
    co_return std::unexpected(secured.error());
  }
  joined(std::move(*secured), /*dialled=*/false);
  co_return Result<void>{};
}

void PeerNetwork::Parts::joined(transport::Secured secured, bool dialled) {
  if (stopping) {
    secured.channel.link().close();
    return;
  }
  const std::string name = secured.peer;
  peers.get(name)->add(std::move(secured), dialled);
  peers.keep_limit();
}

// ---- routers --------------------------------------------------------------------------------------

bool PeerNetwork::Parts::ask(const std::string& target, const std::string& source) {
  const std::shared_ptr<Peer> peer = peers.find(target);
  if (!peer || peer->routed_session() == nullptr) {
    return false;
  }
  Request request;
  request.body = wire::encode_net_action(wire::ConnectionRequest{source});
  request.expects_response = set_up_time.count();
  inbound.send(*peer, KernelMessage{SystemRandom().next(), shared.our_net(), Address(target, net_id()), std::nullopt,
                                    std::move(request), std::nullopt, std::nullopt});
  return true;
}

bool PeerNetwork::Parts::is_our_router(const std::string& name) const {
  const std::vector<std::string>& routers = shared.settings.ours.routers;
  return std::ranges::find(routers, name) != routers.end();
}

void PeerNetwork::Parts::connection_requested(const std::string& router, const std::string& name) {
  if (!is_our_router(router)) {
    shared.print(1, fmt::format("{} wants this node to connect with {}; it is no router of this node", router, name));
  } else if (!shared.registry.find(name)) {
    shared.print(1, fmt::format("{} wants this node to connect with {}, which is not known", router, name));
  } else {
    asio::co_spawn(shared.io, answer_through(router, name), asio::detached);
  }
}

asio::awaitable<void> PeerNetwork::Parts::answer_through(std::string router, std::string name) {
  Dialler dialler(shared);
  Result<transport::Secured> secured = co_await dialler.answer_through(router, name);
  if (secured) {
    joined(std::move(*secured), /*dialled=*/false);
  } else {
    shared.print(2, fmt::format("{} by way of {}: {}", name, router, secured.error().message));
  }
}

void PeerNetwork::Parts::keep_routers() {
  for (const std::string& router : shared.settings.ours.routers) {
    if (router != shared.our_name() && shared.registry.find(router)) {
      const std::shared_ptr<Peer> peer = peers.get(router);
      peer->set_router(true);
      peer->connect();
    }
  }
}

void PeerNetwork::Parts::changed(const std::string& name) {
  if (std::shared_ptr<Peer> peer = peers.find(name)) {
    asio::post(shared.io, [peer = std::move(peer)] { peer->forget_failures(); });
  }
}

asio::awaitable<void> PeerNetwork::Parts::rounds() {
  while (!stopping) {
    keep_routers();
    peers.sweep();
    round.expires_after(round_time);
    co_await round.async_wait(as_result);
  }
}

// ---- messages -------------------------------------------------------------------------------------

void PeerNetwork::Parts::sign_capabilities(KernelMessage& message) const {
  std::vector<AttachedCapability>& attached = std::visit(
      [](auto& carried) -> std::vector<AttachedCapability>& { return carried.capabilities; }, message.message);
  for (AttachedCapability& one : attached) {
    if (one.capability.issuer().node() == shared.our_name()) {
      const crypto::Signature signature = shared.settings.key->sign(codec::encode_capability(one.capability).span());
      one.signature = Bytes::copy_of(signature);
    }
  }
}

void PeerNetwork::Parts::release_when_durable(const std::shared_ptr<Peer>& peer, uint64_t write) {
  if (write <= shared.durable) {
    return;
  }
  shared.kernel->environment().journal.when_durable(write, [weak = weak_from_this(), peer, write] {
    const std::shared_ptr<Parts> parts = weak.lock();
    if (!parts) {
      return;  // the node ends
    }
    std::atomic<uint64_t>& durable = parts->shared.durable;
    uint64_t known = durable;
    while (known < write && !durable.compare_exchange_weak(known, write)) {
    }
    asio::post(parts->shared.io, [peer] { peer->outbox_released(); });
  });
}

kernel::Network::Carried PeerNetwork::carry(KernelMessage& message, const std::shared_ptr<Task>& sender) {
  const std::string node = message.target.node();
  if (!parts_->shared.registry.find(node)) {
    return Carried::unreachable;
  }
  parts_->sign_capabilities(message);
  codec::MessageParts encoded = codec::encode_kernel_message_parts(message);
  static_assert(most_bytes == transport::Channel::message_limit);
  if (encoded.size() > most_bytes) {
    return Carried::too_big;
  }
  kernel::Journal& journal = parts_->shared.kernel->environment().journal;
  Outbox::Item item{std::move(message), std::move(encoded), journal.written()};
  const uint64_t rests_on = item.rests_on;
  while (true) {
    const std::shared_ptr<Peer> peer = parts_->peers.get(node);
    if (peer->send_now(item)) {
      return Carried::taken;
    }
    switch (peer->outbox().add(item, sender)) {
      case Outbox::Added::first:
        asio::post(parts_->shared.io, [peer] { peer->outbox_filled(); });
        parts_->release_when_durable(peer, rests_on);
        return Carried::taken;
      case Outbox::Added::more:
        parts_->release_when_durable(peer, rests_on);
        return Carried::taken;
      case Outbox::Added::full:
        message = std::move(item.message);
        return Carried::full;
      case Outbox::Added::closed:
        break;  // it was forgotten just now
    }
  }
}

// ---- for the module -------------------------------------------------------------------------------

NetworkStatus PeerNetwork::Parts::status() const {
  NetworkStatus status;
  for (const std::shared_ptr<Peer>& peer : peers.all()) {
    if (peer->is_connected()) {
      const auto unused = std::chrono::steady_clock::now() - peer->last_used();
      status.peers.push_back(
          {peer->name(), peer->routed_session() != nullptr, std::chrono::duration_cast<std::chrono::seconds>(unused)});
    }
  }
  status.max_peers = shared.settings.max_peers;
  status.max_passthroughs = shared.settings.max_passthroughs;
  status.pending = passthroughs.pending();
  status.active = passthroughs.active();
  status.known_nodes = shared.registry.size();
  return status;
}

NetworkCounters PeerNetwork::counters() const {
  const NetCounters& now = parts_->shared.counters;
  return {now.connections, now.handshakes, now.refused,        now.sent,
          now.sent_bytes,  now.received,   now.received_bytes, now.given_back};
}

void PeerNetwork::with_status(std::function<void(NetworkStatus)> use) {
  asio::post(parts_->shared.io, [parts = parts_.get(), use = std::move(use)] { use(parts->status()); });
}

Bytes PeerNetwork::sign(std::span<const uint8_t> bytes) const {
  return Bytes::copy_of(parts_->shared.settings.key->sign(bytes));
}

}  // namespace kinode::modules::net
