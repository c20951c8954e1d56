// Outbox: the messages to one peer that wait for its connection. It is bounded: who sends more than the
// peer takes is suspended, and memory does not fill (docs/limits.md).
//
// Threads: `add`, `has_room` and `bytes` for any; the rest for the network's thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/executor.h"
#include "codec/msgpack.h"
#include "types/message.h"

namespace kinode::modules::net {

struct OutboxLimits {
  size_t messages = 4'096;
  size_t bytes = size_t{32} << 20;
  /// For responses, which nobody waits to send: the reader of the peer stops before that many are asked for.
  size_t bytes_with_responses = size_t{256} << 20;
};

class Outbox {
 public:
  struct Item {
    /// For who sent it, should it not leave.
    KernelMessage message;
    codec::MessageParts encoded;
    /// The write to the journal that must be on disk before it leaves the node; 0: none.
    uint64_t rests_on = 0;
  };

  /// `durable` is the last write known to be on disk. Both outlive it.
  Outbox(OutboxLimits limits, Executor& executor, const std::atomic<uint64_t>& durable)
      : limits_(limits), executor_(executor), durable_(durable) {}

  enum class Added : uint8_t {
    first,   // and its owner has to be told: it waits for that
    more,    // its owner knows that there are some
    full,    // the item is still the caller's; `sender`, if there is one, is woken when there is room
    closed,  // for ever: another has taken its place
  };
  Added add(Item& item, const std::shared_ptr<Task>& sender);
  /// Bytes that wait.
  [[nodiscard]] size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_full() const { return bytes() > limits_.bytes; }
  /// False if more waits than should; `waiter` is then woken when there is room.
  bool has_room(const std::shared_ptr<Task>& waiter);

  /// The next items that may leave, in order: at least one if there is one, and not many more bytes than
  /// `bytes`. When there is none, the next `add` tells the owner again.
  std::deque<Item> take(size_t bytes);
  /// All, to be given back.
  std::deque<Item> take_all();
  [[nodiscard]] bool is_empty() const;
  /// Nothing can be added any more, if it is empty; else no effect, and false.
  bool close_if_empty();

 private:
  [[nodiscard]] bool fits(const Item& item) const;
  /// Its body is there twice, as it was given and in its form for the wire.
  static size_t bytes_of(const Item& item) { return item.encoded.size() + item.encoded.head.size() + sizeof(Item); }
  template <class May>
  std::deque<Item> take_while(May may);

  const OutboxLimits limits_;
  Executor& executor_;
  const std::atomic<uint64_t>& durable_;
  std::atomic<size_t> bytes_ = 0;  // written with the lock held
  mutable std::mutex mutex_;
  std::deque<Item> items_;
  std::vector<std::weak_ptr<Task>> waiters_;
  bool told_ = false;  // its owner knows that there are items
  bool closed_ = false;
};

}  // namespace kinode::modules::net
