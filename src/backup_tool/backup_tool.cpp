#include "backup_tool/backup_tool.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ostream>

#include "backup_tool/commands.h"
#include "backup_tool/restore.h"

namespace kinode::backup_tool {
namespace {

/// What the command line of `kinode backup` says, for all commands; each uses its part.
struct Options {
  std::string home;
  std::optional<std::string> remote;
  backup::Remote added;
  std::vector<std::string> environment;
  std::vector<std::string> options;
  std::optional<std::string> snapshot;
  uint32_t percent = 100;
  bool as_json = false;
};

void add_restic_options(CLI::App& command, std::vector<std::string>& options) {
  command.add_option("--option", options, "An option of restic, such as sftp.command=...; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& text, Options& options) {
  CLI::App* command = app.add_subcommand(name, text);
  command->add_option("--home", options.home, "The node's folder")->required()->type_name("FOLDER");
  return command;
}

void add_remote(CLI::App* command, Options& options) {
  command->add_option("REMOTE", options.remote, "Only this one (default: all)")->type_name("NAME");
}

void add_commands(CLI::App& app, Options& options) {
  CLI::App* add = add_command(app, "add", "Adds a place for snapshots, and makes the repository there", options);
  add->add_option("NAME", options.added.name, "Its name here")->required()->type_name("NAME");
  add->add_option("URL", options.added.repository.url,
                  "A folder, sftp:USER@HOST:/PATH, s3:https://HOST/BUCKET, rest:https://HOST/, rclone:REMOTE:PATH")
      ->required()
      ->type_name("URL");
  add->add_option("--environment", options.environment,
                  "A variable that opens it, such as AWS_SECRET_ACCESS_KEY, to be kept with its value of now in "
                  "backup.toml; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  add_restic_options(*add, options.options);

  CLI::App* remove = add_command(app, "remove", "Sends no more there; what is there stays", options);
  remove->add_option("NAME", options.remote, "The remote")->required()->type_name("NAME");

  add_remote(add_command(app, "now", "Makes a snapshot and waits until it is there", options), options);
  add_remote(add_command(app, "list", "Lists the snapshots", options), options);
  CLI::App* status = add_command(app, "status", "Last snapshot, what is pending, size, last error of each", options);
  status->add_flag("--json", options.as_json, "As backup:distro:sys tells it to programs");

  CLI::App* verify = add_command(app, "verify", "Reads data back and checks it", options);
  add_remote(verify, options);
  verify->add_option("--percent", options.percent, "How much of it, chosen anew each time")
      ->check(CLI::Range(1, 100))
      ->capture_default_str()
      ->type_name("N");

  CLI::App* forget = add_command(app, "forget", "Lets go of old snapshots, by the retention in backup.toml", options);
  add_remote(forget, options);
  forget->add_option("--snapshot", options.snapshot, "Only this one of the remote")
      ->needs(forget->get_option("REMOTE"))
      ->type_name("ID");
  app.require_subcommand(1);
}

Result<std::map<std::string, std::string>> pairs_of(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : texts) {
    const size_t sign = text.find('=');
    if (sign == std::string::npos || sign == 0) {
      return fail("'{}' is no option of restic: give NAME=VALUE", text);
    }
    pairs[text.substr(0, sign)] = text.substr(sign + 1);
  }
  return pairs;
}

Result<void> complete_added(Options& options) {
  Result<std::map<std::string, std::string>> pairs = pairs_of(options.options);
  if (!pairs) {
    return std::unexpected(pairs.error());
  }
  options.added.repository.options = std::move(*pairs);
  for (const std::string& name : options.environment) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      return fail("the variable {} is not set: set it for this command", name);
    }
    options.added.repository.environment[name] = value;
  }
  return {};
}

Result<void> carry_out(const std::string& command, Options& options, std::ostream& out,
                       const identity_tool::AskPassword& ask) {
  Result<Home> home = find_home(options.home);
  if (!home) {
    return std::unexpected(home.error());
  }
  Passwords passwords(ask);
  if (command == "add") {
    Result<void> completed = complete_added(options);
    return completed ? add(*home, options.added, passwords, out) : completed;
  }
  if (command == "remove") {
    return remove(*home, *options.remote, out);
  }
  if (command == "now") {
    return now(*home, options.remote, passwords, out);
  }
  if (command == "list") {
    return list(*home, options.remote, passwords, out);
  }
  if (command == "status") {
    return status(*home, options.as_json, out);
  }
  if (command == "verify") {
    return verify(*home, options.remote, options.percent, passwords, out);
  }
  return forget(*home, options.remote, options.snapshot, passwords, out);
}

/// None: go on. Else the exit status.
std::optional<int> parse(CLI::App& app, const std::vector<std::string>& arguments, std::ostream& out,
                         std::ostream& err) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? 0 : 2;
  }
}

