#pragma once

#include <cstdint>
#include <optional>

#include "kinode/process.h"

/// Time: requests to `timer:distro:sys`. It answers a process that is not public only if that process granted
/// it messaging (`grant_capabilities` in the manifest).

namespace kinode {

/// A response from the timer will be received after `milliseconds`; it brings `context` back.
void set_timer(uint64_t milliseconds, std::optional<Bytes> context = std::nullopt);

/// Waits. Messages that arrive meanwhile keep for `receive`.
void sleep(uint64_t milliseconds);

}  // namespace kinode
