// Whether bytes are text.
#pragma once

#include <string_view>

namespace kinode {

/// True for well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace kinode
