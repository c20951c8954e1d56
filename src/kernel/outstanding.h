// Outstanding requests of one process: those that still wait for their one end, a response, a Timeout
// or Offline. Whoever takes the record out ends the request; so it ends exactly once.
// Not thread-safe: guarded by its process's lock; a record that was taken out is its taker's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernel/envelope.h"
#include "kernel/timer_wheel.h"

namespace kinode::kernel {

struct ProcessEntry;

class Outstanding {
 public:
  Outstanding(std::weak_ptr<ProcessEntry> owner, uint64_t request_id, Address request_target)
      : id(request_id), target(std::move(request_target)), timer(std::move(owner), Timer::Purpose::request, id) {}

  const uint64_t id;
  Address target;
  Request request;  // for the error that gives it back
  std::optional<Blob> blob;
  std::optional<Bytes> context;
  std::shared_ptr<const Prompting> prompting;
  bool awaited = false;
  /// How often it left the node, sent or inherited. Then a process of another node may answer: which one, that
  /// node alone knows, so the id, which no other learns, is what proves it.
  size_t remote = 0;
  Timer timer;

  // ---- the local processes that may answer: the one that was asked, and those that inherited ------
  // Each has it in its `asked` while it is one.

  [[nodiscard]] bool may_be_answered_by(const ProcessEntry& process) const;
  [[nodiscard]] bool has_responders() const { return !responders_.empty(); }
  /// Nobody is left who could answer.
  [[nodiscard]] bool unanswerable() const { return responders_.empty() && remote == 0; }
  /// False when there are too many already. A process can be added more than once: it inherits anew.
  bool add_responder(const std::shared_ptr<ProcessEntry>& process);
  /// Takes back one `add_responder`, as the request did not reach the process.
  void remove_responder(const ProcessEntry& process);
  /// It ended.
  void forget_responder(const ProcessEntry& process);
  /// Forgets all. To be called when the record was taken out.
  void release();

  /// What limits count for it, but for the blob of `prompting`: see KeptBlobs.
  [[nodiscard]] size_t bytes() const;

 private:
  /// Processes that one request may be inherited by.
  static constexpr size_t responder_limit = 1024;
  struct Responder {
    std::shared_ptr<ProcessEntry> process;
    size_t times;
    size_t place;  // in `process->asked`
  };
  std::vector<Responder>::iterator find(const ProcessEntry& process);
  void erase(std::vector<Responder>::iterator responder);

  std::vector<Responder> responders_;
};

class OutstandingRequests {
 public:
  void add(std::unique_ptr<Outstanding> record);
  /// Null if there is none of that id.
  [[nodiscard]] Outstanding* find(uint64_t id) const;
  std::unique_ptr<Outstanding> take(uint64_t id);
  std::vector<std::unique_ptr<Outstanding>> take_all();
  [[nodiscard]] size_t size() const { return records_.size(); }
  /// With what they keep of the requests being handled.
  [[nodiscard]] size_t bytes() const { return bytes_ + kept_.bytes(); }

 private:
  std::unordered_map<uint64_t, std::unique_ptr<Outstanding>> records_;
  size_t bytes_ = 0;
  KeptBlobs kept_;
};

}  // namespace kinode::kernel
