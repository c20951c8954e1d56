// Outstanding requests of one process: those that still wait for their one end, a response, a Timeout
// or Offline. Whoever takes the record out ends the request; so it ends exactly once.
// Not thread-safe: guarded by its process's lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernel/envelope.h"
#include "kernel/timer_wheel.h"

namespace kinode::kernel {

struct ProcessEntry;

struct Outstanding {
  Outstanding(std::weak_ptr<ProcessEntry> owner, uint64_t request_id, Address request_target)
      : id(request_id), target(std::move(request_target)), timer(std::move(owner), Timer::Purpose::request, id) {}

  uint64_t id;
  Address target;
  Request request;  // for the error that gives it back
  std::optional<Blob> blob;
  std::optional<Bytes> context;
  std::shared_ptr<const Prompting> prompting;
  bool awaited = false;
  /// The local processes that may answer: the one that was asked, and those that inherited.
  std::vector<std::shared_ptr<ProcessEntry>> responders;
  /// It left the node, so that any remote process may answer (its id is all it has to show).
  bool remote = false;
  Timer timer;

  [[nodiscard]] bool may_be_answered_by(const ProcessEntry& process) const {
    return std::ranges::any_of(responders, [&](const auto& responder) { return responder.get() == &process; });
  }
  /// What limits count for it.
  [[nodiscard]] size_t bytes() const {
    return sizeof(Outstanding) + request.body.size() + (blob ? blob->bytes.size() : 0) +
           (context ? context->size() : 0);
  }
};

class OutstandingRequests {
 public:
  void add(std::unique_ptr<Outstanding> record) {
    bytes_ += record->bytes();
    records_.emplace(record->id, std::move(record));
  }
  /// Null if there is none of that id.
  [[nodiscard]] Outstanding* find(uint64_t id) const {
    auto found = records_.find(id);
    return found == records_.end() ? nullptr : found->second.get();
  }
  std::unique_ptr<Outstanding> take(uint64_t id) {
    auto node = records_.extract(id);
    if (node.empty()) {
      return nullptr;
    }
    bytes_ -= node.mapped()->bytes();
    return std::move(node.mapped());
  }
  std::vector<std::unique_ptr<Outstanding>> take_all();
  [[nodiscard]] size_t size() const { return records_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  [[nodiscard]] const auto& all() const { return records_; }

 private:
  std::unordered_map<uint64_t, std::unique_ptr<Outstanding>> records_;
  size_t bytes_ = 0;
};

}  // namespace kinode::kernel
