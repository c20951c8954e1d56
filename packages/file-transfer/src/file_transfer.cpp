// file-transfer: sends the files of this package's drive to other nodes, and fetches theirs. README.md has the
// messages.
//
// It moves no bytes: a worker does, one for each file that is sent or received. What it knows of transfers is what
// workers tell it, so it may crash and start again meanwhile.

#include <kinode/json.h>
#include <kinode/process.h>
#include <kinode/vfs.h>

#include <utility>

#include "messages.h"
#include "names.h"
#include "progress.h"

namespace {

using file_transfer::Download;
using file_transfer::Named;
using kinode::Json;

/// More than a worker waits for its peer.
constexpr uint64_t order_timeout_s = 14;
/// A worker that ends at the moment in which it is given an order is started anew.
constexpr uint64_t most_attempts = 3;
/// Longer than any transfer.
constexpr uint64_t watch_timeout_s = uint64_t{3600} * 24 * 30;

/// What comes back with the answer of a worker.
struct Order {
  Download download;
  bool is_answered = false;
  uint64_t attempt = 1;
};

class FileTransfer {
 public:
  explicit FileTransfer(kinode::Address our) : our_(std::move(our)), paths_(our_.process.package()) {}

  void start() const;
  void handle(const std::expected<kinode::Message, kinode::SendError>& event);

 private:
  bool is_of_our_node(const kinode::Address& source) const { return source.node == our_.node; }
  bool is_worker(const kinode::Address& source) const {
    return is_of_our_node(source) && source.process.package() == our_.process.package();
  }

  void request(const kinode::Message& message, const Named& named);
  /// Checks what is asked, and gives the order to a worker; the reason if it is refused.
  std::expected<void, std::string> download(const kinode::Message& message, const Json& arguments);
  std::expected<void, std::string> give(Order order);
  std::expected<kinode::ProcessId, std::string> worker_for(const Download& download);
  void watch(const kinode::ProcessId& worker) const;
  void reply(const std::expected<kinode::Message, kinode::SendError>& event);
  void worker_ended(const kinode::ProcessId& worker);
  void progress(const kinode::Message& message, const Json& arguments);
  std::string cancel(const Json& arguments) const;
  Json list_files() const;

