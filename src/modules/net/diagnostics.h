// The text that net-diagnostics shows (networking.md 6.1).
#pragma once

#include <string>

#include "modules/net/network.h"

namespace kinode::modules::net {

std::string diagnostics_text(const Identity& ours, const NetworkStatus& status);

}  // namespace kinode::modules::net
