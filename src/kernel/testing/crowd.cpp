#include "kernel/testing/crowd.h"

#include "kernel/process_entry.h"

namespace kinode::kernel::testing {

Crowd::Crowd(size_t workers, const Limits& limits, uint64_t seed)
    : random(seed),
      pool({.workers = workers}),
      kernel({.node = "node.os",
              .limits = limits,
              .clock = clock,
              .random = random,
              .executor = pool,
              .journal = journal,
              .printer = printer_,
              .factory = factory,
              .shutdown_requested = {}}) {}

Crowd::~Crowd() {
  kernel.shutdown();
  pool.stop();
}

Address Crowd::somebody(size_t count) {
  return kernel.local(ProcessId("p" + std::to_string(random.below(count)), "test", "sys"));
}

void Crowd::disturb(size_t count, const Program& program) {
  Address one = somebody(count);
  Address other = somebody(count);
  const ProcessId& id = one.process();
  std::vector<Capability> capabilities = {Capability::messaging(other),
                                          *Capability::make(other, std::to_string(random.below(4)))};
  OnExit on_exit = random.below(3) == 0 ? OnExit::none() : OnExit::restart();
  switch (random.below(10)) {
    case 0:
      kernel.kill(id, random.below(3) > 0);
      break;
    case 1:
    case 2:
      if (kernel.initialize({.id = id,
                             .program = program,
                             .on_exit = on_exit,
                             .is_public = random.below(4) > 0,
                             .capabilities = capabilities})) {
        (void)kernel.run(id);
      }
      break;
    case 3:
    case 4:
      (void)kernel.promise(id, capabilities);
      break;
    case 5:
      kernel.grant(id, capabilities);
      break;
    case 6:
      kernel.drop(id, capabilities);
      break;
    case 7:
      kernel.set_on_exit(id, on_exit);
      break;
    case 8:
      (void)kernel.process(id);
      break;
    default:
      advance(std::chrono::milliseconds(random.below(500)));
  }
}

void Crowd::advance(std::chrono::milliseconds by) {
  {
    std::scoped_lock lock(mutex_);
    clock.advance(by);
  }
  kernel.advance();
}

void Crowd::enter(ProcessContext& context) {
  lives.add(1);
  std::scoped_lock lock(mutex_);
  living_.insert(&context);
}

void Crowd::leave(ProcessContext& context) {
  {
    std::scoped_lock lock(mutex_);
    living_.erase(&context);
  }
  lives.add(-1);
}

uint32_t Crowd::asked() const {
  std::scoped_lock lock(mutex_);
  uint32_t sum = 0;
  for (ProcessContext* context : living_) {
    sum += static_cast<uint32_t>(context->entry().asked.size());
  }
  return sum;
}

std::vector<std::string> Crowd::differences() const {
  std::set<std::string> recorded;
  for (const auto& [key, value] : journal.content()) {
    if (!key.starts_with("state/")) {
      recorded.insert(key);
    }
  }
  std::set<std::string> expected;
  for (const auto& [id, shown] : kernel.process_map()) {
    bool is_module = shown.wasm_bytes_handle.empty();
    if (is_module || shown.on_exit.kind == OnExit::Kind::none) {
      continue;
    }
    expected.insert("process/" + id.text());
    for (const Capability& capability : shown.capabilities) {
      expected.insert("capability/" + id.text() + "/" + capability.issuer().text() + "/" +
                      capability.canonical_params());
    }
  }
  std::vector<std::string> lines;
  for (const std::string& key : recorded) {
    if (!expected.contains(key)) {
      lines.push_back("in the journal alone: " + key);
    }
  }
  for (const std::string& key : expected) {
    if (!recorded.contains(key)) {
      lines.push_back("not in the journal: " + key);
    }
  }
  return lines;
}

}  // namespace kinode::kernel::testing
