#include "kernel/router.h"

#include <algorithm>

#include "kernel/planted_fault.h"

namespace kinode::kernel {
namespace {

/// Longer than any node runs: what keeps a deadline of 2^63 seconds from overflowing.
constexpr uint64_t longest_timeout_seconds = uint64_t{3600} * 24 * 365 * 2;

}  // namespace

// ---- sending a request ---------------------------------------------------------------------------

SendStatus Router::send(ProcessEntry& from, Outgoing& outgoing) {
  if (from.ended() || from.over_limit) {
    return SendStatus::sent;  // nobody is there for its failure
  }
  Route route = this->route(from, outgoing.target, "request");
  if (route.refused) {
    refuse(from, outgoing, *route.refused);
    return SendStatus::sent;
  }
  CapabilityStore::filter(from, outgoing.request.capabilities);
  std::optional<Passage> passage = embark(from, outgoing, route.target);
  if (!passage) {
    return SendStatus::sent;
  }
  if (route.target && route.target->kind == ProcessEntry::Kind::kernel) {
    run_command(from, outgoing, passage->id, std::move(passage->rsvp), route.target);
    return SendStatus::sent;
  }
  Delivery delivery =
      route.target ? deliver_here(from, outgoing, *passage, *route.target) : deliver_abroad(from, outgoing, *passage);
  if (delivery == Delivery::delivered) {
    count_delivered(from);
    return SendStatus::sent;
  }
  if (!disembark(from, outgoing, *passage, route.target.get())) {
    return SendStatus::sent;  // it timed out meanwhile: its error is in the mailbox
  }
  if (delivery == Delivery::full) {
    return wait_for_room(from, route.target.get(), outgoing);
  }
  refuse(from, outgoing, fate_of(delivery));
  return SendStatus::sent;
}

std::optional<Router::Passage> Router::embark(ProcessEntry& from, Outgoing& outgoing,
                                              const std::shared_ptr<ProcessEntry>& target) {
  const bool expects = outgoing.request.expects_response.has_value();
  const bool inherits = outgoing.request.inherit && outgoing.prompting;
  Passage passage{.id = inherits && !expects ? outgoing.prompting->id : environment_.random.next(),
                  .rsvp = std::nullopt};
  if (expects) {
    passage.rsvp = from.address;
    Instant deadline = settle_deadline(outgoing);
    if (!add_outstanding(from, outgoing, passage.id, target, deadline)) {
      refuse(from, outgoing, Fate::over_limit);
      return std::nullopt;
    }
  } else if (inherits) {
    passage.rsvp = outgoing.prompting->rsvp;
    Heir heir = passage.rsvp ? add_heir(&from, target, *passage.rsvp, passage.id) : Heir::unchanged;
    if (heir == Heir::refused) {
      tally_.count(Fate::over_limit);
      return std::nullopt;
    }
    passage.is_heir = heir == Heir::added;
  }
  return passage;
}

bool Router::disembark(ProcessEntry& from, const Outgoing& outgoing, const Passage& passage,
                       const ProcessEntry* target) {
  if (passage.is_heir) {
    remove_heir(target, *passage.rsvp, passage.id);
  }
  if (outgoing.request.expects_response) {
    std::unique_ptr<Outstanding> record = take_outstanding(from, passage.id);
    if (!record) {
      return false;
    }
    record->release();
  }
  return true;
}

Result<void> Router::tell_itself(const ProcessId& id, Request request) {
  std::shared_ptr<ProcessEntry> entry = table_.find(id);
  if (!entry) {
    return kinode::fail("there is no process {}", id.text());
  }
  request.inherit = false;
  request.expects_response.reset();
  auto envelope = std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::request,
                                                      .id = environment_.random.next(),
                                                      .source = entry->address,
                                                      .target = entry->address,
                                                      .message = std::move(request)});
  switch (deliver_request(*entry, envelope, entry, WakeHint::elsewhere)) {
    case Delivery::delivered:
      count_delivered(*entry);
      return {};
    case Delivery::full:
      return kinode::fail("{} has more to do than it can take: try again", id.text());
    default:
      return kinode::fail("{} does not run just now: try again", id.text());
  }
}

