// The load that one process puts on another.
#pragma once

#include "order.h"

namespace bench {

/// `count` requests of `size` bytes, each awaited. Answers the nanoseconds.
Outcome round_trips(const kinode::Address& to, uint64_t count, uint64_t size);

/// `count` messages of `size` bytes that expect no response, then one that does: when it is answered, all
/// were received. Answers the nanoseconds, and how many messages the sink counted.
Outcome flood(const kinode::Address& to, uint64_t count, uint64_t size);

/// `count` requests with a blob of `size` bytes, each answered with it. Answers the nanoseconds.
Outcome blobs(const kinode::Address& to, uint64_t count, uint64_t size);

/// `count` requests with a blob of `size` bytes that nobody reads, `window` of them under way at any time; each is
/// answered without one. Answers the nanoseconds.
Outcome uploads(const kinode::Address& to, uint64_t count, uint64_t size, uint64_t window);

}  // namespace bench
