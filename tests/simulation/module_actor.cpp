#include "module_actor.h"

#include <algorithm>

#include "kernel/kernel.h"
#include "kernel/planted_fault.h"

namespace kinode::simulation {

using Kind = kernel::Envelope::Kind;

ModuleActor::ModuleActor(Scene& scene, kernel::ProcessContext& context, Life& life, Role role)
    : scene_(scene), context_(context), life_(life), role_(role), author_(scene) {
  ++scene_.processes;
}

ModuleActor::~ModuleActor() { --scene_.processes; }

kernel::Process::Poll ModuleActor::poll() {
  scene_.polled = &life_;
  life_.was_polled = true;
  send_again();
  uint64_t acts = scene_.choices.between(1, 4);
  for (uint64_t i = 0; i < acts; ++i) {
    if (!scene_.calm && role_ != Role::files && scene_.choices.chance(scene_.profile.unprompted / 2)) {
      act();
      continue;
    }
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    std::optional<Arrival> arrival = scene_.model.receive(life_, envelope.get());
    if (!arrival) {
      return {};
    }
    react(*arrival, *envelope);
  }
  return {Status::yielded, {}};
}

void ModuleActor::act() {
  Choices& choices = scene_.choices;
  Letter letter = author_.letter(life_);
  switch (choices.below(8)) {
    case 0:
      send(choices.chance(20) ? author_.command(life_) : letter, nullptr);
      break;
    case 1:
    case 2:
      letter.expects = author_.timeout();
      send(letter, nullptr);
      break;
    case 3:
    case 4:
      if (!requests_.empty()) {
        respond(Overheard(choices.pick(requests_)), letter);
      }
      break;
    case 5:
      if (!requests_.empty()) {
        letter.inherit = true;
        letter.expects = choices.chance(40) ? author_.timeout() : std::nullopt;
        Overheard handled = choices.pick(requests_);
        send(letter, &handled);
      }
      break;
    case 6:
      // What it was not asked.
      if (!scene_.overheard.empty()) {
        respond(Overheard(choices.pick(scene_.overheard)), letter);
      }
      break;
    default:
      break;
  }
}

void ModuleActor::react(const Arrival& arrival, const kernel::Envelope& envelope) {
  Choices& choices = scene_.choices;
  if (arrival.kind != Kind::request) {
    if (role_ == Role::gate && arrival.ends != 0) {
      let_out(arrival);
    }
    return;
  }
  Overheard request{kernel::prompting_of(envelope), {arrival.thread, arrival.source, arrival.rsvp, {}}};
  if (role_ == Role::files) {
    give_file(request);
    return;
  }
  scene_.overhear(envelope, arrival);
  if (choices.chance(40)) {
    respond(request, author_.letter(life_));
  }
  constexpr size_t kept = 8;
  if (requests_.size() < kept) {
    requests_.push_back(std::move(request));
  } else {
    choices.pick(requests_) = std::move(request);
  }
}

void ModuleActor::give_file(const Overheard& request) {
  Choices& choices = scene_.choices;
  if (!scene_.calm && choices.chance(10)) {
    return;  // the reader gets a Timeout
  }
  Letter letter = author_.letter(life_);
  letter.blob = guest_program;
  if (choices.chance(15)) {
    letter.blob = choices.chance(50) ? std::optional(no_program) : std::nullopt;
  }
  respond(request, letter);
}

void ModuleActor::respond(const Overheard& request, Letter letter) {
  context_.respond(request.prompting, response_of(letter), blob_of(letter.blob));
  scene_.model.respond(life_, request.handled, std::move(letter));
}

// ---- sending -------------------------------------------------------------------------------------

bool ModuleActor::try_send(kernel::Outgoing& outgoing, Sent& sent) {
  kernel::SendStatus status = context_.send(outgoing);
  bool gone = scene_.model.send(life_, sent);
  require(gone || status == kernel::SendStatus::full, Invariant::bounded, "{} of {} found room in a full mailbox",
          sent.letter.name(), life_.name());
  require(!gone || status == kernel::SendStatus::sent, Invariant::no_starvation,
          "{} of {} waits for room that is there", sent.letter.name(), life_.name());
  return gone;
}

void ModuleActor::send(Letter letter, const Overheard* handled) {
  kernel::Outgoing outgoing{.target = letter.target,
                            .request = request_of(letter),
                            .blob = blob_of(letter.blob),
                            .context = bytes_of(letter.context)};
  Sent sent{.letter = std::move(letter)};
  if (handled != nullptr) {
    outgoing.prompting = std::make_shared<const kernel::Prompting>(handled->prompting);
    sent.handled = std::make_shared<const Handled>(handled->handled);
  }
  if (!try_send(outgoing, sent)) {
    before_full_.push_back(std::move(outgoing));
    life_.sending.push_back(std::move(sent));
    // Room may have come before it was put aside.
    context_.wake();
  }
}

void ModuleActor::send_again() {
  std::deque<kernel::Outgoing> outgoing;
  outgoing.swap(before_full_);
  std::deque<Sent> sending;
  sending.swap(life_.sending);
  for (size_t i = 0; i < sending.size(); ++i) {
    if (!try_send(outgoing[i], sending[i])) {
      before_full_.push_back(std::move(outgoing[i]));
      life_.sending.push_back(std::move(sending[i]));
    }
  }
}

// ---- the gate ------------------------------------------------------------------------------------

void ModuleActor::ask_from_outside(const Address& target) {
  Letter letter = author_.letter(life_);
  letter.target = target;
  letter.expects = 3;
  letter.capabilities.clear();
  send(std::move(letter), nullptr);
}

void ModuleActor::let_out(const Arrival& arrival) {
  Answer answer{fmt::format("the answer to m{}", arrival.ends), arrival.rests_on};
  kernel::Journal& journal = context_.kernel().environment().journal;
  auto leave = [answer, &scene = scene_, &journal] {
    scene.trace.note(
        [&] { return fmt::format("{} leaves the node, resting on write {}", answer.what, answer.rests_on); });
    scene.left.push_back(answer);
  };
  if (kernel::planted(kernel::Fault::gate_ignored)) {
    leave();
    return;
  }
  journal.when_durable(journal.written(), leave);
}

}  // namespace kinode::simulation
