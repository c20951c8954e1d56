#include "kernel/envelope.h"

namespace kinode::kernel {
namespace {

template <class Part>
size_t bytes_of_part(const Part& part) {
  size_t total = part.body.size() + (part.metadata ? part.metadata->size() : 0);
  for (const AttachedCapability& attached : part.capabilities) {
    total += sizeof(AttachedCapability) + bytes_of(attached.capability) + attached.signature.size();
  }
  return total;
}

}  // namespace

size_t bytes_of(const Address& address) { return address.node().size() + address.process().text().size(); }

size_t bytes_of(const Capability& capability) { return bytes_of(capability.issuer()) + capability.params().size(); }

size_t bytes_of(const Blob& blob) { return blob.bytes.size() + (blob.mime ? blob.mime->size() : 0); }

size_t bytes_of(const Request& request) { return bytes_of_part(request); }

size_t bytes_of(const Response& response) { return bytes_of_part(response); }

size_t Envelope::bytes() const {
  return sizeof(Envelope) + bytes_of(target) + (blob ? bytes_of(*blob) : 0) + (context ? context->size() : 0) +
         std::visit([](const auto& part) { return bytes_of(part); }, message);
}

void KeptBlobs::add(const std::shared_ptr<const Prompting>& prompting) {
  if (prompting && prompting->blob && ++keepers_[prompting.get()] == 1) {
    bytes_ += bytes_of(*prompting->blob);
  }
}

void KeptBlobs::remove(const std::shared_ptr<const Prompting>& prompting) {
  if (!prompting || !prompting->blob) {
    return;
  }
  auto kept = keepers_.find(prompting.get());
  if (--kept->second == 0) {
    keepers_.erase(kept);
    bytes_ -= bytes_of(*prompting->blob);
  }
}

}  // namespace kinode::kernel
