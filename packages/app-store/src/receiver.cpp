#include "receiver.h"

#include <kinode/process.h>
#include <kinode/timer.h>
#include <kinode/vfs.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "messages.h"
#include "names.h"
#include "zips.h"

namespace app_store {

using kinode::Json;
namespace vfs = kinode::vfs;

namespace {

using Clock = std::chrono::steady_clock;

/// A mirror that sends nothing for so long is given up.
constexpr uint64_t silence_s = 120;
constexpr uint64_t longest_silence_s = 3600;
constexpr uint64_t ticks_in_a_silence = 8;

class Receiver {
 public:
  Receiver(const kinode::Address& our, Version version, std::string mirror, uint64_t silence_s)
      : our_(our),
        parent_{our.node, {"downloads", our.process.package_name, our.process.publisher_node}},
        version_(std::move(version)),
        mirror_(std::move(mirror)),
        silence_(silence_s),
        part_(incoming_drive + '/' + our.process.process_name + ".zip"),
        arrival_(version_) {}

  void run();

 private:
  void handle(const kinode::Message& message);
  void chunk(const Json& arguments);
  void verify();
  void set_tick() const;
  void tell(const char* name, Json arguments) const;
  /// Ends: null, or what went wrong.
  void complete(DownloadError error);

  kinode::Address our_;
  kinode::Address parent_;
  Version version_;
  std::string mirror_;
  std::chrono::seconds silence_;
  std::string part_;
  Arrival arrival_;
  std::optional<kinode::Address> sender_;
  Clock::time_point last_heard_ = Clock::now();
  bool has_ended_ = false;
};

void Receiver::run() {
  if (auto made = vfs::write(part_, {}); !made) {
    kinode::print(0, "cannot write " + part_ + ": " + made.error().text);
    return complete("VfsError");
  }
  set_tick();
  while (!has_ended_) {
    const auto event = kinode::receive();
    if (event && event->is_request()) {
      handle(*event);
    } else if (Clock::now() - last_heard_ > silence_) {
      complete("Timeout");
    } else {
      set_tick();
    }
  }
}

void Receiver::handle(const kinode::Message& message) {
  const auto body = named_of(message.body().text());
  if (!body) return;
  if (message.source == parent_ && body->name == "Cancel") {
    (void)vfs::remove_file(part_);
    has_ended_ = true;
    return;
  }
  if (message.source.node != mirror_ || message.source.process.package() != our_.process.package()) return;
  if (body->name == "Size" && !sender_) {
    sender_ = message.source;
    last_heard_ = Clock::now();
    if (auto begun = arrival_.begin(body->arguments); !begun) return complete(handling_error(begun.error()));
    if (arrival_.is_whole()) verify();
  } else if (body->name == "Chunk" && sender_ == message.source) {
    chunk(body->arguments);
  }
}

void Receiver::chunk(const Json& arguments) {
  auto blob = kinode::get_blob();
  if (auto taken = arrival_.take(arguments, blob ? blob->bytes.size() : 0); !taken) {
    return complete(handling_error(taken.error()));
  }
  if (auto written = vfs::append(part_, std::move(blob->bytes)); !written) {
    kinode::print(0, "cannot write " + part_ + ": " + written.error().text);
    return complete("VfsError");
  }
  last_heard_ = Clock::now();
  tell("Progress", arrival_.progress());
  if (arrival_.is_whole()) verify();
}

void Receiver::verify() {
  const auto hash = hash_of(part_);
  if (!hash) return complete("VfsError");
  if (*hash != version_.hash) return complete(hash_mismatch(version_.hash, *hash));
  const std::string unpacked = incoming_drive + '/' + our_.process.process_name;
  if (auto done = keep(version_.package, version_.hash, part_, unpacked); !done) {
    kinode::print(0, version_.package.text() + " of " + mirror_ + ": " + done.error());
    return complete("InvalidManifest");
  }
  complete(nullptr);
}

void Receiver::set_tick() const {
  kinode::set_timer(static_cast<uint64_t>(std::chrono::milliseconds(silence_).count()) / ticks_in_a_silence);
}

void Receiver::tell(const char* name, Json arguments) const {
  kinode::send({.target = parent_, .request = {.body = named(name, std::move(arguments))}});
}

void Receiver::complete(DownloadError error) {
  if (!error.is_null()) (void)vfs::remove_file(part_);
  Json arguments = to_json(version_);
  arguments["err"] = std::move(error);
  tell("DownloadComplete", std::move(arguments));
  has_ended_ = true;
}

}  // namespace

void receive_zip(const kinode::Address& our, const Json& order) {
  auto version = version_of(order, "desired_version_hash");
  auto mirror = kinode::text_member(order, "download_from");
  if (!version || !mirror) return;
  const uint64_t silence = kinode::number_member(order, "timeout").value_or(silence_s);
  Receiver(our, std::move(*version), std::move(*mirror), std::clamp<uint64_t>(silence, 1, longest_silence_s)).run();
}

}  // namespace app_store
