#include "wire/net_api.h"

#include <string_view>

#include "wire/registry_fields.h"

namespace kinode::wire {
namespace {

using codec::MsgpackReader;
using codec::MsgpackWriter;

/// Far more nodes than any registry has; a small entry takes thirty times its size when it is read.
constexpr size_t max_batch_size = 65536;

// ---- writing ----------------------------------------------------------------------------------------

void pack(MsgpackWriter& writer, const KnsUpdate& update) {
  writer.array(5);
  writer.string(update.name);
  writer.string(update.public_key);
  pack_texts(writer, update.ips);
  pack_ports(writer, update.ports);
  pack_texts(writer, update.routers);
}

struct VariantWriter {
  MsgpackWriter& writer;

  void operator()(const ConnectionRequest& request) const { named("ConnectionRequest", request.node); }
  void operator()(const KnsUpdate& update) const {
    writer.variant("KnsUpdate");
    pack(writer, update);
  }
  void operator()(const KnsBatchUpdate& batch) const {
    writer.variant("KnsBatchUpdate");
    writer.array(static_cast<uint32_t>(batch.updates.size()));
    for (const KnsUpdate& update : batch.updates) {
      pack(writer, update);
    }
  }
  void operator()(const GetPeers& /*action*/) const { writer.string("GetPeers"); }
  void operator()(const GetPeer& action) const { named("GetPeer", action.node); }
  void operator()(const GetDiagnostics& /*action*/) const { writer.string("GetDiagnostics"); }
  void operator()(const Sign& /*action*/) const { writer.string("Sign"); }
  void operator()(const Verify& action) const {
    writer.variant("Verify");
    writer.array(2);
    writer.string(action.from.text());
    writer.bytes(action.signature.span());
  }
  void operator()(const Accepted& response) const { named("Accepted", response.node); }
  void operator()(const Rejected& response) const { named("Rejected", response.node); }
  void operator()(const Peers& response) const {
    writer.variant("Peers");
    writer.array(static_cast<uint32_t>(response.identities.size()));
    for (const Identity& identity : response.identities) {
      wire::pack(writer, identity);
    }
  }
  void operator()(const Peer& response) const {
    writer.variant("Peer");
    response.identity ? wire::pack(writer, *response.identity) : writer.nil();
  }
  void operator()(const Diagnostics& response) const { named("Diagnostics", response.text); }
  void operator()(const Signed& /*response*/) const { writer.string("Signed"); }
  void operator()(const Verified& response) const {
    writer.variant("Verified");
    writer.boolean(response.valid);
  }

