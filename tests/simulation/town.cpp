#include "town.h"

#include <array>

#include "kernel/process_entry.h"
#include "kernel/testing/manual_executor.h"
#include "kernel/testing/memory_journal.h"
#include "kernel/testing/native_process.h"
#include "kernel/testing/seeded_random.h"

namespace kinode::simulation {
namespace {

constexpr size_t guest_names = 4;

std::vector<std::string> names_of(uint64_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (uint64_t node = 0; node < count; ++node) {
    names.push_back(fmt::format("node{}.os", node));
  }
  return names;
}

ProcessId guest_id(uint64_t number) { return {fmt::format("p{}", number), "sim", "test"}; }
const ProcessId& net_id() {
  static const ProcessId id("net", "distro", "sys");
  return id;
}
const ProcessId& files_id() {
  static const ProcessId id("files", "distro", "sys");
  return id;
}

class TracePrinter final : public kernel::Printer {
 public:
  explicit TracePrinter(Trace& trace) : trace_(trace) {}
  void print(kernel::Printout printout) override {
    trace_.note([&] { return fmt::format("      printed: {}", printout.text); });
  }

 private:
  Trace& trace_;
};

}  // namespace

// ---- one node ------------------------------------------------------------------------------------

class Town::Site {
 public:
  Site(Town& town, size_t index)
      : town_(town),
        index_(index),
        name_(fmt::format("node{}.os", index)),
        random_(town.choices_.next()),
        printer_(town.trace_) {
    factory_.add("peer", [this](kernel::ProcessContext& context) { return make(context); });
  }

  ~Site() {
    executor_.reset();
    kernel_.reset();
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] bool is_up() const { return kernel_ != nullptr; }
  [[nodiscard]] kernel::Kernel& kernel() { return *kernel_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] size_t ready() const { return is_up() ? executor_->ready() : 0; }
  void run(size_t index) { executor_->step(index); }

  void boot() {
    town_.trace_.note([&] { return name_ + " boots"; });
    journal_ = std::make_unique<kernel::testing::MemoryJournal>();
    executor_ = std::make_unique<kernel::testing::ManualExecutor>();
    kernel_ = std::make_unique<kernel::Kernel>(kernel::Kernel::Environment{.node = name_,
                                                                           .limits = town_.limits_,
                                                                           .clock = town_.clock_,
                                                                           .random = random_,
                                                                           .executor = *executor_,
                                                                           .journal = *journal_,
                                                                           .printer = printer_,
                                                                           .factory = factory_,
                                                                           .shutdown_requested = {},
                                                                           .network = &town_.wires_.port(index_)});
    town_.wires_.plug_in(index_, *kernel_, *executor_);
    add_module(net_id(), kernel::Kernel::Reach::all_nodes);
    add_module(files_id(), kernel::Kernel::Reach::this_node);
    for (uint64_t number = 0; number < guest_names; ++number) {
      if (town_.choices_.chance(70)) {
        make_guest(guest_id(number));
      }
    }
  }

  void crash() {
    town_.trace_.note([&] { return name_ + " crashes"; });
    town_.wires_.pull_out(index_);
    town_.ledger_.node_gone(name_);
    executor_.reset();
    kernel_.reset();
    journal_.reset();
  }

  void make_guest(const ProcessId& id) {
    Resident& resident = town_.ledger_.move_in({.number = 0, .address = kernel_->local(id)});
    resident.may_use_network = town_.choices_.chance(80);
    kernel::ProcessSpec spec{.id = id,
                             .program = kernel::testing::NativeFactory::program("peer"),
                             .on_exit = {},
                             .is_public = true,
                             .capabilities = {}};
    if (resident.may_use_network) {
      spec.capabilities.push_back(Capability::network(kernel_->address()));
    }
    bool runs = kernel_->initialize(std::move(spec)).has_value() && kernel_->run(id).has_value();
    require(runs, Invariant::right_receiver, "{} is not made", id.text());
  }

