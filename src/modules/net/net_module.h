// net:distro:sys for the processes of this node (networking.md 6): what nodes there are, signatures, the
// state of the network. Its bodies are MessagePack. Other nodes' messages to it are for Inbound.
#pragma once

#include "kernel/process.h"
#include "modules/module.h"
#include "modules/net/network.h"
#include "wire/net_api.h"

namespace kinode::modules::net {

class NetModule final : public kernel::Process {
 public:
  static ProcessId id();

  /// The network outlives it.
  NetModule(kernel::ProcessContext& context, PeerNetwork& network) : context_(context), network_(network) {}

  Poll poll() override;

 private:
  void handle(const Call& call);
  void answer(const Call& call, const wire::NetResponse& response, std::optional<Blob> blob = std::nullopt);

  /// Whether the caller may change what nodes there are (defect B27); says so if not.
  [[nodiscard]] bool may_update(const Call& call) const;
  void update(const wire::KnsUpdate& update);
  void peers(const Call& call);
  void peer(const Call& call, const std::string& name);
  void diagnostics(const Call& call);
  void sign(const Call& call);
  void verify(const Call& call, const wire::Verify& action);

  kernel::ProcessContext& context_;
  PeerNetwork& network_;
};

}  // namespace kinode::modules::net
