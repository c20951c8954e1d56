// Router: the way of a message from its sender to the mailbox of its target, and the one end of every
// request that expects a response. Runs on the sender's thread, or on that of the network for what other nodes sent.
//
// Thread-safe; takes one process's lock at a time (and the timer wheel's within it).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kernel/capability_store.h"
#include "kernel/process_entry.h"
#include "kernel/process_table.h"
#include "kernel/tally.h"
#include "kernel/timer_wheel.h"

namespace kinode::kernel {

class Router {
 public:
  /// Carries out a command to kernel:distro:sys; returns the body of the answer, if there is one.
  using Command =
      std::function<std::optional<std::string>(ProcessEntry& from, const Request&, const std::optional<Blob>&)>;

  Router(Kernel::Environment& environment, const Address& kernel, const ProcessTable& table, TimerWheel& wheel,
         Tally& tally)
      : environment_(environment), kernel_(kernel), table_(table), wheel_(wheel), tally_(tally) {}
  void on_command(Command command) { command_ = std::move(command); }

  /// See ProcessContext.
  SendStatus send(ProcessEntry& from, Outgoing& outgoing);
  /// See Kernel.
  Result<void> tell_itself(const ProcessId& id, Request request);
  void respond(ProcessEntry& from, const Prompting& prompting, Response response, std::optional<Blob> blob);
  std::unique_ptr<Envelope> receive(ProcessEntry& to);
  std::unique_ptr<Envelope> receive_awaited(ProcessEntry& to);

  /// The request `id` of `owner` was not answered in time.
  void time_out(const std::shared_ptr<ProcessEntry>& owner, uint64_t id);
  /// See Kernel: what the network says.
  Kernel::Arrival arrive(KernelMessage& message, const std::shared_ptr<Task>& waiter);
  void undelivered(KernelMessage message);
  void refused(const std::string& node, const ProcessId& asker, uint64_t id);

  /// `dead` will answer nothing any more: requests that only it could answer end now.
  void fail_requests_to(const ProcessEntry& dead);
  /// Ends what `entry` itself waits for, without a word to it.
  void abandon_requests_of(ProcessEntry& entry);
  void wake_all(const std::vector<std::weak_ptr<Task>>& waiters);

 private:
  [[nodiscard]] bool is_here(const Address& address) const {
    return address.node() == environment_.node || address.node() == "our";
  }
  /// Why a message does not arrive, or its target: none is one of another node.
  struct Route {
    std::shared_ptr<ProcessEntry> target;
    std::optional<Fate> refused;
  };
  Route route(ProcessEntry& from, Address& target, std::string_view what);
  [[nodiscard]] bool may_message(ProcessEntry& from, const ProcessEntry& target) const;

  /// What a request travels with. What is registered for it comes before it leaves, as it may be answered at once.
  struct Passage {
    uint64_t id;
    std::optional<Address> rsvp;
    /// It was registered with the request that it inherits.
    bool is_heir = false;
  };
  /// None when a limit forbids: its failure is on its way. `target` is null for another node.
  std::optional<Passage> embark(ProcessEntry& from, Outgoing& outgoing, const std::shared_ptr<ProcessEntry>& target);
  /// Takes back `embark`; false if the request ended meanwhile.
  bool disembark(ProcessEntry& from, const Outgoing& outgoing, const Passage& passage, const ProcessEntry* target);

