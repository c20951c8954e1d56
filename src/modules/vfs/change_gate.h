// ChangeGate: what changes drives passes through it, so that a snapshot can have a moment without changes.
//
// Any thread. `enter` and `hold` wait: not on a worker.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace kinode::modules::vfs {

class ChangeGate {
 public:
  /// A change under way, until it is destroyed.
  class Passage {
   public:
    explicit Passage(ChangeGate& gate) : gate_(&gate) {}
    Passage(Passage&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Passage& operator=(Passage&&) = delete;
    ~Passage() {
      if (gate_ != nullptr) {
        gate_->leave();
      }
    }

   private:
    ChangeGate* gate_;
  };

  /// Waits while the gate is held.
  [[nodiscard]] Passage enter() {
    pass();
    return Passage(*this);
  }

  /// Within a change: does what takes long and touches no drive yet. It holds up no snapshot; afterwards the change
  /// waits while the gate is held. `act` must not rest on the drives staying as they are, nor run with a lock that
  /// another change needs.
  template <class Act>
  auto aside(Act act) {
    struct Aside {
      explicit Aside(ChangeGate& gate) : gate_(gate) { gate_.leave(); }
      ~Aside() { gate_.pass(); }
      ChangeGate& gate_;
    };
    const Aside until_done(*this);
    return act();
  }

  /// Holds back new changes and waits until none is under way. False, and nothing is held, where one took longer than
  /// `patience`. Not while it is held.
  [[nodiscard]] bool hold(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    held_ = true;
    if (changed_.wait_for(lock, patience, [this] { return inside_ == 0; })) {
      return true;
    }
    lock.unlock();
    release();
    return false;
  }

  void release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
    if (on_release_) {
      on_release_();
    }
  }

  [[nodiscard]] bool is_held() const { return held_; }
  /// Called at each release, on the thread that releases, and not any more once another was set. It must not use the
  /// gate but for `is_held`.
  void on_release(std::function<void()> tell) {
    std::lock_guard lock(mutex_);
    on_release_ = std::move(tell);
  }

 private:
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !held_; });
    ++inside_;
  }
  void leave() {
    std::lock_guard lock(mutex_);
    if (--inside_ == 0 && held_) {
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> held_ = false;  // written under the mutex
  size_t inside_ = 0;
  std::function<void()> on_release_;
};

}  // namespace kinode::modules::vfs
