// Translator: values of a guest, as the engine's views of its memory, to and from the kernel's.
//
// Inward everything is copied once; what a guest sends is not trusted. An address that no process can
// have (a part empty, a ':' inside) becomes one that cannot be reached, so that its sender gets the
// Timeout that any absent process gives; the parts that are wrong are marked with U+FFFD. A capability
// with such an issuer, or whose params are not JSON (kernel.md 16, C6), is left out. Both are told.
//
// Outward nothing is copied: a view is good until the next call of an outward function, and as long as
// the value it was made of. One for each guest; the polling thread's alone.
#pragma once

#include <engine.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/conversation.h"
#include "types/message.h"

namespace kinode::wasm {

inline std::string_view text_of(kn_bytes bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}
inline kn_bytes view(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline kn_bytes view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }
kn_process_id view(const ProcessId& id);
kn_address view(const Address& address);
kn_blob view(const Blob& blob);

/// The addresses that a guest named last: most talk to few, and an Address costs two allocations.
class AddressBook {
 public:
  /// None if no process can have such an address.
  std::optional<Address> find(const kn_address& address);

 private:
  std::array<std::optional<Address>, 4> known_;
  size_t next_ = 0;
};

class Translator {
 public:
  /// `complain` is called with what was left out or changed.
  explicit Translator(std::function<void(const std::string&)> complain) : complain_(std::move(complain)) {}

  // ---- inward -----------------------------------------------------------------------------------

  kernel::GuestRequest request(const kn_outgoing& outgoing);
  Response response(const kn_response& response);
  static Blob blob(const kn_blob& blob);
  std::vector<Capability> capabilities(kn_capabilities capabilities);
  OnExit on_exit(const kn_on_exit& on_exit);
  kernel::SpawnArguments spawn(const kn_spawn& spawn);

  // ---- outward ----------------------------------------------------------------------------------

  void event(const kernel::Envelope& envelope, kn_event& out);
  void capabilities(std::vector<Capability> capabilities, kn_capabilities& out);
  void on_exit(OnExit on_exit, kn_on_exit& out);

 private:
  // Of the rarer calls; made when first needed.
  struct Held {
    std::vector<Capability> capabilities;
    std::vector<kn_capability> capability_views;
    OnExit on_exit;
    std::vector<kn_outgoing> requests;
    std::vector<kn_blob> blobs;
    std::vector<std::vector<kn_capability>> attached;
  };

  Address address(const kn_address& address);
  Request request(const kn_request& request);
  std::optional<Capability> capability(const kn_capability& capability);
  std::vector<AttachedCapability> attached(kn_capabilities capabilities);
  kn_request view_of(const Request& request, std::vector<kn_capability>& attached);
  Held& held();

  std::function<void(const std::string&)> complain_;
  AddressBook addresses_;
  std::vector<kn_capability> attached_views_;
  kn_blob error_blob_{};
  std::unique_ptr<Held> held_;
};

}  // namespace kinode::wasm
