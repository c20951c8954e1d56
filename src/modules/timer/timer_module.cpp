#include "modules/timer/timer_module.h"

#include "codec/json.h"
#include "kernel/kernel.h"

namespace kinode::modules {
namespace {

/// More envelopes than this in one poll, and others come first.
constexpr int slice = 256;
constexpr size_t max_listed = 1000;

/// The milliseconds of a SetTimer; none for Debug.
Result<std::optional<uint64_t>> parse(std::string_view body) {
  Result<nlohmann::json> json = codec::parse_json(body);
  if (!json) {
    return std::unexpected(json.error());
  }
  Result<codec::JsonVariant> variant = codec::JsonReader(*json).variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  if (variant->name() == "Debug") {
    return variant->unit(std::optional<uint64_t>());
  }
  if (variant->name() != "SetTimer") {
    return variant->unknown();
  }
  Result<uint64_t> milliseconds = variant->payload().u64();
  if (!milliseconds) {
    return std::unexpected(milliseconds.error());
  }
  return std::optional(*milliseconds);
}

void answer_empty(kernel::ProcessContext& context, const kernel::Prompting& prompting) {
  context.respond(prompting, Response{}, std::nullopt);
}

}  // namespace

TimerModule::TimerModule(kernel::ProcessContext& context, const Clock& clock, std::shared_ptr<Timers> timers)
    : context_(context), clock_(clock), timers_(std::move(timers)) {}

TimerModule::~TimerModule() { timers_->clear(); }

kernel::Process::Poll TimerModule::poll() {
  for (int i = 0; i < slice; ++i) {
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (!envelope) {
      return {};
    }
    if (envelope->kind == kernel::Envelope::Kind::request) {
      take(call_of(std::move(*envelope)));
    }
  }
  return {Status::yielded, {}};
}

void TimerModule::take(const Call& call) {
  if (call.source().node() != context_.our().node()) {
    return;
  }
  Result<std::optional<uint64_t>> milliseconds = parse(call.body());
  if (!milliseconds) {
    context_.print(1, fmt::format("timer: request from {}: {}", call.source().text(), milliseconds.error().message));
  } else if (*milliseconds) {
    set(call, **milliseconds);
  } else {
    print_all();
  }
}

void TimerModule::set(const Call& call, uint64_t milliseconds) {
  if (milliseconds == 0) {
    answer_empty(context_, call.prompting);
    return;
  }
  const ProcessId& owner = call.source().process();
  auto add = [&] {
    return timers_->add(owner, clock_.now(), milliseconds,
                        [&context = context_, prompting = call.prompting] { answer_empty(context, prompting); });
  };
  Timers::Added added = add();
  if (added == Timers::Added::too_many_of_all && clock_.now() >= next_sweep_) {
    next_sweep_ = clock_.now() + std::chrono::seconds(1);  // it looks at all timers
    timers_->remove_if([this](const ProcessId& id) { return !context_.kernel().exists(id); });
    added = add();
  }
  if (added != Timers::Added::added) {
    context_.print(0, fmt::format("timer: request from {} refused: {} timers wait already{}", call.source().text(),
                                  added == Timers::Added::too_many_of_one ? Timers::max_of_one : Timers::max_of_all,
                                  added == Timers::Added::too_many_of_one ? " for it" : ""));
  }
}

void TimerModule::print_all() const {
  Instant now = clock_.now();
  std::string text = fmt::format("timer: {} active timers", timers_->size());
  for (const auto& [due, owner] : timers_->list(max_listed)) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due - now).count();
    text += fmt::format("\n  in {} ms: {}", left, owner.text());
  }
  context_.print(0, std::move(text));
}

}  // namespace kinode::modules
