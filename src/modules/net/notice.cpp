#include "modules/net/notice.h"

#include "codec/msgpack.h"

namespace kinode::modules::net {
namespace {

constexpr std::string_view variant_name = "NoSuchProcess";

}  // namespace

Bytes encode(const NoSuchProcess& notice) {
  codec::MsgpackWriter writer;
  writer.variant(variant_name);
  writer.array(2);
  writer.u64(notice.id);
  writer.string(notice.asker.text());
  return std::move(writer).finish();
}

Result<NoSuchProcess> decode_no_such_process(const Bytes& body) {
  codec::MsgpackReader reader(body);
  const codec::MsgpackReader::Variant variant = reader.variant();
  if (!reader.failed() && (variant.name != variant_name || !variant.has_payload)) {
    return fail("another notice: {}", variant.name);
  }
  reader.tuple(2);
  const uint64_t id = reader.u64();
  const std::string_view asker = reader.string();
  Result<uint64_t> read = reader.result(id);
  if (!read) {
    return std::unexpected(read.error());
  }
  Result<ProcessId> process = ProcessId::parse(asker);
  if (!process) {
    return std::unexpected(process.error());
  }
  return NoSuchProcess{id, std::move(*process)};
}

}  // namespace kinode::modules::net
