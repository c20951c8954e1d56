// Which IP addresses everybody may be led to.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace kinode::modules::net {

/// Whether `ip` is one of the internet at large: not of this machine, a private or local network, a group,
/// or an address with a special meaning.
bool is_public(const boost::asio::ip::address& ip);

}  // namespace kinode::modules::net
