#include "peer.h"

#include <array>

namespace kinode::simulation {

kernel::Process::Poll Peer::poll() {
  Choices& choices = scene_.choices;
  bool may_send = send_waiting();
  if (!may_send && !resident_.is_module) {
    return {};  // a guest is suspended
  }
  const uint64_t acts = choices.between(1, 4);
  for (uint64_t i = 0; i < acts; ++i) {
    if (!scene_.calm && choices.chance(scene_.unprompted)) {
      act();
      continue;
    }
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (!envelope) {
      return {};
    }
    if (std::optional<Taken> request = scene_.ledger.receive(resident_, *envelope)) {
      react(*request);
    }
    if (!waiting_.empty() && !resident_.is_module) {
      return {};
    }
  }
  return {Status::yielded, {}};
}

void Peer::react(const Taken& request) {
  Choices& choices = scene_.choices;
  if (choices.chance(50)) {
    respond(request);
  } else if (!scene_.calm && choices.chance(50)) {
    send(scene_.anybody(), choices.chance(30) ? timeout() : std::nullopt, &request);
  }
  constexpr size_t kept = 6;
  if (requests_.size() < kept) {
    requests_.push_back(request);
  } else {
    choices.pick(requests_) = request;
  }
}

void Peer::act() {
  Choices& choices = scene_.choices;
  switch (choices.below(6)) {
    case 0:
      send(scene_.anybody(), std::nullopt, nullptr);
      break;
    case 1:
    case 2:
      send(scene_.anybody(), timeout(), nullptr);
      break;
    case 3:
      if (!requests_.empty()) {
        respond(Taken(choices.pick(requests_)));
      }
      break;
    case 4:
      if (!requests_.empty()) {
        const Taken request = choices.pick(requests_);
        send(scene_.anybody(), choices.chance(30) ? timeout() : std::nullopt, &request);
      }
      break;
    default: {  // many at once to one process
      const Address target = scene_.anybody();
      for (uint64_t left = choices.between(2, 5); left > 0; --left) {
        send(target, choices.chance(50) ? timeout() : std::nullopt, nullptr);
      }
      break;
    }
  }
}

std::optional<uint64_t> Peer::timeout() {
  constexpr std::array<uint64_t, 6> seconds{0, 1, 2, 5, 60, 600};
  return scene_.choices.pick(seconds);
}

void Peer::send(Address target, std::optional<uint64_t> expects, const Taken* inherits) {
  if (target == resident_.address) {
    return;
  }
  const uint64_t number = scene_.ledger.write_request(resident_, target, expects.has_value(), inherits);
  kernel::Outgoing outgoing{.target = std::move(target),
                            .request = {.inherit = inherits != nullptr,
                                        .expects_response = expects,
                                        .body = Bytes::from(fmt::format("m{}", number))},
                            .blob = std::nullopt,
                            .context = Bytes::from(fmt::format("context {}", number)),
                            .prompting = nullptr};
  if (inherits != nullptr) {
    outgoing.prompting = std::make_shared<const kernel::Prompting>(inherits->prompting);
  }
  waiting_.push_back({.number = number, .outgoing = std::move(outgoing), .expects = expects});
  send_waiting();
}

bool Peer::send_waiting() {
  while (!waiting_.empty()) {
    Posting& next = waiting_.front();
    const kernel::SendStatus status = context_.send(next.outgoing);
    if (!scene_.ledger.sent(resident_, next, status, scene_.take_carried())) {
      return false;
    }
    waiting_.pop_front();
  }
  return true;
}

void Peer::respond(const Taken& request) {
  const uint64_t number = scene_.ledger.write_response(resident_, request);
  Response response;
  response.body = Bytes::from(fmt::format("m{}", number));
  context_.respond(request.prompting, std::move(response), std::nullopt);
  scene_.ledger.responded(resident_, request, number, scene_.take_carried());
}

}  // namespace kinode::simulation
