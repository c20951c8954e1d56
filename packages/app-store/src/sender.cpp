#include "sender.h"

#include <kinode/process.h>
#include <kinode/vfs.h>

#include <algorithm>

#include "messages.h"
#include "names.h"

namespace app_store {

using kinode::Json;

namespace {

constexpr uint64_t chunks_in_flight = 16;
constexpr uint64_t answer_timeout_s = 60;

/// Whether what was sent before can have arrived. A node that does not know the question is not asked for an answer.
bool has_caught_up(const kinode::Address& worker, const Version& version) {
  const kinode::Address downloads{worker.node, {"downloads", "app-store", "sys"}};
  const auto answer = kinode::send_and_await(
      downloads,
      {.expects_response = answer_timeout_s, .body = named("MirrorCheck", kinode::to_json(version.package))});
  return answer || answer.error().kind == kinode::SendError::Kind::timeout;
}

}  // namespace

void send_zip(const Json& order) {
  const auto version = version_of(order, "desired_version_hash");
  const auto worker = kinode::Address::parse(kinode::text_member(order, "worker_address").value_or(""));
  if (!version || !worker) return;
  const std::string zip = kept(version->package, version->hash, ".zip");
  const auto metadata = kinode::vfs::metadata(zip);
  if (!metadata) return;
  const uint64_t size = metadata->size;
  const Json size_told = {{"package_id", kinode::to_json(version->package)}, {"size", size}};
  kinode::send({.target = *worker, .request = {.body = named("Size", size_told)}});

  uint64_t sent = 0;
  for (uint64_t offset = 0; offset < size; offset += chunk_bytes) {
    const uint64_t length = std::min(chunk_bytes, size - offset);
    auto bytes = kinode::vfs::read_range(zip, offset, length);
    if (!bytes || bytes->size() != length) return;
    Json chunk = to_json(*version);
    chunk["offset"] = offset;
    chunk["length"] = length;
    kinode::send({.target = *worker,
                  .request = {.body = named("Chunk", std::move(chunk))},
                  .blob = kinode::Blob{.bytes = std::move(*bytes)}});
    if (++sent % chunks_in_flight == 0 && !has_caught_up(*worker, *version)) return;
  }
}

}  // namespace app_store
