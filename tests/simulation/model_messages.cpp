// The way of a message from its sender to a mailbox, and the one end of each request.
#include <algorithm>

#include "model.h"

namespace kinode::simulation {

using Kind = kernel::Envelope::Kind;
using kernel::Counters;

Model::Fate& Model::fate(uint64_t number) {
  if (fates_.size() <= number) {
    fates_.resize(number + 1);
  }
  return fates_[number];
}

bool Model::may_message(const Life& from, const Life& target) {
  return from.exempt || target.is_public || holds(from, Capability::messaging(target.address));
}

bool Model::has_room(const Life& target, const Arrival& arrival) const {
  size_t requests = target.requests();
  if (requests == 0) {
    return true;
  }
  return requests < limits_.mailbox_messages &&
         (!bytes_matter() || target.bytes() + arrival.bytes() <= limits_.mailbox_bytes);
}

uint64_t Model::thread_of(const Sent& sent) const {
  bool inherits = !sent.letter.expects && sent.letter.inherit && sent.handled;
  return inherits ? sent.handled->thread : sent.letter.number;
}

Instant Model::due(Instant deadline) const {
  // What is set within a millisecond of which the kernel was told already is due in the next.
  return std::max(deadline, told_ + std::chrono::milliseconds(1));
}

// ---- sending -------------------------------------------------------------------------------------

bool Model::send(Life& from, Sent& sent) {
  Letter& letter = sent.letter;
  if (from.ended() || from.over_limit) {
    return true;  // nobody is there for its failure
  }
  auto note = [&](std::string_view outcome) {
    trace_.note([&] {
      return fmt::format("{} -> {}: {}: {}", from.name(), short_name(letter.target), describe(letter), outcome);
    });
  };
  if (letter.target.node() != node_name) {
    if (letter.target.node() != "our") {
      bool may = holds(from, Capability::network(kernel_address));
      note(may ? "offline" : "denied, no network");
      refuse(from, sent, may ? &Counters::offline : &Counters::denied,
             may ? SendErrorKind::offline : SendErrorKind::timeout);
      return true;
    }
    letter.target = letter.target.at_node_of(kernel_address);
  }
  Life* target = find(letter.target.process());
  if (target == nullptr) {
    note("no such process");
    refuse(from, sent, &Counters::no_such_process);
    return true;
  }
  if (!may_message(from, *target)) {
    note("denied");
    refuse(from, sent, &Counters::denied);
    return true;
  }
  filter(from, letter.capabilities);
  if (letter.expects) {
    ends_.try_emplace(letter.number, End{&from});
    if (!sent.wait_until) {
      constexpr uint64_t longest = uint64_t{3600} * 24 * 365 * 2;
      sent.wait_until = clock_.now() + std::chrono::seconds(std::min(*letter.expects, longest));
      sent.deadline = *sent.wait_until;
    } else {
      sent.deadline = std::max(*sent.wait_until, clock_.now() + limits_.last_attempt);
    }
    if (open_requests(from) + from.ends() >= limits_.outstanding_requests) {
      note("too many open requests");
      refuse(from, sent, &Counters::over_limit);
      return true;
    }
  }
  if (target->kind == Life::Kind::kernel) {
    note("command");
    ++counters_.delivered;
    begin(from, *target, sent);
    carry_out(from, sent, *target);
    return true;
  }
  if (target->ended() || target->stage == Life::Stage::backing_off) {
    note("does not run now");
    refuse(from, sent, &Counters::no_such_process);
    return true;
  }
  if (!has_room(
          *target,
          {.letter = std::make_shared<const Letter>(letter), .source = from.address, .target = target->address})) {
    note("full");
    return wait_for_room(from, *target, sent);
  }
  note(fmt::format("in the mailbox of {}", target->name()));
  ++counters_.delivered;
  begin(from, *target, sent);
  deliver(from, *target, sent);
  return true;
}

bool Model::wait_for_room(Life& from, const Life& target, Sent& sent) {
  if (!sent.wait_until) {
    sent.wait_until = clock_.now() + limits_.full_mailbox_wait;
  }
  if (&target == &from || clock_.now() >= *sent.wait_until) {
    refuse(from, sent, &Counters::mailbox_full);
    return true;
  }
  Instant at = due(*sent.wait_until);
  from.wake_at = from.wake_at ? std::min(*from.wake_at, at) : at;
  fate(sent.letter.number) = {Fate::Kind::waits, &from};
  return false;
}

bool Model::send_all(Life& from) {
  while (!from.sending.empty()) {
    Sent sent = std::move(from.sending.front());
    from.sending.pop_front();
    if (!send(from, sent)) {
      from.sending.push_front(std::move(sent));
      from.waits = Life::Waits::room;
      return false;
    }
  }
  from.waits = Life::Waits::nothing;
  return true;
}

void Model::refuse(Life& from, Sent& sent, Cause cause, SendErrorKind error) {
  ++(counters_.*cause);
  fate(sent.letter.number) = {Fate::Kind::refused, nullptr};
  if (!sent.letter.expects) {
    return;
  }
  ends_.try_emplace(sent.letter.number, End{&from});
  give_back(from,
            {.kind = Kind::send_error,
             .error = error,
             .letter = std::make_shared<const Letter>(sent.letter),
             .source = from.address,
             .target = sent.letter.target,
             .context = sent.letter.context,
             .handled = sent.handled,
             .ends = sent.letter.number},
            sent.awaited);
}

void Model::begin(Life& from, Life& target, const Sent& sent) {
  const Letter& letter = sent.letter;
  if (letter.expects) {
    open_.emplace(letter.number, Asked{.letter = std::make_shared<const Letter>(letter),
                                       .asker = &from,
                                       .responders = {&target},
                                       .handled = sent.handled,
                                       .awaited = sent.awaited,
                                       .due = due(sent.deadline),
                                       .order = ++orders_});
  } else if (letter.inherit && sent.handled && sent.handled->rsvp) {
    add_heir(from, target, *sent.handled);
  }
}

void Model::add_heir(Life& from, Life& heir, const Handled& handled) {
  Asked* asked = find_open(handled.thread, *handled.rsvp);
  if (asked != nullptr && asked->responders.contains(&from)) {
    asked->responders.insert(&heir);
  }
}

Asked* Model::find_open(uint64_t thread, const Address& asker) {
  auto found = open_.find(thread);
  return found != open_.end() && found->second.asker->address == asker ? &found->second : nullptr;
}

void Model::deliver(Life& from, Life& target, const Sent& sent) {
  std::optional<Address> rsvp;
  if (sent.letter.expects) {
    rsvp = from.address;
  } else if (sent.letter.inherit && sent.handled) {
    rsvp = sent.handled->rsvp;
  }
  target.mailbox.push_back({.kind = Kind::request,
                            .letter = std::make_shared<const Letter>(sent.letter),
                            .thread = thread_of(sent),
                            .source = from.address,
                            .target = target.address,
                            .rsvp = std::move(rsvp),
                            .rests_on = store_->written()});
  fate(sent.letter.number) = {Fate::Kind::in_mailbox, &target};
}

// ---- responding ----------------------------------------------------------------------------------

void Model::respond(Life& from, const Handled& handled, Letter letter) {
  if (from.ended() || from.over_limit) {
    return;
  }
  auto note = [&](std::string_view outcome) {
    trace_.note([&] {
      return fmt::format("{} answers {} with {}: {}", from.name(), short_name(handled.answer_to()), describe(letter),
                         outcome);
    });
  };
  filter(from, letter.capabilities);
  Life* asker = find(handled.answer_to().process());
  if (asker == nullptr) {
    note("nobody there");
    ++counters_.no_such_process;
    return;
  }
  Asked* asked = find_open(handled.thread, handled.answer_to());
  if (asked == nullptr || asked->asker != asker || !asked->responders.contains(&from)) {
    note("late");
    ++counters_.late;
    return;
  }
  auto shared = std::make_shared<const Letter>(letter);
  if (!may_message(from, *asker)) {
    note("denied");
    ++counters_.denied;
    give_back(from,
              {.kind = Kind::send_error,
               .letter = shared,
               .gives_back_response = true,
               .source = from.address,
               .target = handled.answer_to(),
               .handled = std::make_shared<const Handled>(handled)},
              /*awaited=*/false);
    return;
  }
  note(fmt::format("ends m{} of {}", handled.thread, asker->name()));
  ++counters_.delivered;
  auto taken = open_.extract(handled.thread);
  Asked& ended = taken.mapped();
  if (letter.number != 0) {
    fate(letter.number) = {Fate::Kind::in_mailbox, asker};
  }
  end_arrives(*asker,
              {.kind = Kind::response,
               .letter = shared,
               .thread = handled.thread,
               .source = from.address,
               .target = asker->address,
               .context = ended.letter->context,
               .handled = ended.handled,
               .ends = ended.letter->number,
               .rests_on = store_->written()},
              ended.awaited);
}

// ---- ends ----------------------------------------------------------------------------------------

void Model::give_back(Life& from, Arrival error, bool awaited) {
  if (from.kind == Life::Kind::kernel) {
    return;
  }
  if (from.kind == Life::Kind::guest && !awaited && from.ends() >= 2 * limits_.outstanding_requests) {
    trace_.note([&] { return fmt::format("{} is over its limit", from.name()); });
    from.over_limit = true;
    return;
  }
  end_arrives(from, std::move(error), awaited);
}

void Model::end_arrives(Life& to, Arrival end, bool awaited) {
  if (to.ended()) {
    return;
  }
  if (awaited) {
    to.awaited = std::move(end);
  } else {
    to.mailbox.push_back(std::move(end));
  }
}

void Model::fail(uint64_t number, Cause cause, uint64_t group) {
  auto taken = open_.extract(number);
  Asked& asked = taken.mapped();
  ++(counters_.*cause);
  trace_.note([&] {
    return fmt::format("m{} of {} ends with Timeout ({})", number, asked.asker->name(),
                       cause == &Counters::died ? "nobody left to answer" : "time is over");
  });
  end_arrives(*asked.asker,
              {.kind = Kind::send_error,
               .letter = asked.letter,
               .thread = number,
               .source = asked.asker->address,
               .target = asked.letter->target,
               .context = asked.letter->context,
               .handled = asked.handled,
               .ends = number,
               .group = group},
              asked.awaited);
}

void Model::fail_requests_to(Life& dead) {
  std::vector<uint64_t> unanswerable;
  for (auto& [number, asked] : open_) {
    asked.responders.erase(&dead);
    if (asked.responders.empty()) {
      unanswerable.push_back(number);
    }
  }
  uint64_t group = ++groups_;
  for (uint64_t number : unanswerable) {
    fail(number, &Counters::died, group);
  }
}

size_t Model::open_requests(const Life& life) const {
  return static_cast<size_t>(std::ranges::count_if(open_, [&](const auto& one) { return one.second.asker == &life; }));
}

size_t Model::requests_that_wait_for(const Life& life) const {
  return static_cast<size_t>(std::ranges::count_if(
      open_, [&](const auto& one) { return one.second.responders.contains(const_cast<Life*>(&life)); }));
}

}  // namespace kinode::simulation
