#include "kernel/process_context.h"

#include <algorithm>

#include "kernel/parts.h"

namespace kinode::kernel {

const Address& ProcessContext::our() const { return entry_.address; }

std::unique_ptr<Envelope> ProcessContext::receive() { return kernel_.parts_->router.receive(entry_); }
std::unique_ptr<Envelope> ProcessContext::receive_awaited() { return kernel_.parts_->router.receive_awaited(entry_); }

SendStatus ProcessContext::send(Outgoing& outgoing) { return kernel_.parts_->router.send(entry_, outgoing); }

void ProcessContext::respond(const Prompting& prompting, Response response, std::optional<Blob> blob) {
  kernel_.parts_->router.respond(entry_, prompting, std::move(response), std::move(blob));
}

void ProcessContext::wake(WakeHint hint) { kernel_.environment().executor.wake(entry_.shared_from_this(), hint); }

bool ProcessContext::holds(const ProcessId& holder, const Capability& capability) const {
  return kernel_.holds(holder, capability);
}

bool ProcessContext::grant(const ProcessId& holder, std::vector<Capability> capabilities) {
  std::erase_if(capabilities, [&](const Capability& capability) { return capability.issuer() != our(); });
  return kernel_.grant(holder, capabilities) && std::ranges::all_of(capabilities, [&](const Capability& capability) {
           return kernel_.holds(holder, capability);
         });
}

void ProcessContext::print(uint8_t verbosity, std::string text) const {
  kernel_.environment().printer.print({verbosity, entry_.id(), std::move(text)});
}

Prompting prompting_of(const Envelope& request) {
  bool expects = request.kind == Envelope::Kind::request && request.request().expects_response.has_value();
  return {request.id, request.source, request.rsvp, expects};
}

}  // namespace kinode::kernel
