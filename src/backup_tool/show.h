// What `kinode backup` prints. Pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace kinode::backup_tool {

/// Some lines for each remote, of what backup:distro:sys answers to "Status".
std::string status_text(const nlohmann::json& status);
/// "1.5 MiB"
std::string size_text(uint64_t bytes);

}  // namespace kinode::backup_tool