  kinode::Address our_;
  file_transfer::Paths paths_;
  file_transfer::Transfers transfers_;
};

kinode::Bytes encode(const Order& order) {
  Json json = to_json(order.download);
  json["is_answered"] = order.is_answered;
  json["attempt"] = order.attempt;
  return kinode::dump(json);
}

std::optional<Order> order_of(const Json& json) {
  auto download = file_transfer::download_of(kinode::member(json, "Download"));
  if (!download) return std::nullopt;
  return Order{std::move(*download), kinode::bool_member(json, "is_answered").value_or(false),
               kinode::number_member(json, "attempt").value_or(most_attempts)};
}

void FileTransfer::start() const {
  for (const std::string& drive : {paths_.files(), paths_.partial()}) {
    if (auto made = kinode::vfs::create_drive(drive); !made) {
      kinode::print(0, "cannot make the drive " + drive + ": " + made.error().text);
    }
  }
}

void FileTransfer::handle(const std::expected<kinode::Message, kinode::SendError>& event) {
  if (!event || !event->is_request()) return reply(event);
  if (const auto named = file_transfer::message_of(event->body().text())) return request(*event, *named);
  kinode::print(1, "did not understand a request from " + event->source.text());
}

void FileTransfer::request(const kinode::Message& message, const Named& named) {
  std::string answer;
  if (named.name == "ListFiles") {
    answer = kinode::dump(list_files());
  } else if (named.name == "Download") {
    const auto done = download(message, named.arguments);
    // Else the worker's answer is ours.
    if (!done) answer = file_transfer::err("Download", done.error());
  } else if (named.name == "Progress" && is_worker(message.source)) {
    progress(message, named.arguments);
    answer = "\"Progress\"";
  } else if (named.name == "Status" && is_of_our_node(message.source)) {
    answer = kinode::dump(transfers_.to_json(kinode::text_member(named.arguments, "name")));
  } else if (named.name == "Cancel" && is_of_our_node(message.source)) {
    answer = cancel(named.arguments);
  } else {
    kinode::print(1, "did not understand a request from " + message.source.text());
  }
  if (!answer.empty() && message.expects_response()) kinode::respond({.body = std::move(answer)});
}

// ---- orders --------------------------------------------------------------------------------------

std::expected<void, std::string> FileTransfer::download(const kinode::Message& message, const Json& arguments) {
  auto download = file_transfer::download_of(arguments);
  if (!download) return std::unexpected("a Download has name, target and is_requestor");
  if (auto checked = file_transfer::check_name(download->name); !checked) return checked;
  if (download->is_requestor) {
    if (!is_of_our_node(message.source)) return std::unexpected("only this node's processes have it fetch files");
    if (download->target.node == "our") download->target.node = our_.node;
    if (download->target == our_) return std::unexpected("the target is this process itself");
  } else {
    // Who asks gets the file, whatever the request says.
    download->target = message.source;
    const auto file = kinode::vfs::metadata(paths_.file(download->name));
    if (!file || file->file_type != "File") return std::unexpected("there is no file " + download->name);
  }
  return give({std::move(*download), message.expects_response()});
}

std::expected<void, std::string> FileTransfer::give(Order order) {
  const auto worker = worker_for(order.download);
  if (!worker) return std::unexpected(worker.error());
  kinode::send({.target = {our_.node, *worker},
                .request = {.expects_response = order_timeout_s, .body = kinode::dump(to_json(order.download))},
                .context = encode(order)});
  return {};
}

std::expected<kinode::ProcessId, std::string> FileTransfer::worker_for(const Download& download) {
  const std::string name =
      download.is_requestor ? file_transfer::receiver_name(download.name) : file_transfer::sender_name(download.name);
  auto worker = kinode::spawn({.name = name,
                               .wasm_path = paths_.worker(),
                               .request_capabilities = kinode::our_capabilities(),
                               .is_public = true});
  if (worker) {
    watch(*worker);
    return std::move(*worker);
  }
  if (worker.error() == kinode::SpawnError::no_file_at_path) {
    return std::unexpected("there is no component " + paths_.worker());
  }
  if (download.is_requestor) return std::unexpected(download.name + " is being fetched already");
  // One process sends a file to all who want it.
  return kinode::ProcessId{name, our_.process.package_name, our_.process.publisher_node};
}

void FileTransfer::watch(const kinode::ProcessId& worker) const {
  kinode::send({.target = {our_.node, worker},
                .request = {.expects_response = watch_timeout_s, .body = "\"Watch\""},
                .context = kinode::Bytes(kinode::dump({{"Watch", worker.text()}}))});
}

void FileTransfer::reply(const std::expected<kinode::Message, kinode::SendError>& event) {
  const auto& context = event ? event->context : event.error().context;
  const auto json = context ? kinode::parse_json(context->text()) : std::nullopt;
  if (!json) return;
  if (const auto watched = kinode::text_member(*json, "Watch")) {
    if (const auto worker = kinode::ProcessId::parse(*watched)) worker_ended(*worker);
    return;
  }
  auto order = order_of(*json);
  if (!order) return;
  std::string answer = file_transfer::err("Download", "the worker has ended");
  if (event) {
    answer = event->body().string();
  } else if (!order->download.is_requestor && order->attempt < most_attempts) {
    ++order->attempt;
    // What is handled is the request that the order came with, again; so the next answer finds it too.
    if (auto given = give(*order)) return;
  }
  if (order->is_answered) kinode::respond({.body = std::move(answer)});
}

std::string FileTransfer::cancel(const Json& arguments) const {
  const auto name = kinode::text_member(arguments, "name");
  if (!name) return file_transfer::err("Cancel", "a Cancel has a name");
  kinode::send(
      {.target = {our_.node,
                  {file_transfer::receiver_name(*name), our_.process.package_name, our_.process.publisher_node}},
       .request = {.body = "\"Cancel\""}});
  return file_transfer::ok("Cancel");
}

// ---- what is known -------------------------------------------------------------------------------

void FileTransfer::progress(const kinode::Message& message, const Json& arguments) {
  auto progress = file_transfer::progress_of(arguments);
  if (!progress) return;
  const std::string text = progress->direction + " of " + progress->name + ", " + progress->peer + ": " +
                           progress->state + (progress->error ? ", " + *progress->error : "");
  if (transfers_.update(message.source.process, std::move(*progress))) kinode::print(0, text);
}

void FileTransfer::worker_ended(const kinode::ProcessId& worker) {
  if (transfers_.worker_ended(worker)) kinode::print(0, worker.text() + " ended in the middle of a transfer");
}

Json FileTransfer::list_files() const {
  Json list = Json::array();
  const auto entries = kinode::vfs::read_dir(paths_.files());
  if (!entries) return {{"ListFiles", std::move(list)}};
  for (const kinode::vfs::Entry& entry : *entries) {
    if (entry.file_type != "File") continue;
    const auto metadata = kinode::vfs::metadata("/" + entry.path);
    if (metadata) list.push_back({{"name", entry.path}, {"size", metadata->size}});
  }
  return {{"ListFiles", std::move(list)}};
}

}  // namespace

void init(kinode::Address our) {
  FileTransfer transfer(std::move(our));
  transfer.start();
  while (true) transfer.handle(kinode::receive());
}
