#include "modules/http_server/extension_frames.h"

#include <string_view>
#include <utility>

#include "codec/msgpack.h"

namespace kinode::modules {
namespace {

constexpr std::string_view frame_name = "WebSocketExtPushData";

bool read_is_response(codec::MsgpackReader& reader) {
  const std::string_view name = reader.variant({"Request", "Response"}).name;
  if (name != "Request" && name != "Response") {
    reader.fail_with("a message is a Request or a Response");
  }
  return name == "Response";
}

}  // namespace

Bytes write_extension_frame(const ExtensionFrame& frame) {
  // An array of integers takes two bytes for each at most.
  codec::MsgpackWriter writer(codec::ByteForm::integers, 2 * frame.blob.size() + 128);
  writer.map(1);
  writer.string(frame_name);
  writer.map(3);
  writer.string("id");
  writer.u64(frame.id);
  writer.string("kinode_message_type");
  writer.string(frame.is_response ? "Response" : "Request");
  writer.string("blob");
  writer.bytes(frame.blob.span());
  return std::move(writer).finish();
}

ExtensionInput read_extension_frame(const Bytes& bytes) {
  codec::MsgpackReader reader(bytes);
  const codec::MsgpackReader::Variant variant = reader.variant();
  if (reader.failed()) {
    return {};
  }
  if (variant.name != frame_name) {
    const bool is_action =
        variant.name.starts_with("WebSocket") || variant.name.ends_with("Bind") || variant.name == "Unbind";
    return {.kind = is_action ? ExtensionInput::Kind::refused : ExtensionInput::Kind::other};
  }
  ExtensionFrame frame;
  reader.fields({"id", "kinode_message_type", "blob"}, [&](size_t field) {
    switch (field) {
      case 0:
        frame.id = reader.u64();
        break;
      case 1:
        frame.is_response = read_is_response(reader);
        break;
      default:
        frame.blob = reader.bytes();
    }
  });
  if (reader.failed()) {
    return {};
  }
  return {.kind = ExtensionInput::Kind::frame, .frame = std::move(frame)};
}

}  // namespace kinode::modules
