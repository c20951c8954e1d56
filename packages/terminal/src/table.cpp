#include "table.h"

#include <algorithm>

namespace terminal {

namespace {

size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

std::string table(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    if (!text.empty()) text += '\n';
    size_t padding = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i].empty()) {
        text.append(padding, ' ').append(row[i]);
        padding = 0;
      }
      padding += widths[i] + 2 - width_of(row[i]);
    }
  }
  return text;
}

}  // namespace terminal
