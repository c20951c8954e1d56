#include "author.h"

#include <fmt/format.h>

namespace kinode::simulation {

void Scene::overhear(const kernel::Envelope& request, const Arrival& arrival) {
  constexpr size_t kept = 16;
  if (overheard.size() < kept) {
    overheard.push_back({kernel::prompting_of(request), {arrival.thread, arrival.source, arrival.rsvp, {}}});
  } else {
    choices.pick(overheard) = {kernel::prompting_of(request), {arrival.thread, arrival.source, arrival.rsvp, {}}};
  }
}

const std::vector<Address>& Author::guests() {
  static const std::vector<Address> all = [] {
    std::vector<Address> addresses;
    for (int number = 0; number < 7; ++number) {
      addresses.push_back(local(fmt::format("p{}:sim:test", number)));
    }
    return addresses;
  }();
  return all;
}

Address Author::guest() { return scene_.choices.pick(guests()); }

Address Author::somebody() {
  static const std::vector<Address> others = {local("relay:distro:sys"), local("relay:distro:sys"),
                                              local("gate:distro:sys"), local("vfs:distro:sys"), kernel_address};
  return scene_.choices.chance(80) ? guest() : scene_.choices.pick(others);
}

Address Author::anybody() {
  static const std::vector<Address> odd = {local("nobody:sim:test"), local("No Body:sim:test"),
                                           *Address::parse("other.os@p1:sim:test"),
                                           *Address::parse("other.os@kernel:distro:sys")};
  if (scene_.choices.chance(8)) {
    return scene_.choices.pick(odd);
  }
  Address address = somebody();
  static const Address alias = *Address::parse("our@alias:sim:test");
  return scene_.choices.chance(5) ? address.at_node_of(alias) : address;
}

Capability Author::capability(const Address& own) {
  Choices& choices = scene_.choices;
  if (choices.chance(5)) {
    return Capability::network(kernel_address);
  }
  Address issuer = choices.chance(30) ? own : somebody();
  if (choices.chance(50)) {
    return Capability::messaging(issuer);
  }
  uint64_t number = choices.below(2);
  // The same in two spellings.
  return make_capability(issuer, choices.chance(50) ? fmt::format(R"({{"a":{},"b":2}})", number)
                                                    : fmt::format(R"({{ "b": 2, "a": {} }})", number));
}

std::vector<Capability> Author::capabilities(const Life& life, unsigned at_most) {
  Choices& choices = scene_.choices;
  std::vector<Capability> some;
  uint64_t count = choices.below(at_most + 1);
  while (some.size() < count) {
    if (!life.capabilities.empty() && choices.chance(60)) {
      auto held = life.capabilities.begin();
      std::advance(held, choices.below(life.capabilities.size()));
      some.push_back(held->second);
    } else {
      some.push_back(capability(life.address));
    }
  }
  return some;
}

OnExit Author::on_exit(const Life& life) {
  Choices& choices = scene_.choices;
  switch (choices.below(3)) {
    case 0:
      return OnExit::none();
    case 1:
      return OnExit::restart();
    default:
      break;
  }
  OnExit on_exit{OnExit::Kind::requests, {}};
  uint64_t count = choices.between(1, 3);
  for (uint64_t i = 0; i < count; ++i) {
    Letter last_word = letter(life);
    last_word.expects = choices.chance(20) ? std::optional<uint64_t>(1) : std::nullopt;
    on_exit.requests.push_back({anybody(), request_of(last_word), blob_of(last_word.blob)});
  }
  return on_exit;
}

kernel::ProcessSpec spec_of(const NewProcess& process) {
  return {.id = process.id,
          .program = {Bytes::copy_of(process.program), process.handle, 1},
          .on_exit = process.on_exit,
          .is_public = process.is_public,
          .capabilities = process.capabilities};
}

NewProcess Author::process(const Address& address) {
  Choices& choices = scene_.choices;
  NewProcess process{.id = address.process(),
                     .handle = "/shipped/" + address.process().text(),
                     .program = guest_program,
                     .on_exit = OnExit::restart(),
                     .is_public = choices.chance(30)};
  if (choices.chance(30)) {
    process.on_exit = OnExit::none();
  }
  for (const Address& other : guests()) {
    if (choices.chance(70)) {
      process.capabilities.push_back(Capability::messaging(other));
    }
  }
  for (std::string_view module : {"vfs:distro:sys", "gate:distro:sys"}) {
    if (choices.chance(80)) {
      process.capabilities.push_back(Capability::messaging(local(module)));
    }
  }
  if (choices.chance(30)) {
    process.capabilities.push_back(Capability::messaging(kernel_address));
    process.capabilities.push_back(Capability::network(kernel_address));
  }
  return process;
}

Letter Author::letter(const Life& life) {
  Choices& choices = scene_.choices;
  Letter letter{.number = scene_.model.next_number()};
  letter.tag = fmt::format("m{}", letter.number);
  letter.body = fmt::format("body {}", letter.number);
  if (scene_.profile.sizes) {
    letter.body.resize(letter.body.size() + choices.below(600), '.');
  }
  letter.target = anybody();
  if (choices.chance(20)) {
    letter.capabilities = capabilities(life, 3);
  }
  if (choices.chance(25)) {
    letter.blob = fmt::format("blob {}", letter.number);
  }
  if (choices.chance(60)) {
    letter.context = fmt::format("context {}", letter.number);
  }
  return letter;
}

std::optional<uint64_t> Author::timeout() {
  constexpr std::array<uint64_t, 8> seconds{0, 1, 1, 2, 2, 5, 60, UINT64_MAX};
  return scene_.choices.pick(seconds);
}

Letter Author::command(const Life& life) {
  Choices& choices = scene_.choices;
  Letter letter = this->letter(life);
  letter.target = kernel_address;
  letter.blob.reset();
  if (choices.chance(60)) {
    letter.expects = timeout();
  }
  if (choices.chance(8)) {
    return letter;  // not understood
  }
  auto kind = static_cast<Command::Kind>(choices.below(6));
  Command command{.kind = kind, .process = anybody().process()};
  switch (kind) {
    case Command::Kind::kill:
      command.keeps_capabilities = choices.chance(30);
      letter.tag = command.keeps_capabilities ? "no-revoke" : letter.tag;
      break;
    case Command::Kind::set_on_exit:
      command.on_exit = on_exit(life);
      break;
    case Command::Kind::initialize:
      command.on_exit = on_exit(life);
      command.is_public = choices.chance(40);
      command.capabilities = capabilities(life, 4);
      letter.blob = choices.chance(85) ? std::optional(choices.chance(90) ? guest_program : no_program) : std::nullopt;
      break;
    case Command::Kind::grant:
    case Command::Kind::drop:
      command.capabilities = capabilities(life, 4);
      break;
    case Command::Kind::run:
      break;
  }
  letter.body = command.body();
  letter.command = std::move(command);
  return letter;
}

}  // namespace kinode::simulation
