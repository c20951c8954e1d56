// hi NODE TEXT: greets another node, and prints what it says.

#include <kinode/script.h>

#include "../src/command_line.h"
#include "../src/text.h"

namespace {

constexpr uint64_t timeout_s = 10;

kinode::ScriptResult hi(std::string_view arguments) {
  const auto line = terminal::split_line(arguments);
  if (!line || line->arguments.empty()) return std::unexpected("usage: hi NODE TEXT");
  const kinode::Address target{line->head, kinode::Address::local("net:distro:sys").process};
  const auto answer = kinode::send_and_await(target, {.expects_response = timeout_s, .body = line->arguments});
  if (answer) return line->head + ": " + terminal::shown(answer->body());
  if (answer.error().kind == kinode::SendError::Kind::offline) {
    return std::unexpected(line->head + " is offline, or not known here: peer " + line->head + " tells");
  }
  return std::unexpected(line->head + " gave no answer in " + std::to_string(timeout_s) + " s");
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(hi); }
