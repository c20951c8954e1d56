#include "wires.h"

namespace kinode::simulation {

using Arrival = kernel::Kernel::Arrival;

class Wires::Port final : public kernel::Network {
 public:
  Port(Wires& wires, size_t node) : wires_(wires), node_(node) {}
  Carried carry(KernelMessage& message, const std::shared_ptr<Task>& sender) override {
    return wires_.carry(node_, message, sender);
  }

 private:
  Wires& wires_;
  size_t node_;
};

/// Lets a line go on when the mailbox that it stood before has room.
class Wires::Waiter final : public Task {
 public:
  explicit Waiter(Line& line) : line_(line) {}
  Outcome run() override {
    line_.is_blocked = false;
    return Outcome::wait;
  }

 private:
  Line& line_;
};

Wires::Wires(Choices& choices, Ledger& ledger, Trace& trace, std::vector<std::string> names)
    : choices_(choices), ledger_(ledger), trace_(trace), capacity_(choices.chance(50) ? choices.between(1, 4) : 100) {
  for (size_t node = 0; node < names.size(); ++node) {
    nodes_.push_back({std::move(names[node]), std::make_unique<Port>(*this, node)});
  }
  for (size_t from = 0; from < nodes_.size(); ++from) {
    for (size_t to = 0; to < nodes_.size(); ++to) {
      if (from != to) {
        lines_.push_back(std::make_unique<Line>(Line{.from = from, .to = to}));
        lines_.back()->waiter = std::make_shared<Waiter>(*lines_.back());
      }
    }
  }
}

Wires::~Wires() = default;

kernel::Network& Wires::port(size_t node) { return *nodes_[node].port; }

void Wires::plug_in(size_t node, kernel::Kernel& kernel, Executor& executor) {
  nodes_[node].kernel = &kernel;
  nodes_[node].executor = &executor;
}

void Wires::pull_out(size_t node) {
  nodes_[node].kernel = nullptr;
  nodes_[node].executor = nullptr;
  for (const auto& line : lines_) {
    if (line->from == node) {
      line->connection = 0;
      line->queue.clear();
      line->waiting.clear();
      lose_the_end(*line);
    } else if (line->to == node) {
      line->connection = 0;
      line->flight.clear();
      line->is_blocked = false;
      line->waiter = std::make_shared<Waiter>(*line);  // the other may be in the queue of who is gone
    }
  }
}

void Wires::lose_the_end(Line& line) {
  const auto kept = static_cast<std::ptrdiff_t>(choices_.below(line.flight.size() + 1));
  line.flight.erase(line.flight.begin() + kept, line.flight.end());
  line.is_blocked = line.is_blocked && !line.flight.empty();
}

Wires::Line* Wires::find(size_t from, const std::string& to) {
  for (const auto& line : lines_) {
    if (line->from == from && nodes_[line->to].name == to) {
      return line.get();
    }
  }
  return nullptr;
}

// ---- before the connection -----------------------------------------------------------------------

Wires::Carried Wires::decide(Line* line, const KernelMessage& message) const {
  if (line == nullptr || (!calm_ && choices_.chance(2))) {
    return Carried::unreachable;
  }
  if (!calm_ && choices_.chance(2)) {
    return Carried::too_big;
  }
  const bool is_response = std::holds_alternative<Response>(message.message);
  const size_t most = is_response ? 3 * capacity_ : capacity_;
  return line->queue.size() < most ? Carried::taken : Carried::full;
}

Wires::Carried Wires::carry(size_t from, KernelMessage& message, const std::shared_ptr<Task>& sender) {
  Line* line = find(from, message.target.node());
  carried_ = decide(line, message);
  ledger_.check_carried(message, *carried_);
  if (carried_ == Carried::taken) {
    line->queue.push_back(std::move(message));
  } else if (carried_ == Carried::full && sender) {
    line->waiting.push_back(sender);
  }
  return *carried_;
}

void Wires::wake_waiting(Line& line) {
  for (std::shared_ptr<Task>& task : std::exchange(line.waiting, {})) {
    nodes_[line.from].executor->wake(std::move(task), WakeHint::elsewhere);
  }
}

void Wires::give_back_all(Line& line) {
  for (KernelMessage& message : std::exchange(line.queue, {})) {
    ledger_.undelivered(message);
    nodes_[line.from].kernel->undelivered(std::move(message));
  }
  wake_waiting(line);
}

bool Wires::transmit(Line& line) {
  if (nodes_[line.from].kernel == nullptr || line.queue.empty()) {
    return false;
  }
  if (line.connection == 0) {
    if (nodes_[line.to].kernel == nullptr || (!calm_ && choices_.chance(30))) {
      give_back_all(line);  // no connection can be made
      return true;
    }
    line.connection = ++connections_;
  }
  ledger_.transmitted(line.queue.front(), line.connection);
  line.flight.emplace_back(std::move(line.queue.front()));
  line.queue.pop_front();
  wake_waiting(line);
  return true;
}

// ---- on the way ----------------------------------------------------------------------------------

bool Wires::deliver(Line& line) {
  if (nodes_[line.to].kernel == nullptr || line.flight.empty() || line.is_blocked) {
    return false;
  }
  std::variant<KernelMessage, Refusal> next = std::move(line.flight.front());
  line.flight.pop_front();
  if (auto* message = std::get_if<KernelMessage>(&next)) {
    deliver(line, std::move(*message));
  } else {
    const auto& refusal = std::get<Refusal>(next);
    ledger_.refused(nodes_[line.from].name, Address(nodes_[line.to].name, refusal.asker), refusal.id);
    nodes_[line.to].kernel->refused(nodes_[line.from].name, refusal.asker, refusal.id);
  }
  return true;
}

void Wires::deliver(Line& line, KernelMessage message) {
  static constexpr std::string_view names[] = {"delivered", "no such process", "denied", "late", "full"};
  const std::string& node = nodes_[line.to].name;
  const uint64_t number = number_of(message.message);
  const Arrival right = ledger_.judge(node, message);
  const KernelMessage before = message;
  const Arrival arrival = nodes_[line.to].kernel->arrive(message, line.waiter);
  trace_.note([&] {
    return fmt::format("m{} of {} arrives at {}: {}", number, before.source.text(), before.target.text(),
                       names[static_cast<size_t>(arrival)]);
  });
  require(arrival == right, right == Arrival::denied ? Invariant::capability_needed : Invariant::right_receiver,
          "m{} of {} to {} is {} in place of {}", number, before.source.text(), before.target.text(),
          names[static_cast<size_t>(arrival)], names[static_cast<size_t>(right)]);
  ledger_.arrived(node, before, arrival);
  if (arrival == Arrival::full) {
    require(message == before, Invariant::arrives_whole, "m{} found a full mailbox and is changed", number);
    line.flight.emplace_front(std::move(message));
    line.is_blocked = true;
  }
  const auto* request = std::get_if<Request>(&before.message);
  if (arrival == Arrival::no_such_process && request->expects_response && choices_.chance(70)) {
    reverse(line).flight.emplace_back(Refusal{before.source.process(), before.id});
  }
}

// ---- what goes wrong -----------------------------------------------------------------------------

void Wires::break_one() {
  Line& line = *choices_.pick(lines_);
  if (line.connection == 0) {
    return;
  }
  trace_.note([&] { return fmt::format("{} loses {}", nodes_[line.from].name, nodes_[line.to].name); });
  line.connection = 0;
  lose_the_end(line);
  if (choices_.chance(50)) {
    give_back_all(line);
  }
}

void Wires::forge() {
  Line& line = *choices_.pick(lines_);
  const std::vector<Ledger::Open> open = ledger_.open();
  if (line.connection == 0 || nodes_[line.from].kernel == nullptr || open.empty()) {
    return;
  }
  const std::string& here = nodes_[line.to].name;
  const Address source(nodes_[line.from].name, ProcessId("forger", "sim", "test"));
  const Ledger::Open& known = choices_.pick(open);
  const Address own(here, choices_.pick(open).asker.process());
  auto send = [&](KernelMessage message, uint64_t thread) {
    const uint64_t number = ledger_.forge(message, thread);
    std::visit([&](auto& part) { part.body = Bytes::from(fmt::format("m{}", number)); }, message.message);
    ledger_.transmitted(message, line.connection);
    line.flight.emplace_back(std::move(message));
  };
  const uint64_t next = ledger_.next_number();
  switch (choices_.below(5)) {
    case 0:  // for a third node
      send({choices_.next(), source, Address("third.os", own.process()), {}, Request{}, {}, {}}, 0);
      break;
    case 1:  // for a module that takes nothing
      send({choices_.next(), source, Address(here, ProcessId("files", "distro", "sys")), {}, Request{}, {}, {}}, 0);
      break;
    case 2: {  // to be answered to somebody else
      const Address other = choices_.chance(50) ? own : Address("third.os", own.process());
      const Address target =
          choices_.chance(50) ? Address(here, ProcessId("net", "distro", "sys")) : Address(here, own.process());
      send({choices_.next(), source, target, other, Request{.expects_response = 5}, {}, {}}, next);
      break;
    }
    case 3:  // an answer to what never left its node
      if (!known.has_left && known.asker.node() == here) {
        send({known.id, source, known.asker, {}, Response{}, {}, {}}, known.number);
      }
      break;
    default:  // the refusal of what was sent elsewhere
      line.flight.emplace_back(Refusal{known.asker.process(), known.id});
      break;
  }
}

void Wires::transmit() { transmit(*choices_.pick(lines_)); }
void Wires::deliver() { deliver(*choices_.pick(lines_)); }

bool Wires::drain() {
  bool did = false;
  for (const auto& line : lines_) {
    did |= transmit(*line);
    did |= deliver(*line);
  }
  return did;
}

// ---- what must hold ------------------------------------------------------------------------------

void Wires::check_at_rest() const {
  for (const auto& line : lines_) {
    const std::string& from = nodes_[line->from].name;
    require(line->waiting.empty() || !has_room(*line), Invariant::no_starvation, "{} waits for room that is there",
            from);
    if (!line->is_blocked) {
      continue;
    }
    const auto& first = std::get<KernelMessage>(line->flight.front());
    const Resident* target = ledger_.find(first.target);
    require(target != nullptr && ledger_.is_crowded(*target), Invariant::no_starvation,
            "m{} of {} waits for room that is there", number_of(first.message), from);
  }
}

void Wires::check_finished() const {
  for (const auto& line : lines_) {
    require(line->queue.empty() && line->flight.empty() && line->waiting.empty(), Invariant::everything_stops,
            "something is left between {} and {}", nodes_[line->from].name, nodes_[line->to].name);
  }
}

}  // namespace kinode::simulation