  void named(std::string_view variant, std::string_view text) const {
    writer.variant(variant);
    writer.string(text);
  }
};

// ---- reading ----------------------------------------------------------------------------------------

std::string read_name(MsgpackReader& reader) {
  RegistryFields fields(reader);
  std::string name = fields.text();
  fields.insist();
  return name;
}

KnsUpdate unpack_update(MsgpackReader& reader, RegistryFields& fields) {
  KnsUpdate update;
  reader.fields({"name", "public_key", "ips", "ports", "routers"}, [&](size_t field) {
    switch (field) {
      case 0:
        update.name = fields.text();
        break;
      case 1:
        update.public_key = fields.text();
        break;
      case 2:
        update.ips = fields.texts();
        break;
      case 3:
        update.ports = fields.ports();
        break;
      default:
        update.routers = fields.texts();
    }
  });
  return update;
}

KnsUpdate unpack_one_update(MsgpackReader& reader) {
  RegistryFields fields(reader);
  KnsUpdate update = unpack_update(reader, fields);
  fields.insist();
  return update;
}

/// Fails before the list `values` grows over the bound.
template <class Values>
void check_batch(MsgpackReader& reader, const Values& values) {
  if (values.size() == max_batch_size) {
    reader.fail_with("more than 65536 entries at once: send them in several messages");
  }
}

KnsBatchUpdate unpack_batch(MsgpackReader& reader) {
  KnsBatchUpdate batch;
  reader.each([&] {
    check_batch(reader, batch.updates);
    RegistryFields fields(reader);
    KnsUpdate update = unpack_update(reader, fields);
    if (fields.excess().empty() && !reader.failed()) {
      batch.updates.push_back(std::move(update));
    }
  });
  return batch;
}

Peers unpack_peers(MsgpackReader& reader) {
  Peers peers;
  reader.each([&] {
    check_batch(reader, peers.identities);
    Identity identity = unpack_identity(reader);
    if (!reader.failed()) {
      peers.identities.push_back(std::move(identity));
    }
  });
  return peers;
}

std::optional<Verify> unpack_verify(MsgpackReader& reader) {
  std::optional<Address> from;
  Bytes signature;
  reader.fields({"from", "signature"}, [&](size_t field) {
    if (field == 0) {
      from = codec::unpack_address(reader);
    } else {
      signature = reader.bytes();
    }
  });
  return reader.failed() ? std::nullopt : std::optional(Verify{*from, std::move(signature)});
}

using ReadAction = std::optional<NetAction>;
using ReadResponse = std::optional<NetResponse>;

/// None where the reader failed or the name is of another kind.
ReadAction unpack_carrying_action(MsgpackReader& reader, std::string_view name) {
  if (name == "ConnectionRequest") {
    return ConnectionRequest{read_name(reader)};
  }
  if (name == "KnsUpdate") {
    return unpack_one_update(reader);
  }
  if (name == "KnsBatchUpdate") {
    return unpack_batch(reader);
  }
  if (name == "GetPeer") {
    return GetPeer{read_name(reader)};
  }
  if (name == "Verify") {
    return unpack_verify(reader);
  }
  return std::nullopt;
}

ReadAction action_alone(std::string_view name) {
  if (name == "GetPeers") {
    return GetPeers{};
  }
  if (name == "GetDiagnostics") {
    return GetDiagnostics{};
  }
  return name == "Sign" ? ReadAction(Sign{}) : std::nullopt;
}

ReadResponse unpack_carrying_response(MsgpackReader& reader, std::string_view name) {
  if (name == "Accepted") {
    return Accepted{read_name(reader)};
  }
  if (name == "Rejected") {
    return Rejected{read_name(reader)};
  }
  if (name == "Peers") {
    return unpack_peers(reader);
  }
  if (name == "Peer") {
    return Peer{reader.take_nil() ? std::nullopt : std::optional(unpack_identity(reader))};
  }
  if (name == "Diagnostics") {
    return Diagnostics{std::string(reader.string())};
  }
  if (name == "Verified") {
    return Verified{reader.boolean()};
  }
  return std::nullopt;
}

ReadResponse response_alone(std::string_view name) { return name == "Signed" ? ReadResponse(Signed{}) : std::nullopt; }

/// `carrying` reads what stands behind a name, `alone` makes what is but a name, also in the form {name: nil}.
template <class Value, class Carrying, class Alone>
Result<Value> unpack_variant(const Bytes& input, std::initializer_list<std::string_view> names, Carrying carrying,
                             Alone alone, std::string_view what) {
  MsgpackReader reader(input);
  const MsgpackReader::Variant variant = reader.variant(names);
  std::optional<Value> value;
  reader.within(variant.name, [&] {
    value = variant.has_payload ? carrying(reader, variant.name) : alone(variant.name);
    if (!value && reader.take_nil()) {
      value = alone(variant.name);
    }
    if (!value) {
      reader.fail_with("no variant of this form is known");
    }
  });
  if (reader.failed()) {
    return std::unexpected(reader.result(0).error().at(what));
  }
  return std::move(*value);
}

}  // namespace

Bytes encode_net_action(const NetAction& action, codec::ByteForm form) {
  MsgpackWriter writer(form);
  std::visit(VariantWriter{writer}, action);
  return std::move(writer).finish();
}

Result<NetAction> decode_net_action(const Bytes& input) {
  return unpack_variant<NetAction>(
      input,
      {"ConnectionRequest", "KnsUpdate", "KnsBatchUpdate", "GetPeers", "GetPeer", "GetDiagnostics", "Sign", "Verify"},
      unpack_carrying_action, action_alone, "request to net");
}

Bytes encode_net_response(const NetResponse& response) {
  MsgpackWriter writer;
  std::visit(VariantWriter{writer}, response);
  return std::move(writer).finish();
}

Result<NetResponse> decode_net_response(const Bytes& input) {
  return unpack_variant<NetResponse>(input,
                                     {"Accepted", "Rejected", "Peers", "Peer", "Diagnostics", "Signed", "Verified"},
                                     unpack_carrying_response, response_alone, "answer of net");
}

}  // namespace kinode::wire
