// Front: what a request says of the way it came: the host it was sent to, and by whom.
//
// Who asks from this machine may be a proxy, which knows better: of it, and of nobody else, the X-Forwarded headers
// are believed.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "modules/http_server/http_exchange.h"

namespace kinode::modules {

/// A Host header, or the end of an origin.
struct Authority {
  /// Lower case; an IPv6 address in its brackets.
  std::string name;
  /// With the colon, or empty.
  std::string port;

  [[nodiscard]] std::string text() const { return name + port; }
  /// Up to the first dot; empty for an address.
  [[nodiscard]] std::string_view first_label() const;
  /// Localhost, what is below it, or a loopback address.
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_address() const;
};

/// None where it is not of letters, digits and `-_.`, nor an address in brackets.
std::optional<Authority> parse_authority(std::string_view text);

struct Front {
  Authority host;
  bool https = false;
  /// By which logins are counted.
  boost::asio::ip::address client;
};

/// `localhost` where no host is told.
Front front_of(const HttpHead& head, const HttpPeer& peer);

/// An error where the request comes from a page of another origin, by what browsers say of it: such a page must not
/// act in the name of who is logged in. Other ports of a loopback host count as the same: they share its cookies.
Result<void> check_same_origin(const HttpHead& head, const Front& front);

/// Whether a request by this method may change anything.
bool changes_state(const HttpHead& head);

}  // namespace kinode::modules
