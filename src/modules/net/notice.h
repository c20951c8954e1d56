// What nodes of our kind tell each other beyond the first client's protocol: the body of a Response from
// one net:distro:sys to the other, which the first client would leave unread. It is sent only to nodes
// that showed in the handshake that they know it.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "types/address.h"

namespace kinode::modules::net {

/// The process that request `id` of `asker` was for is not there: no answer will come.
/// {"NoSuchProcess": [id, asker]}
struct NoSuchProcess {
  uint64_t id = 0;
  ProcessId asker;
};

Bytes encode(const NoSuchProcess& notice);
Result<NoSuchProcess> decode_no_such_process(const Bytes& body);

}  // namespace kinode::modules::net
