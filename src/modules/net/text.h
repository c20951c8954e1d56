// What is shown of a text that a stranger wrote.
#pragma once

#include <string>
#include <string_view>

namespace kinode::modules::net {

/// At most `most` bytes of `text`, without anything that a terminal or a log would take for more than
/// letters (defect B24).
std::string shown(std::string_view text, size_t most);

}  // namespace kinode::modules::net
