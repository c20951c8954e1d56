#include "node.h"

#include <algorithm>

#include "guest_actor.h"
#include "kernel/process_entry.h"

namespace kinode::simulation {

class Node::Programs final : public kernel::ProcessFactory {
 public:
  explicit Programs(Node& node) : node_(node) {}

  Result<void> inspect(const kernel::Program& program) override {
    return program.wasm.text() == guest_program ? Result<void>() : fail("'{}' is no program", program.wasm.text());
  }
  Result<std::unique_ptr<kernel::Process>> make(kernel::ProcessContext& context,
                                                const kernel::Program& /*program*/) override {
    Scene& scene = node_.scene_;
    Life* life = scene.model.living(context.our().process());
    require(life != nullptr && life->stage == Life::Stage::running && !life->was_polled, Invariant::right_receiver,
            "{} is run, though it is not its turn", context.our().text());
    node_.note_entry(context, *life);
    scene.polled = life;
    if (!scene.calm && scene.choices.chance(scene.profile.no_room)) {
      scene.exit = Scene::Exit::crashed;
      return fail("no room, as the seed says");
    }
    return std::make_unique<GuestActor>(scene, context, *life);
  }

 private:
  Node& node_;
};

class Node::Silence final : public kernel::Printer {
 public:
  explicit Silence(Trace& trace) : trace_(trace) {}
  void print(kernel::Printout printout) override {
    trace_.note([&] { return fmt::format("      printed: {}", printout.text); });
  }

