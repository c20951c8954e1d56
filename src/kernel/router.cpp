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
  if (route.cause != nullptr) {
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
    if (!outgoing.wait_until) {
      outgoing.wait_until = deadline_of(outgoing.request);
    }
    if (!add_outstanding(from, outgoing, id, route.target, *outgoing.wait_until)) {
      refuse(from, outgoing, {nullptr, &counters_.over_limit});
      return SendStatus::sent;
    }
  } else if (inherits) {
    rsvp = outgoing.prompting->rsvp;
    heir = rsvp ? add_responder(from, route.target, *outgoing.prompting) : Heir::unchanged;
    if (heir == Heir::refused) {
      AtomicCounters::count(counters_.over_limit);
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
    AtomicCounters::count(counters_.delivered);
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
    refuse(from, outgoing, {nullptr, &counters_.no_such_process});
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
    refuse(from, outgoing, {nullptr, &counters_.mailbox_full});
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
        return {nullptr, &counters_.denied};
      }
      return {nullptr, &counters_.offline, SendErrorKind::offline};
    }
    target = target.at_node_of(kernel_);
  }
  std::shared_ptr<ProcessEntry> entry = table_.find(target.process());
  if (!entry) {
    environment_.printer.print(
        {2, from.id(), fmt::format("{} to {} dropped: no such process", what, target.process().text())});
    return {nullptr, &counters_.no_such_process};
  }
  if (!may_message(from, *entry)) {
    environment_.printer.print({0, from.id(),
                                fmt::format("{} to {} dropped: {} has no capability to message it", what,
                                            target.process().text(), from.id().text())});
    return {nullptr, &counters_.denied};
  }
  return {std::move(entry), nullptr};
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
  AtomicCounters::count(counters_.delivered);
  std::optional<std::string> body = command_(from, outgoing.request, outgoing.blob);
  if (body && rsvp) {
    Response response;
    response.body = Bytes::from(std::move(*body));
    respond(*kernel_entry, {id, from.address, std::move(rsvp), true}, std::move(response), std::nullopt);
  }
}

void Router::refuse(ProcessEntry& from, Outgoing& outgoing, const Route& route) {
  AtomicCounters::count(*route.cause);
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

Instant Router::deadline_of(const Request& request) const {
  uint64_t seconds = std::min(request.expects_response.value_or(0), longest_timeout_seconds);
  return environment_.clock.now() + std::chrono::seconds(seconds);
}

// ---- outstanding requests ------------------------------------------------------------------------

bool Router::add_outstanding(ProcessEntry& from, const Outgoing& outgoing, uint64_t id,
                             const std::shared_ptr<ProcessEntry>& target, Instant deadline) {
  auto record = std::make_unique<Outstanding>(from.weak_from_this(), id, outgoing.target);
  record->request = outgoing.request;
  record->blob = outgoing.blob;
  record->context = outgoing.context;
  record->prompting = outgoing.prompting;
  record->awaited = outgoing.awaited;
  record->add_responder(target);

  const Limits& limits = environment_.limits;
  std::scoped_lock lock(from.mutex);
  size_t open = from.outstanding.size() + from.mailbox.ends();
  size_t open_bytes = from.outstanding.bytes() + from.mailbox.end_bytes();
  if (from.ended() || open >= limits.outstanding_requests ||
      (open > 0 && open_bytes + record->bytes() > limits.outstanding_bytes)) {
    record->release();
    return false;
  }
  // Set before the record can be taken, and under the lock, so that it is not fired before it is there.
  if (!planted(Fault::timer_never_set)) {
    wheel_.schedule(record->timer, deadline);
  }
  from.outstanding.add(std::move(record));
  return true;
}

Router::Heir Router::add_responder(ProcessEntry& from, const std::shared_ptr<ProcessEntry>& heir,
                                   const Prompting& prompting) {
  Heir result = Heir::unchanged;
  if (prompting.rsvp->node() != environment_.node) {
    return result;  // a request of another node: that node judges
  }
  with_living(table_, prompting.rsvp->process(), [&](ProcessEntry& asker) {
    Outstanding* record = asker.outstanding.find(prompting.id);
    if (record != nullptr && record->may_be_answered_by(from)) {
      result = record->add_responder(heir) ? Heir::added : Heir::refused;
    }
  });
  return result;
}

void Router::remove_responder(const ProcessEntry& heir, const Prompting& prompting) {
  std::shared_ptr<ProcessEntry> asker = table_.find(prompting.rsvp->process());
  if (!asker) {
    return;
  }
  {
    std::scoped_lock lock(asker->mutex);
    Outstanding* record = asker->outstanding.find(prompting.id);
    if (record == nullptr) {
      return;
    }
    record->remove_responder(heir);
    if (!record->unanswerable()) {
      return;
    }
  }
  fail(*asker, prompting.id, counters_.died);
}

std::unique_ptr<Outstanding> Router::take_outstanding(ProcessEntry& owner, uint64_t id) {
  std::unique_ptr<Outstanding> record;
  {
    std::scoped_lock lock(owner.mutex);
    record = owner.outstanding.take(id);
  }
  if (record) {
    wheel_.cancel(record->timer);
  }
  return record;
}

std::unique_ptr<Envelope> Router::error_of(ProcessEntry& owner, Outstanding& record, SendErrorKind kind) const {
  return std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::send_error,
                                             .error = kind,
                                             .id = record.id,
                                             .source = owner.address,
                                             .target = std::move(record.target),
                                             .message = std::move(record.request),
                                             .blob = std::move(record.blob),
                                             .context = std::move(record.context),
                                             .prompting = std::move(record.prompting)});
}

