#include "modules/net/net_module.h"

#include "modules/net/diagnostics.h"
#include "modules/net/shared.h"

namespace kinode::modules::net {
namespace {

constexpr std::string_view root_params = R"({"root":true})";

/// What the signature of `Sign` covers: the requester, then the data.
std::vector<uint8_t> signed_bytes(const Address& requester, const std::optional<Blob>& data) {
  const std::string name = requester.text();
  std::vector<uint8_t> bytes(name.begin(), name.end());
  if (data) {
    bytes.insert(bytes.end(), data->bytes.span().begin(), data->bytes.span().end());
  }
  return bytes;
}

/// As the first client takes them in: an IP address wins over routers (networking.md 1.2).
Identity identity_of(const wire::KnsUpdate& update) {
  Identity identity{update.name, update.public_key, {}, {}};
  if (update.ips.empty()) {
    identity.routers = update.routers;
  } else {
    identity.direct = {update.ips.front(), update.ports};
  }
  return identity;
}

}  // namespace

ProcessId NetModule::id() { return net_id(); }

kernel::Process::Poll NetModule::poll() {
  while (std::unique_ptr<kernel::Envelope> envelope = context_.receive()) {
    if (envelope->kind == kernel::Envelope::Kind::request) {
      handle(call_of(std::move(*envelope)));
    }
  }
  return {};
}

void NetModule::handle(const Call& call) {
  Result<wire::NetAction> action = wire::decode_net_action(call.request.body);
  if (!action) {
    context_.print(1,
                   fmt::format("a request of {} was not understood: {}", call.source().text(), action.error().message));
    return;
  }
  struct Handler {
    NetModule& module;
    const Call& call;
    void operator()(const wire::ConnectionRequest& /*from a router alone*/) const {}
    void operator()(const wire::KnsUpdate& update) const {
      if (module.may_update(call)) {
        module.update(update);
      }
    }
    void operator()(const wire::KnsBatchUpdate& batch) const {
      if (module.may_update(call)) {
        for (const wire::KnsUpdate& update : batch.updates) {
          module.update(update);
        }
      }
    }
    void operator()(const wire::GetPeers& /*action*/) const { module.peers(call); }
    void operator()(const wire::GetPeer& action) const { module.peer(call, action.node); }
    void operator()(const wire::GetDiagnostics& /*action*/) const { module.diagnostics(call); }
    void operator()(const wire::Sign& /*action*/) const { module.sign(call); }
    void operator()(const wire::Verify& action) const { module.verify(call, action); }
  };
  std::visit(Handler{*this, call}, *action);
}

void NetModule::answer(const Call& call, const wire::NetResponse& response, std::optional<Blob> blob) {
  Response message;
  message.body = wire::encode_net_response(response);
  context_.respond(call.prompting, std::move(message), std::move(blob));
}

// ---- what nodes there are -------------------------------------------------------------------------

bool NetModule::may_update(const Call& call) const {
  const Result<Capability> root = Capability::make(context_.our(), std::string(root_params));
  const bool may = root && context_.holds(call.source().process(), *root);
  if (!may) {
    context_.print(0, fmt::format("{} may not tell what nodes there are: it needs the capability {} of net:distro:sys, "
                                  "to be requested in its package's manifest",
                                  call.source().process().text(), root_params));
  }
  return may;
}

void NetModule::update(const wire::KnsUpdate& update) {
  Result<void> updated = network_.registry().update(registry::Source::messages, identity_of(update));
  if (!updated) {
    context_.print(2, fmt::format("node not taken in: {}", updated.error().message));
  }
}

void NetModule::peers(const Call& call) {
  network_.with_status([this, call](const NetworkStatus& status) {
    wire::Peers peers;
    for (const NetworkStatus::Peer& peer : status.peers) {
      if (const auto entry = network_.registry().find(peer.name)) {
        peers.identities.push_back(entry->identity);
      }
    }
    answer(call, peers);
  });
}

void NetModule::peer(const Call& call, const std::string& name) {
  wire::Peer peer;
  if (name == network_.ours().name) {
    peer.identity = network_.ours();
  } else if (const auto entry = network_.registry().find(name)) {
    peer.identity = entry->identity;
  }
  answer(call, peer);
}

void NetModule::diagnostics(const Call& call) {
  network_.with_status([this, call](const NetworkStatus& status) {
    answer(call, wire::Diagnostics{diagnostics_text(network_.ours(), status)});
  });
}

// ---- signatures -----------------------------------------------------------------------------------

void NetModule::sign(const Call& call) {
  const Bytes signature = network_.sign(signed_bytes(call.source(), call.blob));
  answer(call, wire::Signed{}, Blob{std::nullopt, signature});
}

void NetModule::verify(const Call& call, const wire::Verify& action) {
  const std::string& node = action.from.node();
  std::optional<crypto::PublicKey> key;
  if (node == network_.ours().name) {
    key = crypto::parse_public_key(network_.ours().networking_key);
  } else if (const auto entry = network_.registry().find(node)) {
    key = entry->key;
  }
  const bool genuine = key && crypto::verify(*key, signed_bytes(action.from, call.blob), action.signature.span());
  answer(call, wire::Verified{genuine});
}

}  // namespace kinode::modules::net
