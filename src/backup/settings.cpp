#include "backup/settings.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <initializer_list>
#include <set>
#include <sstream>

#include "base/file.h"

namespace kinode::backup {
namespace {

constexpr size_t most_bytes = size_t{1} << 20;
constexpr size_t longest_name = 32;
constexpr uint32_t most_kept = 100'000;
constexpr std::chrono::days longest_time{3650};

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr std::array units{Unit{'d', 86'400}, Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};

/// "30s", "15m", "1h", "7d".
std::optional<std::chrono::seconds> parse_time(std::string_view text) {
  int64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end + 1 != text.data() + text.size() || count <= 0) {
    return std::nullopt;
  }
  for (const Unit& unit : units) {
    if (unit.letter == *end && count <= std::chrono::seconds(longest_time).count() / unit.seconds) {
      return std::chrono::seconds(count * unit.seconds);
    }
  }
  return std::nullopt;
}

std::string format_time(std::chrono::seconds time) {
  for (const Unit& unit : units) {
    if (time.count() % unit.seconds == 0) {
      return fmt::format("{}{}", time.count() / unit.seconds, unit.letter);
    }
  }
  return "";
}

/// One table's values; the first error is kept, with its place.
class TableReader {
 public:
  TableReader(const toml::table& table, const std::string& place) : table_(table), place_(place) {}

  void known(std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : table_) {
      if (std::ranges::find(keys, key.str()) == keys.end()) {
        wrong(value, fmt::format("there is no setting `{}`", key.str()));
      }
    }
  }
  void text(std::string_view key, std::string& value) {
    if (const toml::node* node = table_.get(key)) {
      if (const auto* found = node->as_string()) {
        value = found->get();
      } else {
        wrong(*node, fmt::format("`{}` is a text in quotes", key));
      }
    }
  }
  void number(std::string_view key, uint32_t& value, uint32_t most) {
    if (const toml::node* node = table_.get(key)) {
      const auto* found = node->as_integer();
      if (found != nullptr && found->get() >= 0 && found->get() <= most) {
        value = static_cast<uint32_t>(found->get());
      } else {
        wrong(*node, fmt::format("`{}` is a number from 0 to {}", key, most));
      }
    }
  }
  void time(std::string_view key, std::optional<std::chrono::seconds>& value) {
    std::string text;
    this->text(key, text);
    if (text.empty()) {
      return;
    }
    value = parse_time(text);
    if (!value && text != "never") {
      wrong(*table_.get(key),
            fmt::format("`{}` is a time such as \"30s\", \"15m\", \"1h\" or \"7d\", or \"never\"", key));
    }
  }
  void texts(std::string_view key, std::map<std::string, std::string>& values) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      return;
    }
    const toml::table* table = node->as_table();
    if (table == nullptr) {
      return wrong(*node, fmt::format("`{}` is a table of texts", key));
    }
    for (const auto& [name, value] : *table) {
      if (const auto* text = value.as_string()) {
        values[std::string(name.str())] = text->get();
      } else {
        wrong(value, fmt::format("`{}` in `{}` is a text in quotes", name.str(), key));
      }
    }
  }
  void wrong(const toml::node& node, const std::string& what) {
    if (!error_) {
      error_ = Error{fmt::format("{}: line {}: {}", place_, node.source().begin.line, what)};
    }
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const toml::table& table_;
  const std::string& place_;
  std::optional<Error> error_;
};

Result<Remote> read_remote(const toml::table& table, const std::string& place) {
  TableReader reader(table, place);
  Remote remote;
  reader.known({"name", "url", "environment", "environment_from", "options"});
  reader.text("name", remote.name);
  reader.text("url", remote.repository.url);
  reader.texts("environment", remote.repository.environment);
  reader.texts("environment_from", remote.environment_from);
  reader.texts("options", remote.repository.options);
  if (!reader.error()) {
    if (Result<void> checked = check_remote(remote); !checked) {
      reader.wrong(table, checked.error().message);
    }
  }
  return reader.error() ? Result<Remote>(std::unexpected(*reader.error())) : remote;
}

Result<void> read_remotes(const toml::table& root, const std::string& place, std::vector<Remote>& remotes) {
  const toml::node* node = root.get("remote");
  if (node == nullptr) {
    return {};
  }
  const toml::array* list = node->as_array();
  if (list == nullptr || !list->is_array_of_tables() || list->size() > most_remotes) {
    return fail("{}: line {}: remotes are tables [[remote]], {} at most", place, node->source().begin.line,
                most_remotes);
  }
  std::set<std::string> names;
  for (const toml::node& each : *list) {
    Result<Remote> remote = read_remote(*each.as_table(), place);
    if (!remote) {
      return std::unexpected(remote.error());
    }
    if (!names.insert(remote->name).second) {
      return fail("{}: line {}: there are two remotes `{}`", place, each.source().begin.line, remote->name);
    }
    remotes.push_back(std::move(*remote));
  }
  return {};
}

Result<void> read_retention(const toml::table& root, const std::string& place, restic::Retention& retention) {
  const toml::node* node = root.get("retention");
  if (node == nullptr) {
    return {};
  }
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    return fail("{}: line {}: `retention` is a table", place, node->source().begin.line);
  }
  TableReader reader(*table, place);
  retention = {};
  reader.known({"last", "hourly", "daily", "weekly", "monthly"});
  reader.number("last", retention.last, most_kept);
  reader.number("hourly", retention.hourly, most_kept);
  reader.number("daily", retention.daily, most_kept);
  reader.number("weekly", retention.weekly, most_kept);
  reader.number("monthly", retention.monthly, most_kept);
  return reader.error() ? Result<void>(std::unexpected(*reader.error())) : Result<void>();
}