void Router::fail(ProcessEntry& owner, uint64_t id, std::atomic<uint64_t>& cause) {
  std::unique_ptr<Outstanding> record = take_outstanding(owner, id);
  if (!record) {
    return;  // it ended otherwise
  }
  record->release();
  AtomicCounters::count(cause);
  bool awaited = record->awaited;
  deliver_end(owner, error_of(owner, *record, SendErrorKind::timeout), awaited, WakeHint::elsewhere);
}

void Router::time_out(const std::shared_ptr<ProcessEntry>& owner, uint64_t id) {
  fail(*owner, id, counters_.timed_out);
}

void Router::fail_requests_to(const ProcessEntry& dead) {
  if (dead.asked.load(std::memory_order_relaxed) == 0 || planted(Fault::dead_responder_kept)) {
    return;
  }
  for (const std::shared_ptr<ProcessEntry>& asker : table_.all()) {
    std::vector<uint64_t> unanswerable;
    {
      std::scoped_lock lock(asker->mutex);
      for (const auto& [id, record] : asker->outstanding.all()) {
        record->forget_responder(dead);
        if (record->unanswerable()) {
          unanswerable.push_back(id);
        }
      }
    }
    for (uint64_t id : unanswerable) {
      fail(*asker, id, counters_.died);
    }
  }
}

void Router::abandon_requests_of(ProcessEntry& entry) {
  std::vector<std::unique_ptr<Outstanding>> records;
  {
    std::scoped_lock lock(entry.mutex);
    records = entry.outstanding.take_all();
  }
  for (const std::unique_ptr<Outstanding>& record : records) {
    wheel_.cancel(record->timer);
    record->release();
  }
}

// ---- responding ----------------------------------------------------------------------------------

