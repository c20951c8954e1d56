#include "modules/database/work_gate.h"

#include <utility>

#include "base/check.h"

namespace kinode::modules::database {

void WorkGate::on_room(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

bool WorkGate::has_room() {
  std::lock_guard lock(mutex_);
  refused_ = !is_open();
  return !refused_;
}

void WorkGate::begin(size_t bytes) {
  std::lock_guard lock(mutex_);
  ++calls_;
  bytes_ += bytes;
}

void WorkGate::end(size_t bytes) {
  std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  --calls_;
  wake_if_open();
  if (calls_ == 0) {
    idle_.notify_all();
  }
}

void WorkGate::wait_idle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return calls_ == 0; });
}

Result<void> WorkGate::hold(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  KINODE_CHECK(!held_, "held twice");
  held_ = true;
  if (!idle_.wait_for(lock, patience, [this] { return calls_ == 0; })) {
    size_t under_way = calls_;
    held_ = false;
    wake_if_open();
    return fail("{} requests are still under way after {} ms. Try again when there is less to do", under_way,
                patience.count());
  }
  return {};
}

void WorkGate::release() {
  std::lock_guard lock(mutex_);
  held_ = false;
  wake_if_open();
}

void WorkGate::wake_if_open() {
  if (refused_ && is_open()) {
    refused_ = false;
    if (wake_) {
      wake_();
    }
  }
}

}  // namespace kinode::modules::database
