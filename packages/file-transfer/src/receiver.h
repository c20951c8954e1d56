#pragma once

#include <kinode/process.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "calls.h"
#include "messages.h"
#include "names.h"
#include "progress.h"
#include "rules.h"

namespace file_transfer {

/// Fetches one file: asks the peer's main process for it, and takes what a sender there offers.
///
/// What arrives goes to a part file; a record beside it says of which file (size and hash) it is a part. An offer of
/// that same file is taken from where the part ends, any other from its beginning. The part gets the file's name when
/// it is whole and its hash is that of the offer: the hash of the file on disk, not of what went by.
///
/// Silence of the sender, for whatever reason, has the peer asked again, after waits that get longer. Bytes that
/// arrive make the count of attempts begin anew.
///
/// A chunk is acknowledged when it is written. Its bytes go from the sender's message to the vfs without entering
/// this process; that they were as many as the chunk said is seen from where the file's cursor is afterwards.
class Receiver {
 public:
  Receiver(kinode::Address our, kinode::Address parent, Download order);

  /// Asks for the file. The order, which is being handled, is answered when the peer has answered.
  void begin();
  void request(const kinode::Address& source, const Named& message, bool is_answered);
  void reply(const Reply& reply);
  /// Gives up; what has arrived stays for the next time.
  void cancel();
  bool has_ended() const { return progress_.has_ended(); }

 private:
  using Clock = std::chrono::steady_clock;

  void ask_peer();
  void asked(const Reply& reply);
  /// What `Offline` and `Timeout` mean.
  std::string silence(std::string_view kind) const;
  bool is_of_peer(const kinode::Address& source) const;
  bool is_sender(const kinode::Address& source) const { return sender_ && *sender_ == source; }

  void offered(const kinode::Address& source, const kinode::Json& arguments);
  void size_told(const kinode::Address& source, const kinode::Json& arguments);
  /// Where to go on, or why this offer is not taken.
  std::expected<uint64_t, std::string> prepare(const Offer& offer);
  std::expected<uint64_t, std::string> part_of(const Offer& offer) const;
  std::expected<void, std::string> open_part(uint64_t offset) const;
  void start(const kinode::Address& source, uint64_t size, uint64_t offset);

  void chunk(const kinode::Json& arguments, bool is_answered);
  void chunk_written(const Reply& reply);
  void chunk_placed(const Reply& reply);

  void finish(bool is_answered);
  void synced(const Reply& reply);
  void hashed(const Reply& reply);
  void put_in_place();
  void answer_finish(std::string body) const;

  void tick();
  void probed(const Reply& reply);
  void lost_sender(std::string_view why);
  void discard_part() const;
  void fail(std::string why);
  void enter(const char* state);
  void report() const;
  Tag tag(Tag::What what, uint64_t number = 0) const { return {what, generation_, number}; }

  kinode::Address our_;
  kinode::Address parent_;
  Download order_;
  Paths paths_;
  Progress progress_;

  /// Rises with every offer that is taken.
  /// A message waits to show whether the sender's node is there.
  bool probing_ = false;
  uint64_t generation_ = 0;
  std::optional<kinode::Address> sender_;
  std::optional<Incoming> incoming_;
  /// Of the first protocol: no acknowledgements, no hash.
  bool is_first_protocol_ = false;
  /// Whether the order still waits for its answer.
  bool owes_answer_ = true;
  bool owes_finish_ = false;
  /// A hash that is wrong after a part was gone on with may be the part's fault, once.
  bool began_anew_ = false;
  BackOff back_off_;
  Meter meter_;
  Clock::time_point last_heard_{};
};

}  // namespace file_transfer
