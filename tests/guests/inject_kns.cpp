// Sends its blob to net:distro:sys as the body of a request, with the capability that changes the registry:
// what comes by RPC has a body of UTF-8 alone, and no capabilities. Then answers `sent`. With metadata `answered` it
// waits for the answer of net:distro:sys and passes it on; with `answered, with blob` its own body goes as the blob.

#include <kinode/process.h>

namespace {

constexpr uint64_t timeout_s = 10;

std::vector<kinode::Capability> of_the_registry() {
  std::vector<kinode::Capability> ours = kinode::our_capabilities();
  std::erase_if(ours, [](const kinode::Capability& capability) {
    return capability.issuer.process.text() != "net:distro:sys" || capability.params == kinode::messaging;
  });
  return ours;
}

void inject(const kinode::Message& message) {
  const auto action = kinode::get_blob();
  if (!action) return;
  const auto net = kinode::Address::local("net:distro:sys");
  const auto metadata = message.metadata().value_or("");
  if (metadata.empty()) {
    kinode::send({.target = net, .request = {.body = action->bytes, .capabilities = of_the_registry()}});
    kinode::respond({.body = "sent"});
    return;
  }
  const kinode::Blob data{.bytes = message.body()};
  const kinode::Request request{
      .expects_response = timeout_s, .body = action->bytes, .capabilities = of_the_registry()};
  const auto answer = kinode::send_and_await(net, request, metadata == "answered" ? nullptr : &data);
  if (!answer) return;
  const auto blob = kinode::has_blob() ? kinode::get_blob() : std::nullopt;
  kinode::respond({.body = answer->body()}, blob ? &*blob : nullptr);
}

}  // namespace

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->is_request()) inject(*event);
  }
}
