// What kernel:distro:sys is asked to do.
#include "codec/json.h"
#include "codec/kernel_api.h"
#include "model.h"

namespace kinode::simulation {
namespace {

const std::string done = "\"Ok\"";

Letter answer_of(std::string body) { return {.body = std::move(body)}; }
Letter error_answer(const std::string& message) { return answer_of(codec::to_text({{"Err", message}})); }
Letter no_such_process(const ProcessId& id) { return error_answer(id.text() + ": no such process"); }

}  // namespace

void Model::carry_out(Life& from, const Sent& sent, Life& kernel) {
  Letter response = answer(from, sent.letter);
  std::optional<Address> rsvp;
  if (sent.letter.expects) {
    rsvp = from.address;
  } else if (sent.letter.inherit && sent.handled) {
    rsvp = sent.handled->rsvp;
  }
  fate(sent.letter.number) = {Fate::Kind::taken, nullptr};
  if (rsvp) {
    respond(kernel, {.thread = thread_of(sent), .source = from.address, .rsvp = rsvp}, std::move(response));
  }
}

Letter Model::answer(Life& from, const Letter& letter) {
  if (!letter.command) {
    return error_answer(codec::parse_kernel_command(letter.body).error().message);
  }
  const Command& command = *letter.command;
  switch (command.kind) {
    case Command::Kind::kill:
      return kill(command.process, !command.keeps_capabilities) ? answer_of(codec::killed_process(command.process))
                                                                : no_such_process(command.process);
    case Command::Kind::grant:
      return promise(command.process, command.capabilities)
                 ? answer_of(done)
                 : error_answer(command.process.check_name_safe().error().message);
    case Command::Kind::drop:
      drop(command.process, command.capabilities);
      return answer_of(done);
    case Command::Kind::set_on_exit:
      return set_on_exit(command.process, command.on_exit) ? answer_of(done) : no_such_process(command.process);
    case Command::Kind::run:
      return answer_of(run(command.process) ? codec::started_process() : codec::run_process_error());
    case Command::Kind::initialize:
      return answer_of(initialize_by_command(from, letter) ? codec::initialized_process()
                                                           : codec::initialize_process_error());
  }
  return error_answer("");
}

bool Model::initialize_by_command(Life& from, const Letter& letter) {
  const Command& command = *letter.command;
  if (!letter.blob) {
    return false;
  }
  std::vector<Capability> passed_on = command.capabilities;
  std::erase_if(passed_on, [&](const Capability& capability) { return !holds(from, capability); });
  bool made = initialize({.id = command.process,
                          .handle = "/made/by/command",
                          .program = *letter.blob,
                          .on_exit = command.on_exit,
                          .is_public = command.is_public,
                          .capabilities = std::move(passed_on)});
  if (made) {
    grant(from.address.process(), {Capability::messaging(kernel_address.neighbour(command.process))});
  }
  return made;
}

}  // namespace kinode::simulation
