// Mailbox: the envelopes that wait for one process, in the order they arrived. Bounded in requests and
// bytes; responses and errors are always taken, as the request they end had their room reserved.
// Not thread-safe: guarded by its process's lock.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "kernel/envelope.h"
#include "kernel/limits.h"

namespace kinode::kernel {

class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  /// Whether a request of `bytes` fits. One always fits into an empty mailbox, whatever its size.
  [[nodiscard]] bool has_room(size_t bytes, const Limits& limits) const;
  void push(std::unique_ptr<Envelope> envelope);
  /// Null when empty.
  std::unique_ptr<Envelope> pop();

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t requests() const { return requests_; }
  /// Responses and errors.
  [[nodiscard]] size_t ends() const { return size_ - requests_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  /// Envelopes that it was ever given.
  [[nodiscard]] uint64_t pushed() const { return pushed_; }
  /// With what the ends keep of the requests being handled.
  [[nodiscard]] size_t end_bytes() const { return end_bytes_ + kept_.bytes(); }

  /// All envelopes at once, as a chain: to be let go by `discard` without the lock.
  std::unique_ptr<Envelope> take_all();
  /// Returns how many messages are lost by it: not errors, and not requests whose sender is told, as
  /// it is on this node.
  static size_t discard(std::unique_ptr<Envelope> chain);

  /// Who is to be woken when there is room again, each once: senders, and who brings in what other nodes sent.
  void add_waiter(const std::shared_ptr<Task>& sender);
  [[nodiscard]] size_t waiters() const { return waiters_.size(); }
  [[nodiscard]] bool has_waiters() const { return !waiters_.empty(); }
  std::vector<std::weak_ptr<Task>> take_waiters();

 private:
  std::unique_ptr<Envelope> first_;
  Envelope* last_ = nullptr;
  size_t size_ = 0;
  size_t requests_ = 0;
  uint64_t pushed_ = 0;
  size_t bytes_ = 0;
  size_t end_bytes_ = 0;
  KeptBlobs kept_;

  struct Waiter {
    const Task* key;  // not used again for another as long as `sender` holds its place in memory
    std::weak_ptr<Task> sender;
  };
  static constexpr size_t least_to_forget = 64;
  std::vector<Waiter> waiters_;
  std::unordered_set<const Task*> waiting_;  // those of waiters_
  size_t forget_at_ = least_to_forget;
};

}  // namespace kinode::kernel
