// The MessagePack form of an identity.
#include "wire/net_api.h"
#include "wire/registry_fields.h"

namespace kinode::wire {
namespace {

void unpack_routing(codec::MsgpackReader& reader, RegistryFields& fields, Identity& identity) {
  const codec::MsgpackReader::Variant routing = reader.variant({"Routers", "Direct", "Both"});
  reader.within(routing.name, [&] {
    if (routing.has_payload && routing.name == "Routers") {
      identity.routers = fields.texts();
    } else if (routing.has_payload && (routing.name == "Direct" || routing.name == "Both")) {
      const bool both = routing.name == "Both";
      auto read = [&](size_t field) {
        switch (field) {
          case 0:
            identity.direct.ip = fields.text();
            break;
          case 1:
            identity.direct.ports = fields.ports();
            break;
          default:
            identity.routers = fields.texts();
        }
      };
      both ? reader.fields({"ip", "ports", "routers"}, read) : reader.fields({"ip", "ports"}, read);
    } else {
      reader.fail_with("expected Routers, Direct or Both");
    }
  });
}

}  // namespace

void pack(codec::MsgpackWriter& writer, const Identity& identity) {
  writer.array(3);
  writer.string(identity.name);
  writer.string(identity.networking_key);
  if (!identity.is_direct()) {
    writer.variant("Routers");
    pack_texts(writer, identity.routers);
    return;
  }
  writer.variant("Direct");
  writer.array(2);
  writer.string(identity.direct.ip);
  pack_ports(writer, identity.direct.ports);
}

Identity unpack_identity(codec::MsgpackReader& reader) {
  Identity identity;
  RegistryFields fields(reader);
  reader.fields({"name", "networking_key", "routing"}, [&](size_t field) {
    switch (field) {
      case 0:
        identity.name = fields.text();
        break;
      case 1:
        identity.networking_key = fields.text();
        break;
      default:
        unpack_routing(reader, fields, identity);
    }
  });
  fields.insist();
  return identity;
}

Bytes encode_identity(const Identity& identity) {
  codec::MsgpackWriter writer;
  pack(writer, identity);
  return std::move(writer).finish();
}

Result<Identity> decode_identity(const Bytes& input) {
  codec::MsgpackReader reader(input);
  Identity identity = unpack_identity(reader);
  return reader.result(std::move(identity));
}

}  // namespace kinode::wire
