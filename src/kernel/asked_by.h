// AskedBy: the outstanding requests of others that one process may answer, so that its end finds those who
// wait for it without looking at every process.
//
// Thread-safe. Its lock is taken within that of the process that asked, and nothing is called with it held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace kinode::kernel {

struct ProcessEntry;

class AskedBy {
 public:
  struct Request {
    std::weak_ptr<ProcessEntry> asker;
    uint64_t id;
  };

  /// The place to remove it by.
  size_t add(Request request);
  void remove(size_t place);

  [[nodiscard]] size_t size() const;
  [[nodiscard]] std::vector<Request> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::optional<Request>> places_;
  std::vector<size_t> free_;  // places to use again
};

}  // namespace kinode::kernel
