#include "restic/restic.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "restic/program.h"

extern char** environ;  // NOLINT: the system's name

namespace kinode::restic {
namespace {

constexpr const char* tag = "kinode";
/// restic's output that is kept whole: lists of snapshots.
constexpr size_t output_limit = size_t{64} << 20;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); !what.empty() && at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

/// One line for people, of what restic wrote to its standard error.
std::string in_short(std::string_view errors) {
  constexpr size_t longest = 600;
  std::string line(errors);
  std::ranges::replace(line, '\n', ' ');
  while (line.ends_with(' ')) {
    line.pop_back();
  }
  return line.size() <= longest ? line : "..." + line.substr(line.size() - longest);
}

/// A path as a pattern that only it fits.
std::string as_pattern(const std::string& path) {
  std::string pattern;
  for (const char letter : path) {
    if (std::string_view("*?[]\\").find(letter) != std::string_view::npos) {
      pattern += '\\';
    }
    pattern += letter;
  }
  return pattern;
}

bool is_snapshot_id(std::string_view id) {
  return id.size() >= 8 && id.size() <= 64 &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

struct Restic::Outcome {
  int status = 0;
  std::string output;  // where nobody takes its lines
  std::string errors;
};

std::vector<std::string> Restic::environment() const {
  std::vector<std::string> list;
  const auto is_ours = [this](std::string_view variable) {
    const std::string_view name = variable.substr(0, variable.find('='));
    return name == "KINODE_PASSWORD" || name.starts_with("RESTIC_") || name == "TZ" ||
           repository_.environment.contains(std::string(name));
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_ours(*variable)) {
      list.emplace_back(*variable);
    }
  }
  for (const auto& [name, value] : repository_.environment) {
    list.push_back(fmt::format("{}={}", name, value));
  }
  list.push_back("RESTIC_REPOSITORY=" + repository_.url);
  list.push_back("RESTIC_PASSWORD_FILE=" + secret_file(0));
  list.emplace_back("RESTIC_PROGRESS_FPS=2");
  list.emplace_back("TZ=UTC");
  return list;
}

Result<Restic::Outcome> Restic::run(const Words& words, const OnLine& on_line, const std::stop_token& stop) const {
  Outcome outcome;
  Program program{.command = {"restic"}, .environment = environment(), .folder = words.folder};
  if (settings_.cache.empty()) {
    program.command.emplace_back("--no-cache");
  } else {
    program.command.push_back("--cache-dir=" + settings_.cache.string());
  }
  for (const auto& [name, value] : repository_.options) {
    program.command.push_back(fmt::format("--option={}={}", name, value));
  }
  program.command.insert(program.command.end(), words.words.begin(), words.words.end());  // the last may be paths
  program.secrets = {&password_};
  if (words.other_password != nullptr) {
    program.secrets.push_back(words.other_password);
  }
  bool is_too_much = false;
  program.on_line = [&](std::string_view line) {
    if (on_line) {
      on_line(line);
    } else if (line.size() < output_limit - outcome.output.size()) {
      outcome.output.append(line).append("\n");
    } else {
      is_too_much = true;
    }
  };
  Result<Ended> ended = run_program(program, stop);
  if (!ended) {
    return std::unexpected(ended.error());
  }
  if (is_too_much) {
    return fail("restic wrote more than {} bytes: the repository {} has too much to list", output_limit,
                shown_url(repository_.url));
  }
  outcome.status = ended->status;
  outcome.errors = std::move(ended->errors);
  replace_all(outcome.errors, repository_.url, shown_url(repository_.url));
  return outcome;
}

Error Restic::explained(const Outcome& outcome) const {
  const std::string url = shown_url(repository_.url);
  if (contains(outcome.errors, "wrong password or no key found")) {
    return {
        fmt::format("the password does not open the repository {}: give the one that it was made with, or the "
                    "node's keyfile",
                    url)};
  }
  if (contains(outcome.errors, "Is there a repository at the following location")) {
    return {
        fmt::format("there is no repository at {}, or nobody answers there: look at the address, or make one with "
                    "`kinode backup add` ({})",
                    url, in_short(outcome.errors))};
  }
  if (contains(outcome.errors, "already locked")) {
    return {
        fmt::format("the repository {} is in use by another program: try again later, or, when there is none, run "
                    "`restic unlock` ({})",
                    url, in_short(outcome.errors))};
  }
  return {fmt::format("restic could not work on {} (status {}): {}", url, outcome.status,
                      outcome.errors.empty() ? in_short(outcome.output) : in_short(outcome.errors))};
}

Result<std::string> Restic::succeed(const Words& words, const std::stop_token& stop, const OnLine& on_line) const {
  Result<Outcome> outcome = run(words, on_line, stop);
  if (outcome && outcome->status != 0 && contains(outcome->errors, "already locked")) {
    // Without --remove-all restic takes away only what is no use any more: of ended programs of this machine, and
    // those that have not been renewed for half an hour.
    Result<Outcome> unlocked = run({{"unlock"}, {}}, {}, stop);
    if (!unlocked) {
      return std::unexpected(unlocked.error());
    }
    outcome = run(words, on_line, stop);
  }
  if (!outcome) {
    return std::unexpected(outcome.error());
  }
  return outcome->status == 0 ? Result<std::string>(std::move(outcome->output)) : std::unexpected(explained(*outcome));
}

Result<Restic::Access> Restic::access(const std::stop_token& stop) const {
  Result<Outcome> outcome = run({{"cat", "config", "--no-lock"}, {}}, {}, stop);
  if (!outcome) {
    return std::unexpected(outcome.error());
  }
  if (outcome->status == 0) {
    return Access::opens;
  }
  if (contains(outcome->errors, "wrong password or no key found")) {
    return Access::wrong_password;
  }
  // What each kind of place says where there is nothing.
  for (const char* absence :
       {"no such file or directory", "file does not exist", "does not exist", "404", "not found"}) {
    if (contains(outcome->errors, "Is there a repository at the following location") &&
        contains(outcome->errors, absence) && !contains(outcome->errors, "no such host")) {
      return Access::absent;
    }
  }
  return std::unexpected(explained(*outcome));
}

Result<void> Restic::init(const std::stop_token& stop) const {
  Result<std::string> made = succeed({{"init"}, {}}, stop);
  return made ? Result<void>() : std::unexpected(made.error());
}

Result<void> Restic::add_password(const crypto::Secret& another, const std::stop_token& stop) const {
  Result<std::string> added =
      succeed({.words = {"key", "add", "--new-password-file=" + secret_file(1)}, .other_password = &another}, stop);
  return added ? Result<void>() : std::unexpected(added.error());
}

Result<Summary> Restic::backup(const Backup& wanted, const OnProgress& progress, const std::stop_token& stop) const {
  // Trees of different moments have different places and, by hard links, other inodes and times of change.
  Words words{.words = {"backup", "--json", "--ignore-ctime", "--ignore-inode", "--one-file-system",
                        "--host=" + settings_.host, fmt::format("--tag={}", tag)},
              .folder = wanted.tree};
  if (wanted.parent) {
    words.words.push_back("--parent=" + *wanted.parent);
  }
  if (!wanted.time.empty()) {
    words.words.push_back("--time=" + wanted.time);
  }
  for (const std::string& path : wanted.excludes) {
    words.words.push_back("--exclude=" + as_pattern(path));
  }
  words.words.emplace_back("--");
  words.words.insert(words.words.end(), wanted.entries.begin(), wanted.entries.end());
  std::optional<Summary> summary;
  Result<std::string> ended = succeed(words, stop, [&](std::string_view line) {
    BackupLine parsed = parse_backup_line(line);
    if (parsed.progress && progress) {
      progress(*parsed.progress);
    }
    if (parsed.summary) {
      summary = std::move(parsed.summary);
    }
  });
  if (!ended) {
    return std::unexpected(ended.error());
  }
  if (!summary) {
    return fail("restic did not say what it stored in {}: is it of version 0.14 or later?", shown_url(repository_.url));
  }
  return *summary;
}

Result<std::vector<Snapshot>> Restic::snapshots(const std::stop_token& stop) const {
  Words words{{"snapshots", "--json", "--no-lock", fmt::format("--tag={}", tag)}, {}};
  if (!settings_.host.empty()) {
    words.words.push_back("--host=" + settings_.host);
  }
  Result<std::string> json = succeed(words, stop);
  if (!json) {
    return std::unexpected(json.error());
  }
  Result<std::vector<Snapshot>> list = parse_snapshots(*json);
  if (!list) {
    return std::unexpected(list.error().at(fmt::format("the snapshots of {}", shown_url(repository_.url))));
  }
  std::ranges::sort(*list, {}, &Snapshot::time);
  return list;
}

Result<uint64_t> Restic::stored_bytes(const std::stop_token& stop) const {
  Result<std::string> json = succeed({{"stats", "--json", "--no-lock", "--mode=raw-data"}, {}}, stop);
  return json ? parse_total_size(*json) : std::unexpected(json.error());
}

Result<void> Restic::forget(const Retention& retention, const std::stop_token& stop) const {
  if (retention == Retention{}) {
    return {};
  }
  Words words{
      {"forget", "--json", "--prune", "--group-by=host", "--host=" + settings_.host, fmt::format("--tag={}", tag)}, {}};
  for (const auto& [name, count] :
       {std::pair("last", retention.last), std::pair("hourly", retention.hourly), std::pair("daily", retention.daily),
        std::pair("weekly", retention.weekly), std::pair("monthly", retention.monthly)}) {
    if (count > 0) {
      words.words.push_back(fmt::format("--keep-{}={}", name, count));
    }
  }
  Result<std::string> done = succeed(words, stop);
  return done ? Result<void>() : std::unexpected(done.error());
}

Result<void> Restic::forget_snapshot(const std::string& id, const std::stop_token& stop) const {
  if (!is_snapshot_id(id)) {
    return fail("'{}' is not the id of a snapshot: `kinode backup list` shows them", id);
  }
  Result<std::string> done = succeed({{"forget", "--prune", id}, {}}, stop);
  return done ? Result<void>() : std::unexpected(done.error());
}

Result<void> Restic::check(uint32_t percent, const std::stop_token& stop) const {
  Words words{{"check"}, {}};
  words.words.push_back(percent >= 100 ? "--read-data" : fmt::format("--read-data-subset={}%", percent));
  Result<std::string> done = succeed(words, stop);
  if (!done) {
    return fail(
        "{}. If it is damaged: make a new one elsewhere, and keep this one, from which `kinode restore` takes "
        "what is whole",
        done.error().message);
  }
  return {};
}

Result<void> Restic::restore(const std::string& snapshot, const std::filesystem::path& target,
                             const std::vector<std::string>& only, const std::stop_token& stop) const {
  if (!is_snapshot_id(snapshot)) {
    return fail("'{}' is not the id of a snapshot: `kinode backup list` shows them", snapshot);
  }
  Words words{{"restore", "--no-lock", "--target=" + target.string()}, {}};
  for (const std::string& path : only) {
    words.words.push_back("--include=" + as_pattern(path));
  }
  words.words.push_back(snapshot);
  Result<std::string> done = succeed(words, stop);
  return done ? Result<void>() : std::unexpected(done.error());
}

}  // namespace kinode::restic
