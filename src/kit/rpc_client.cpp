#include "kit/rpc_client.h"

#include <utility>

namespace kinode::kit {
namespace {

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  return text;
}

/// ": text", or nothing for none.
std::string after_colon(const std::string& text) {
  const std::string line = without_line_end(text);
  return line.empty() ? "" : ": " + line;
}

}  // namespace

Result<rpc::RpcReply> RpcClient::send(const rpc::RpcRequest& request) const {
  auto body = rpc::write_request(request);
  if (!body) {
    return std::unexpected(body.error());
  }
  auto reply = client_.post_json(std::string(rpc::path), *body);
  if (!reply) {
    return fail("{}. Is it running? Start one with `kit boot-fake-node`, or give the port of one that runs with --port",
                reply.error().message);
  }
  const std::string& url = client_.url();
  const std::string& target = request.process.text();
  switch (reply->status) {
    case 200:
      break;
    case 400:
      return fail("the node at {} does not understand the message{}", url, after_colon(reply->body));
    case 403:
      return fail("the node at {} does not let this program in{}", url, after_colon(reply->body));
    case 404:
      return fail("what answers at {} is not a node, or one without {}; give the node's port with --port", url,
                  rpc::path);
    case 408:
      return fail("{} did not answer{}", target, after_colon(reply->body));
    case 413:
      return fail("the message is too long for the node at {}{}", url, after_colon(reply->body));
    default:
      return fail("the node at {} answered with HTTP status {}{}", url, reply->status, after_colon(reply->body));
  }
  if (!request.expects_response) {
    return rpc::RpcReply{};
  }
  auto parsed = rpc::parse_reply(reply->body);
  if (!parsed) {
    return fail("what answers at {} does not answer like a node ({}); give the node's port with --port", url,
                parsed.error().message);
  }
  return parsed;
}

}  // namespace kinode::kit
