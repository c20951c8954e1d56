// How deep JSON may nest: whoever walks a tree that a guest or a peer sent does so by recursion.
#pragma once

#include <cstddef>
#include <string_view>

namespace kinode {

/// Arrays and objects within each other. The reference refuses the 128th.
inline constexpr size_t max_json_depth = 127;

/// Whether the text, where it is JSON, nests deeper than `levels`. Looks at the text only.
bool nests_deeper(std::string_view json, size_t levels);

}  // namespace kinode
