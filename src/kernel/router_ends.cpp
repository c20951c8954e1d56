// The end of every request that expects a response: its answer, its failure, its timeout.
#include "kernel/planted_fault.h"
#include "kernel/router.h"

namespace kinode::kernel {

// ---- outstanding requests ------------------------------------------------------------------------

bool Router::add_outstanding(ProcessEntry& from, const Outgoing& outgoing, uint64_t id,
                             const std::shared_ptr<ProcessEntry>& target, Instant deadline) {
  auto record = std::make_unique<Outstanding>(from.weak_from_this(), id, outgoing.target);
  record->request = outgoing.request;
  record->blob = outgoing.blob;
  record->context = outgoing.context;
  record->prompting = outgoing.prompting;
  record->awaited = outgoing.awaited;
  if (target) {
    record->add_responder(target);
  } else {
    record->remote = 1;
  }

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

Router::Heir Router::add_heir(const ProcessEntry* from, const std::shared_ptr<ProcessEntry>& heir, const Address& asker,
                              uint64_t id) {
  Heir result = Heir::unchanged;
  if (asker.node() != environment_.node) {
    return result;  // a request of another node: that node judges
  }
  with_living(table_, asker.process(), [&](ProcessEntry& entry) {
    Outstanding* record = entry.outstanding.find(id);
    if (record == nullptr || !(from != nullptr ? record->may_be_answered_by(*from) : record->remote > 0)) {
      return;
    }
    if (heir) {
      result = record->add_responder(heir) ? Heir::added : Heir::refused;
    } else if (!planted(Fault::departure_forgotten)) {
      ++record->remote;
      result = Heir::added;
    }
  });
  return result;
}

void Router::remove_heir(const ProcessEntry* heir, const Address& asker, uint64_t id) {
  std::shared_ptr<ProcessEntry> owner;
  bool unanswerable = false;
  with_living(table_, asker.process(), [&](ProcessEntry& entry) {
    if (Outstanding* record = entry.outstanding.find(id)) {
      if (heir != nullptr) {
        record->remove_responder(*heir);
      } else {
        --record->remote;
      }
      unanswerable = record->unanswerable();
      owner = entry.shared_from_this();
    }
  });
  if (unanswerable) {
    fail(*owner, id, Fate::died);
  }
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

void Router::fail(ProcessEntry& owner, uint64_t id, Fate cause) {
  std::unique_ptr<Outstanding> record = take_outstanding(owner, id);
  if (record) {  // else it ended otherwise
    fail(owner, *record, cause);
  }
}

void Router::fail(ProcessEntry& owner, Outstanding& record, Fate cause) {
  record.release();
  tally_.count(cause);
  bool awaited = record.awaited;
  deliver_end(owner, error_of(owner, record, error_kind(cause)), awaited, WakeHint::elsewhere);
}

void Router::time_out(const std::shared_ptr<ProcessEntry>& owner, uint64_t id) { fail(*owner, id, Fate::timed_out); }

void Router::fail_requests_to(const ProcessEntry& dead) {
  if (planted(Fault::dead_responder_kept)) {
    return;
  }
  for (const AskedBy::Request& request : dead.asked.all()) {
    const std::shared_ptr<ProcessEntry> asker = request.asker.lock();
    if (!asker) {
      continue;
    }
    {
      std::scoped_lock lock(asker->mutex);
      Outstanding* record = asker->outstanding.find(request.id);
      if (record == nullptr) {
        continue;  // it ended meanwhile
      }
      record->forget_responder(dead);
      if (!record->unanswerable()) {
        continue;
      }
    }
    fail(*asker, request.id, Fate::died);
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
  const Address& target = prompting.answer_to();
  if (!is_here(target)) {
    respond_abroad(from, prompting, std::move(response), std::move(blob));
    return;
  }
  std::shared_ptr<ProcessEntry> asker = table_.find(target.process());
  if (!asker) {
    tally_.count(Fate::no_such_process);
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
    tally_.count(Fate::late);
    return;
  }
  if (!allowed) {
    environment_.printer.print({0, from.id(),
                                fmt::format("response to {} dropped: {} has no capability to message it. Let the "
                                            "asking process grant it in its manifest",
                                            target.process().text(), from.id().text())});
    tally_.count(Fate::denied);
    give_back_response(from, prompting, std::move(response), std::move(blob), SendErrorKind::timeout);
    return;
  }
  count_delivered(from);
  deliver_response(*asker, *record, from.address, std::move(response), std::move(blob), WakeHint::here);
  if (planted(Fault::double_end)) {
    deliver_end(*asker, error_of(*asker, *record, SendErrorKind::timeout), record->awaited, WakeHint::elsewhere);
  }
  if (planted(Fault::timer_left)) {
    wheel_.schedule_no_later(asker->restart_timer, deadline_of(record->request));
  }
}

void Router::deliver_response(ProcessEntry& asker, Outstanding& record, const Address& source, Response response,
                              std::optional<Blob> blob, WakeHint hint) {
  wheel_.cancel(record.timer);
  record.release();
  deliver_end(asker,
              std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::response,
                                                  .id = record.id,
                                                  .source = source,
                                                  .target = asker.address,
                                                  .message = std::move(response),
                                                  .blob = std::move(blob),
                                                  .context = std::move(record.context),
                                                  .prompting = std::move(record.prompting)}),
              record.awaited, hint);
}

void Router::give_back_response(ProcessEntry& from, const Prompting& prompting, Response response,
                                std::optional<Blob> blob, SendErrorKind kind) {
  give_back(from,
            std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::send_error,
                                                .error = kind,
                                                .id = prompting.id,
                                                .source = from.address,
                                                .target = prompting.answer_to(),
                                                .message = std::move(response),
                                                .blob = std::move(blob),
                                                .prompting = std::make_shared<const Prompting>(prompting)}),
            /*awaited=*/false);
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
      ++to.awaited_received;
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

}  // namespace kinode::kernel
