// RpcClient: sends messages to processes of a node on this machine, through the node's RPC endpoint
// (packages-and-kit.md 6.1). Synchronous: each call opens a connection, waits, and closes it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "modules/http_server/rpc/rpc_message.h"
#include "node_client/node_client.h"

namespace kinode::kit {

class RpcClient {
 public:
  explicit RpcClient(uint16_t port) : client_(port) {}

  /// For people: http://localhost:8080
  [[nodiscard]] const std::string& url() const { return client_.url(); }

  /// Sends a request and waits for its response as long as the node does; an empty reply where the
  /// request expects none. Fails with what to do: no node there, not a node, refused, no response.
  Result<rpc::RpcReply> send(const rpc::RpcRequest& request) const;

 private:
  NodeClient client_;
};

}  // namespace kinode::kit
