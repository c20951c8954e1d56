// Dialling another node.
#pragma once

#include <chrono>
#include <string>

#include "transport/link.h"

namespace kinode::transport {

/// A link to `ip` and `port`, open by `until` or not at all. Fails saying why.
Awaitable<std::shared_ptr<Link>> dial(boost::asio::any_io_executor executor, Protocol protocol,
                                      boost::asio::ip::address ip, uint16_t port,
                                      std::chrono::steady_clock::time_point until);

}  // namespace kinode::transport
