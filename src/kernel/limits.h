// Every limit of the kernel with its default (docs/limits.md says what happens at each).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kinode::kernel {

struct Limits {
  size_t processes = 30'000;
  /// Requests waiting in one mailbox. Responses have room reserved by the request they answer.
  size_t mailbox_messages = 4'096;
  size_t mailbox_bytes = size_t{256} << 20;
  /// Requests of one process that wait for their response, and responses it has not received yet: a
  /// request over it is answered with Timeout at once. A guest that leaves as many such errors unread
  /// on top is stopped.
  size_t outstanding_requests = 16'384;
  /// The bytes of those requests and responses; one request always fits.
  size_t outstanding_bytes = size_t{1} << 30;
  /// How long a sender that expects no response stands before a full mailbox or way to a node, then the message is
  /// dropped. One that expects a response stands until its deadline.
  std::chrono::milliseconds full_mailbox_wait{5'000};
  /// What a request that stood before a full mailbox up to its deadline has left for its answer, should it find
  /// room then.
  std::chrono::milliseconds last_attempt{100};
  /// Capabilities one process can hold.
  size_t capabilities = 65'536;
  /// Issuer and params of one.
  size_t capability_bytes = 16'384;
  /// The longest wait before a process that keeps crashing is started again.
  std::chrono::seconds restart_delay{600};
};

}  // namespace kinode::kernel
