// A worker of downloads:app-store:sys: carries one zip between two nodes, and ends (packages-and-kit.md 3.3). Its first
// message is its order, from the downloads process that spawned it:
//
//   {"LocalDownload":{"package_id","download_from","desired_version_hash"}}    receive it from that node
//   {"RemoteDownload":{"package_id","worker_address","desired_version_hash"}}  send it to that worker
//
// The sender's worker sends {"Size":{"package_id","size"}}, then {"Chunk":{"package_id","version_hash","offset",
// "length"}} with the bytes as blob. The receiver's tells its downloads {"Progress":...} for each, and at the end
// {"DownloadComplete":...}.

#include <kinode/process.h>
#include <kinode/vfs.h>

#include <optional>
#include <utility>

#include "messages.h"
#include "receiver.h"
#include "sender.h"

namespace {

/// The order, from our downloads process: nobody else knows that we are here before it.
std::optional<app_store::Named> await_order(const kinode::Address& our) {
  const kinode::Address parent{our.node, {"downloads", our.process.package_name, our.process.publisher_node}};
  while (true) {
    const auto event = kinode::receive();
    if (event && event->is_request() && event->source == parent) return app_store::named_of(event->body().text());
  }
}

}  // namespace

void init(kinode::Address our) {
  const auto order = await_order(our);
  if (!order) return;
  if (order->name == "LocalDownload") app_store::receive_zip(our, order->arguments);
  if (order->name == "RemoteDownload") app_store::send_zip(order->arguments);
}
