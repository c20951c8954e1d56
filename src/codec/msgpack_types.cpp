// The MessagePack forms of our types.

#include "codec/msgpack.h"

namespace kinode::codec {
namespace {

void pack_capabilities(MsgpackWriter& writer, const std::vector<AttachedCapability>& capabilities) {
  writer.array(static_cast<uint32_t>(capabilities.size()));
  for (const AttachedCapability& attached : capabilities) {
    writer.array(2);
    writer.array(2);
    writer.string(attached.capability.issuer().text());
    writer.string(attached.capability.params());
    writer.bytes(attached.signature.span());
  }
}

void pack_request(MsgpackWriter& writer, const Request& request) {
  writer.array(5);
  writer.boolean(request.inherit);
  request.expects_response ? writer.u64(*request.expects_response) : writer.nil();
  writer.bytes(request.body.span());
  writer.optional_string(request.metadata);
  pack_capabilities(writer, request.capabilities);
}

void pack_response(MsgpackWriter& writer, const Response& response) {
  writer.array(4);
  writer.boolean(response.inherit);
  writer.bytes(response.body.span());
  writer.optional_string(response.metadata);
  pack_capabilities(writer, response.capabilities);
}

struct RawCapability {
  std::optional<Address> issuer;
  std::string params;
};

RawCapability unpack_raw_capability(MsgpackReader& reader) {
  RawCapability raw;
  reader.fields({"issuer", "params"}, [&](size_t field) {
    if (field == 0) {
      raw.issuer = unpack_address(reader);
    } else {
      raw.params = reader.string();
    }
  });
  return raw;
}

std::vector<AttachedCapability> unpack_capabilities(MsgpackReader& reader) {
  std::vector<AttachedCapability> capabilities;
  reader.each([&] {
    reader.tuple(2);
    RawCapability raw = unpack_raw_capability(reader);
    Bytes signature = reader.bytes();
    if (reader.failed()) {
      return;
    }
    if (Result<Capability> capability = Capability::make(*raw.issuer, std::move(raw.params)); capability) {
      capabilities.push_back({std::move(*capability), std::move(signature)});
    }
  });
  return capabilities;
}

Request unpack_request(MsgpackReader& reader) {
  Request request;
  reader.fields({"inherit", "expects_response?", "body", "metadata?", "capabilities"}, [&](size_t field) {
    switch (field) {
      case 0:
        request.inherit = reader.boolean();
        break;
      case 1:
        request.expects_response = reader.take_nil() ? std::nullopt : std::optional(reader.u64());
        break;
      case 2:
        request.body = reader.bytes();
        break;
      case 3:
        request.metadata = reader.optional_string();
        break;
      default:
        request.capabilities = unpack_capabilities(reader);
    }
  });
  return request;
}

Response unpack_response(MsgpackReader& reader) {
  Response response;
  reader.fields({"inherit", "body", "metadata?", "capabilities"}, [&](size_t field) {
    switch (field) {
      case 0:
        response.inherit = reader.boolean();
        break;
      case 1:
        response.body = reader.bytes();
        break;
      case 2:
        response.metadata = reader.optional_string();
        break;
      default:
        response.capabilities = unpack_capabilities(reader);
    }
  });
  return response;
}

Message unpack_message(MsgpackReader& reader) {
  Message message;
  MsgpackReader::Variant variant = reader.variant({"Request", "Response"});
  reader.within(variant.name, [&] {
    if (variant.has_payload && variant.name == "Request") {
      message = unpack_request(reader);
    } else if (variant.has_payload && variant.name == "Response") {
      reader.tuple(2);
      message = unpack_response(reader);
      if (!reader.take_nil()) {
        reader.bytes();  // the context, dropped
      }
    } else {
      reader.fail_with("expected a Request or a Response");
    }
  });
  return message;
}

std::optional<Blob> unpack_blob(MsgpackReader& reader) {
  if (reader.take_nil()) {
    return std::nullopt;
  }
  Blob blob;
  reader.fields({"mime?", "bytes"}, [&](size_t field) {
    if (field == 0) {
      blob.mime = reader.optional_string();
    } else {
      blob.bytes = reader.bytes();
    }
  });
  return blob;
}

/// More than the message takes: bytes may take two each.
size_t size_bound(const KernelMessage& message) {
  auto size_of = [](const auto& carried) {
    size_t size = 2 * carried.body.size() + (carried.metadata ? carried.metadata->size() : 0) + 64;
    for (const AttachedCapability& attached : carried.capabilities) {
      size += attached.capability.params().size() + 2 * attached.signature.size() + 256;
    }
    return size;
  };
  size_t blob = message.blob ? 2 * message.blob->bytes.size() + 64 : 1;
  return std::visit(size_of, message.message) + blob + 512;
}

}  // namespace

Bytes encode_capability(const Capability& capability) {
  MsgpackWriter writer;
  writer.array(2);
  writer.string(capability.issuer().text());
  writer.string(capability.params());
  return std::move(writer).finish();
}

Result<Capability> decode_capability(const Bytes& input) {
  MsgpackReader reader(input);
  Result<RawCapability> raw = reader.result(unpack_raw_capability(reader));
  if (!raw) {
    return std::unexpected(raw.error());
  }
  return Capability::make(*raw->issuer, std::move(raw->params));
}

namespace {

/// All but the bytes of its blob.
void pack_head(MsgpackWriter& writer, const KernelMessage& message) {
  writer.array(6);
  writer.u64(message.id);
  writer.string(message.source.text());
  writer.string(message.target.text());
  message.rsvp ? writer.string(message.rsvp->text()) : writer.nil();
  if (const auto* request = std::get_if<Request>(&message.message)) {
    writer.variant("Request");
    pack_request(writer, *request);
  } else {
    writer.variant("Response");
    writer.array(2);
    pack_response(writer, std::get<Response>(message.message));
    writer.nil();
  }
  if (!message.blob) {
    writer.nil();
    return;
  }
  writer.array(2);
  writer.optional_string(message.blob->mime);
}

}  // namespace

void pack(MsgpackWriter& writer, const KernelMessage& message) {
  pack_head(writer, message);
  if (message.blob) {
    writer.bytes(message.blob->bytes.span());
  }
}

MessageParts encode_kernel_message_parts(const KernelMessage& message) {
  const size_t blob = message.blob ? message.blob->bytes.size() : 0;
  MsgpackWriter writer(ByteForm::bin, size_bound(message) - 2 * blob);
  pack_head(writer, message);
  if (message.blob) {
    writer.bin_header(blob);
  }
  return {std::move(writer).finish(), message.blob ? message.blob->bytes : Bytes()};
}

Bytes encode_kernel_message(const KernelMessage& message, ByteForm form) {
  MsgpackWriter writer(form, size_bound(message));
  pack(writer, message);
  return std::move(writer).finish();
}

std::optional<Address> unpack_address(MsgpackReader& reader) {
  std::string_view text = reader.string();
  if (reader.failed()) {
    return std::nullopt;
  }
  Result<Address> address = Address::parse(text);
  if (!address) {
    reader.fail_with(address.error().message);
    return std::nullopt;
  }
  return *address;
}

std::optional<KernelMessage> unpack_kernel_message(MsgpackReader& reader) {
  uint64_t id = 0;
  std::optional<Address> source;
  std::optional<Address> target;
  std::optional<Address> rsvp;
  Message message;
  std::optional<Blob> blob;
  reader.fields({"id", "source", "target", "rsvp?", "message", "lazy_load_blob?"}, [&](size_t field) {
    switch (field) {
      case 0:
        id = reader.u64();
        break;
      case 1:
        source = unpack_address(reader);
        break;
      case 2:
        target = unpack_address(reader);
        break;
      case 3:
        rsvp = reader.take_nil() ? std::nullopt : unpack_address(reader);
        break;
      case 4:
        message = unpack_message(reader);
        break;
      default:
        blob = unpack_blob(reader);
    }
  });
  if (reader.failed()) {
    return std::nullopt;
  }
  return KernelMessage{id, *source, *target, std::move(rsvp), std::move(message), {}, std::move(blob)};
}

Result<KernelMessage> decode_kernel_message(const Bytes& input) {
  MsgpackReader reader(input);
  std::optional<KernelMessage> message = unpack_kernel_message(reader);
  if (!message) {
    return std::unexpected(reader.result(0).error());
  }
  return std::move(*message);
}

}  // namespace kinode::codec
