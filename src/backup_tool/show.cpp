#include "backup_tool/show.h"

#include <fmt/format.h>

#include <array>

namespace kinode::backup_tool {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

std::string line(std::string_view what, const std::string& text) { return fmt::format("  {:<10} {}\n", what, text); }

std::string remote_text(const std::string& name, const Json& remote) {
  std::string text = fmt::format("{}  {}\n", name, text_of(remote, "url"));
  const Json last = remote.value("last", Json());
  text += line("last", last.is_object()
                           ? fmt::format("{}  {}  {}, {} new", text_of(last, "snapshot"), text_of(last, "time"),
                                         size_text(number_of(last, "bytes")), size_text(number_of(last, "bytes_added")))
                           : "none yet");
  if (const uint64_t bytes = number_of(remote, "stored_bytes"); bytes > 0) {
    text += line("holds", size_text(bytes));
  }
  if (const std::string activity = text_of(remote, "activity"); !activity.empty()) {
    text += line("now", activity == "backup" ? fmt::format("backup, {} %", number_of(remote, "percent")) : activity);
  }
  if (const std::string since = text_of(remote, "pending_since"); !since.empty()) {
    text += line("pending", "since " + since);
  }
  if (const std::string next = text_of(remote, "next_try"); !next.empty()) {
    text += line("next", next);
  }
  if (const Json verified = remote.value("verified", Json()); verified.is_object()) {
    const std::string error = text_of(verified, "error");
    text += line("verified", fmt::format("{}  {} %  {}", text_of(verified, "time"), number_of(verified, "percent"),
                                         error.empty() ? "sound" : error));
  }
  if (const Json error = remote.value("last_error", Json()); error.is_object()) {
    text += line("error", fmt::format("{}  {}", text_of(error, "time"), text_of(error, "text")));
  }
  return text;
}

}  // namespace

std::string size_text(uint64_t bytes) {
  constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < units.size()) {
    size /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", size, units[unit]);
}

std::string status_text(const Json& status) {
  std::string text;
  if (const std::string error = text_of(status, "error"); !error.empty()) {
    text += fmt::format("the settings cannot be used: {}\n", error);
  }
  const Json remotes = status.value("remotes", Json::object());
  for (const auto& [name, remote] : remotes.items()) {
    text += remote_text(name, remote);
  }
  return text.empty() ? "no remote: add one with kinode backup add\n" : text;
}

}  // namespace kinode::backup_tool
