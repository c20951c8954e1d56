#include "backup_tool/running_node.h"

#include <chrono>
#include <thread>

#include "codec/json.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::backup_tool {
namespace {

using Json = nlohmann::json;

/// From one look at what goes on to the next.
constexpr std::chrono::milliseconds look_interval{250};

}  // namespace

Result<RunningNode> RunningNode::find(const Home& home) {
  Result<uint16_t> port = modules::HomeLock::port_of_node(home.path);
  return port ? Result<RunningNode>(RunningNode(*port)) : std::unexpected(port.error());
}

Result<Json> RunningNode::ask(const Json& request, const std::string& answer) const {
  rpc::RpcRequest message{.process = ProcessId("backup", "distro", "sys"), .expects_response = 15};
  message.body = Bytes::from(request.dump());
  Result<std::string> text = rpc::write_request(message);
  if (!text) {
    return std::unexpected(text.error());
  }
  Result<HttpReply> reply = client_.post_json(std::string(rpc::path), *text);
  if (!reply) {
    return std::unexpected(reply.error());
  }
  if (reply->status == 408) {
    return fail("the remote did not answer the node in time: `kinode backup status` says how it stands");
  }
  if (reply->status != 200) {
    return fail("the node at {} answered with HTTP status {}: {}", client_.url(), reply->status, reply->body);
  }
  Result<rpc::RpcReply> parsed = rpc::parse_reply(reply->body);
  if (!parsed) {
    return std::unexpected(parsed.error().at(client_.url()));
  }
  Result<Json> body = codec::parse_json(parsed->body.text());
  if (!body) {
    return std::unexpected(body.error().at(client_.url()));
  }
  if (*body == answer) {
    return Json();
  }
  if (body->is_object() && body->contains("Err")) {
    return fail("{}", (*body)["Err"].is_string() ? (*body)["Err"].get<std::string>() : (*body)["Err"].dump());
  }
  if (!body->is_object() || !body->contains(answer)) {
    return fail("the node at {} gave an answer that is none: {}", client_.url(), body->dump().substr(0, 200));
  }
  return (*body)[answer];
}

Result<RunningNode::Ends> RunningNode::carry_out(const Json& request,
                                                 const std::function<void(const Json&)>& on_status) const {
  Result<Json> tickets = ask(request, "Started");
  if (!tickets) {
    return std::unexpected(tickets.error());
  }
  Ends ends;
  while (true) {
    Result<Json> status = ask("Status", "Status");
    if (!status) {
      return std::unexpected(status.error());
    }
    on_status(*status);
    const Json remotes = status->value("remotes", Json::object());
    for (const auto& [remote, ticket] : tickets->items()) {
      if (!remotes.contains(remote)) {
        ends[remote] = "it was removed meanwhile";
        continue;
      }
      const Json done = remotes[remote].value("done", Json::object());
      if (const auto end = done.find(ticket.dump()); end != done.end()) {
        ends[remote] = end->is_string() ? std::optional(end->get<std::string>()) : std::nullopt;
      }
    }
    if (ends.size() == tickets->size()) {
      return ends;
    }
    std::this_thread::sleep_for(look_interval);
  }
}

}  // namespace kinode::backup_tool
