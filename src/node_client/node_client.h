// NodeClient: asks a node on this machine over HTTP. Synchronous: each call opens a connection, waits, and closes it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace kinode {

struct NodeReply {
  unsigned status = 0;
  std::string body;
};

class NodeClient {
 public:
  explicit NodeClient(uint16_t port);

  /// For people: http://localhost:8080
  [[nodiscard]] const std::string& url() const { return url_; }

  /// Wait for the answer as long as any node takes. Fail, with what to do, when there is no node or no answer;
  /// an answer of any status is none of that. One of up to 1 GiB is taken.
  [[nodiscard]] Result<NodeReply> get(const std::string& path) const;
  [[nodiscard]] Result<NodeReply> post_json(const std::string& path, const std::string& body) const;

 private:
  uint16_t port_;
  std::string url_;
};

}  // namespace kinode
