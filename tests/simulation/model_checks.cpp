// What is seen from outside, and what must be when everyone waits.
#include <algorithm>
#include <array>

#include "model.h"

namespace kinode::simulation {

using kernel::Counters;

void Model::check_counters(const Counters& counted) const {
  struct Named {
    Cause cause;
    std::string_view name;
  };
  static constexpr std::array<Named, 10> all{{{&Counters::delivered, "delivered"},
                                              {&Counters::denied, "denied"},
                                              {&Counters::no_such_process, "no such process"},
                                              {&Counters::died, "died"},
                                              {&Counters::mailbox_full, "mailbox full"},
                                              {&Counters::late, "late"},
                                              {&Counters::timed_out, "timed out"},
                                              {&Counters::offline, "offline"},
                                              {&Counters::over_limit, "over limit"},
                                              {&Counters::too_big, "too big"}}};
  for (const Named& each : all) {
    require(counted.*each.cause == counters_.*each.cause, Invariant::counted, "{} counted as {} in place of {}",
            counted.*each.cause, each.name, counters_.*each.cause);
  }
}

void Model::check_timers(std::optional<Instant> next_deadline) const {
  std::optional<Instant> earliest;
  auto consider = [&](Instant time) { earliest = earliest ? std::min(*earliest, time) : time; };
  for (const auto& [number, asked] : open_) {
    consider(asked.due);
  }
  for (const auto& [id, life] : table_) {
    if (life->wake_at) {
      consider(*life->wake_at);
    }
    if (life->stage == Life::Stage::backing_off) {
      consider(life->starts_at);
    }
  }
  require(earliest || !next_deadline, Invariant::nothing_leaks, "a timer is set, though nobody waits for a time");
  require(!earliest || (next_deadline && *next_deadline <= *earliest), Invariant::no_starvation,
          "no timer is set for the earliest deadline");
}

void Model::check_store() const {
  auto differ = [](const ProcessId& id, std::string_view what) {
    throw Violation(Invariant::store_is_prefix, fmt::format("the store has not the {} of {}", what, id.text()));
  };
  const Stored& stored = store_->now();
  size_t processes = 0;
  std::map<ProcessId, CapabilityMap> capabilities = promised_;
  for (const auto& [id, life] : table_) {
    if (life->lasts()) {
      ++processes;
      auto record = stored.processes.find(id);
      if (record == stored.processes.end() ||
          record->second != StoredProcess{life->handle, life->on_exit, life->is_public}) {
        differ(id, "record");
      }
    }
    const CapabilityMap& held = life->stored_capabilities();
    if ((life->lasts() || life->kind != Life::Kind::guest) && !held.empty()) {
      // Beside what it was promised while the node shut down.
      capabilities[id].insert(held.begin(), held.end());
    }
  }
  for (const auto& [id, held] : capabilities) {
    auto found = stored.capabilities.find(id);
    if (found == stored.capabilities.end() || found->second != held) {
      differ(id, "capabilities");
    }
  }
  require(stored.processes.size() == processes, Invariant::store_is_prefix, "the store has {} processes in place of {}",
          stored.processes.size(), processes);
  require(stored.capabilities.size() == capabilities.size(), Invariant::store_is_prefix,
          "the store has capabilities of {} processes in place of {}", stored.capabilities.size(), capabilities.size());
  require(stored.states == states_, Invariant::store_is_prefix, "the store has not the states that were saved");
}

void Model::check_at_rest() const {
  for (const auto& [id, life] : table_) {
    if (life->ended() || life->kind == Life::Kind::kernel) {
      continue;
    }
    auto starves = [&](std::string_view why) {
      throw Violation(Invariant::no_starvation, fmt::format("{} waits, though {}", life->name(), why));
    };
    if (life->stage == Life::Stage::running && life->kind == Life::Kind::guest && !life->was_polled) {
      starves("it runs and was never polled");
    }
    if (life->stage == Life::Stage::backing_off && life->starts_at <= told_) {
      starves("it is time to start again");
    }
    switch (life->waits) {
      case Life::Waits::nothing:
        if (life->was_polled) {
          starves("it waits for nothing");
        }
        break;
      case Life::Waits::message:
        if (!life->mailbox.empty()) {
          starves(fmt::format("{} is in its mailbox", life->mailbox.front().letter->name()));
        }
        break;
      case Life::Waits::end:
        if (life->awaited) {
          starves("the end that it awaits is there");
        }
        break;
      case Life::Waits::state:
        if (life->state_answered) {
          starves("its state was read");
        }
        break;
      case Life::Waits::room:
        break;
    }
    if (!life->sending.empty() && starves_for_room(life->sending.front())) {
      starves(fmt::format("there is room for {}, or its time is over", life->sending.front().letter.name()));
    }
  }
}

bool Model::starves_for_room(const Sent& sent) const {
  const Life* target = find(sent.letter.target.process());
  if (target == nullptr || target->ended() || target->stage == Life::Stage::backing_off || !sent.wait_until ||
      *sent.wait_until <= told_) {
    return true;
  }
  // It is woken when a quarter is free; one that is large may not fit even so.
  return target->requests() <= limits_.mailbox_messages * 3 / 4 &&
         (!bytes_matter() || target->bytes() <= limits_.mailbox_bytes / 4 * 3) &&
         has_room(*target, {.letter = std::make_shared<const Letter>(sent.letter),
                            .source = target->address,
                            .target = target->address});
}

void Model::check_finished() const {
  for (const auto& [id, life] : table_) {
    if (life->stage == Life::Stage::initialized) {
      continue;  // what is sent to it waits until somebody runs it
    }
    require(life->mailbox.empty() && !life->awaited, Invariant::no_starvation, "{} messages are left to {}",
            life->mailbox.size(), life->name());
    require(life->sending.empty(), Invariant::no_starvation, "{} still stands before a full mailbox", life->name());
  }
  require(open_.empty(), Invariant::ends_once, "m{} never ends", open_.empty() ? 0 : open_.begin()->first);
  for (const auto& [number, end] : ends_) {
    require(end.asker->ended() || end.arrived == 1, Invariant::ends_once, "m{} of {} ended {} times", number,
            end.asker->name(), end.arrived);
  }
}

// ---- state ---------------------------------------------------------------------------------------

void Model::set_state(const Life& life, std::optional<std::string> state) {
  if (life.ended()) {
    return;
  }
  if (state) {
    states_.insert_or_assign(life.address.process(), std::move(*state));
  } else {
    states_.erase(life.address.process());
  }
  change();
}

void Model::answer_read(Life& life) {
  auto found = states_.find(life.address.process());
  life.state_answered = true;
  life.state = found == states_.end() ? std::nullopt : std::optional(found->second);
}

void Model::answer_reads() {
  for (auto& [id, life] : table_) {
    if (life->waits == Life::Waits::state && !life->state_answered) {
      answer_read(*life);
    }
  }
}

}  // namespace kinode::simulation
