// The two JSON texts of POST /rpc:distro:sys/message (packages-and-kit.md 6.1, modules.md 6.9).
//
//   request  {"node":s?,"process":"p:p:p","inherit":b?,"expects_response":u64?,"body":s?,"metadata":s?,
//             "context":s?,"mime":s?,"data":base64?}
//   reply    {"body":[bytes],"lazy_load_blob":null|{"mime":s|null,"bytes":[bytes of the base64 text]}}
//
// The reply's blob is encoded twice, base64 and then the numbers of its letters: that is the format.
// Pure functions, any thread. The node and kit both use them, so that the two ends cannot differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "types/message.h"

namespace kinode::rpc {

/// The endpoint's path.
inline constexpr std::string_view path = "/rpc:distro:sys/message";

struct RpcRequest {
  /// None: the node that is asked.
  std::optional<std::string> node;
  ProcessId process;
  /// None: no response wanted. The number is only ever "some": the node waits as long as it is set to.
  std::optional<uint64_t> expects_response;
  Bytes body;
  std::optional<std::string> metadata;
  std::optional<Blob> blob;
};

struct RpcReply {
  Bytes body;
  std::optional<Blob> blob;
};

/// Fails with the place and the reason. "inherit" and "context" are checked for their type and dropped;
/// "data" that is not base64 makes no blob, as in the first client.
Result<RpcRequest> parse_request(std::string_view json);
/// Fails when a text is not UTF-8.
Result<std::string> write_request(const RpcRequest& request);

std::string write_reply(const RpcReply& reply);
/// Fails with the reason where the text is no reply.
Result<RpcReply> parse_reply(std::string_view json);

}  // namespace kinode::rpc
