// kernel:distro:sys by hostile bodies: each line of the input is a command.
//
// A process without the right to it sends them first, which must change nothing; then one that is root over
// the node. Whatever they say, the kernel lives, answers in JSON, and leaves a store that boots.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/json.h"
#include "codec/kernel_api.h"
#include "kernel/testing/test_node.h"

using namespace kinode;
using namespace kinode::kernel;
using namespace kinode::kernel::testing;

namespace {

constexpr std::string_view program = "program";
constexpr size_t most_commands = 32;

/// A program that ends at its first message, so that its on-exit is carried out.
MakeNative ends_when_told() {
  return native([](ProcessContext& context) { return context.receive() ? exited() : Process::Poll{}; });
}

std::string processes_of(const TestNode& node) { return codec::debug_process_map(node.kernel.process_map()); }

GuestRequest command(const TestNode& node, std::string_view body) {
  GuestRequest request = to(node.kernel.address(), body, 5);
  request.blob = blob(program);
  return request;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < most_commands) {
    lines.push_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(lines.back().size() + 1, text.size()));
  }
  return lines;
}

void check_stranger(TestNode& node, Guest& stranger, const std::vector<std::string_view>& lines) {
  const std::string before = processes_of(node);
  for (const std::string_view line : lines) {
    stranger.send(command(node, line));
    KINODE_CHECK(stranger.next().starts_with("timeout "));
  }
  KINODE_CHECK(node.kernel.counters().denied == lines.size());
  KINODE_CHECK(processes_of(node) == before, "{}", processes_of(node));
}

void check_root(TestNode& node, Guest& root, std::string_view line) {
  const int shutdowns = node.shutdowns;
  root.send(command(node, line));
  node.run();
  if (!root.alive()) {
    return;  // the command was its own end
  }
  if (root.next().starts_with("response ") && root.last().source == node.kernel.address()) {
    Result<nlohmann::json> answer = codec::parse_json(root.last().response().body.text());
    KINODE_CHECK(answer.has_value(), "{}", answer.error().message);
  } else {
    KINODE_CHECK(node.shutdowns > shutdowns, "no answer");
  }
}

/// Has every process run and end.
void end_all(TestNode& node, const Guest& root) {
  node.kernel.run_all();
  for (const auto& [id, entry] : node.kernel.process_map()) {
    const Address address = node.kernel.local(id);
    if (root.alive() && address != root.address() && node.kernel.grant(root.id(), {Capability::messaging(address)})) {
      root.send(to(address, "end"));
    }
  }
  node.run();
  node.advance(std::chrono::seconds(6));
}

void check_boot(const TestNode& before) {
  TestNode node({.limits = {}, .content = before.journal.content()});
  node.factory.add(std::string(program), ends_when_told());
  Result<void> loaded = node.kernel.load(
      [](const std::string&) -> Result<Program> { return NativeFactory::program(std::string(program)); });
  KINODE_CHECK(loaded.has_value(), "{}", loaded.error().message);
  node.kernel.run_all();
  node.run();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::string_view> lines = lines_of({reinterpret_cast<const char*>(data), size});
  TestNode node;
  node.factory.add(std::string(program), ends_when_told());
  Guest& root = node.add_guest("root:test:sys", {.is_public = true});
  Guest& stranger = node.add_guest("stranger:test:sys");
  check_stranger(node, stranger, lines);
  const Capability right = Capability::messaging(node.kernel.address());
  node.kernel.grant(root.id(), {right});
  for (const std::string_view line : lines) {
    if (root.alive() && node.kernel.holds(root.id(), right)) {
      check_root(node, root, line);
    }
  }
  end_all(node, root);
  check_boot(node);
  return 0;
}