Router::Delivery Router::deliver_here(ProcessEntry& from, Outgoing& outgoing, const Passage& passage,
                                      ProcessEntry& target) {
  const bool reuses_id = planted(Fault::id_reused) && outgoing.request.inherit && outgoing.prompting;
  auto envelope = std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::request,
                                                      .id = reuses_id ? outgoing.prompting->id : passage.id,
                                                      .source = from.address,
                                                      .target = outgoing.target,
                                                      .rsvp = passage.rsvp,
                                                      .message = std::move(outgoing.request),
                                                      .blob = std::move(outgoing.blob)});
  WakeHint hint = outgoing.awaited ? WakeHint::here : WakeHint::elsewhere;
  Delivery delivery = deliver_request(target, envelope, from.shared_from_this(), hint);
  if (delivery != Delivery::delivered) {
    outgoing.request = std::get<Request>(std::move(envelope->message));
    outgoing.blob = std::move(envelope->blob);
  }
  return delivery;
}

SendStatus Router::wait_for_room(ProcessEntry& from, const ProcessEntry* target, Outgoing& outgoing) {
  Instant now = environment_.clock.now();
  if (!outgoing.wait_until) {
    outgoing.wait_until = now + environment_.limits.full_mailbox_wait;
  }
  if (target == &from || now >= *outgoing.wait_until) {
    environment_.printer.print({2, from.id(),
                                target != nullptr
                                    ? fmt::format("the mailbox of {} is full", target->id().text())
                                    : fmt::format("too much waits for the node {} already", outgoing.target.node())});
    refuse(from, outgoing, Fate::mailbox_full);
    return SendStatus::sent;
  }
  // Another message of the same process may wait too, and not as long.
  wheel_.schedule_no_later(from.wake_timer, *outgoing.wait_until);
  return SendStatus::full;
}

Router::Route Router::route(ProcessEntry& from, Address& target, std::string_view what) {
  if (target.node() != environment_.node) {
    if (target.node() != "our") {
      if (!CapabilityStore::holds(from, Capability::network(kernel_)) && !planted(Fault::network_unchecked)) {
        environment_.printer.print({0, from.id(),
                                    fmt::format("{} to {} dropped: no capability to use the network. Set "
                                                "\"request_networking\" in the package's manifest",
                                                what, target.text())});
        return {nullptr, Fate::denied};
      }
      return {nullptr, environment_.network == nullptr ? std::optional(Fate::offline) : std::nullopt};
    }
    target = target.at_node_of(kernel_);
  }
  std::shared_ptr<ProcessEntry> entry = table_.find(target.process());
  if (!entry) {
    environment_.printer.print(
        {2, from.id(), fmt::format("{} to {} dropped: no such process", what, target.process().text())});
    return {nullptr, Fate::no_such_process};
  }
  if (!may_message(from, *entry)) {
    environment_.printer.print({0, from.id(),
                                fmt::format("{} to {} dropped: {} has no capability to message it", what,
                                            target.process().text(), from.id().text())});
    return {nullptr, Fate::denied};
  }
  return {std::move(entry), std::nullopt};
}

bool Router::may_message(ProcessEntry& from, const ProcessEntry& target) const {
  return from.exempt || target.is_public.load(std::memory_order_relaxed) ||
         CapabilityStore::holds(from, target.messaging) || planted(Fault::capability_unchecked);
}

