// The text of `kinode top`: some lines on the node, then a table of its processes.
#pragma once

#include <cstddef>
#include <string>

#include "top/node_view.h"

namespace kinode::top {

/// What the table's rows are ordered by, largest first; by name: A to Z.
enum class Order : uint8_t { busy, memory, messages, waiting, name };

struct Shape {
  Order order = Order::busy;
  size_t rows = 20;      // of the table, at most
  size_t columns = 120;  // of the terminal: longer lines are cut
};

std::string draw(NodeView view, const Shape& shape);

/// 1.2 GB, 36 MB, 850 B
std::string bytes_text(double bytes);
/// 3 us, 1.5 ms, 2 s
std::string delay_text(double seconds);

}  // namespace kinode::top
