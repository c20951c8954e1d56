// The way of messages to other nodes, and of theirs into mailboxes here.
#include "base/check.h"
#include "kernel/planted_fault.h"
#include "kernel/router.h"

namespace kinode::kernel {

using Arrival = Kernel::Arrival;

// ---- to other nodes ------------------------------------------------------------------------------

Router::Delivery Router::carry(ProcessEntry& from, KernelMessage& message, const std::shared_ptr<Task>& waiter) {
  switch (environment_.network->carry(message, waiter)) {
    case Network::Carried::taken:
      return Delivery::delivered;
    case Network::Carried::full:
      return Delivery::full;
    case Network::Carried::unreachable:
      return Delivery::unreachable;
    case Network::Carried::too_big:
      break;
  }
  environment_.printer.print(
      {0, from.id(),
       fmt::format("message to {} dropped: between nodes it may have {} bytes, with its blob, at most",
                   message.target.text(), Network::most_bytes)});
  return Delivery::too_big;
}

Fate Router::fate_of(Delivery refusal) {
  switch (refusal) {
    case Delivery::delivered:
      return Fate::delivered;
    case Delivery::full:
      return Fate::mailbox_full;
    case Delivery::ended:
      return Fate::no_such_process;
    case Delivery::unreachable:
      return Fate::offline;
    case Delivery::too_big:
      break;
  }
  return Fate::too_big;
}

Router::Delivery Router::deliver_abroad(ProcessEntry& from, Outgoing& outgoing, const Passage& passage) {
  KernelMessage message{.id = passage.id,
                        .source = from.address,
                        .target = outgoing.target,
                        .rsvp = passage.rsvp,
                        .message = std::move(outgoing.request),
                        .context = std::nullopt,
                        .blob = std::move(outgoing.blob)};
  Delivery delivery = carry(from, message, from.shared_from_this());
  if (delivery != Delivery::delivered) {
    outgoing.request = std::get<Request>(std::move(message.message));
    outgoing.blob = std::move(message.blob);
  }
  return delivery;
}

void Router::respond_abroad(ProcessEntry& from, const Prompting& prompting, Response response,
                            std::optional<Blob> blob) {
  Address target = prompting.answer_to();
  if (!prompting.expects_response && !prompting.rsvp) {
    tally_.count(Fate::late);  // nobody there waits for it
    return;
  }
  std::optional<Fate> refused = route(from, target, "response").refused;
  if (!refused) {
    KernelMessage message{.id = prompting.id,
                          .source = from.address,
                          .target = target,
                          .rsvp = std::nullopt,
                          .message = std::move(response),
                          .context = std::nullopt,
                          .blob = std::move(blob)};
    Delivery delivery = carry(from, message, nullptr);
    if (delivery == Delivery::delivered) {
      count_delivered(from);
      return;
    }
    response = std::get<Response>(std::move(message.message));
    blob = std::move(message.blob);
    refused = fate_of(delivery);
  }
  tally_.count(*refused);
  give_back_response(from, prompting, std::move(response), std::move(blob), error_kind(*refused));
}

void Router::undelivered(KernelMessage message) {
  std::shared_ptr<ProcessEntry> sender;
  with_living(table_, message.source.process(), [&](ProcessEntry& entry) { sender = entry.shared_from_this(); });
  if (const auto* request = std::get_if<Request>(&message.message)) {
    if (!request->expects_response) {
      tally_.count(Fate::offline);
    } else if (sender && !planted(Fault::undelivered_forgotten)) {
      fail(*sender, message.id, Fate::offline);
    }
    return;
  }
  tally_.count(Fate::offline);
  if (sender) {
    // Whom the request came from is not known any more; who is to be answered is what matters to the next attempt.
    give_back_response(*sender, {message.id, message.target, message.target, true},
                       std::get<Response>(std::move(message.message)), std::move(message.blob), SendErrorKind::offline);
  }
}

// ---- from other nodes ----------------------------------------------------------------------------

Arrival Router::arrive(KernelMessage& message, const std::shared_ptr<Task>& waiter) {
  const bool is_ours = is_here(message.target) || planted(Fault::target_node_unchecked);
  if (!is_ours || is_here(message.source)) {
    environment_.printer.print(
        {1, kernel_.process(),
         fmt::format("message of {} to {} dropped: this node does not pass on the messages of others",
                     message.source.text(), message.target.text())});
    tally_.count(Fate::denied);
    return Arrival::denied;
  }
  return std::holds_alternative<Request>(message.message) ? arrive_request(message, waiter) : arrive_response(message);
}

std::optional<Arrival> Router::refuse_foreign(ProcessEntry& target, const KernelMessage& request) {
  auto deny = [&](uint8_t verbosity, std::string_view reason) {
    environment_.printer.print(
        {verbosity, kernel_.process(),
         fmt::format("request of {} to {} dropped: {}", request.source.text(), target.id().text(), reason)});
    tally_.count(Fate::denied);
    return Arrival::denied;
  };
  if (!target.reachable && !planted(Fault::module_exposed)) {
    return deny(1, "the runtime takes no requests of other nodes");
  }
  if (!CapabilityStore::holds(target, Capability::network(kernel_)) && !planted(Fault::network_unchecked)) {
    // Once: it is for who wrote the package, and others can have it repeated.
    return deny(target.network_refused.exchange(true) ? 2 : 0,
                "no capability to use the network. Set \"request_networking\" in the package's manifest");
  }
  return std::nullopt;
}

Arrival Router::arrive_request(KernelMessage& message, const std::shared_ptr<Task>& waiter) {
  auto none = [&] {
    environment_.printer.print({2, kernel_.process(),
                                fmt::format("request of {} to {} dropped: no such process", message.source.text(),
                                            message.target.process().text())});
    tally_.count(Fate::no_such_process);
    return Arrival::no_such_process;
  };
  std::shared_ptr<ProcessEntry> target = table_.find(message.target.process());
  if (!target) {
    return none();
  }
  if (std::optional<Arrival> refused = refuse_foreign(*target, message)) {
    return *refused;
  }
  std::optional<Address> rsvp = message.rsvp;
  if (rsvp && is_here(*rsvp)) {
    rsvp = rsvp->at_node_of(kernel_);
  }
  if (rsvp && target->kind == ProcessEntry::Kind::module && rsvp->node() != message.source.node() &&
      !planted(Fault::foreign_rsvp_trusted)) {
    rsvp = message.source;  // modules may message whom a peer may not (defect B25)
  }
  // A request of this node that comes back by others.
  Heir heir = rsvp ? add_heir(nullptr, target, *rsvp, message.id) : Heir::unchanged;
  if (heir == Heir::refused) {
    tally_.count(Fate::over_limit);
    return Arrival::denied;
  }
  auto envelope = std::make_unique<Envelope>(Envelope{.kind = Envelope::Kind::request,
                                                      .id = message.id,
                                                      .source = message.source,
                                                      .target = target->address,
                                                      .rsvp = rsvp,
                                                      .message = std::move(message.message),
                                                      .blob = std::move(message.blob)});
  Delivery delivery = deliver_request(*target, envelope, waiter, WakeHint::elsewhere);
  if (delivery == Delivery::delivered) {
    tally_.count(Fate::delivered);
    return Arrival::delivered;
  }
  message.message = std::move(envelope->message);
  message.blob = std::move(envelope->blob);
  if (heir == Heir::added) {
    remove_heir(target.get(), *rsvp, message.id);
  }
  return delivery == Delivery::full ? Arrival::full : none();
}

Arrival Router::arrive_response(KernelMessage& message) {
  std::shared_ptr<ProcessEntry> asker;
  std::unique_ptr<Outstanding> record;
  with_living(table_, message.target.process(), [&](ProcessEntry& entry) {
    const Outstanding* waiting = entry.outstanding.find(message.id);
    if (waiting != nullptr && (waiting->remote > 0 || planted(Fault::local_answered_from_afar))) {
      record = entry.outstanding.take(message.id);
      asker = entry.shared_from_this();
    }
  });
  if (!record) {
    tally_.count(Fate::late);
    return Arrival::late;
  }
  tally_.count(Fate::delivered);
  deliver_response(*asker, *record, message.source, std::get<Response>(std::move(message.message)),
                   std::move(message.blob), WakeHint::elsewhere);
  return Arrival::delivered;
}

void Router::refused(const std::string& node, const ProcessId& asker, uint64_t id) {
  std::shared_ptr<ProcessEntry> owner;
  std::unique_ptr<Outstanding> record;
  with_living(table_, asker, [&](ProcessEntry& entry) {
    const Outstanding* waiting = entry.outstanding.find(id);
    // Another node knows the ids that it was sent, and may make up any other (defect B34).
    if (waiting != nullptr && (waiting->target.node() == node || planted(Fault::refusal_believed)) &&
        waiting->remote == 1 && !waiting->has_responders()) {
      record = entry.outstanding.take(id);
      owner = entry.shared_from_this();
    }
  });
  if (record) {
    wheel_.cancel(record->timer);
    fail(*owner, *record, Fate::no_such_process);
  }
}

}  // namespace kinode::kernel
