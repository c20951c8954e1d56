#include "apps.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace homepage {

using kinode::Json;
using kinode::ProcessId;

namespace {

constexpr size_t most_apps = 1024;
/// Also of apps that are not there now: their places are kept.
constexpr size_t most_arranged = 4096;
constexpr size_t longest_label = 256;
constexpr size_t longest_path = 2048;
constexpr size_t longest_icon = 256 * 1024;
constexpr size_t longest_widget = 256 * 1024;
/// Those that nobody placed come after those that somebody did.
constexpr uint64_t first_unplaced = uint64_t{1} << 32U;

constexpr std::array<std::string_view, 3> favorites_at_first = {"main:app-store:sys", "settings:settings:sys",
                                                                "chess:chess:sys"};

/// False where there is a member of this name that is no text, or too long.
bool take(const Json& request, std::string_view name, size_t longest, std::optional<std::string>& text) {
  text = kinode::text_member(request, name);
  return text ? text->size() <= longest : kinode::member(request, name).is_null();
}

/// Of a list of pairs, the pairs; nothing if any is none.
template <class Value>
std::optional<std::map<std::string, Value>> pairs_of(const Json& list) {
  if (!list.is_array() || list.size() > most_arranged) return std::nullopt;
  std::map<std::string, Value> pairs;
  for (const Json& each : list) {
    if (!each.is_array() || each.size() != 2 || !each[0].is_string()) return std::nullopt;
    const bool fits = std::is_same_v<Value, bool> ? each[1].is_boolean() : each[1].is_number_unsigned();
    if (!fits || !ProcessId::parse(each[0].get_ref<const std::string&>())) return std::nullopt;
    pairs[each[0].get<std::string>()] = each[1].get<Value>();
  }
  return pairs;
}

template <class Value>
Json list_of(const std::map<std::string, Value>& pairs) {
  Json list = Json::array();
  for (const auto& [name, value] : pairs) list.push_back(Json::array({name, value}));
  return list;
}

/// Below the process's own path, whatever it says.
std::string below(const std::string& process, std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return '/' + process + (path.empty() ? "" : "/") + std::string(path);
}

}  // namespace

Apps::Apps(const Json& saved)
    : places_(pairs_of<uint64_t>(kinode::member(saved, "order")).value_or(std::map<std::string, uint64_t>())),
      favorites_(pairs_of<bool>(kinode::member(saved, "favorites")).value_or(std::map<std::string, bool>())) {}

bool Apps::add(const ProcessId& process, const Json& request) {
  const std::string id = process.text();
  App app{.process = process};
  const auto label = kinode::text_member(request, "label");
  if (!label || label->size() > longest_label || !take(request, "icon", longest_icon, app.icon) ||
      !take(request, "path", longest_path, app.path) || !take(request, "widget", longest_widget, app.widget)) {
    return false;
  }
  const auto before = apps_.find(id);
  if (before == apps_.end() && apps_.size() >= most_apps) return false;
  app.label = *label;
  if (app.path) app.path = below(id, *app.path);
  app.arrival = before != apps_.end() ? before->second.arrival : arrivals_++;
  apps_[id] = std::move(app);
  return true;
}

void Apps::remove(const std::string& process) { apps_.erase(process); }

bool Apps::set_favorite(const Json& choice) {
  const auto pair = pairs_of<bool>(Json::array({choice}));
  if (!pair || (favorites_.size() >= most_arranged && !favorites_.contains(pair->begin()->first))) return false;
  favorites_[pair->begin()->first] = pair->begin()->second;
  return true;
}

bool Apps::set_order(const Json& places) {
  auto all = pairs_of<uint64_t>(places);
  if (!all) return false;
  places_ = std::move(*all);
  return true;
}

uint64_t Apps::place_of(const App& app) const {
  const auto place = places_.find(app.process.text());
  return place != places_.end() ? std::min(place->second, first_unplaced - 1) : first_unplaced + app.arrival;
}

bool Apps::is_favorite(const std::string& process) const {
  const auto chosen = favorites_.find(process);
  if (chosen != favorites_.end()) return chosen->second;
  return std::ranges::find(favorites_at_first, process) != favorites_at_first.end();
}

Json Apps::list() const {
  std::vector<const App*> shown;
  for (const auto& [id, app] : apps_) shown.push_back(&app);
  std::ranges::stable_sort(shown, {}, [this](const App* app) { return place_of(*app); });
  Json list = Json::array();
  for (const App* app : shown) {
    const std::string id = app->process.text();
    list.push_back({{"id", id},
                    {"process", app->process.process_name},
                    {"package", app->process.package_name},
                    {"publisher", app->process.publisher_node},
                    {"path", app->path ? Json(*app->path) : Json()},
                    {"label", app->label},
                    {"base64_icon", app->icon ? Json(*app->icon) : Json()},
                    {"widget", app->widget ? Json(*app->widget) : Json()},
                    {"order", list.size()},
                    {"favorite", is_favorite(id)}});
  }
  return list;
}

const std::string* Apps::widget_of(const std::string& process) const {
  const auto app = apps_.find(process);
  return app != apps_.end() && app->second.widget ? &*app->second.widget : nullptr;
}

Json Apps::arrangement() const { return {{"order", list_of(places_)}, {"favorites", list_of(favorites_)}}; }

}  // namespace homepage
