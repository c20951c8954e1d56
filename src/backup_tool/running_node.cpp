#include "backup_tool/running_node.h"

#include "codec/json.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::backup_tool {
namespace {

using Json = nlohmann::json;

}  // namespace

Result<RunningNode> RunningNode::find(const Home& home) {
  Result<uint16_t> port = modules::HomeLock::port_of_node(home.path);
  return port ? Result<RunningNode>(RunningNode(*port)) : std::unexpected(port.error());
}

Result<Json> RunningNode::ask(const Json& request, const std::string& answer) const {
  Result<std::optional<Json>> answered = ask_with_patience(request, answer);
  if (!answered) {
    return std::unexpected(answered.error());
  }
  return *answered ? Result<Json>(std::move(**answered))
                   : fail("the remote did not answer the node in time: `kinode backup status` says how it stands");
}

Result<Json> RunningNode::status_after(uint64_t version) const {
  Result<std::optional<Json>> changed = ask_with_patience({{"Status", {{"after", version}}}}, "Status");
  if (!changed) {
    return std::unexpected(changed.error());
  }
  return *changed ? Result<Json>(std::move(**changed)) : ask("Status", "Status");
}

Result<std::optional<Json>> RunningNode::ask_with_patience(const Json& request, const std::string& answer) const {
  rpc::RpcRequest message{.process = ProcessId("backup", "distro", "sys"), .expects_response = 15};
  message.body = Bytes::from(codec::to_text(request));
  Result<std::string> text = rpc::write_request(message);
  if (!text) {
    return std::unexpected(text.error());
  }
  Result<NodeReply> reply = client_.post_json(std::string(rpc::path), *text);
  if (!reply) {
    return std::unexpected(reply.error());
  }
  if (reply->status == 408) {
    return std::optional<Json>();
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
    return std::optional<Json>(Json());
  }
  if (body->is_object() && body->contains("Err")) {
    return fail("{}", (*body)["Err"].is_string() ? (*body)["Err"].get<std::string>() : (*body)["Err"].dump());
  }
  if (!body->is_object() || !body->contains(answer)) {
    return fail("the node at {} gave an answer that is none: {}", client_.url(), body->dump().substr(0, 200));
  }
  return std::optional<Json>((*body)[answer]);
}

Result<RunningNode::Ends> RunningNode::carry_out(const Json& request,
                                                 const std::function<void(const Json&)>& on_status) const {
  Result<Json> tickets = ask(request, "Started");
  if (!tickets) {
    return std::unexpected(tickets.error());
  }
  Ends ends;
  uint64_t version = 0;  // none has it
  while (true) {
    Result<Json> status = status_after(version);
    if (!status) {
      return std::unexpected(status.error());
    }
    on_status(*status);
    version = status->value("version", uint64_t{0});
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
  }
}

}  // namespace kinode::backup_tool
