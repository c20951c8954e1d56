#pragma once

#include <kinode/process.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "calls.h"
#include "messages.h"
#include "names.h"
#include "progress.h"
#include "rules.h"

namespace file_transfer {

/// Sends one file to one receiver.
///
/// It offers the file, with size and hash, and sends from where the receiver wants it: as many chunks at a time as go
/// well, each acknowledged. A chunk's bytes go from the vfs to the receiver without entering this process, and no more
/// than those on their way are in memory.
///
/// In the vfs a file has one cursor for all who read it. So one process sends a file to all who want it, and says
/// before each read where it is.
///
/// It waits for nothing but messages: others may want the same file meanwhile. It does not try again: the receiver asks
/// once more if it still wants the file.
class Sender {
 public:
  /// `id` tells the replies that are for this one.
  Sender(uint64_t id, const kinode::Address& our, kinode::Address parent, Download order);

  void begin();
  void reply(const Reply& reply);
  void tick() const;
  void cancel();
  bool has_ended() const { return progress_.has_ended(); }

  uint64_t id() const { return id_; }
  const kinode::Address& receiver() const { return order_.target; }
  const std::string& name() const { return order_.name; }

 private:
  using Clock = std::chrono::steady_clock;

  bool is_first_protocol() const { return order_.protocol < protocol_with_offers; }
  void sized(const Reply& reply);
  void hashed(const Reply& reply);
  void offer_answered(const Reply& reply);
  void start(uint64_t offset);
  /// Reads as much as may be on its way.
  void read_on();
  void has_read(const Reply& reply);
  void send_chunk(const Piece& piece);
  void chunk_answered(const Reply& reply);
  /// The first of the chunks on their way has arrived, or needs no answer.
  void acknowledged();
  /// With chunks, or when all have arrived with the end.
  void go_on();
  void finish_answered(const Reply& reply);
  /// That, or why there is no good answer.
  std::optional<kinode::Json> value_of(const char* message, const Reply& reply);
  /// Ends, and says so to the receiver.
  void abort(std::string why);
  void fail(std::string why);
  void enter(const char* state);
  void report() const;
  Tag tag(Tag::What what, uint64_t number = 0) const { return {what, id_, number}; }

  uint64_t id_;
  kinode::Address parent_;
  Download order_;
  std::string path_;
  Progress progress_;
  std::optional<SendWindow> window_;
  /// Where the next chunk that was read lies in the file: reads are answered in order.
  uint64_t next_chunk_ = 0;
  Meter meter_;
};

}  // namespace file_transfer