Result<Settings> read_root(const toml::table& root, const std::string& place) {
  Settings settings;
  TableReader reader(root, place);
  std::optional<std::chrono::seconds> retry = settings.retry;
  reader.known({"every", "retry", "verify_every", "verify_percent", "retention", "remote"});
  reader.time("every", settings.every);
  reader.time("retry", retry);
  reader.time("verify_every", settings.verify_every);
  reader.number("verify_percent", settings.verify_percent, 100);
  if (reader.error()) {
    return std::unexpected(*reader.error());
  }
  settings.retry = retry.value_or(settings.retry);
  settings.verify_percent = std::max<uint32_t>(settings.verify_percent, 1);
  Result<void> read = read_retention(root, place, settings.retention);
  if (read) {
    read = read_remotes(root, place, settings.remotes);
  }
  return read ? Result<Settings>(std::move(settings)) : std::unexpected(read.error());
}

toml::table inline_table(const std::map<std::string, std::string>& values) {
  toml::table table;
  for (const auto& [name, value] : values) {
    table.insert_or_assign(name, value);
  }
  table.is_inline(true);
  return table;
}

toml::table table_of(const Remote& remote) {
  toml::table table{{"name", remote.name}, {"url", remote.repository.url}};
  for (const auto& [key, values] :
       {std::pair("environment", &remote.repository.environment),
        std::pair("environment_from", &remote.environment_from), std::pair("options", &remote.repository.options)}) {
    if (!values->empty()) {
      table.insert(key, inline_table(*values));
    }
  }
  return table;
}

}  // namespace

restic::Repository Remote::resolved() const {
  restic::Repository all = repository;
  for (const auto& [name, from] : environment_from) {
    if (const char* value = std::getenv(from.c_str())) {
      all.environment[name] = value;
    }
  }
  return all;
}

const Remote* Settings::find(const std::string& name) const {
  const auto found = std::ranges::find(remotes, name, &Remote::name);
  return found == remotes.end() ? nullptr : &*found;
}

Result<void> check_remote(const Remote& remote) {
  const auto is_allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (remote.name.empty() || remote.name.size() > longest_name || !std::ranges::all_of(remote.name, is_allowed)) {
    return fail("'{}' is no name of a remote: use a-z, 0-9 and `-`, {} at most", remote.name, longest_name);
  }
  return restic::check_url(remote.repository.url);
}

Result<Settings> parse_settings(std::string_view text, const std::string& place) {
  try {
    return read_root(toml::parse(text, place), place);
  } catch (const toml::parse_error& error) {
    return fail("{}: line {}: {}", place, error.source().begin.line, error.description());
  }
}

std::string format_settings(const Settings& settings) {
  const auto time = [](const std::optional<std::chrono::seconds>& value) {
    return value ? format_time(*value) : std::string("never");
  };
  const restic::Retention& kept = settings.retention;
  toml::table root{{"every", time(settings.every)},
                   {"retry", format_time(settings.retry)},
                   {"verify_every", time(settings.verify_every)},
                   {"verify_percent", settings.verify_percent},
                   {"retention", toml::table{{"last", kept.last},
                                             {"hourly", kept.hourly},
                                             {"daily", kept.daily},
                                             {"weekly", kept.weekly},
                                             {"monthly", kept.monthly}}}};
  toml::array remotes;
  for (const Remote& remote : settings.remotes) {
    remotes.push_back(table_of(remote));
  }
  if (!remotes.empty()) {
    root.insert("remote", std::move(remotes));
  }
  std::ostringstream text;
  text << "# Backups of this node. `kinode backup add` and `remove` write this file anew.\n" << root << "\n";
  return text.str();
}

Result<Settings> read_settings(const std::filesystem::path& home) {
  const std::filesystem::path path = home / settings_file;
  Result<std::optional<std::string>> text = read_file(path, most_bytes, Links::followed);
  if (!text) {
    return std::unexpected(text.error());
  }
  return *text ? parse_settings(**text, path.string()) : Settings{};
}

Result<void> write_settings(const std::filesystem::path& home, const Settings& settings) {
  return write_private_file(home / settings_file, format_settings(settings), Existing::replaced);
}

}  // namespace kinode::backup
