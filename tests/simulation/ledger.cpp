#include "ledger.h"

#include <algorithm>

namespace kinode::simulation {

using kernel::SendStatus;

uint64_t number_of(const Message& message) {
  const std::string body = std::visit([](const auto& part) { return std::string(part.body.text()); }, message);
  return body.size() > 1 && body.front() == 'm' ? std::strtoull(body.c_str() + 1, nullptr, 10) : 0;
}

Ledger::Entry& Ledger::entry(uint64_t number) {
  require(number > 0 && number <= entries_.size(), Invariant::arrives_whole, "a message says it is m{}", number);
  return entries_[number - 1];
}

const Ledger::Question* Ledger::question(uint64_t thread) const {
  auto found = questions_.find(thread);
  return found == questions_.end() ? nullptr : &found->second;
}

// ---- residents -----------------------------------------------------------------------------------

Resident& Ledger::move_in(Resident resident) {
  resident.number = all_.size() + 1;
  all_.push_back(std::make_unique<Resident>(std::move(resident)));
  table_[all_.back()->address.text()] = all_.back().get();
  trace_.note([&] { return fmt::format("{} is made", all_.back()->name()); });
  return *all_.back();
}

void Ledger::move_out(Resident& resident) {
  trace_.note([&] { return fmt::format("{} ends", resident.name()); });
  resident.is_alive = false;
  table_.erase(resident.address.text());
  for (auto& [number, asked] : questions_) {
    if (asked.responders.erase(&resident) > 0 && asked.waits() && asked.responders.empty() && asked.left == 0) {
      end(number, Question::End::timeout);
    }
  }
}

void Ledger::node_gone(const std::string& node) {
  for (const auto& resident : all_) {
    if (resident->is_alive && resident->address.node() == node) {
      resident->is_alive = false;
      table_.erase(resident->address.text());
    }
  }
}

Resident* Ledger::find(const Address& address) const {
  auto found = table_.find(address.text());
  return found == table_.end() ? nullptr : found->second;
}

std::vector<Resident*> Ledger::residents() const {
  std::vector<Resident*> living;
  living.reserve(table_.size());
  for (const auto& [name, resident] : table_) {
    living.push_back(resident);
  }
  return living;
}

// ---- sending -------------------------------------------------------------------------------------

uint64_t Ledger::write_request(const Resident& from, const Address& target, bool expects, const Taken* inherits) {
  const uint64_t number = entries_.size() + 1;
  std::optional<Address> rsvp;
  uint64_t thread = 0;
  if (expects) {
    rsvp = from.address;
    thread = number;
  } else if (inherits != nullptr) {
    rsvp = inherits->prompting.rsvp;
    thread = inherits->thread;
  }
  entries_.push_back({false, expects, thread, from.address, target, std::move(rsvp), from.number});
  return number;
}

uint64_t Ledger::write_response(const Resident& from, const Taken& request) {
  entries_.push_back(
      {true, false, request.thread, from.address, request.prompting.answer_to(), std::nullopt, from.number});
  return entries_.size();
}

bool Ledger::sent(Resident& from, Posting& posting, SendStatus status, std::optional<Carried> carried) {
  const Entry& sent = entry(posting.number);
  const bool is_abroad = sent.target.node() != from.address.node();
  const bool may = !is_abroad || from.may_use_network;
  require(carried.has_value() == (is_abroad && may), carried ? Invariant::capability_needed : Invariant::ends_once,
          "m{} of {} to {} is{} given to the network", posting.number, from.name(), sent.target.text(),
          carried ? "" : " not");
  Instant deadline{};
  if (posting.expects) {
    deadline = posting.wait_until ? std::max(*posting.wait_until, clock_.now() + limits_.last_attempt)
                                  : clock_.now() + std::chrono::seconds(*posting.expects);
    posting.wait_until = posting.wait_until.value_or(deadline);
  }
  Resident* target = is_abroad ? nullptr : find(sent.target);
  bool gone = true;
  if (!may || (!is_abroad && target == nullptr) || carried == Carried::too_big) {
    refuse(from, posting, Question::End::timeout);
  } else if (carried == Carried::unreachable) {
    refuse(from, posting, Question::End::offline);
  } else if (carried == Carried::full || (target != nullptr && is_full(*target))) {
    gone = wait_for_room(from, posting);
  } else {
    went(from, posting, target, deadline);
  }
  require(gone || status == SendStatus::full, Invariant::bounded, "m{} of {} found room where there is none",
          posting.number, from.name());
  require(!gone || status == SendStatus::sent, Invariant::no_starvation, "m{} of {} waits for room that is there",
          posting.number, from.name());
  return gone;
}

bool Ledger::wait_for_room(Resident& from, Posting& posting) {
  posting.wait_until = posting.wait_until.value_or(clock_.now() + limits_.full_mailbox_wait);
  if (clock_.now() < *posting.wait_until) {
    trace_.note([&] { return fmt::format("{} waits with m{}", from.name(), posting.number); });
    return false;
  }
  refuse(from, posting, Question::End::timeout);
  return true;
}

void Ledger::refuse(Resident& from, const Posting& posting, Question::End end) {
  trace_.note([&] { return fmt::format("m{} of {} is refused", posting.number, from.name()); });
  if (posting.expects) {
    questions_.emplace(
        posting.number,
        Question{.asker = &from, .target = entry(posting.number).target, .due = {}, .responders = {}, .end = end});
  }
}

void Ledger::went(Resident& from, const Posting& posting, Resident* target, Instant deadline) {
  Entry& sent = entry(posting.number);
  trace_.note([&] {
    return fmt::format("{} -> {}: m{}{}{}", from.name(), sent.target.text(), posting.number,
                       posting.expects ? fmt::format(" expects {} s", *posting.expects) : "",
                       !posting.expects && sent.thread != 0 ? fmt::format(" passes on m{}", sent.thread) : "");
  });
  sent.order = ++orders_;
  if (target != nullptr) {
    ++target->waiting;
    sent.holder = target;
  }
  Question* asked = nullptr;
  if (posting.expects) {
    asked =
        &questions_
             .emplace(posting.number, Question{.asker = &from,
                                               .target = sent.target,
                                               // What is set within a millisecond that has passed is due in the next.
                                               .due = std::max(deadline, clock_.now() + std::chrono::milliseconds(1)),
                                               .responders = {}})
             .first->second;
  } else if (sent.rsvp && sent.rsvp->node() == from.address.node()) {
    auto found = questions_.find(sent.thread);
    if (found != questions_.end() && found->second.waits() && found->second.asker->address == *sent.rsvp &&
        found->second.responders.contains(&from)) {
      asked = &found->second;
    }
  }
  if (asked != nullptr && target != nullptr) {
    asked->responders.insert(target);
  } else if (asked != nullptr) {
    ++asked->left;
  }
}

void Ledger::responded(Resident& from, const Taken& request, uint64_t number, std::optional<Carried> carried) {
  Entry& sent = entry(number);
  trace_.note([&] { return fmt::format("{} answers m{} with m{}", from.name(), request.thread, number); });
  sent.order = ++orders_;
  if (sent.target.node() == from.address.node()) {
    require(!carried, Invariant::right_receiver, "m{} for {} leaves the node", number, sent.target.text());
    const Question* asked = question(request.thread);
    if (asked != nullptr && asked->waits() && asked->asker->address == sent.target &&
        asked->responders.contains(&from)) {
      end(request.thread, Question::End::response, number);
    }
    return;
  }
  const bool leaves = from.may_use_network && request.thread != 0;
  require(carried.has_value() == leaves, carried ? Invariant::capability_needed : Invariant::ends_once,
          "the response m{} of {} is{} given to the network", number, from.name(), carried ? "" : " not");
  if (request.thread == 0 || carried == Carried::taken) {
    return;
  }
  returns_.emplace(number,
                   Return{&from, carried == Carried::unreachable ? SendErrorKind::offline : SendErrorKind::timeout});
}

void Ledger::end(uint64_t thread, Question::End end, uint64_t response) {
  Question& asked = questions_.at(thread);
  asked.end = end;
  asked.response = response;
  trace_.note([&] {
    return fmt::format("m{} of {} ends with {}", thread, asked.asker->name(),
                       response != 0                   ? fmt::format("m{}", response)
                       : end == Question::End::offline ? "Offline"
                                                       : "Timeout");
  });
}

void Ledger::advance() {
  for (auto& [number, asked] : questions_) {
    if (asked.waits() && asked.due <= clock_.now()) {
      end(number, Question::End::timeout);
    }
  }
}

// ---- receiving -----------------------------------------------------------------------------------

std::optional<Taken> Ledger::receive(Resident& to, const kernel::Envelope& got) {
  const uint64_t number = number_of(got.message);
  Entry& about = entry(number);
  trace_.note([&] {
    std::string_view kind = got.kind == kernel::Envelope::Kind::request    ? "request"
                            : got.kind == kernel::Envelope::Kind::response ? "response"
                                                                           : "error of";
    return fmt::format("{} takes the {} m{}", to.name(), kind, number);
  });
  if (got.kind == kernel::Envelope::Kind::request) {
    take_request(to, got, about, number);
    return Taken{kernel::prompting_of(got), about.thread};
  }
  if (got.kind == kernel::Envelope::Kind::send_error && about.is_response) {
    auto returned = returns_.find(number);
    require(returned != returns_.end() && returned->second.holder == &to, Invariant::ends_once,
            "{} gets its response m{} back, which it must not", to.name(), number);
    require(returned->second.kind == got.error && got.prompting, Invariant::conversation,
            "{} gets its response m{} back with another error", to.name(), number);
    returns_.erase(returned);
    return Taken{*got.prompting, about.thread};
  }
  take_end(to, got, number);
  return std::nullopt;
}

void Ledger::take_request(Resident& to, const kernel::Envelope& got, Entry& about, uint64_t number) {
  require(!about.is_response && about.holder == &to, Invariant::right_receiver,
          "{} gets the request m{}, which is not for it", to.name(), number);
  require(!about.is_taken, Invariant::arrives_once, "{} gets m{} twice", to.name(), number);
  about.is_taken = true;
  --to.waiting;
  check_order(to, about, number);
  require(got.source == about.source && got.target == to.address, Invariant::right_receiver, "{} gets m{} of {} to {}",
          to.name(), number, got.source.text(), got.target.text());
  std::optional<Address> rsvp = about.rsvp;
  if (rsvp && to.is_module && about.source.node() != to.address.node() && rsvp->node() != about.source.node()) {
    rsvp = about.source;
  }
  require(got.rsvp == rsvp, Invariant::right_receiver, "{} is to answer m{} to {}", to.name(), number,
          got.rsvp ? got.rsvp->text() : "nobody");
  require(got.request().expects_response.has_value() == about.expects, Invariant::arrives_whole,
          "{} gets m{} with another timeout", to.name(), number);
  check_id(about.thread, got.id);
}

void Ledger::take_end(Resident& to, const kernel::Envelope& got, uint64_t number) {
  const bool is_response = got.kind == kernel::Envelope::Kind::response;
  const Entry& about = entry(number);
  const uint64_t thread = is_response ? about.thread : number;
  auto found = questions_.find(thread);
  require(found != questions_.end() && found->second.asker == &to, Invariant::right_receiver,
          "{} gets m{}, the end of what it did not ask", to.name(), number);
  Question& asked = found->second;
  require(!asked.is_taken, Invariant::ends_once, "m{} of {} ends twice", thread, to.name());
  asked.is_taken = true;
  Question::End end = is_response                           ? Question::End::response
                      : got.error == SendErrorKind::offline ? Question::End::offline
                                                            : Question::End::timeout;
  require(asked.end == end && (!is_response || asked.response == number), Invariant::ends_once,
          "m{} of {} ends with {} in place of {}", thread, to.name(), static_cast<int>(end),
          static_cast<int>(asked.end));
  require(got.context && got.context->text() == fmt::format("context {}", thread), Invariant::arrives_whole,
          "the end of m{} of {} has another context", thread, to.name());
  if (is_response) {
    check_order(to, about, number);
    require(got.source == about.source, Invariant::right_receiver, "m{} is of {}", number, got.source.text());
  }
}

void Ledger::check_order(Resident& to, const Entry& about, uint64_t number) {
  uint64_t& last = to.taken[{about.sender, about.connection}];
  require(last < about.order, Invariant::in_order, "{} gets m{} after what was sent later", to.name(), number);
  last = about.order;
}

void Ledger::check_id(uint64_t thread, uint64_t id) {
  if (thread == 0) {
    return;
  }
  require(threads_.try_emplace(id, thread).first->second == thread, Invariant::ends_once,
          "m{} has the id of another request", thread);
  require(ids_.try_emplace(thread, id).first->second == id, Invariant::right_receiver, "m{} has two ids", thread);
}

}  // namespace kinode::simulation
