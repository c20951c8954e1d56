// One step of a node, and what must hold after it.
#include "kernel/process_entry.h"
#include "node.h"

namespace kinode::simulation {

void Node::run(size_t index) {
  scene_.polled = nullptr;
  scene_.exit = Scene::Exit::none;
  tasks_->run(index);
  Life* polled = scene_.polled;
  if (polled == nullptr) {
    return;  // it ended before, and is gone now
  }
  if (polled->over_limit || scene_.exit == Scene::Exit::crashed) {
    scene_.model.exited(*polled, /*crashed=*/true);
  } else if (scene_.exit == Scene::Exit::returned) {
    scene_.model.exited(*polled, /*crashed=*/false);
  }
}

void Node::poke(size_t index) {
  if (std::shared_ptr<kernel::ProcessEntry> entry = entries_[index % entries_.size()].entry.lock()) {
    tasks_->wake(std::move(entry), WakeHint::elsewhere);
  }
}

void Node::pass_time(std::chrono::milliseconds time) {
  clock_.advance(time);
  scene_.trace.note([&] { return fmt::format("{} ms pass", time.count()); });
  kernel_->advance();
  scene_.model.advance();
}

void Node::answer_reads() {
  store_->disk().answer_reads();
  scene_.model.answer_reads();
}

void Node::check() {
  const Model& model = scene_.model;
  model.check_counters(kernel_->counters());
  model.check_timers(kernel_->next_deadline());
  const uint64_t durable = store_->disk().durable();
  for (const Answer& answer : scene_.left) {
    require(answer.rests_on <= durable, Invariant::gate, "{} left the node and rests on write {}; only {} are on disk",
            answer.what, answer.rests_on, durable);
  }
  if (checked_changes_ != model.changes() || checked_writes_ != store_->written()) {
    checked_changes_ = model.changes();
    checked_writes_ = store_->written();
    check_processes();
    model.check_store();
  }
}

void Node::check_processes() const {
  codec::ProcessMap shown = kernel_->process_map();
  for (const auto& [id, life] : scene_.model.table()) {
    if (life->ended()) {
      continue;  // by shutdown
    }
    auto entry = shown.find(id);
    require(entry != shown.end(), Invariant::no_starvation, "{} is gone", life->name());
    require(entry->second.on_exit == life->on_exit, Invariant::conversation, "{} has another on-exit than it was given",
            life->name());
    require(entry->second.is_public == life->is_public, Invariant::capability_needed, "{} is{} public", life->name(),
            entry->second.is_public ? "" : " not");
    size_t held = 0;
    for (const Capability& capability : entry->second.capabilities) {
      require(life->capabilities.contains(key_of(capability)), Invariant::capability_needed,
              "{} holds {}, and must not", life->name(), describe({capability}));
      ++held;
    }
    require(held == life->capabilities.size(), Invariant::granted_before, "{} holds {} capabilities in place of {}",
            life->name(), held, life->capabilities.size());
    shown.erase(entry);
  }
  require(shown.empty(), Invariant::everything_stops, "{} is still there",
          shown.empty() ? "" : shown.begin()->first.text());
}

void Node::check_leaks() const {
  for (const Entry& each : entries_) {
    std::shared_ptr<kernel::ProcessEntry> entry = each.entry.lock();
    if (!entry) {
      continue;
    }
    size_t open = scene_.model.open_requests(*each.life);
    require(entry->outstanding.size() == open, Invariant::nothing_leaks, "{} open requests of {} in place of {}",
            entry->outstanding.size(), each.life->name(), open);
    size_t asked = scene_.model.requests_that_wait_for(*each.life);
    require(entry->asked.size() == asked, Invariant::nothing_leaks, "{} requests count on {} in place of {}",
            entry->asked.size(), each.life->name(), asked);
    require(entry->mailbox.size() == each.life->mailbox.size(), Invariant::nothing_leaks,
            "{} messages in the mailbox of {} in place of {}", entry->mailbox.size(), each.life->name(),
            each.life->mailbox.size());
  }
}

}  // namespace kinode::simulation
