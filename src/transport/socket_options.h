// What is set on each socket between nodes.
#pragma once

#include <boost/asio/ip/tcp.hpp>

namespace kinode::transport {

/// Small messages leave at once; a peer that vanished without a word is noticed within a minute, whether
/// something waits to be acknowledged by it or not; programs started later do not get the socket.
void set_options(boost::asio::ip::tcp::socket& socket);

}  // namespace kinode::transport
