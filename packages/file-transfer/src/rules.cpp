#include "rules.h"

#include <algorithm>

#include "messages.h"

namespace file_transfer {

namespace {

constexpr std::chrono::seconds soon{2};
constexpr uint64_t most_attempts = 10;
constexpr std::chrono::milliseconds first_wait{500};
constexpr std::chrono::milliseconds longest_wait{60'000};

}  // namespace

std::optional<Piece> SendWindow::next(Time now) {
  if (in_flight_.size() >= room_ || next_ == size_) return std::nullopt;
  const Piece piece{next_, std::min(piece_bytes_, size_ - next_)};
  next_ += piece.length;
  in_flight_.push_back({piece.length, now});
  return piece;
}

void SendWindow::acknowledge(Time now) {
  if (in_flight_.empty()) return;
  const Sent sent = in_flight_.front();
  in_flight_.pop_front();
  acknowledged_ += sent.length;
  if (now - sent.at > soon) {
    piece_bytes_ = std::max(limits_.shortest_piece, piece_bytes_ / 2);
    room_ = std::max(uint64_t{1}, room_ / 2);
  } else if (piece_bytes_ < limits_.longest_piece) {
    piece_bytes_ = std::min(limits_.longest_piece, piece_bytes_ * 2);
  } else {
    room_ = std::min(limits_.most_in_flight, room_ + 1);
  }
}

std::expected<void, Incoming::Refusal> Incoming::take(const Piece& piece) {
  if (piece.length == 0 || piece.length > longest_chunk) {
    return std::unexpected(Refusal{"a chunk of " + std::to_string(piece.length) + " bytes", true});
  }
  if (piece.offset > size_ || piece.length > size_ - piece.offset) {
    return std::unexpected(Refusal{"a chunk that lies outside of the file", true});
  }
  if (piece.offset != taken_) {
    return std::unexpected(Refusal{"the chunk at " + std::to_string(taken_) + " is the next", false});
  }
  taken_ += piece.length;
  return {};
}

bool Incoming::wrote(uint64_t end, uint64_t cursor) {
  if (cursor != end) return false;
  written_ = end;
  return true;
}

std::optional<std::chrono::milliseconds> BackOff::next() {
  if (attempts_ == most_attempts) return std::nullopt;
  return std::min<std::chrono::milliseconds>(longest_wait, first_wait * (int64_t{1} << attempts_++));
}

uint64_t Meter::rate() const {
  const auto elapsed = std::chrono::duration<double>(ended_ - began_).count();
  return elapsed > 0 ? static_cast<uint64_t>(static_cast<double>(bytes_) / elapsed) : 0;
}

}  // namespace file_transfer
