// Times of the calendar as text: 2026-11-25T13:52:24Z. Any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace kinode::backup {

/// Whole seconds.
using Time = std::chrono::sys_seconds;

Time utc_now();
std::string utc_text(Time time);
/// None for what is not of this form.
std::optional<Time> parse_utc(const std::string& text);

}  // namespace kinode::backup