  /// A message that was not `delivered` is the caller's again.
  enum class Delivery : uint8_t { delivered, full, ended, unreachable, too_big };
  Delivery deliver_here(ProcessEntry& from, Outgoing& outgoing, const Passage& passage, ProcessEntry& target);
  Delivery deliver_abroad(ProcessEntry& from, Outgoing& outgoing, const Passage& passage);
  Delivery carry(ProcessEntry& from, KernelMessage& message, const std::shared_ptr<Task>& waiter);
  /// `waiter` is to be woken when it is full no more.
  Delivery deliver_request(ProcessEntry& target, std::unique_ptr<Envelope>& envelope,
                           const std::shared_ptr<Task>& waiter, WakeHint hint);
  static Fate fate_of(Delivery refusal);
  /// What becomes of a request that found a full mailbox, or a full way to another node (`target` is null).
  SendStatus wait_for_room(ProcessEntry& from, const ProcessEntry* target, Outgoing& outgoing);
  Kernel::Arrival arrive_request(KernelMessage& message, const std::shared_ptr<Task>& waiter);
  Kernel::Arrival arrive_response(KernelMessage& message);
  /// Why `target` may not be sent `request` by another node.
  std::optional<Kernel::Arrival> refuse_foreign(ProcessEntry& target, const KernelMessage& request);
  /// Puts the end of a request, or an error, into its owner's mailbox.
  void deliver_end(ProcessEntry& to, std::unique_ptr<Envelope> envelope, bool awaited, WakeHint hint);
  /// The same for an error that no outstanding request has kept room for: a guest that lets too many
  /// pile up is stopped.
  void give_back(ProcessEntry& from, std::unique_ptr<Envelope> envelope, bool awaited);
  void give_back_response(ProcessEntry& from, const Prompting& prompting, Response response, std::optional<Blob> blob,
                          SendErrorKind kind);
  /// Of a response for another node.
  void respond_abroad(ProcessEntry& from, const Prompting& prompting, Response response, std::optional<Blob> blob);
  /// Ends the request that `record` was taken out for.
  void deliver_response(ProcessEntry& asker, Outstanding& record, const Address& source, Response response,
                        std::optional<Blob> blob, WakeHint hint);

  /// False when `from` has too many, or has ended.
  bool add_outstanding(ProcessEntry& from, const Outgoing& outgoing, uint64_t id,
                       const std::shared_ptr<ProcessEntry>& target, Instant deadline);
  enum class Heir : uint8_t { refused, unchanged, added };
  /// Lets `heir` answer the request `id` of `asker`, which `from` inherits to it; null stands for another node, as
  /// either of the two.
  Heir add_heir(const ProcessEntry* from, const std::shared_ptr<ProcessEntry>& heir, const Address& asker, uint64_t id);
  /// `heir` was not reached.
  void remove_heir(const ProcessEntry* heir, const Address& asker, uint64_t id);
  /// Ends the request `id` of `owner`, if it did not end otherwise.
  void fail(ProcessEntry& owner, uint64_t id, Fate cause);
  /// Ends the request that `record` was taken out for.
  void fail(ProcessEntry& owner, Outstanding& record, Fate cause);
  std::unique_ptr<Outstanding> take_outstanding(ProcessEntry& owner, uint64_t id);

  void count_delivered(ProcessEntry& from) {
    tally_.count(Fate::delivered);
    from.sent.fetch_add(1, std::memory_order_relaxed);
  }
  std::unique_ptr<Envelope> error_of(ProcessEntry& owner, Outstanding& record, SendErrorKind kind) const;
  /// The failure of a request that was never delivered.
  void refuse(ProcessEntry& from, Outgoing& outgoing, Fate cause);
  /// What a sender sees of it.
  static SendErrorKind error_kind(Fate cause) {
    return cause == Fate::offline ? SendErrorKind::offline : SendErrorKind::timeout;
  }
  void run_command(ProcessEntry& from, Outgoing& outgoing, uint64_t id, std::optional<Address> rsvp,
                   const std::shared_ptr<ProcessEntry>& kernel_entry);
  [[nodiscard]] Instant deadline_of(const Request& request) const;
  /// Of this attempt to send; kept in `wait_until` from the first one on.
  Instant settle_deadline(Outgoing& outgoing) const;

  Kernel::Environment& environment_;
  const Address& kernel_;
  const ProcessTable& table_;
  TimerWheel& wheel_;
  Tally& tally_;
  Command command_;
};

}  // namespace kinode::kernel
