#include "modules/http_server/outbound.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "kernel/kernel.h"

namespace kinode::modules {
namespace {

Bytes context_of(uint64_t number) { return Bytes::from(std::to_string(number)); }

std::optional<uint64_t> number_of(const std::optional<Bytes>& context) {
  uint64_t number = 0;
  if (!context) {
    return std::nullopt;
  }
  const std::string_view text = context->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

Outbound::Outbound(kernel::ProcessContext& context, size_t waiting_of_process)
    : context_(context), waiting_of_process_(waiting_of_process) {}

void Outbound::ask(kernel::Outgoing outgoing, std::shared_ptr<HttpExchange> exchange, ReadEnd read_end) {
  const ProcessId target = outgoing.target.process();
  bool has_room = false;
  {
    std::lock_guard lock(mutex_);
    size_t& count = waiting_of_[target];
    has_room = count < waiting_of_process_;
    if (has_room) {
      ++count;
      const uint64_t number = next_number_++;
      outgoing.context = context_of(number);
      waiting_.emplace(number, Waiting{target, std::move(exchange), std::move(read_end)});
    }
  }
  if (!has_room) {
    exchange->answer(text_answer(HttpStatus::service_unavailable,
                                 "too many requests wait for the response of this process: try again later"));
    return;
  }
  send({std::move(outgoing), nullptr});
}

void Outbound::tell(kernel::Outgoing outgoing, std::function<void()> sent) {
  send({std::move(outgoing), std::move(sent)});
}

bool Outbound::try_to_send(Sending& sending) {
  if (context_.send(sending.outgoing) == kernel::SendStatus::full) {
    return false;
  }
  if (sending.sent) {
    sending.sent();
  }
  return true;
}

void Outbound::send(Sending sending) {
  if (try_to_send(sending)) {
    return;
  }
  {
    std::lock_guard lock(mutex_);
    before_full_mailbox_.push_back(std::move(sending));
  }
  // Room may have come before it was put aside.
  context_.wake();
}

void Outbound::send_again() {
  std::vector<Sending> again;
  {
    std::lock_guard lock(mutex_);
    again.swap(before_full_mailbox_);
  }
  std::erase_if(again, [this](Sending& sending) { return try_to_send(sending); });
  if (!again.empty()) {
    std::lock_guard lock(mutex_);
    before_full_mailbox_.insert(before_full_mailbox_.begin(), std::make_move_iterator(again.begin()),
                                std::make_move_iterator(again.end()));
  }
}

void Outbound::take(kernel::Envelope envelope) {
  const auto number = number_of(envelope.context);
  if (!number) {
    return;
  }
  std::optional<Waiting> waiting;
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_.extract(*number);
    if (found.empty()) {
      return;
    }
    waiting = std::move(found.mapped());
    const auto count = waiting_of_.find(waiting->target);
    if (--count->second == 0) {
      waiting_of_.erase(count);
    }
  }
  answer_when_durable(std::move(waiting->exchange), waiting->read_end(std::move(envelope)));
}

void Outbound::answer_when_durable(std::shared_ptr<HttpExchange> exchange, HttpExchange::MakeAnswer make) {
  // Nothing of this object is in the callback: it may come after its end.
  kernel::Journal& journal = context_.kernel().environment().journal;
  journal.when_durable(journal.written(), [exchange = std::move(exchange), make = std::move(make)]() mutable {
    exchange->answer_with(std::move(make));
  });
}

size_t Outbound::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace kinode::modules
