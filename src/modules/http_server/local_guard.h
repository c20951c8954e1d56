// Who may use the RPC endpoint, which is full control of the node: programs on this machine, run by its
// user. Not another machine, and not a web page in a browser on this one (modules.md, S9 and S13).
//
// A page can make a browser send requests to the loopback address. It cannot hide that it did: the browser
// adds Origin or Sec-Fetch-Site; and a page whose name was made to point to the loopback address (DNS
// rebinding) is named in Host. Pages that this node serves are refused too: they belong to packages, and
// no package controls the node. A proxy in front of the node makes strangers look like loopback; it says so
// in its headers.
#pragma once

#include <string_view>

#include "base/result.h"
#include "modules/http_server/http_exchange.h"

namespace kinode::modules {

/// Ok, or why this request is refused. Any thread.
Result<void> check_local_program(const HttpHead& head, const HttpPeer& peer);

/// Of these rules those that hold for pages too, in a browser on this machine: no other machine, no proxy, no name but
/// localhost, what is below it, and loopback addresses. Any thread.
Result<void> check_this_machine(const HttpHead& head, const HttpPeer& peer);

/// Whether the value of a Host header names this machine: localhost or a loopback address, and perhaps a
/// port, whatever that is (a tunnel may change it).
bool is_loopback_host(std::string_view host);

}  // namespace kinode::modules
