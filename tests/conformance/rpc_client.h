// RpcClient: sends messages to processes of a node as a program of this machine does, through
// POST /rpc:distro:sys/message. Written from the format's description, not on the node's code: the two
// must agree by what they are.
//
// Every call opens a connection and ends within `patience`. Any thread; a value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kinode::conformance {
/// A case that looks for a field that is not there fails, and the others go on.
inline void check_json(bool condition) {
  if (!condition) {
    throw std::out_of_range("the JSON has not what was looked for");
  }
}
}  // namespace kinode::conformance
#define JSON_ASSERT(condition) ::kinode::conformance::check_json(condition)
#include <nlohmann/json.hpp>

namespace kinode::conformance {

using Json = nlohmann::json;

/// The node did not do what a test needs before it can check anything.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct HttpReply {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

struct Blob {
  std::optional<std::string> mime;
  std::string bytes;
};

struct Reply {
  unsigned status = 0;
  /// The response's body, or for another status than 200 what the node said.
  std::string body;
  std::optional<Blob> blob;

  [[nodiscard]] Json json() const;
};

struct RpcMessage {
  std::string process;
  std::string body;
  /// None: no response wanted.
  std::optional<uint64_t> expects = 15;
  std::optional<Blob> blob;
  std::optional<std::string> metadata;
  std::optional<std::string> node;
};

class RpcClient {
 public:
  explicit RpcClient(uint16_t port, std::chrono::seconds patience = std::chrono::seconds(120))
      : port_(port), patience_(patience) {}

  /// Fails when there is no HTTP answer.
  [[nodiscard]] Reply send(const RpcMessage& message) const;

  struct HttpRequest {
    std::string method = "POST";
    std::string path = "/rpc:distro:sys/message";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    /// To which of this machine's addresses.
    std::string address = "127.0.0.1";
  };
  [[nodiscard]] HttpReply http(const HttpRequest& request) const;

 private:
  uint16_t port_;
  std::chrono::seconds patience_;
};

std::string base64(const std::string& bytes);
std::string from_base64(const std::string& text);

}  // namespace kinode::conformance
