#include "world.h"

namespace kinode::simulation {

World::World(uint64_t seed, Trace& trace)
    : choices_(seed),
      profile_(draw_profile(choices_)),
      trace_(trace),
      model_(clock_, profile_.limits, trace),
      scene_{choices_, profile_, trace, model_},
      author_(scene_),
      node_(scene_, clock_, choices_.next()) {}

void World::step(const std::function<void()>& what) {
  ++steps_;
  trace_.begin_step(steps_, std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begin_));
  what();
  node_.check();
  if (node_.ready() == 0) {
    model_.check_at_rest();
    node_.check_leaks();
  }
}

void World::run() {
  step([&] { node_.boot(); });
  for (unsigned i = 0; i < profile_.steps; ++i) {
    auto stimulus = static_cast<Stimulus>(choices_.weighted(profile_.stimuli));
    step([&] { stimulate(stimulus); });
  }
  come_to_rest();
  finish();
}

void World::run_ready() {
  if (size_t ready = node_.ready(); ready > 0) {
    node_.run(profile_.any_order ? choices_.below(ready) : 0);
  }
}

void World::stimulate(Stimulus stimulus) {
  switch (stimulus) {
    case Stimulus::run:
      run_ready();
      break;
    case Stimulus::poke:
      node_.poke(choices_.next());
      run_ready();
      break;
    case Stimulus::pass_time: {
      constexpr std::array<uint64_t, 5> milliseconds{1, 100, 999, 1000, 5000};
      uint64_t time = choices_.pick(milliseconds);
      std::optional<Instant> next = node_.next_deadline();
      if (next && *next > clock_.now() && choices_.chance(30)) {
        time =
            static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(*next - clock_.now()).count());
        time = std::min<uint64_t>(time, 100'000);
      }
      node_.pass_time(std::chrono::milliseconds(time));
      break;
    }
    case Stimulus::flush:
      node_.store().disk().flush(
          choices_.chance(50) ? UINT64_MAX : choices_.between(node_.store().disk().durable(), node_.store().written()));
      break;
    case Stimulus::answer_reads:
      node_.answer_reads();
      break;
    case Stimulus::ask_from_outside:
      node_.gate().ask_from_outside(author_.guest());
      break;
    case Stimulus::make:
      make_guest();
      break;
    case Stimulus::kill:
    case Stimulus::grant:
    case Stimulus::take_back:
    case Stimulus::change_on_exit:
      operate(stimulus);
      break;
    case Stimulus::crash:
      node_.crash();
      node_.boot();
      break;
    case Stimulus::stop:
      node_.stop();
      node_.boot();
      break;
  }
}

void World::make_guest() {
  Address guest = author_.guest();
  NewProcess spec = author_.process(guest);
  Result<void> made = node_.kernel().initialize(spec_of(spec));
  bool right = model_.initialize(std::move(spec));
  require(made.has_value() == right, Invariant::right_receiver, "{} is{} made", guest.text(), right ? " not" : "");
  bool runs = node_.kernel().run(guest.process()).has_value();
  require(runs == model_.run(guest.process()), Invariant::everything_stops, "run of {} says {}", guest.text(), runs);
}

void World::operate(Stimulus stimulus) {
  ProcessId id = author_.somebody().process();
  const Life* life = model_.find(id);
  std::vector<Capability> capabilities;
  if (life != nullptr) {
    capabilities = author_.capabilities(*life, 3);
  }
  capabilities.push_back(Capability::messaging(author_.somebody()));
  switch (stimulus) {
    case Stimulus::kill: {
      bool revoke = choices_.chance(70);
      bool killed = node_.kernel().kill(id, revoke);
      require(killed == model_.kill(id, revoke), Invariant::everything_stops, "kill of {} says {}", id.text(), killed);
      break;
    }
    case Stimulus::grant:
      trace_.note([&] { return fmt::format("{} is granted {}", id.text(), describe(capabilities)); });
      require(node_.kernel().promise(id, capabilities).has_value() == model_.promise(id, capabilities),
              Invariant::granted_before, "{} is not granted to", id.text());
      break;
    case Stimulus::take_back:
      trace_.note([&] { return fmt::format("{} is taken {}", id.text(), describe(capabilities)); });
      node_.kernel().drop(id, capabilities);
      model_.drop(id, capabilities);
      break;
    default:
      if (life != nullptr) {
        OnExit on_exit = author_.on_exit(*life);
        bool known = node_.kernel().set_on_exit(id, on_exit);
        require(known == model_.set_on_exit(id, on_exit), Invariant::conversation, "on-exit of {} cannot be set",
                id.text());
      }
      break;
  }
}

// ---- the end -------------------------------------------------------------------------------------

void World::come_to_rest() {
  trace_.note([] { return "nobody drives it any more"; });
  scene_.calm = true;
  const uint64_t limit = steps_ + 20'000;
  while (true) {
    require(steps_ < limit, Invariant::everything_stops, "it does not come to rest");
    if (node_.ready() > 0) {
      step([&] { node_.run(0); });
      continue;
    }
    step([&] {
      node_.store().disk().flush();
      node_.answer_reads();
    });
    if (node_.ready() > 0) {
      continue;
    }
    std::optional<Instant> next = node_.next_deadline();
    if (!next) {
      break;
    }
    step([&] { node_.pass_time(std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.now())); });
  }
  model_.check_finished();
}

void World::finish() {
  if (choices_.chance(50)) {
    step([&] {
      node_.stop();
      node_.boot();
    });
    come_to_rest();
  }
  for (const Address& guest : Author::guests()) {
    step([&] {
      bool killed = node_.kernel().kill(guest.process(), /*revoke=*/true);
      require(killed == model_.kill(guest.process(), true), Invariant::everything_stops, "kill of {} says {}",
              guest.text(), killed);
    });
  }
  while (node_.ready() > 0) {
    step([&] { node_.run(0); });
  }
  node_.check_leaks();
  node_.stop();
}

}  // namespace kinode::simulation
