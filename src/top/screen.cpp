#include "top/screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.h"

namespace kinode::top {
namespace {

/// 950, 12.3 k, 4.5 M
std::string count_text(double count) {
  if (count < 10'000) {
    return fmt::format("{:.0f}", count);
  }
  return count < 1e6 ? fmt::format("{:.1f} k", count / 1e3) : fmt::format("{:.1f} M", count / 1e6);
}

std::string uptime_text(std::chrono::seconds time) {
  int64_t minutes = time.count() / 60;
  if (minutes == 0) {
    return fmt::format("{} s", time.count());
  }
  return minutes < 60 ? fmt::format("{} min", minutes) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string dropped_text(const std::map<std::string, double>& dropped) {
  std::string text;
  for (const auto& [cause, count] : dropped) {
    if (count > 0) {
      std::string words = cause;
      std::replace(words.begin(), words.end(), '_', ' ');
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count_text(count), words);
    }
  }
  return text.empty() ? "none" : text;
}

void sort(std::vector<ProcessRow>& rows, Order order) {
  auto key = [order](const ProcessRow& row) {
    switch (order) {
      case Order::busy:
        return row.busy;
      case Order::memory:
        return row.memory;
      case Order::messages:
        return row.received_per_second + row.sent_per_second;
      case Order::waiting:
        return row.waiting;
      case Order::name:
        break;
    }
    return 0.0;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const ProcessRow& a, const ProcessRow& b) {
    double first = key(a);
    double second = key(b);
    return first != second ? first > second : a.process < b.process;
  });
}

void add_line(std::string& text, const std::string& line, size_t columns) {
  text.append(utf8_prefix(line, columns)).append("\n");
}

}  // namespace

std::string bytes_text(double bytes) {
  if (bytes < 1000) {
    return fmt::format("{:.0f} B", bytes);
  }
  const char* units[] = {"kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (bytes /= 1000; bytes >= 999.5 && unit + 1 < std::size(units); ++unit) {
    bytes /= 1000;
  }
  return fmt::format("{:.{}f} {}", bytes, bytes < 9.95 ? 1 : 0, units[unit]);
}

std::string delay_text(double seconds) {
  if (std::isinf(seconds)) {
    return "longer";
  }
  auto shown = [](double number, const char* unit) {
    return fmt::format("{:.{}f} {}", number, number < 9.95 && number != std::floor(number) ? 1 : 0, unit);
  };
  return seconds < 0.9995e-3 ? shown(seconds * 1e6, "us")
         : seconds < 0.9995  ? shown(seconds * 1e3, "ms")
                             : shown(seconds, "s");
}

std::string draw(NodeView view, const Shape& shape) {
  auto delay = [](const std::optional<double>& seconds) { return seconds ? delay_text(*seconds) : "-"; };
  std::string text;
  auto line = [&](const std::string& words) { add_line(text, words, shape.columns); };
  line(fmt::format("{}   kinode {}   up {}   {:.0f} workers, {:.0f} % busy   {} of memory, {} of it guests'", view.node,
                   view.version, uptime_text(view.uptime), view.workers, 100 * view.busy, bytes_text(view.memory),
                   bytes_text(view.guest_memory)));
  line(fmt::format("{} messages/s   {} waiting ({})   {} requests open   a process waits for its turn {} (p99 {})",
                   count_text(view.messages_per_second), count_text(view.waiting), bytes_text(view.waiting_bytes),
                   count_text(view.open_requests), delay(view.median_delay), delay(view.p99_delay)));
  line(fmt::format("dropped since the start: {}", dropped_text(view.dropped)));
  line("");
  line(fmt::format("{:>7} {:>9} {:>9} {:>9} {:>9} {:>7}  {}", "busy %", "memory", "in/s", "out/s", "waiting", "open",
                   fmt::format("process ({:.0f})", view.processes)));
  sort(view.rows, shape.order);
  for (size_t i = 0; i < std::min(view.rows.size(), shape.rows); ++i) {
    const ProcessRow& row = view.rows[i];
    line(fmt::format("{:>7.1f} {:>9} {:>9} {:>9} {:>9} {:>7}  {}", 100 * row.busy, bytes_text(row.memory),
                     count_text(row.received_per_second), count_text(row.sent_per_second), count_text(row.waiting),
                     count_text(row.open_requests), row.process));
  }
  if (view.processes > static_cast<double>(std::min(view.rows.size(), shape.rows))) {
    line(fmt::format("{:>57}and {:.0f} more", "",
                     view.processes - static_cast<double>(std::min(view.rows.size(), shape.rows))));
  }
  return text;
}

}  // namespace kinode::top
