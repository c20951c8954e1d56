// How processes come to be, end, and start again.
#include <algorithm>

#include "model.h"

namespace kinode::simulation {

Model::Model(const Clock& clock, const kernel::Limits& limits, Trace& trace)
    : clock_(clock), limits_(limits), trace_(trace), told_(clock.now()) {}

Life* Model::find(const ProcessId& id) const {
  auto found = table_.find(id);
  return found == table_.end() ? nullptr : found->second;
}

Life* Model::living(const ProcessId& id) const {
  Life* life = find(id);
  return life != nullptr && !life->ended() ? life : nullptr;
}

Life& Model::make_life(const Address& address, Life::Kind kind) {
  lives_.push_back(std::make_unique<Life>(Life{.number = lives_.size() + 1, .address = address, .kind = kind}));
  return *lives_.back();
}

// ---- the node ------------------------------------------------------------------------------------

void Model::start_node(const Store& store) {
  store_ = &store;
  for (const std::unique_ptr<Life>& life : lives_) {
    life->stage = Life::Stage::ended;
  }
  table_.clear();
  promised_.clear();
  states_.clear();
  open_.clear();
  counters_ = {};
  told_ = clock_.now();
  shut_down_ = false;
  Life& kernel = make_life(kernel_address, Life::Kind::kernel);
  kernel.exempt = true;
  kernel.stage = Life::Stage::running;
  kernel.on_exit = OnExit::restart();
  insert(kernel, {Capability::messaging(kernel.address), Capability::network(kernel_address)});
  table_.emplace(kernel.address.process(), &kernel);
}

Life& Model::add_module(const Address& address, bool is_public) {
  Life& life = make_life(address, Life::Kind::module);
  life.is_public = is_public;
  life.exempt = address.process().process() == "vfs";
  life.on_exit = OnExit::restart();
  life.stage = Life::Stage::running;
  insert(life, {Capability::messaging(address), Capability::network(kernel_address)});
  for (auto& [id, other] : table_) {
    insert(*other, {Capability::messaging(address)});
    insert(life, {Capability::messaging(other->address)});
  }
  table_.emplace(address.process(), &life);
  return life;
}

void Model::load(const Stored& stored, const std::set<ProcessId>& forgotten) {
  states_ = stored.states;
  for (const auto& [id, record] : stored.processes) {
    if (!forgotten.contains(id)) {
      Life& life = make_life(kernel_address.neighbour(id), Life::Kind::guest);
      life.handle = record.handle;
      life.on_exit = record.on_exit;
      life.is_public = record.is_public;
      life.was_stored = true;
      table_.emplace(id, &life);
    }
  }
  for (const auto& [id, held] : stored.capabilities) {
    if (Life* life = find(id)) {
      life->capabilities.insert(held.begin(), held.end());
      life->granted = held;
    } else if (!forgotten.contains(id)) {
      promised_.emplace(id, held);
    }
  }
  change();
}

bool Model::install(NewProcess spec) {
  Life* life = find(spec.id);
  if (life == nullptr) {
    return initialize(std::move(spec));
  }
  life->handle = spec.handle;
  life->is_public = spec.is_public;
  insert(*life, spec.capabilities);
  life->on_exit = std::move(spec.on_exit);
  return true;
}

void Model::run_all(const std::vector<ProcessId>& order) {
  for (const ProcessId& id : order) {
    Life* life = find(id);
    require(life != nullptr && life->stage == Life::Stage::initialized, Invariant::right_receiver,
            "{} is started, which is not there to be", id.text());
    if (life->was_stored) {
      send_on_exit_requests(*life);
    }
    life->stage = Life::Stage::running;
  }
  for (const auto& [id, life] : table_) {
    require(life->stage != Life::Stage::initialized, Invariant::no_starvation, "{} is not started at boot",
            life->name());
  }
}

void Model::shutdown() {
  trace_.note([] { return "the node shuts down"; });
  shut_down_ = true;
  for (auto& [id, life] : table_) {
    if (life->kind == Life::Kind::guest) {
      end(*life);
    }
  }
}

void Model::advance() {
  const Instant now = clock_.now();
  std::vector<std::pair<Instant, uint64_t>> due;
  for (const auto& [number, asked] : open_) {
    if (asked.due <= now) {
      due.emplace_back(asked.due, number);
    }
  }
  std::ranges::sort(due, [&](const auto& a, const auto& b) {
    return std::pair(a.first, open_.at(a.second).order) < std::pair(b.first, open_.at(b.second).order);
  });
  for (const auto& [when, number] : due) {
    fail(number, &kernel::Counters::timed_out, /*group=*/0);
  }
  for (auto& [id, life] : table_) {
    if (life->wake_at && *life->wake_at <= now) {
      life->wake_at.reset();
    }
    if (life->stage == Life::Stage::backing_off && life->starts_at <= now) {
      trace_.note([&] { return fmt::format("{} starts again", life->name()); });
      life->stage = Life::Stage::running;
    }
  }
  told_ = now;
}

// ---- processes -----------------------------------------------------------------------------------

bool Model::initialize(NewProcess spec) {
  bool reserved = spec.id.package() == "distro" && spec.id.publisher() == "sys";
  if (!spec.id.is_name_safe() || reserved || shut_down_ || table_.size() >= limits_.processes ||
      spec.program != guest_program || table_.contains(spec.id)) {
    return false;
  }
  Life& life = make_life(kernel_address.neighbour(spec.id), Life::Kind::guest);
  life.handle = spec.handle;
  life.on_exit = std::move(spec.on_exit);
  life.is_public = spec.is_public;
  table_.emplace(spec.id, &life);
  insert(life, {Capability::messaging(life.address)});
  insert(life, spec.capabilities);
  if (auto promised = promised_.extract(spec.id)) {
    life.capabilities.merge(promised.mapped());
  }
  trace_.note([&] {
    return fmt::format("{} is made, on exit {}{}", life.name(), describe(life.on_exit),
                       life.is_public ? ", public" : "");
  });
  return true;
}

bool Model::spawn(Life& parent, NewProcess child, const std::vector<std::pair<ProcessId, std::string>>& grants) {
  filter(parent, child.capabilities);
  filter(parent, child.on_exit);
  child.capabilities.push_back(Capability::messaging(parent.address));
  ProcessId id = child.id;
  if (!initialize(std::move(child))) {
    return false;
  }
  Address address = kernel_address.neighbour(id);
  add(parent, {Capability::messaging(address)});
  for (const auto& [grantee, params] : grants) {
    if (Result<Capability> capability = Capability::make(address, params)) {
      grant(grantee, {*capability});
    }
  }
  run(id);
  return true;
}

bool Model::run(const ProcessId& id) {
  Life* life = living(id);
  if (life != nullptr && life->stage == Life::Stage::initialized) {
    life->stage = Life::Stage::running;
  }
  return life != nullptr;
}

bool Model::set_on_exit(const ProcessId& id, OnExit on_exit) {
  Life* life = living(id);
  if (life == nullptr || life->kind != Life::Kind::guest) {
    return false;
  }
  set_on_exit(*life, std::move(on_exit));
  return true;
}

void Model::set_on_exit(Life& life, OnExit on_exit) {
  if (!life.ended()) {
    trace_.note([&] { return fmt::format("{} has on exit {}", life.name(), describe(on_exit)); });
    life.on_exit = std::move(on_exit);
    change();
  }
}

// ---- the end -------------------------------------------------------------------------------------

bool Model::kill(const ProcessId& id, bool revokes) {
  Life* life = living(id);
  if (life == nullptr || life->kind != Life::Kind::guest) {
    return false;
  }
  trace_.note([&] { return fmt::format("{} is killed", life->name()); });
  remove(*life, revokes);
  return true;
}

void Model::exited(Life& life, bool crashed) {
  if (life.ended()) {
    return;
  }
  trace_.note([&] {
    return fmt::format("{} {}, on exit {}", life.name(), crashed ? "crashes" : "exits", describe(life.on_exit));
  });
  life.over_limit = false;
  if (life.on_exit.kind == OnExit::Kind::restart) {
    restart(life);
    return;
  }
  send_on_exit_requests(life);
  remove(life, /*revoke=*/true);
}

void Model::send_on_exit_requests(Life& life) {
  for (const OnExitRequest& request : OnExit(life.on_exit).requests) {
    Sent sent{.letter = letter_of(request, next_number()), .wait_until = clock_.now()};
    send(life, sent);
  }
}

void Model::end(Life& life) {
  if (life.ended()) {
    return;
  }
  life.stage = Life::Stage::ended;
  for (const Arrival& lost : life.mailbox) {
    if (lost.kind != kernel::Envelope::Kind::send_error) {
      fate(lost.letter->number) = {Fate::Kind::lost, &life};
      // The sender of a request with a response to come is told; that is counted where it ends.
      counters_.died += lost.rsvp ? 0 : 1;
    }
  }
  life.mailbox.clear();
  life.awaited.reset();
  life.sending.clear();
  life.wake_at.reset();
  std::erase_if(open_, [&](const auto& item) { return item.second.asker == &life; });
  change();
}

void Model::remove(Life& life, bool revokes) {
  end(life);
  life.capabilities.clear();
  if (revokes) {
    revoke(life.address);
  }
  table_.erase(life.address.process());
  fail_requests_to(life);
}

void Model::restart(Life& life) {
  Instant now = clock_.now();
  Life& next = make_life(life.address, life.kind);
  end(life);
  next.is_public = life.is_public;
  next.handle = life.handle;
  next.on_exit = life.on_exit;
  next.capabilities = std::move(life.capabilities);
  next.stage = Life::Stage::running;
  if (life.next_start && *life.next_start > now) {
    next.stage = Life::Stage::backing_off;
    next.starts_at = due(*life.next_start);
    std::chrono::seconds delay(uint64_t{1} << std::min(life.attempts, 30U));
    next.next_start = *life.next_start + std::min(delay, limits_.restart_delay);
    next.attempts = life.attempts + 1;
  } else {
    next.next_start = now + std::chrono::seconds(1);
    next.attempts = 0;
  }
  table_[life.address.process()] = &next;
  fail_requests_to(life);
}

}  // namespace kinode::simulation
