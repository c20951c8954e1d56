// The JSON forms of our types.

#include "base/check.h"
#include "codec/json.h"

namespace kinode::codec {
namespace {

using nlohmann::ordered_json;

template <class Value>
Result<Value> parse_text(const JsonReader& reader, std::string_view what) {
  if (!reader.value().is_string()) {
    return reader.expected(what);
  }
  Result<Value> value = Value::parse(reader.value().get_ref<const std::string&>());
  if (!value) {
    return reader.error(value.error().message);
  }
  return value;
}

Result<OnExitRequest> read_on_exit_request(const JsonReader& reader) {
  Result<std::vector<JsonReader>> parts = reader.tuple(3);
  if (!parts) {
    return std::unexpected(parts.error());
  }
  Result<Address> target = read_address((*parts)[0]);
  Result<Request> request = read_request((*parts)[1]);
  Result<std::optional<Blob>> blob = (*parts)[2].optional(read_blob);
  if (auto error = first_error(target, request, blob)) {
    return std::unexpected(*error);
  }
  return OnExitRequest{*target, *request, *blob};
}

/// Response and context, as the message `Response` carries them.
Result<void> read_response_pair(const JsonReader& reader, KernelMessage& message) {
  Result<std::vector<JsonReader>> pair = reader.tuple(2);
  if (!pair) {
    return std::unexpected(pair.error());
  }
  Result<Response> response = read_response((*pair)[0]);
  Result<std::optional<Bytes>> context = (*pair)[1].optional(&JsonReader::bytes);
  if (auto error = first_error(response, context)) {
    return std::unexpected(*error);
  }
  message.message = std::move(*response);
  message.context = std::move(*context);
  return {};
}

Result<void> read_message(const JsonReader& reader, KernelMessage& message) {
  Result<JsonVariant> variant = reader.variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  if (variant->name() == "Request") {
    Result<Request> request = read_request(variant->payload());
    if (!request) {
      return std::unexpected(request.error());
    }
    message.message = std::move(*request);
    return {};
  }
  if (variant->name() == "Response") {
    return read_response_pair(variant->payload(), message);
  }
  return variant->unknown();
}

}  // namespace

// ---- reading --------------------------------------------------------------------------------------

Result<Address> read_address(const JsonReader& reader) { return parse_text<Address>(reader, "an address"); }

Result<ProcessId> read_process_id(const JsonReader& reader) { return parse_text<ProcessId>(reader, "a process id"); }

Result<PackageId> read_package_id(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"package_name", "publisher_node"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<std::string> package = (*fields)["package_name"].string();
  Result<std::string> publisher = (*fields)["publisher_node"].string();
  if (auto error = first_error(package, publisher)) {
    return std::unexpected(*error);
  }
  return PackageId(*package, *publisher);
}

Result<Capability> read_capability(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"issuer", "params"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  JsonReader params_reader = (*fields)["params"];
  Result<Address> issuer = read_address((*fields)["issuer"]);
  Result<std::string> params = params_reader.string();
  if (auto error = first_error(issuer, params)) {
    return std::unexpected(*error);
  }
  Result<Capability> capability = Capability::make(*issuer, std::move(*params));
  if (!capability) {
    return params_reader.error(capability.error().message);
  }
  return capability;
}

Result<AttachedCapability> read_attached_capability(const JsonReader& reader) {
  const nlohmann::json& value = reader.value();
  bool signed_pair = value.is_array() && !value.empty() && !value[0].is_string();
  if (!signed_pair) {
    Result<Capability> capability = read_capability(reader);
    if (!capability) {
      return std::unexpected(capability.error());
    }
    return AttachedCapability{*capability, {}};
  }
  Result<std::vector<JsonReader>> pair = reader.tuple(2);
  if (!pair) {
    return std::unexpected(pair.error());
  }
  Result<Capability> capability = read_capability((*pair)[0]);
  Result<Bytes> signature = (*pair)[1].bytes();
  if (auto error = first_error(capability, signature)) {
    return std::unexpected(*error);
  }
  return AttachedCapability{*capability, *signature};
}

Result<Blob> read_blob(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"mime", "bytes"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<std::optional<std::string>> mime = (*fields)["mime"].optional(&JsonReader::string);
  Result<Bytes> bytes = (*fields)["bytes"].bytes();
  if (auto error = first_error(mime, bytes)) {
    return std::unexpected(*error);
  }
  return Blob{*mime, *bytes};
}

Result<Request> read_request(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"inherit", "expects_response", "body", "metadata", "capabilities"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<bool> inherit = (*fields)["inherit"].boolean();
  Result<std::optional<uint64_t>> expects_response = (*fields)["expects_response"].optional(&JsonReader::u64);
  Result<Bytes> body = (*fields)["body"].bytes();
  Result<std::optional<std::string>> metadata = (*fields)["metadata"].optional(&JsonReader::string);
  Result<std::vector<AttachedCapability>> capabilities = (*fields)["capabilities"].list(read_attached_capability);
  if (auto error = first_error(inherit, expects_response, body, metadata, capabilities)) {
    return std::unexpected(*error);
  }
  return Request{*inherit, *expects_response, *body, *metadata, *capabilities};
}

Result<Response> read_response(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"inherit", "body", "metadata", "capabilities"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<bool> inherit = (*fields)["inherit"].boolean();
  Result<Bytes> body = (*fields)["body"].bytes();
  Result<std::optional<std::string>> metadata = (*fields)["metadata"].optional(&JsonReader::string);
  Result<std::vector<AttachedCapability>> capabilities = (*fields)["capabilities"].list(read_attached_capability);
  if (auto error = first_error(inherit, body, metadata, capabilities)) {
    return std::unexpected(*error);
  }
  return Response{*inherit, *body, *metadata, *capabilities};
}

Result<OnExit> read_on_exit(const JsonReader& reader) {
  Result<JsonVariant> variant = reader.variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  if (variant->name() == "None") {
    return variant->unit(OnExit::none());
  }
  if (variant->name() == "Restart") {
    return variant->unit(OnExit::restart());
  }
  if (variant->name() == "Requests") {
    Result<std::vector<OnExitRequest>> requests = variant->payload().list(read_on_exit_request);
    if (!requests) {
      return std::unexpected(requests.error());
    }
    return OnExit{OnExit::Kind::requests, std::move(*requests)};
  }
  return variant->unknown();
}

Result<KernelMessage> read_kernel_message(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"id", "source", "target", "rsvp", "message", "lazy_load_blob"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<uint64_t> id = (*fields)["id"].u64();
  Result<Address> source = read_address((*fields)["source"]);
  Result<Address> target = read_address((*fields)["target"]);
  Result<std::optional<Address>> rsvp = (*fields)["rsvp"].optional(read_address);
  Result<std::optional<Blob>> blob = (*fields)["lazy_load_blob"].optional(read_blob);
  if (auto error = first_error(id, source, target, rsvp, blob)) {
    return std::unexpected(*error);
  }
  KernelMessage message{*id, *source, *target, *rsvp, {}, {}, std::move(*blob)};
  if (Result<void> read = read_message((*fields)["message"], message); !read) {
    return std::unexpected(read.error());
  }
  return message;
}

// ---- writing --------------------------------------------------------------------------------------

ordered_json to_json(const Address& address) { return address.text(); }

ordered_json to_json(const ProcessId& id) { return id.text(); }

ordered_json to_json(const PackageId& id) {
  return {{"package_name", id.package()}, {"publisher_node", id.publisher()}};
}

ordered_json to_json(const Capability& capability) {
  return {{"issuer", capability.issuer().text()}, {"params", capability.params()}};
}

ordered_json to_json(const AttachedCapability& attached) {
  return ordered_json::array({to_json(attached.capability), to_json(attached.signature)});
}

ordered_json to_json(const Bytes& bytes) {
  ordered_json list = ordered_json::array();
  list.get_ref<ordered_json::array_t&>().assign(bytes.span().begin(), bytes.span().end());
  return list;
}

ordered_json to_json(const Blob& blob) { return {{"mime", to_json(blob.mime)}, {"bytes", to_json(blob.bytes)}}; }

ordered_json to_json(const Request& request) {
  return {{"inherit", request.inherit},
          {"expects_response", to_json(request.expects_response)},
          {"body", to_json(request.body)},
          {"metadata", to_json(request.metadata)},
          {"capabilities", to_json(request.capabilities)}};
}

ordered_json to_json(const Response& response) {
  return {{"inherit", response.inherit},
          {"body", to_json(response.body)},
          {"metadata", to_json(response.metadata)},
          {"capabilities", to_json(response.capabilities)}};
}

ordered_json to_json(const OnExit& on_exit) {
  switch (on_exit.kind) {
    case OnExit::Kind::none:
      return "None";
    case OnExit::Kind::restart:
      return "Restart";
    case OnExit::Kind::requests:
      break;
  }
  ordered_json requests = ordered_json::array();
  for (const OnExitRequest& request : on_exit.requests) {
    requests.push_back(ordered_json::array({to_json(request.target), to_json(request.request), to_json(request.blob)}));
  }
  return ordered_json::object({{"Requests", std::move(requests)}});
}

ordered_json to_json(const KernelMessage& message) {
  ordered_json carried = ordered_json::object();
  if (const auto* request = std::get_if<Request>(&message.message)) {
    carried["Request"] = to_json(*request);
  } else {
    carried["Response"] = ordered_json::array({to_json(std::get<Response>(message.message)), to_json(message.context)});
  }
  return {{"id", message.id},
          {"source", to_json(message.source)},
          {"target", to_json(message.target)},
          {"rsvp", to_json(message.rsvp)},
          {"message", std::move(carried)},
          {"lazy_load_blob", to_json(message.blob)}};
}

}  // namespace kinode::codec
