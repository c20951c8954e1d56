// Threads for work that waits: for a disk, for a compiler. Workers never do such work themselves.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace kinode {

class BlockingPool {
 public:
  /// One thread is started at once, the others as they are needed, up to `threads`; they are named
  /// `name` and a number for the debugger.
  BlockingPool(std::string name, size_t threads);
  /// Waits for what was submitted, also by the work itself. Not to be called by work of the pool.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// Any thread. `work` runs on some thread of the pool; it must not throw (if it does,
  /// standard error says so and the pool goes on).
  void submit(std::function<void()> work);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Work with the same key runs one after another, in the order submitted; other keys do not wait.
class SerialQueues {
 public:
  /// The pool must outlive all work.
  explicit SerialQueues(BlockingPool& pool);
  /// Does not wait: the pool's destructor does.
  ~SerialQueues();
  SerialQueues(const SerialQueues&) = delete;
  SerialQueues& operator=(const SerialQueues&) = delete;

  /// Any thread.
  void submit(const std::string& key, std::function<void()> work);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinode
