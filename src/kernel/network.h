// Network: the way to other nodes; given to the kernel by who composes the node. What comes from them
// enters by Kernel::arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/executor.h"
#include "types/message.h"

namespace kinode::kernel {

class Network {
 public:
  virtual ~Network() = default;

  /// Of a message with its blob and all else, in its form between nodes: other clients read no more.
  static constexpr size_t most_bytes = 10'485'800;

  enum class Carried : uint8_t {
    /// On its way. Should its node turn out not to be reachable, Kernel::undelivered gives it back.
    taken,
    /// Too much waits for that node already. The message is still the caller's; `sender` is woken when
    /// there is room. Nobody waits to send a Response: it goes back to its responder as an error. So Responses
    /// have a bound of their own, well above that of Requests: they are not lost because others ask much.
    full,
    /// No such node is known.
    unreachable,
    /// No node could read it.
    too_big,
  };
  /// Takes `message`, whose target is on another node, on its way; it is used up only when `taken`. Capabilities
  /// of this node's processes come without a signature. `sender` is null for a Response; a network that outlives the
  /// kernel keeps no owning pointer to it.
  /// Messages to one node arrive in the order of these calls. Never blocks. Any thread, with no process
  /// locked.
  virtual Carried carry(KernelMessage& message, const std::shared_ptr<Task>& sender) = 0;
};

}  // namespace kinode::kernel