int told(const Result<void>& done, const char* program, std::ostream& err) {
  if (!done) {
    err << program << ": " << done.error().message << "\n";
  }
  return done ? 0 : 1;
}

}  // namespace

int run_backup(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
               const identity_tool::AskPassword& ask) {
  Options options;
  CLI::App app("Encrypted snapshots of a node in other places. Passwords: KINODE_PASSWORD, or typed.", "kinode backup");
  add_commands(app, options);
  if (const std::optional<int> status = parse(app, arguments, out, err)) {
    return *status;
  }
  return told(carry_out(app.get_subcommands().front()->get_name(), options, out, ask), "kinode backup", err);
}

int run_restore(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                const identity_tool::AskPassword& ask) {
  Restore wanted;
  std::vector<std::string> options;
  CLI::App app(
      "Makes a home from a snapshot, or gets one drive or one process's state out of it. Passwords: "
      "KINODE_PASSWORD, or typed.",
      "kinode restore");
  CLI::Option* home = app.add_option("HOME", wanted.home,
                                     "The home: an empty or new folder; with --in-place the one to "
                                     "change")
                          ->type_name("FOLDER");
  app.add_option("--from", wanted.from, "The repository's address; with --in-place also the name of a remote of HOME")
      ->required()
      ->type_name("URL");
  app.add_option("--snapshot", wanted.snapshot, "Its id, or latest")->capture_default_str()->type_name("ID");
  app.add_option("--node", wanted.node, "Whose, where the repository has those of several nodes")->type_name("NAME");
  app.add_option("--keyfile", wanted.keyfile, "Open the repository with this exported keyfile")->type_name("FILE");
  CLI::Option* drive = app.add_option("--drive", wanted.drive, "Only this drive")->type_name("PACKAGE:PUBLISHER/DRIVE");
  CLI::Option* process =
      app.add_option("--process", wanted.process, "Only the state of this process")->type_name("ID")->excludes(drive);
  CLI::Option* to =
      app.add_option("--to", wanted.to, "Where that goes: a new folder, or a new file")->type_name("PATH");
  CLI::Option* in_place = app.add_flag("--in-place", wanted.in_place, "Put that back into HOME, whose node is stopped");
  to->excludes(in_place);
  add_restic_options(app, options);
  if (const std::optional<int> status = parse(app, arguments, out, err)) {
    return *status;
  }
  const bool is_part = drive->count() + process->count() > 0;
  const bool has_place = to->count() + in_place->count() > 0;
  if (is_part != has_place || (to->count() > 0) == (home->count() > 0)) {
    err << "kinode restore: give HOME alone for a whole home; --drive or --process with --to PATH, or with --in-place "
           "HOME\n";
    return 2;
  }
  Result<std::map<std::string, std::string>> pairs = pairs_of(options);
  if (!pairs) {
    return told(std::unexpected(pairs.error()), "kinode restore", err);
  }
  wanted.options = std::move(*pairs);
  Passwords passwords(ask);
  return told(restore(wanted, passwords, out), "kinode restore", err);
}

}  // namespace kinode::backup_tool