Router::Delivery Router::deliver_request(ProcessEntry& target, std::unique_ptr<Envelope>& envelope,
                                         const std::shared_ptr<Task>& waiter, WakeHint hint) {
  bool wake = false;
  {
    std::scoped_lock lock(target.mutex);
    if (target.ended() || target.stage == ProcessEntry::Stage::backing_off) {
      return Delivery::ended;
    }
    if (!target.mailbox.has_room(envelope->bytes(), environment_.limits)) {
      target.mailbox.add_waiter(waiter);
      return Delivery::full;
    }
    target.mailbox.push(std::move(envelope));
    wake = target.waiting_for == ProcessEntry::WaitingFor::any && !planted(Fault::lost_wake_up);
    if (wake) {
      target.waiting_for = ProcessEntry::WaitingFor::nothing;
    }
  }
  if (wake) {
    environment_.executor.wake(target.shared_from_this(), hint);
  }
  return Delivery::delivered;
}

void Router::run_command(ProcessEntry& from, Outgoing& outgoing, uint64_t id, std::optional<Address> rsvp,
                         const std::shared_ptr<ProcessEntry>& kernel_entry) {
  count_delivered(from);
  std::optional<std::string> body = command_(from, outgoing.request, outgoing.blob);
  if (body && rsvp) {
    Response response;
    response.body = Bytes::from(std::move(*body));
    respond(*kernel_entry, {id, from.address, std::move(rsvp), true}, std::move(response), std::nullopt);
  }
}

void Router::refuse(ProcessEntry& from, Outgoing& outgoing, Fate cause) {
  tally_.count(cause);
  if (!outgoing.request.expects_response) {
    return;
  }
  auto envelope = std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::send_error,
                                                      .error = error_kind(cause),
                                                      .source = from.address,
                                                      .target = outgoing.target,
                                                      .message = std::move(outgoing.request),
                                                      .blob = std::move(outgoing.blob),
                                                      .context = std::move(outgoing.context),
                                                      .prompting = std::move(outgoing.prompting)});
  give_back(from, std::move(envelope), outgoing.awaited);
}

Instant Router::settle_deadline(Outgoing& outgoing) const {
  if (!outgoing.wait_until) {
    outgoing.wait_until = deadline_of(outgoing.request);
    return *outgoing.wait_until;
  }
  // It stood before a full mailbox. If that is full still at the end of its time, that is its failure: no timeout
  // may come between.
  return std::max(*outgoing.wait_until, environment_.clock.now() + environment_.limits.last_attempt);
}

Instant Router::deadline_of(const Request& request) const {
  uint64_t seconds = std::min(request.expects_response.value_or(0), longest_timeout_seconds);
  return environment_.clock.now() + std::chrono::seconds(seconds);
}

// ---- receiving -----------------------------------------------------------------------------------

std::unique_ptr<Envelope> Router::receive(ProcessEntry& to) {
  std::unique_ptr<Envelope> envelope;
  std::vector<std::weak_ptr<Task>> waiters;
  {
    std::scoped_lock lock(to.mutex);
    envelope = to.mailbox.pop();
    to.waiting_for = envelope ? ProcessEntry::WaitingFor::nothing : ProcessEntry::WaitingFor::any;
    const Limits& limits = environment_.limits;
    // Not at the first free place: the senders would take turns at one message each.
    if (to.mailbox.has_waiters() && to.mailbox.requests() <= limits.mailbox_messages * 3 / 4 &&
        to.mailbox.bytes() <= limits.mailbox_bytes / 4 * 3) {
      waiters = to.mailbox.take_waiters();
    }
    if (planted(Fault::room_not_told)) {
      waiters.clear();
    }
  }
  wake_all(waiters);
  return envelope;
}

void Router::wake_all(const std::vector<std::weak_ptr<Task>>& waiters) {
  for (const std::weak_ptr<Task>& waiter : waiters) {
    if (std::shared_ptr<Task> task = waiter.lock()) {
      environment_.executor.wake(std::move(task), WakeHint::elsewhere);
    }
  }
}

std::unique_ptr<Envelope> Router::receive_awaited(ProcessEntry& to) {
  std::scoped_lock lock(to.mutex);
  to.waiting_for = to.awaited ? ProcessEntry::WaitingFor::nothing : ProcessEntry::WaitingFor::awaited;
  return std::move(to.awaited);
}

}  // namespace kinode::kernel
