#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>

/// The rules of a transfer, apart from the messages that carry it: values that are moved by hand in tests.

namespace file_transfer {

struct Piece {
  uint64_t offset = 0;
  uint64_t length = 0;

  bool operator==(const Piece&) const = default;
};

/// What a sender may have on its way: pieces of one file in order, each acknowledged.
///
/// It begins with small pieces, one at a time. Pieces get longer, then more of them are on their way, as long as they
/// are acknowledged soon; both are halved when not. So a slow line is never filled for longer than a receiver
/// waits for a sign of life, and a fast one is filled.
class SendWindow {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Limits {
    uint64_t shortest_piece = 0;
    uint64_t longest_piece = 0;
    uint64_t most_in_flight = 0;
  };
  SendWindow(uint64_t size, uint64_t offset, const Limits& limits)
      : limits_(limits), size_(size), next_(offset), acknowledged_(offset), piece_bytes_(limits.shortest_piece) {}

  /// The next piece; nothing while as many are on their way as may be, or when all were.
  std::optional<Piece> next(Time now);
  /// The piece that was sent first of those on their way has arrived.
  void acknowledge(Time now);

  uint64_t acknowledged() const { return acknowledged_; }
  bool all_acknowledged() const { return acknowledged_ == size_; }

 private:
  struct Sent {
    uint64_t length;
    Time at;
  };

  Limits limits_;
  uint64_t size_;
  uint64_t next_;
  uint64_t acknowledged_;
  uint64_t piece_bytes_;
  uint64_t room_ = 1;
  std::deque<Sent> in_flight_;
};

/// What a receiver takes: pieces without gaps, of no more bytes than were declared.
class Incoming {
 public:
  Incoming(uint64_t size, uint64_t offset) : size_(size), taken_(offset), written_(offset) {}

  struct Refusal {
    std::string why;
    /// No sender that does as told says this, not even one that a newer one has replaced.
    bool is_violation = false;
  };
  std::expected<void, Refusal> take(const Piece& piece);
  /// What was taken up to `end` is written, and the file's cursor is there. False: the bytes were not as many as
  /// the piece said.
  bool wrote(uint64_t end, uint64_t cursor);

  uint64_t size() const { return size_; }
  uint64_t taken() const { return taken_; }
  uint64_t written() const { return written_; }
  bool all_taken() const { return taken_ == size_; }
  bool is_whole() const { return written_ == size_; }

 private:
  uint64_t size_;
  uint64_t taken_;
  uint64_t written_;
};

/// How long to wait before a peer is asked again: longer each time, and not for ever.
class BackOff {
 public:
  std::optional<std::chrono::milliseconds> next();
  /// The peer gave something.
  void reset() { attempts_ = 0; }
  uint64_t attempts() const { return attempts_; }

 private:
  uint64_t attempts_ = 0;
};

/// Bytes for each second since the first.
class Meter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void start(Time now) {
    began_ = ended_ = now;
    bytes_ = 0;
  }
  void add(uint64_t bytes, Time now) {
    bytes_ += bytes;
    ended_ = now;
  }
  uint64_t rate() const;

 private:
  Time began_{};
  Time ended_{};
  uint64_t bytes_ = 0;
};

}  // namespace file_transfer