  /// Polls somebody for no reason.
  void poke(Resident& resident) {
    for (auto& [number, entry] : entries_) {
      if (number == resident.number) {
        if (std::shared_ptr<kernel::ProcessEntry> living = entry.lock()) {
          executor_->wake(std::move(living), WakeHint::elsewhere);
        }
      }
    }
  }

  void check_finished() const {
    require(!kernel_->next_deadline(), Invariant::nothing_leaks, "{} has a timer set", name_);
    for (const kernel::ProcessStatistics& each : kernel_->statistics()) {
      require(each.mailbox_messages == 0 && each.open_requests == 0, Invariant::nothing_leaks,
              "{} of {} has {} messages and {} open requests left", each.id.text(), name_, each.mailbox_messages,
              each.open_requests);
    }
  }

 private:
  void add_module(const ProcessId& id, kernel::Kernel::Reach reach) {
    town_.ledger_.move_in({.number = 0,
                           .address = kernel_->local(id),
                           .is_module = true,
                           .is_reachable = reach == kernel::Kernel::Reach::all_nodes,
                           .may_use_network = true});
    kernel_->add_module(id, /*is_public=*/true, [&](kernel::ProcessContext& context) { return make(context); }, reach);
  }

  std::unique_ptr<kernel::Process> make(kernel::ProcessContext& context) {
    Resident* resident = town_.ledger_.find(context.our());
    require(resident != nullptr, Invariant::right_receiver, "{} is run, which is not there", context.our().text());
    entries_.emplace_back(resident->number, context.entry().weak_from_this());
    return std::make_unique<Peer>(town_.scene_, context, *resident);
  }

  Town& town_;
  const size_t index_;
  const std::string name_;
  kernel::testing::SeededRandom random_;
  TracePrinter printer_;
  kernel::testing::NativeFactory factory_;
  std::unique_ptr<kernel::testing::MemoryJournal> journal_;
  std::unique_ptr<kernel::testing::ManualExecutor> executor_;
  std::unique_ptr<kernel::Kernel> kernel_;
  std::vector<std::pair<uint64_t, std::weak_ptr<kernel::ProcessEntry>>> entries_;
};

// ---- all of them ---------------------------------------------------------------------------------

Town::Town(uint64_t seed, Trace& trace)
    : choices_(seed),
      trace_(trace),
      ledger_(clock_, limits_, trace),
      scene_{.choices = choices_, .ledger = ledger_},
      wires_(choices_, ledger_, trace, names_of(choices_.between(2, 3))) {
  constexpr std::array<size_t, 4> messages{1, 2, 4, 4096};
  limits_.mailbox_messages = choices_.pick(messages);
  scene_.unprompted = static_cast<unsigned>(choices_.between(5, 50));
  scene_.anybody = [this] { return anybody(); };
  scene_.take_carried = [this] { return wires_.take_carried(); };
  for (size_t index = 0; index < wires_.nodes(); ++index) {
    sites_.push_back(std::make_unique<Site>(*this, index));
  }
}

Town::~Town() {
  // What waits for room in the network holds processes.
  for (size_t index = 0; index < sites_.size(); ++index) {
    wires_.pull_out(index);
  }
}

Address Town::anybody() {
  std::string node = choices_.pick(sites_)->name();
  if (choices_.chance(2)) {
    node = "nowhere.os";
  }
  switch (choices_.below(12)) {
    case 0:
      return {node, net_id()};
    case 1:
      return {node, files_id()};
    default:
      return {node, guest_id(choices_.below(guest_names + (choices_.chance(5) ? 1 : 0)))};
  }
}

void Town::step(const std::function<void()>& what) {
  trace_.begin_step(++steps_, std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begin_));
  what();
  bool at_rest = true;
  for (const auto& site : sites_) {
    at_rest = at_rest && site->ready() == 0;
  }
  if (at_rest) {
    wires_.check_at_rest();
  }
}

bool Town::run_ready() {
  const size_t first = choices_.below(sites_.size());
  for (size_t i = 0; i < sites_.size(); ++i) {
    Site& site = *sites_[(first + i) % sites_.size()];
    if (const size_t ready = site.ready(); ready > 0) {
      site.run(choices_.below(ready));
      return true;
    }
  }
  return false;
}

