// Starts a child and asks it something; the child crashes over it. The parent is told at once, and goes on.

#include <kinode/process.h>

#include <string>

namespace {

constexpr uint64_t timeout_s = 5;

std::string try_child(const kinode::Address& our) {
  auto child = kinode::spawn({.wasm_path = our.process.package().text() + "/pkg/tour-child.wasm"});
  if (!child) return "no child could be started";
  const kinode::Address address{our.node, *child};
  auto answer = kinode::send_and_await(address, {.expects_response = timeout_s, .body = "divide by zero"});
  return "my child " + child->text() + (answer ? " answered" : " crashed and cannot answer; I go on");
}

}  // namespace

void init(kinode::Address our) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->is_request()) kinode::respond({.body = try_child(our)});
  }
}
