// What the network does, and what must come of it.
#include "ledger.h"

namespace kinode::simulation {

using Arrival = kernel::Kernel::Arrival;

void Ledger::check_carried(const KernelMessage& message, Carried carried) {
  const uint64_t number = number_of(message.message);
  const Entry& sent = entry(number);
  const Resident* from = find(message.source);
  require(from != nullptr && from->number == sent.sender, Invariant::right_receiver, "m{} leaves in the name of {}",
          number, message.source.text());
  require(from->may_use_network, Invariant::capability_needed, "{} sends m{} to another node", from->name(), number);
  require(message.target == sent.target && message.rsvp == sent.rsvp && !message.context, Invariant::right_receiver,
          "m{} of {} leaves for {}", number, from->name(), message.target.text());
  if (carried == Carried::taken) {
    check_id(sent.thread, message.id);  // else it is sent again, with another
  }
}

void Ledger::transmitted(const KernelMessage& message, uint64_t connection) {
  entry(number_of(message.message)).connection = connection;
}

Arrival Ledger::judge(const std::string& node, const KernelMessage& message) const {
  const Entry& sent = entries_[number_of(message.message) - 1];
  if (message.target.node() != node) {
    return Arrival::denied;
  }
  const Resident* to = find(message.target);
  if (sent.is_response) {
    const Question* asked = question(sent.thread);
    bool is_end = asked != nullptr && asked->waits() && asked->asker == to && asked->left > 0;
    return is_end ? Arrival::delivered : Arrival::late;
  }
  if (to == nullptr) {
    return Arrival::no_such_process;
  }
  if (!to->is_reachable || !to->may_use_network) {
    return Arrival::denied;
  }
  return is_full(*to) ? Arrival::full : Arrival::delivered;
}

void Ledger::arrived(const std::string& node, const KernelMessage& message, Arrival arrival) {
  if (arrival != Arrival::delivered) {
    return;
  }
  const uint64_t number = number_of(message.message);
  Entry& sent = entry(number);
  if (sent.is_response) {
    end(sent.thread, Question::End::response, number);
    return;
  }
  Resident* to = find(message.target);
  ++to->waiting;
  sent.holder = to;
  auto asked = questions_.find(sent.thread);
  if (!to->is_module && sent.rsvp && sent.rsvp->node() == node && asked != questions_.end() && asked->second.waits() &&
      asked->second.left > 0 && asked->second.asker->address == *sent.rsvp) {
    asked->second.responders.insert(to);  // a chain that came back
  }
}

void Ledger::undelivered(const KernelMessage& message) {
  const uint64_t number = number_of(message.message);
  trace_.note([&] { return fmt::format("m{} could not leave", number); });
  if (entry(number).is_response) {
    if (const Resident* responder = find(message.source)) {
      returns_.emplace(number, Return{responder, SendErrorKind::offline});
    }
    return;
  }
  const Question* asked = question(number);
  if (asked != nullptr && asked->waits()) {
    end(number, Question::End::offline);
  }
}

void Ledger::refused(const std::string& node, const Address& asker, uint64_t id) {
  auto thread = threads_.find(id);
  const Question* asked = thread == threads_.end() ? nullptr : question(thread->second);
  if (asked != nullptr && asked->waits() && asked->asker->address == asker && asked->target.node() == node &&
      asked->left == 1 && asked->responders.empty()) {
    end(thread->second, Question::End::timeout);
  }
}

uint64_t Ledger::forge(const KernelMessage& message, uint64_t thread) {
  const bool is_response = std::holds_alternative<Response>(message.message);
  const auto* request = std::get_if<Request>(&message.message);
  const bool expects = request != nullptr && request->expects_response;
  entries_.push_back({is_response, expects, thread, message.source, message.target, message.rsvp, /*sender=*/0});
  entries_.back().order = ++orders_;
  return entries_.size();
}

std::vector<Ledger::Open> Ledger::open() const {
  std::vector<Open> all;
  for (const auto& [number, asked] : questions_) {
    auto id = ids_.find(number);
    if (asked.waits() && id != ids_.end()) {
      all.push_back({number, id->second, asked.asker->address, asked.target, asked.left > 0});
    }
  }
  return all;
}

void Ledger::check_finished() const {
  for (const auto& [number, asked] : questions_) {
    require(!asked.asker->is_alive || asked.is_taken, Invariant::ends_once, "m{} of {} never ends", number,
            asked.asker->name());
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& sent = entries_[i];
    require(sent.is_response || sent.holder == nullptr || !sent.holder->is_alive || sent.is_taken,
            Invariant::no_starvation, "m{} is left to {}", i + 1, sent.holder != nullptr ? sent.holder->name() : "");
  }
  for (const auto& [number, returned] : returns_) {
    require(!returned.holder->is_alive, Invariant::ends_once, "{} never gets its response m{} back",
            returned.holder->name(), number);
  }
}

}  // namespace kinode::simulation
