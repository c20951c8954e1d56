// Commands: what kernel:distro:sys is asked to do by messages (kernel.md 8). Who may message it at all
// has been checked by the router: holding that capability is root over the node.
#pragma once

#include <optional>
#include <string>

#include "codec/kernel_api.h"
#include "kernel/kernel.h"
#include "kernel/process_entry.h"

namespace kinode::kernel {

class Commands {
 public:
  Commands(Kernel& kernel, const Address& address) : kernel_(kernel), address_(address) {}

  /// The body of the answer. On the sender's thread.
  std::optional<std::string> execute(ProcessEntry& from, const Request& request, const std::optional<Blob>& blob);

 private:
  std::optional<std::string> execute(ProcessEntry& from, codec::KernelCommand& command, const Request& request,
                                     const std::optional<Blob>& blob);
  std::string initialize(ProcessEntry& from, codec::InitializeProcess& command, const std::optional<Blob>& blob);
  std::optional<std::string> kill(const codec::KillProcess& command, const Request& request);
  void print(uint8_t verbosity, std::string text) const;

  Kernel& kernel_;
  const Address& address_;
};

}  // namespace kinode::kernel
