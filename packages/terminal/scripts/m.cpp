// m ADDRESS BODY [-a SECONDS]: sends a message; with -a, or --await, waits for the answer and prints it.
//
// All capabilities held are attached (packages-and-kit.md 4.2).

#include <kinode/kernel.h>
#include <kinode/script.h>

#include <algorithm>
#include <optional>

#include "../src/message_arguments.h"
#include "../src/text.h"

namespace {

/// So that an answer that nobody asked to see still finds somebody.
constexpr uint64_t unasked_wait_s = 5;

/// The owner of the node may message each of its processes: what is missing for that is granted.
kinode::kernel::Result<void> gain_messaging(const kinode::Address& target) {
  const kinode::Address ours = kinode::our();
  const kinode::Capability needed{{ours.node, target.process}, std::string(kinode::messaging)};
  if (target.node != ours.node || std::ranges::contains(kinode::our_capabilities(), needed)) return {};
  return kinode::kernel::grant(ours.process, {needed});
}

kinode::ScriptResult m(std::string_view line) {
  auto arguments = terminal::parse_message_arguments(line);
  if (!arguments) return std::unexpected(arguments.error());
  kinode::Address& target = arguments->target;
  if (target.node == "our") target.node = kinode::our().node;
  if (auto gained = gain_messaging(target); !gained) return std::unexpected(gained.error());
  const uint64_t seconds = arguments->await_s.value_or(unasked_wait_s);
  const auto answer = kinode::send_and_await(
      target, {.expects_response = seconds, .body = arguments->body, .capabilities = kinode::our_capabilities()});
  if (!arguments->await_s) return "";
  if (answer) return terminal::shown(answer->body());
  if (answer.error().kind == kinode::SendError::Kind::offline) return std::unexpected(target.node + " is offline");
  return std::unexpected("no answer from " + target.text() +
                         ": there is no such process, or it may not answer, or it did "
                         "not in " +
                         std::to_string(seconds) + " s");
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(m); }
