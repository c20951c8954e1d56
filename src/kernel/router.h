// Router: the way of a message from its sender to the mailbox of its target, and the one end of every
// request that expects a response. Runs on the sender's thread.
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
  void respond(ProcessEntry& from, const Prompting& prompting, Response response, std::optional<Blob> blob);
  std::unique_ptr<Envelope> receive(ProcessEntry& to);
  std::unique_ptr<Envelope> receive_awaited(ProcessEntry& to);

  /// The request `id` of `owner` was not answered in time.
  void time_out(const std::shared_ptr<ProcessEntry>& owner, uint64_t id);
  /// `dead` will answer nothing any more: requests that only it could answer end now.
  void fail_requests_to(const ProcessEntry& dead);
  /// Ends what `entry` itself waits for, without a word to it.
  void abandon_requests_of(ProcessEntry& entry);

 private:
  /// Why a message does not arrive, or its target.
  struct Route {
    std::shared_ptr<ProcessEntry> target;
    std::optional<Fate> refused;
    SendErrorKind error = SendErrorKind::timeout;
  };
  Route route(ProcessEntry& from, Address& target, std::string_view what);
  [[nodiscard]] bool may_message(ProcessEntry& from, const ProcessEntry& target) const;

  enum class Delivery : uint8_t { delivered, full, ended };
  Delivery deliver_request(ProcessEntry& from, ProcessEntry& target, std::unique_ptr<Envelope>& envelope,
                           WakeHint hint);
  /// What becomes of a request that found a full mailbox.
  SendStatus wait_for_room(ProcessEntry& from, const ProcessEntry& target, Outgoing& outgoing);
  /// Puts the end of a request, or an error, into its owner's mailbox.
  void deliver_end(ProcessEntry& to, std::unique_ptr<Envelope> envelope, bool awaited, WakeHint hint);
  /// The same for an error that no outstanding request has kept room for: a guest that lets too many
  /// pile up is stopped.
  void give_back(ProcessEntry& from, std::unique_ptr<Envelope> envelope, bool awaited);

  /// False when `from` has too many, or has ended.
  bool add_outstanding(ProcessEntry& from, const Outgoing& outgoing, uint64_t id,
                       const std::shared_ptr<ProcessEntry>& target, Instant deadline);
  enum class Heir : uint8_t { refused, unchanged, added };
  /// Lets `heir` answer the request that `from` inherits to it.
  Heir add_responder(ProcessEntry& from, const std::shared_ptr<ProcessEntry>& heir, const Prompting& prompting);
  /// `heir` was not reached.
  void remove_responder(const ProcessEntry& heir, const Prompting& prompting);
  /// Ends the request `id` of `owner`, if it did not end otherwise.
  void fail(ProcessEntry& owner, uint64_t id, Fate cause);
  std::unique_ptr<Outstanding> take_outstanding(ProcessEntry& owner, uint64_t id);

  void count_delivered(ProcessEntry& from) {
    tally_.count(Fate::delivered);
    from.sent.fetch_add(1, std::memory_order_relaxed);
  }
  std::unique_ptr<Envelope> error_of(ProcessEntry& owner, Outstanding& record, SendErrorKind kind) const;
  /// The failure of a request that was never delivered.
  void refuse(ProcessEntry& from, Outgoing& outgoing, const Route& route);
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
