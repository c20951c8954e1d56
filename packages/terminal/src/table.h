#pragma once

#include <string>
#include <vector>

/// Rows of text below each other, for people.

namespace terminal {

using Row = std::vector<std::string>;

/// Columns as wide as their widest cell, two spaces between them; no line ends in spaces. The rows may be of different
/// lengths. Widths count characters, not bytes.
std::string table(const std::vector<Row>& rows);

}  // namespace terminal
