#include "transport/socket_options.h"

#include <fcntl.h>
#include <netinet/tcp.h>

namespace kinode::transport {
namespace {

// As the first client (networking.md 4.1).
constexpr int keep_alive_idle_seconds = 30;
constexpr int keep_alive_interval_seconds = 10;
constexpr int keep_alive_probes = 3;
/// How long sent bytes may stay without acknowledgement.
constexpr unsigned int unacknowledged_milliseconds = 30'000;

}  // namespace

void set_options(boost::asio::ip::tcp::socket& socket) {
  const int descriptor = socket.native_handle();
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  boost::system::error_code ignored;  // a connection without them is still one
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  auto set = [&](int option, const auto& value) {
    ::setsockopt(descriptor, IPPROTO_TCP, option, &value, sizeof(value));
  };
  set(TCP_KEEPIDLE, keep_alive_idle_seconds);
  set(TCP_KEEPINTVL, keep_alive_interval_seconds);
  set(TCP_KEEPCNT, keep_alive_probes);
  set(TCP_USER_TIMEOUT, unacknowledged_milliseconds);
}

}  // namespace kinode::transport
