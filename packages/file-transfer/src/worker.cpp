// A worker: it receives one file, or sends one file to all who want it. The main process starts it, gives it orders and
// is told how far it is. It ends when it has nothing more to do.
//
// It is public, so that a sender on this node can reach its receiver; so every message counts only from whom it may
// come: orders from the main process, the rest from the peer of the transfer.

#include <kinode/process.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "receiver.h"
#include "sender.h"

namespace {

using file_transfer::Download;
using file_transfer::Named;
using file_transfer::Receiver;
using file_transfer::Reply;
using file_transfer::Sender;
using file_transfer::Tag;

constexpr std::chrono::milliseconds between_ticks{500};
/// Each may have a window of chunks in memory.
constexpr size_t most_senders = 16;

class Worker {
 public:
  explicit Worker(kinode::Address our) : our_(std::move(our)) {}

  void handle(const std::expected<kinode::Message, kinode::SendError>& event);
  /// Nothing is left of what it was ordered to do.
  bool is_done() const { return receiver_ ? receiver_->has_ended() : was_ordered_ && senders_.empty(); }

 private:
  bool is_parent(const kinode::Address& source) const {
    return source.node == our_.node && source.process.package() == our_.process.package() &&
           source.process.process_name == "file-transfer";
  }
  void request(const kinode::Message& message);
  void order(const kinode::Address& parent, Download download);
  void send(const kinode::Address& parent, Download download);
  void cancel();
  void reply(const Reply& reply);

  kinode::Address our_;
  std::optional<Receiver> receiver_;
  std::vector<std::unique_ptr<Sender>> senders_;
  uint64_t next_id_ = 1;
  bool was_ordered_ = false;
};

void Worker::handle(const std::expected<kinode::Message, kinode::SendError>& event) {
  if (event && event->is_request()) {
    request(*event);
  } else if (const auto answer = file_transfer::reply_of(event)) {
    reply(*answer);
  }
  std::erase_if(senders_, [](const std::unique_ptr<Sender>& sender) { return sender->has_ended(); });
}

void Worker::request(const kinode::Message& message) {
  const auto named = file_transfer::message_of(message.body().text());
  if (!named) return;
  if (named->name == "Download" && is_parent(message.source)) {
    if (auto download = file_transfer::download_of(named->arguments)) order(message.source, std::move(*download));
  } else if (named->name == "Cancel" && is_parent(message.source)) {
    cancel();
  } else if (named->name == "Watch") {
    // Never answered: that this process has ended is what its sender wants to know.
  } else if (receiver_) {
    receiver_->request(message.source, *named, message.expects_response());
  }
}

void Worker::order(const kinode::Address& parent, Download download) {
  if (!download.is_requestor) return send(parent, std::move(download));
  if (was_ordered_) return kinode::respond({.body = file_transfer::err("Download", "it is being fetched already")});
  was_ordered_ = true;
  receiver_.emplace(our_, parent, std::move(download));
  receiver_->begin();
}

void Worker::send(const kinode::Address& parent, Download download) {
  if (!std::exchange(was_ordered_, true)) file_transfer::set_tick(between_ticks, {Tag::What::tick});
  // Who asks again does not want what was on its way any more.
  std::erase_if(senders_, [&](const std::unique_ptr<Sender>& sender) {
    return sender->receiver() == download.target && sender->name() == download.name;
  });
  if (senders_.size() == most_senders) {
    return kinode::respond({.body = file_transfer::err("Download", "too many fetch this file; ask again later")});
  }
  kinode::respond({.body = file_transfer::ok("Download")});
  senders_.push_back(std::make_unique<Sender>(next_id_++, our_, parent, std::move(download)));
  senders_.back()->begin();
}

void Worker::cancel() {
  if (receiver_) receiver_->cancel();
  for (const std::unique_ptr<Sender>& sender : senders_) sender->cancel();
}

void Worker::reply(const Reply& reply) {
  if (receiver_) return receiver_->reply(reply);
  if (reply.tag.what == Tag::What::tick) {
    file_transfer::set_tick(between_ticks, {Tag::What::tick});
    for (const std::unique_ptr<Sender>& sender : senders_) sender->tick();
    return;
  }
  const auto sender = std::ranges::find(senders_, reply.tag.transfer, [](const auto& each) { return each->id(); });
  if (sender != senders_.end()) (*sender)->reply(reply);
}

}  // namespace

void init(kinode::Address our) {
  Worker worker(std::move(our));
  while (!worker.is_done()) worker.handle(kinode::receive());
}