 private:
  Trace& trace_;
};

Node::Node(Scene& scene, kernel::testing::ManualClock& clock, uint64_t seed)
    : scene_(scene),
      clock_(clock),
      random_(seed),
      printer_(std::make_unique<Silence>(scene.trace)),
      programs_(std::make_unique<Programs>(*this)),
      store_(std::make_unique<Store>(scene.trace)) {}

Node::~Node() {
  tasks_.reset();
  kernel_.reset();
}

// ---- boot ----------------------------------------------------------------------------------------

void Node::boot() {
  scene_.trace.note([] { return "the node boots"; });
  tasks_ = std::make_unique<Tasks>();
  kernel_ = std::make_unique<kernel::Kernel>(kernel::Kernel::Environment{.node = node_name,
                                                                         .limits = scene_.profile.limits,
                                                                         .clock = clock_,
                                                                         .random = random_,
                                                                         .executor = *tasks_,
                                                                         .journal = *store_,
                                                                         .printer = *printer_,
                                                                         .factory = *programs_,
                                                                         .shutdown_requested = {}});
  if (scene_.profile.slow_reads) {
    store_->disk().hold_reads();
  }
  scene_.model.start_node(*store_);
  add_module(local("vfs:distro:sys"), false, ModuleActor::Role::files);
  add_module(local("gate:distro:sys"), false, ModuleActor::Role::gate);
  add_module(local("relay:distro:sys"), true, ModuleActor::Role::relay);
  load();
  install();
  run_all();
  checked_writes_ = UINT64_MAX;
}

void Node::note_entry(kernel::ProcessContext& context, Life& life) {
  entries_.push_back({&life, context.entry().weak_from_this()});
}

void Node::add_module(const Address& address, bool is_public, ModuleActor::Role role) {
  Life& life = scene_.model.add_module(address, is_public);
  kernel_->add_module(address.process(), is_public, [&](kernel::ProcessContext& context) {
    note_entry(context, life);
    auto actor = std::make_unique<ModuleActor>(scene_, context, life, role);
    gate_ = role == ModuleActor::Role::gate ? actor.get() : gate_;
    return actor;
  });
}

void Node::load() {
  // The kernel reads the records in the order of their keys; the model has them by id.
  std::set<std::string> lost;
  std::set<ProcessId> forgotten;
  Stored stored = store_->now();
  for (const auto& [id, record] : stored.processes) {
    if (!record.handle.empty() && scene_.choices.chance(scene_.profile.lost_programs)) {
      lost.insert(record.handle);
    }
  }
  for (const auto& [id, record] : stored.processes) {
    if (lost.contains(record.handle)) {
      forgotten.insert(id);
    }
  }
  Result<void> loaded = kernel_->load([&](const std::string& handle) -> Result<kernel::Program> {
    if (lost.contains(handle)) {
      return fail("{} is lost", handle);
    }
    return kernel::Program{Bytes::copy_of(guest_program), handle, 1};
  });
  require(loaded.has_value(), Invariant::store_is_prefix, "the store cannot be loaded: {}",
          loaded ? "" : loaded.error().message);
  scene_.model.load(stored, forgotten);
}

void Node::install() {
  const std::vector<Address>& guests = Author::guests();
  const size_t shipped = 4;
  for (size_t i = 0; i < shipped; ++i) {
    NewProcess spec = Author(scene_).process(guests[i]);
    Result<void> installed = kernel_->install(spec_of(spec));
    bool expected = scene_.model.install(std::move(spec));
    require(installed.has_value() == expected, Invariant::store_is_prefix, "{} was not installed", guests[i].text());
  }
  for (const Address& guest : guests) {
    if (scene_.choices.chance(80)) {
      std::vector<Capability> right = {Capability::messaging(guest)};
      Result<void> promised = kernel_->promise(local("gate:distro:sys").process(), right);
      scene_.model.promise(local("gate:distro:sys").process(), right);
      require(promised.has_value(), Invariant::granted_before, "the gate is not given its rights");
    }
  }
}

void Node::run_all() {
  tasks_->note();
  kernel_->run_all();
  std::vector<ProcessId> order = tasks_->noted();
  std::erase_if(order, [&](const ProcessId& id) {
    const Life* life = scene_.model.find(id);
    return life != nullptr && life->stage != Life::Stage::initialized;  // a module that was sent something
  });
  scene_.model.run_all(order);
}

// ---- the end -------------------------------------------------------------------------------------

void Node::drop() {
  tasks_.reset();
  kernel_.reset();
  gate_ = nullptr;
  scene_.overheard.clear();
  require(scene_.processes == 0, Invariant::nothing_leaks, "{} processes are left of a kernel that is gone",
          scene_.processes);
  for (const Entry& each : entries_) {
    require(each.entry.expired(), Invariant::nothing_leaks, "the kernel is gone, but what it kept of {} is not",
            each.life->name());
  }
  entries_.clear();
}

void Node::crash() {
  kernel::testing::MemoryJournal& disk = store_->disk();
  uint64_t kept = scene_.choices.between(disk.durable(), store_->written());
  scene_.trace.note([&] {
    return fmt::format("the node crashes: of {} writes {} were flushed, {} are left", store_->written(), disk.durable(),
                       kept);
  });
  for (const Answer& answer : scene_.left) {
    require(answer.rests_on <= kept, Invariant::gate, "{} left the node and rests on write {}, which is lost",
            answer.what, answer.rests_on);
  }
  scene_.left.clear();
  Stored right = store_->after(kept);
  auto next = std::make_unique<Store>(scene_.trace, disk.after_crash(kept)->content());
  require(next->now() == right, Invariant::store_is_prefix, "the crash left what no prefix of the writes makes");
  drop();
  store_ = std::move(next);
}

void Node::stop() {
  kernel_->shutdown();
  scene_.model.shutdown();
  // Modules go on for a while, and are answered.
  for (unsigned steps = 0; ready() > 0; ++steps) {
    require(steps < 2000, Invariant::everything_stops, "the node goes on after its shutdown");
    scene_.calm = steps > 50;
    run(0);
    check();
  }
  scene_.calm = false;
  for (const auto& [id, life] : scene_.model.table()) {
    require(life->kind != Life::Kind::guest || life->ended(), Invariant::everything_stops, "{} runs after shutdown",
            life->name());
  }
  require(scene_.processes == 3, Invariant::everything_stops, "{} guests are left after shutdown",
          scene_.processes - 3);
  store_->disk().flush();
  scene_.left.clear();
  auto next = std::make_unique<Store>(scene_.trace, store_->disk().content());
  require(next->now() == store_->now(), Invariant::store_is_prefix, "the store is another after a stop");
  drop();
  store_ = std::move(next);
}

}  // namespace kinode::simulation
