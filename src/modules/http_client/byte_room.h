// ByteRoom: memory for what is on its way, shared by all. Whoever holds bytes of others holds a share as large.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace kinode::modules::http_client {

/// Any thread. Outlives its shares.
class ByteRoom {
 public:
  explicit ByteRoom(size_t bytes) : free_(bytes) {}
  ByteRoom(const ByteRoom&) = delete;
  ByteRoom& operator=(const ByteRoom&) = delete;

  /// A part of the room, given back at its end. Of one thread.
  class Share {
   public:
    explicit Share(ByteRoom& room) : room_(&room) {}
    ~Share() { (void)resize(0); }
    Share(Share&& other) noexcept : room_(other.room_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(room_, other.room_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

    /// False, and as before, if there is no such room.
    [[nodiscard]] bool resize(size_t bytes) {
      if (bytes > bytes_ && !room_->take(bytes - bytes_)) {
        return false;
      }
      if (bytes < bytes_) {
        room_->free_ += bytes_ - bytes;
      }
      bytes_ = bytes;
      return true;
    }

   private:
    ByteRoom* room_;
    size_t bytes_ = 0;
  };

 private:
  bool take(size_t bytes) {
    size_t free = free_.load();
    while (free >= bytes) {
      if (free_.compare_exchange_weak(free, free - bytes)) {
        return true;
      }
    }
    return false;
  }

  std::atomic<size_t> free_;
};

}  // namespace kinode::modules::http_client
