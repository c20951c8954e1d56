#include "guest_actor.h"

#include <fmt/format.h>

namespace kinode::simulation {

GuestActor::GuestActor(Scene& scene, kernel::ProcessContext& context, Life& life)
    : scene_(scene), life_(life), author_(scene), calls_(scene, context, life) {
  ++scene_.processes;
}

GuestActor::~GuestActor() { --scene_.processes; }

kernel::Process::Poll GuestActor::end(Scene::Exit exit) {
  scene_.exit = exit;
  bool crashed = exit == Scene::Exit::crashed;
  return {Status::exited, {crashed, crashed ? "as its seed says" : ""}};
}

kernel::Process::Poll GuestActor::poll() {
  scene_.polled = &life_;
  life_.was_polled = true;
  uint64_t acts = scene_.choices.between(1, 4);
  for (uint64_t i = 0; i < acts; ++i) {
    switch (calls_.waits() ? after(calls_.resume()) : act()) {
      case Next::go_on:
        break;
      case Next::wait:
        return {};
      case Next::exit:
        return end(Scene::Exit::returned);
      case Next::crash:
        return end(Scene::Exit::crashed);
    }
  }
  return {Status::yielded, {}};
}

GuestActor::Next GuestActor::after(GuestCalls::Outcome outcome) {
  switch (outcome) {
    case GuestCalls::Outcome::done:
      return Next::go_on;
    case GuestCalls::Outcome::pending:
      return Next::wait;
    case GuestCalls::Outcome::trapped:
      break;
  }
  return Next::crash;
}

GuestActor::Next GuestActor::act() {
  Choices& choices = scene_.choices;
  if (!scene_.calm) {
    if (works_ > 0) {
      --works_;
      return Next::go_on;
    }
    if (choices.chance(scene_.profile.unprompted)) {
      return take(static_cast<Action>(choices.weighted(scene_.profile.actions)));
    }
  }
  std::optional<Arrival> arrival = calls_.receive();
  return arrival ? react(*arrival) : Next::wait;
}

GuestActor::Next GuestActor::react(const Arrival& arrival) {
  Choices& choices = scene_.choices;
  bool is_request = arrival.kind == kernel::Envelope::Kind::request;
  if (!arrival.letter->capabilities.empty() && choices.chance(50)) {
    calls_.save(arrival.letter->capabilities);
  }
  if (scene_.calm) {
    return is_request && choices.chance(50) ? take(Action::answer) : Next::go_on;
  }
  if (is_request && choices.chance(5)) {
    // What the outside is told of must have been saved.
    Next saved = take(Action::save_state);
    return saved == Next::go_on ? take(Action::answer) : saved;
  }
  switch (choices.below(is_request ? 6 : 12)) {
    case 0:
    case 1:
    case 2:
      return take(Action::answer);
    case 3:
      return take(Action::pass_on);
    case 4:
      return take(Action::pass_on_asking);
    default:
      return Next::go_on;
  }
}

GuestActor::Next GuestActor::take(Action action) {
  Choices& choices = scene_.choices;
  Letter letter = author_.letter(life_);
  switch (action) {
    case Action::tell:
      return after(calls_.send({letter}));
    case Action::ask:
      letter.expects = author_.timeout();
      return after(calls_.send({letter}));
    case Action::ask_and_wait:
      letter.expects = choices.chance(97) ? author_.timeout() : std::nullopt;
      letter.inherit = choices.chance(10);
      return after(calls_.send_and_await(letter));
    case Action::flood: {
      std::vector<Letter> letters;
      uint64_t count = choices.between(2, 6);
      for (uint64_t i = 0; i < count; ++i) {
        Letter one = author_.letter(life_);
        one.target = choices.chance(90) ? letter.target : one.target;
        one.expects = choices.chance(30) ? author_.timeout() : std::nullopt;
        one.inherit = choices.chance(10);
        letters.push_back(std::move(one));
      }
      return after(calls_.send(std::move(letters)));
    }
    case Action::answer:
      letter.inherit = choices.chance(20);
      calls_.respond(letter);
      return Next::go_on;
    case Action::pass_on:
    case Action::pass_on_asking:
      letter.inherit = true;
      letter.expects = action == Action::pass_on_asking ? author_.timeout() : std::nullopt;
      return after(calls_.send({letter}));
    case Action::command: {
      Letter command = author_.command(life_);
      return after(command.expects && choices.chance(30) ? calls_.send_and_await(command) : calls_.send({command}));
    }
    case Action::spawn:
      return spawn();
    case Action::leave:
      return Next::exit;
    case Action::crash:
      return Next::crash;
    case Action::save_state:
      return after(calls_.set_state(fmt::format("state {}", letter.number)));
    case Action::clear_state:
      return after(calls_.clear_state());
    case Action::read_state:
      return after(calls_.get_state());
    case Action::change_on_exit:
      calls_.set_on_exit(author_.on_exit(life_));
      return Next::go_on;
    case Action::save_capabilities:
      calls_.save(author_.capabilities(life_, 3));
      return Next::go_on;
    case Action::drop_capabilities:
      calls_.drop(author_.capabilities(life_, 2));
      return Next::go_on;
    case Action::look:
      calls_.look();
      return Next::go_on;
    case Action::work:
      works_ = static_cast<unsigned>(choices.between(1, 30));
      return Next::go_on;
  }
  return Next::go_on;
}

GuestActor::Next GuestActor::spawn() {
  Choices& choices = scene_.choices;
  GuestCalls::Child child{.on_exit = author_.on_exit(life_),
                          .capabilities = author_.capabilities(life_, 4),
                          .is_public = choices.chance(40)};
  if (choices.chance(95)) {
    child.name = choices.chance(95) ? std::string(author_.guest().process().process()) : "No Name";
  }
  uint64_t grants = choices.below(4);
  for (uint64_t i = 0; i < grants; ++i) {
    child.grants.emplace_back(author_.somebody().process(),
                              choices.chance(80) ? std::string(messaging_params) : R"({"a":1})");
  }
  return after(calls_.spawn(std::move(child)));
}

}  // namespace kinode::simulation
