// What a process is given, against what it must be given.
#include <algorithm>

#include "model.h"

namespace kinode::simulation {

using Kind = kernel::Envelope::Kind;
using kernel::Envelope;

namespace {

std::string text_of(const std::optional<Bytes>& bytes) { return bytes ? std::string(bytes->text()) : "nothing"; }
std::string text_of(const std::optional<Blob>& blob) { return blob ? std::string(blob->bytes.text()) : "nothing"; }
std::string text_of(const std::optional<Address>& address) { return address ? address->text() : "nobody"; }

/// The parts that a request and a response have in common.
template <class Use>
auto with_message(const Envelope& envelope, Use use) {
  return std::visit([&](const auto& message) { return use(message); }, envelope.message);
}

std::optional<std::string> tag_of(const Envelope& envelope) {
  return with_message(envelope, [](const auto& message) { return message.metadata; });
}

bool is_letter(const Letter& letter, const Envelope& got) {
  std::string body = with_message(got, [](const auto& message) { return std::string(message.body.text()); });
  return body == letter.body && tag_of(got) == letter.tag;
}

bool is_expected(const Arrival& expected, const Envelope& got) {
  return expected.kind == got.kind && is_letter(*expected.letter, got) &&
         (expected.kind != Kind::send_error ||
          std::holds_alternative<Response>(got.message) == expected.gives_back_response);
}

std::string name_of(const Envelope& got) {
  std::string_view kind = got.kind == Kind::request ? "request" : got.kind == Kind::response ? "response" : "error of";
  return fmt::format("{} {}", kind, tag_of(got).value_or("without metadata"));
}

void compare_capabilities(const Life& to, const Arrival& expected, const Envelope& got) {
  std::vector<Capability> given;
  with_message(got, [&](const auto& message) {
    for (const AttachedCapability& attached : message.capabilities) {
      given.push_back(attached.capability);
    }
  });
  const std::vector<Capability>& right = expected.letter->capabilities;
  require(given.size() >= right.size(), Invariant::granted_before, "{} gets {} with {} in place of {}", to.name(),
          name_of(got), describe(given), describe(right));
  require(given == right, Invariant::capability_needed, "{} gets {} with {} in place of {}", to.name(), name_of(got),
          describe(given), describe(right));
}

}  // namespace

std::optional<Arrival> Model::receive(Life& to, const Envelope* got) {
  if (got == nullptr) {
    require(to.mailbox.empty(), Invariant::no_starvation, "{} finds nothing, but {} messages wait for it", to.name(),
            to.mailbox.size());
    to.waits = Life::Waits::message;
    return std::nullopt;
  }
  to.waits = Life::Waits::nothing;
  std::optional<Arrival> arrival = take(to, *got);
  if (!arrival) {
    explain(to, *got);
  }
  compare(to, *arrival, *got);
  note_end(to, *arrival);
  return arrival;
}

std::optional<Arrival> Model::receive_awaited(Life& to, const Envelope* got) {
  if (got == nullptr) {
    require(!to.awaited, Invariant::no_starvation, "{} still waits for an end that is there", to.name());
    to.waits = Life::Waits::end;
    return std::nullopt;
  }
  to.waits = Life::Waits::nothing;
  if (!to.awaited || !is_expected(*to.awaited, *got)) {
    explain(to, *got);
  }
  std::optional<Arrival> arrival = std::exchange(to.awaited, std::nullopt);
  compare(to, *arrival, *got);
  note_end(to, *arrival);
  return arrival;
}

std::optional<Arrival> Model::receive_unseen(Life& to, bool was_there) {
  require(was_there || !to.awaited, Invariant::no_starvation, "{} still waits for an end that is there", to.name());
  require(!was_there || to.awaited, Invariant::ends_once, "{} does not wait for the end of its request", to.name());
  to.waits = was_there ? Life::Waits::nothing : Life::Waits::end;
  std::optional<Arrival> arrival = std::exchange(to.awaited, std::nullopt);
  if (arrival) {
    note_end(to, *arrival);
  }
  return arrival;
}

std::optional<Arrival> Model::take(Life& to, const Envelope& got) {
  for (auto place = to.mailbox.begin(); place != to.mailbox.end(); ++place) {
    if (place != to.mailbox.begin() && (place->group == 0 || place->group != to.mailbox.front().group)) {
      break;
    }
    if (is_expected(*place, got)) {
      Arrival arrival = std::move(*place);
      to.mailbox.erase(place);
      return arrival;
    }
  }
  return std::nullopt;
}

void Model::note_end(const Life& to, const Arrival& arrival) {
  if (arrival.letter->number != 0 && (arrival.kind != Kind::send_error || arrival.gives_back_response)) {
    fate(arrival.letter->number) = {Fate::Kind::taken, nullptr};
  }
  trace_.note([&] {
    std::string_view kind = arrival.kind == Kind::request    ? "request"
                            : arrival.kind == Kind::response ? "response"
                                                             : "error";
    return fmt::format("{} takes the {} {}{}", to.name(), kind, arrival.letter->name(),
                       arrival.ends != 0 ? fmt::format(", the end of m{}", arrival.ends) : "");
  });
  if (arrival.ends != 0) {
    unsigned arrived = ++ends_[arrival.ends].arrived;
    require(arrived == 1, Invariant::ends_once, "m{} of {} ends {} times", arrival.ends, to.name(), arrived);
  }
}

void Model::compare(const Life& to, const Arrival& expected, const Envelope& got) {
  const Letter& letter = *expected.letter;
  std::string name = name_of(got);
  auto same = [&](bool holds, Invariant invariant, std::string_view what, const auto& given, const auto& right) {
    require(holds, invariant, "{} gets {} with the {} {} in place of {}", to.name(), name, what, given, right);
  };
  same(got.source == expected.source, Invariant::right_receiver, "source", got.source.text(), expected.source.text());
  same(got.target == expected.target, Invariant::right_receiver, "target", got.target.text(), expected.target.text());
  same(text_of(got.blob) == letter.blob.value_or("nothing"), Invariant::arrives_whole, "blob", text_of(got.blob),
       letter.blob.value_or("nothing"));
  if (expected.kind == Kind::send_error) {
    same(got.error == expected.error, Invariant::ends_once, "kind", static_cast<int>(got.error),
         static_cast<int>(expected.error));
  }
  if (const auto* request = std::get_if<Request>(&got.message)) {
    same(request->expects_response == letter.expects, Invariant::arrives_whole, "timeout",
         request->expects_response.value_or(0), letter.expects.value_or(0));
    same(request->inherit == letter.inherit, Invariant::arrives_whole, "inherit", request->inherit, letter.inherit);
  }
  same(text_of(got.context) == expected.context.value_or("nothing"), Invariant::arrives_whole, "context",
       text_of(got.context), expected.context.value_or("nothing"));
  if (expected.kind == Kind::request) {
    same(text_of(got.rsvp) == text_of(expected.rsvp), Invariant::conversation, "receiver of the response",
         text_of(got.rsvp), text_of(expected.rsvp));
  }
  same((got.prompting != nullptr) == (expected.handled != nullptr), Invariant::conversation, "request handled again",
       got.prompting ? got.prompting->source.text() : "none",
       expected.handled ? expected.handled->source.text() : "none");
  if (got.prompting) {
    same(got.prompting->answer_to() == expected.handled->answer_to(), Invariant::conversation,
         "request handled again of", got.prompting->answer_to().text(), expected.handled->answer_to().text());
    compare_id(to, expected.handled->thread, got.prompting->id);
  }
  compare_capabilities(to, expected, got);
  if (expected.kind != Kind::send_error) {
    compare_id(to, expected.thread, got.id);
  }
}

void Model::compare_id(const Life& to, uint64_t thread, uint64_t id) {
  auto [by_id, new_id] = threads_.try_emplace(id, thread);
  require(by_id->second == thread, Invariant::ends_once, "m{} and m{}, which {} gets, have one id", by_id->second,
          thread, to.name());
  auto [by_thread, new_thread] = kernel_ids_.try_emplace(thread, id);
  require(by_thread->second == id, Invariant::right_receiver, "what {} gets of m{} has another id than before",
          to.name(), thread);
}

void Model::explain(const Life& to, const Envelope& got) {
  std::string name = name_of(got);
  for (const Arrival& waiting : to.mailbox) {
    if (is_expected(waiting, got)) {
      throw Violation(Invariant::in_order, fmt::format("{} gets {} before {}, which was sent earlier", to.name(), name,
                                                       to.mailbox.front().letter->name()));
    }
  }
  std::optional<std::string> tag = tag_of(got);
  uint64_t number = tag && tag->size() > 1 && tag->front() == 'm' ? std::strtoull(tag->c_str() + 1, nullptr, 10) : 0;
  if (got.kind == Kind::send_error) {
    throw Violation(Invariant::ends_once,
                    fmt::format("{} gets {}, which ended before or was not its own", to.name(), name));
  }
  const Fate& known = fate(number);
  switch (known.kind) {
    case Fate::Kind::in_mailbox:
      throw Violation(Invariant::right_receiver,
                      fmt::format("{} gets {}, which is for {}", to.name(), name, known.holder->name()));
    case Fate::Kind::lost:
      throw Violation(Invariant::right_receiver,
                      fmt::format("{} gets {}, which was for {}", to.name(), name, known.holder->name()));
    case Fate::Kind::taken:
      throw Violation(got.kind == Kind::request ? Invariant::arrives_once : Invariant::ends_once,
                      fmt::format("{} gets {}, which arrived before", to.name(), name));
    case Fate::Kind::refused:
      throw Violation(Invariant::capability_needed, fmt::format("{} gets {}, which was refused", to.name(), name));
    case Fate::Kind::waits:
    case Fate::Kind::unsent:
      break;
  }
  throw Violation(Invariant::arrives_once, fmt::format("{} gets {}, which nobody sent to it", to.name(), name));
}

}  // namespace kinode::simulation
