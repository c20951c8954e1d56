#include "aliases.h"

#include <algorithm>
#include <utility>

namespace terminal {

using kinode::Json;
using kinode::ProcessId;

namespace {

constexpr size_t most_aliases = 1024;
constexpr size_t longest_name = 64;

const std::map<std::string, ProcessId>& shipped() {
  static const std::map<std::string, ProcessId> aliases = [] {
    std::map<std::string, ProcessId> named;
    for (const char* name : {"alias", "cat", "echo", "exit", "help", "hi", "kfetch", "kill", "m", "net-diagnostics",
                             "peer", "peers", "top"}) {
      named.emplace(name, ProcessId{name, "terminal", "sys"});
    }
    return named;
  }();
  return aliases;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && std::ranges::none_of(name, [](char character) {
    return static_cast<unsigned char>(character) <= ' ' || character == ':' || character == '\x7f';
  });
}

}  // namespace

Aliases::Aliases() : all_(shipped()) {}

Aliases Aliases::restore(std::string_view state) {
  Aliases aliases;
  const auto json = kinode::parse_json(state);
  const Json& changes = json ? kinode::member(*json, "aliases") : Json();
  if (!changes.is_object()) return aliases;
  for (const auto& [name, script] : changes.items()) {
    if (script.is_null()) {
      aliases.remove(name);
    } else if (script.is_string()) {
      if (auto id = ProcessId::parse(script.get_ref<const std::string&>())) aliases.set(name, std::move(*id));
    }
  }
  return aliases;
}

std::string Aliases::state() const {
  Json changes = Json::object();
  for (const auto& [name, script] : all_) {
    const auto before = shipped().find(name);
    if (before == shipped().end() || before->second != script) changes[name] = script.text();
  }
  for (const auto& [name, script] : shipped()) {
    if (!all_.contains(name)) changes[name] = nullptr;
  }
  return kinode::dump({{"aliases", std::move(changes)}});
}

std::optional<ProcessId> Aliases::find(const std::string& name) const {
  const auto found = all_.find(name);
  return found == all_.end() ? std::nullopt : std::optional(found->second);
}

Aliases::Change Aliases::set(const std::string& name, ProcessId script) {
  if (!is_name(name) || (all_.size() >= most_aliases && !all_.contains(name))) return Change::refused;
  all_.insert_or_assign(name, std::move(script));
  return Change::done;
}

Aliases::Change Aliases::remove(const std::string& name) {
  return all_.erase(name) == 0 ? Change::not_found : Change::done;
}

}  // namespace terminal
