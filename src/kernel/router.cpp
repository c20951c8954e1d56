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
    refuse(from, outgoing, route);
    return SendStatus::sent;
  }
  CapabilityStore::filter(from, outgoing.request.capabilities);

  const bool expects = outgoing.request.expects_response.has_value();
  const bool inherits = outgoing.request.inherit && outgoing.prompting;
  uint64_t id = inherits && !expects ? outgoing.prompting->id : environment_.random.next();
  std::optional<Address> rsvp;
  Heir heir = Heir::unchanged;
  if (expects) {
    rsvp = from.address;
    Instant deadline = settle_deadline(outgoing);
    if (!add_outstanding(from, outgoing, id, route.target, deadline)) {
      refuse(from, outgoing, {nullptr, Fate::over_limit});
      return SendStatus::sent;
    }
  } else if (inherits) {
    rsvp = outgoing.prompting->rsvp;
    heir = rsvp ? add_responder(from, route.target, *outgoing.prompting) : Heir::unchanged;
    if (heir == Heir::refused) {
      tally_.count(Fate::over_limit);
      return SendStatus::sent;
    }
  }
  if (route.target->kind == ProcessEntry::Kind::kernel) {
    run_command(from, outgoing, id, std::move(rsvp), route.target);
    return SendStatus::sent;
  }

  auto envelope =
      std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::request,
                                          .id = planted(Fault::id_reused) && inherits ? outgoing.prompting->id : id,
                                          .source = from.address,
                                          .target = outgoing.target,
                                          .rsvp = std::move(rsvp),
                                          .message = std::move(outgoing.request),
                                          .blob = std::move(outgoing.blob)});
  WakeHint hint = outgoing.awaited ? WakeHint::here : WakeHint::elsewhere;
  Delivery delivery = deliver_request(from, *route.target, envelope, hint);
  if (delivery == Delivery::delivered) {
    count_delivered(from);
    return SendStatus::sent;
  }

  // Not delivered: the request is the caller's again.
  outgoing.request = std::get<Request>(std::move(envelope->message));
  outgoing.blob = std::move(envelope->blob);
  if (heir == Heir::added) {
    remove_responder(*route.target, *outgoing.prompting);
  }
  if (expects) {
    std::unique_ptr<Outstanding> record = take_outstanding(from, id);
    if (!record) {
      return SendStatus::sent;  // timed out meanwhile: its error is in the mailbox
    }
    record->release();
  }
  if (delivery == Delivery::ended) {
    refuse(from, outgoing, {nullptr, Fate::no_such_process});
    return SendStatus::sent;
  }
  return wait_for_room(from, *route.target, outgoing);
}

SendStatus Router::wait_for_room(ProcessEntry& from, const ProcessEntry& target, Outgoing& outgoing) {
  Instant now = environment_.clock.now();
  if (!outgoing.wait_until) {
    outgoing.wait_until = now + environment_.limits.full_mailbox_wait;
  }
  if (&target == &from || now >= *outgoing.wait_until) {
    environment_.printer.print({2, from.id(), fmt::format("the mailbox of {} is full", target.id().text())});
    refuse(from, outgoing, {nullptr, Fate::mailbox_full});
    return SendStatus::sent;
  }
  // Another message of the same process may wait too, and not as long.
  wheel_.schedule_no_later(from.wake_timer, *outgoing.wait_until);
  return SendStatus::full;
}

Router::Route Router::route(ProcessEntry& from, Address& target, std::string_view what) {
  if (target.node() != environment_.node) {
    if (target.node() != "our") {
      if (!CapabilityStore::holds(from, Capability::network(kernel_))) {
        environment_.printer.print({0, from.id(),
                                    fmt::format("{} to {} dropped: no capability to use the network. Set "
                                                "\"request_networking\" in the package's manifest",
                                                what, target.text())});
        return {nullptr, Fate::denied};
      }
      return {nullptr, Fate::offline, SendErrorKind::offline};
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

Router::Delivery Router::deliver_request(ProcessEntry& from, ProcessEntry& target, std::unique_ptr<Envelope>& envelope,
                                         WakeHint hint) {
  bool wake = false;
  {
    std::scoped_lock lock(target.mutex);
    if (target.ended() || target.stage == ProcessEntry::Stage::backing_off) {
      return Delivery::ended;
    }
    if (!target.mailbox.has_room(envelope->bytes(), environment_.limits)) {
      target.mailbox.add_waiter(from.shared_from_this());
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

void Router::refuse(ProcessEntry& from, Outgoing& outgoing, const Route& route) {
  tally_.count(*route.refused);
  if (!outgoing.request.expects_response) {
    return;
  }
  auto envelope = std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::send_error,
                                                      .error = route.error,
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
  std::vector<std::weak_ptr<ProcessEntry>> waiters;
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
  for (const std::weak_ptr<ProcessEntry>& waiter : waiters) {
    if (std::shared_ptr<ProcessEntry> sender = waiter.lock()) {
      environment_.executor.wake(std::move(sender), WakeHint::elsewhere);
    }
  }
  return envelope;
}

std::unique_ptr<Envelope> Router::receive_awaited(ProcessEntry& to) {
  std::scoped_lock lock(to.mutex);
  to.waiting_for = to.awaited ? ProcessEntry::WaitingFor::nothing : ProcessEntry::WaitingFor::awaited;
  return std::move(to.awaited);
}

}  // namespace kinode::kernel