void Town::run() {
  step([&] {
    for (const auto& site : sites_) {
      site->boot();
    }
  });
  for (uint64_t left = choices_.between(150, 600); left > 0; --left) {
    step([&] { stimulate(); });
  }
  come_to_rest();
}

void Town::stimulate() {
  enum : uint8_t { run_one, poke, transmit, deliver, time, change, break_one, forge, crash };
  constexpr std::array<unsigned, 9> weights{100, 30, 50, 60, 8, 8, 3, 4, 1};
  Site& site = *choices_.pick(sites_);
  switch (choices_.weighted(weights)) {
    case run_one:
      run_ready();
      break;
    case poke: {
      std::vector<Resident*> residents = ledger_.residents();
      if (!residents.empty()) {
        Resident& resident = *choices_.pick(residents);
        for (const auto& each : sites_) {
          if (each->is_up() && each->name() == resident.address.node()) {
            each->poke(resident);
          }
        }
      }
      run_ready();
      break;
    }
    case transmit:
      wires_.transmit();
      break;
    case deliver:
      wires_.deliver();
      break;
    case time: {
      constexpr std::array<uint64_t, 4> milliseconds{1, 100, 1000, 5000};
      pass_time(std::chrono::milliseconds(choices_.pick(milliseconds)));
      break;
    }
    case change:
      if (site.is_up()) {
        change_somebody(site);
      }
      break;
    case break_one:
      wires_.break_one();
      break;
    case forge:
      wires_.forge();
      break;
    default:
      if (site.is_up()) {
        site.crash();
      }
      if (choices_.chance(70)) {
        site.boot();
      }
      break;
  }
}

void Town::change_somebody(Site& site) {
  const ProcessId id = guest_id(choices_.below(guest_names));
  Resident* resident = ledger_.find(site.kernel().local(id));
  if (resident == nullptr) {
    site.make_guest(id);
    return;
  }
  if (choices_.chance(30)) {
    ledger_.move_out(*resident);
    require(site.kernel().kill(id, /*revoke=*/true), Invariant::everything_stops, "{} cannot be killed", id.text());
    return;
  }
  resident->may_use_network = choices_.chance(75);
  trace_.note([&] {
    return fmt::format("{} may{} use the network", resident->name(), resident->may_use_network ? "" : " not");
  });
  const std::vector<Capability> network{Capability::network(site.kernel().address())};
  if (resident->may_use_network) {
    site.kernel().grant(id, network);
  } else {
    site.kernel().drop(id, network);
  }
}

void Town::pass_time(std::chrono::milliseconds time) {
  clock_.advance(time);
  trace_.note([&] { return fmt::format("{} ms pass", time.count()); });
  ledger_.advance();
  for (const auto& site : sites_) {
    if (site->is_up()) {
      site->kernel().advance();
    }
  }
}

void Town::come_to_rest() {
  trace_.note([] { return "nothing goes wrong any more"; });
  scene_.calm = true;
  wires_.calm();
  for (const auto& site : sites_) {
    if (!site->is_up()) {
      step([&] { site->boot(); });
    }
  }
  const uint64_t limit = steps_ + 20'000;
  for (bool goes_on = true; goes_on;) {
    require(steps_ < limit, Invariant::everything_stops, "it does not come to rest");
    step([&] {
      if (run_ready() || wires_.drain()) {
        return;
      }
      std::optional<Instant> next;
      for (const auto& site : sites_) {
        if (std::optional<Instant> deadline = site->kernel().next_deadline()) {
          next = next ? std::min(*next, *deadline) : *deadline;
        }
      }
      goes_on = next.has_value();
      if (next) {
        pass_time(std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.now()));
      }
    });
  }
  wires_.check_finished();
  ledger_.check_finished();
  for (const auto& site : sites_) {
    site->check_finished();
  }
}

}  // namespace kinode::simulation