void Router::respond(ProcessEntry& from, const Prompting& prompting, Response response, std::optional<Blob> blob) {
  if (from.ended() || from.over_limit) {
    return;
  }
  CapabilityStore::filter(from, response.capabilities);
  Address target = prompting.answer_to();
  auto refuse = [&](SendErrorKind kind) {
    give_back(from,
              std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::send_error,
                                                  .error = kind,
                                                  .id = prompting.id,
                                                  .source = from.address,
                                                  .target = target,
                                                  .message = std::move(response),
                                                  .blob = std::move(blob),
                                                  .prompting = std::make_shared<const Prompting>(prompting)}),
              /*awaited=*/false);
  };
  if (target.node() != environment_.node && target.node() != "our") {
    Route refused = route(from, target, "response");
    AtomicCounters::count(*refused.cause);
    refuse(refused.error);
    return;
  }
  std::shared_ptr<ProcessEntry> asker = table_.find(target.process());
  if (!asker) {
    AtomicCounters::count(counters_.no_such_process);
    return;
  }
  bool allowed = may_message(from, *asker);
  std::unique_ptr<Outstanding> record;
  bool late = false;
  {
    std::scoped_lock lock(asker->mutex);
    Outstanding* waiting = asker->outstanding.find(prompting.id);
    late = waiting == nullptr || !(waiting->may_be_answered_by(from) || planted(Fault::anybody_answers));
    if (!late && allowed) {
      record = asker->outstanding.take(prompting.id);
    }
  }
  if (late) {
    AtomicCounters::count(counters_.late);
    return;
  }
  if (!allowed) {
    environment_.printer.print({0, from.id(),
                                fmt::format("response to {} dropped: {} has no capability to message it. Let the "
                                            "asking process grant it in its manifest",
                                            target.process().text(), from.id().text())});
    AtomicCounters::count(counters_.denied);
    refuse(SendErrorKind::timeout);
    return;
  }
  wheel_.cancel(record->timer);
  record->release();
  AtomicCounters::count(counters_.delivered);
  deliver_end(*asker,
              std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::response,
                                                  .id = record->id,
                                                  .source = from.address,
                                                  .target = asker->address,
                                                  .message = std::move(response),
                                                  .blob = std::move(blob),
                                                  .context = std::move(record->context),
                                                  .prompting = std::move(record->prompting)}),
              record->awaited, WakeHint::here);
  if (planted(Fault::double_end)) {
    deliver_end(*asker, error_of(*asker, *record, SendErrorKind::timeout), record->awaited, WakeHint::elsewhere);
  }
  if (planted(Fault::timer_left)) {
    wheel_.schedule_no_later(asker->restart_timer, deadline_of(record->request));
  }
}

void Router::give_back(ProcessEntry& from, std::unique_ptr<Envelope> envelope, bool awaited) {
  if (from.kind == ProcessEntry::Kind::kernel) {
    return;  // it reads no errors
  }
  if (from.kind == ProcessEntry::Kind::guest && !awaited) {
    const Limits& limits = environment_.limits;
    std::scoped_lock lock(from.mutex);
    if (from.mailbox.ends() >= 2 * limits.outstanding_requests ||
        (from.mailbox.ends() > 0 && from.mailbox.end_bytes() + envelope->bytes() > 2 * limits.outstanding_bytes)) {
      from.over_limit = true;
      return;
    }
  }
  deliver_end(from, std::move(envelope), awaited, WakeHint::elsewhere);
}

void Router::deliver_end(ProcessEntry& to, std::unique_ptr<Envelope> envelope, bool awaited, WakeHint hint) {
  bool wake = false;
  {
    std::scoped_lock lock(to.mutex);
    if (to.ended()) {
      return;
    }
    auto wanted = ProcessEntry::WaitingFor::any;
    if (awaited) {
      wanted = ProcessEntry::WaitingFor::awaited;
      to.awaited = std::move(envelope);
    } else {
      to.mailbox.push(std::move(envelope));
    }
    wake = to.waiting_for == wanted;
    if (wake) {
      to.waiting_for = ProcessEntry::WaitingFor::nothing;
    }
  }
  if (wake) {
    environment_.executor.wake(to.shared_from_this(), hint);
  }
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
