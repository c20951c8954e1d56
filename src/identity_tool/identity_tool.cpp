#include "identity_tool/identity_tool.h"

#include <openssl/crypto.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <ostream>

#include "identity_tool/commands.h"

namespace kinode::identity_tool {
namespace {

/// What the command line says, for all commands; each uses its part.
struct Options {
  ~Options() { OPENSSL_cleanse(password.data(), password.size()); }

  Creation creation;
  Export exported;
  Import imported;
  RecordWanted record;
  std::string home;
  std::string password;
  std::string peers_file;
  bool simulation = false;

  [[nodiscard]] identity::Sealing sealing() const {
    return simulation ? identity::Sealing::simulation : identity::Sealing::normal;
  }
};

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& text, Options& options) {
  CLI::App* command = app.add_subcommand(name, text);
  command->add_option("HOME", options.home, "The node's folder")->required()->type_name("FOLDER");
  return command;
}

void add_password(CLI::App* command, Options& options) {
  command
      ->add_option("--password", options.password,
                   "Password of the keyfile. Others on this machine can see it there: better in KINODE_PASSWORD, or "
                   "typed when it is asked for")
      ->envname("KINODE_PASSWORD");
}

void add_simulation(CLI::App* command, Options& options) {
  command->add_flag("--simulation", options.simulation,
                    "Locked for simulation builds of the first client (default: for its normal builds)");
}

void add_routers(CLI::App* command, std::vector<std::string>& routers) {
  command->add_option("--router", routers, "Node that passes connections on to this one; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
}

void add_replace(CLI::App* command, bool& replace) {
  command->add_flag("--replace", replace, "Overwrite what is there");
}

void add_commands(CLI::App& app, Options& options) {
  CLI::App* create = add_command(app, "create", "Makes a home with new keys for a name", options);
  create->add_option("NAME", options.creation.name, "The node's name")->required()->type_name("NAME");
  add_routers(create, options.creation.routers);
  add_simulation(create, options);
  add_password(create, options);

  CLI::App* show = add_command(app, "show", "Says whose home it is; with the password also the key", options);
  add_password(show, options);

  CLI::App* save = add_command(app, "export", "Writes the keyfile for a client, under the same password", options);
  save->add_option("FILE", options.exported.file, "The file to write")->required();
  save->add_flag("--base64", options.exported.as_base64, "As the first client's page for importing takes it");
  add_simulation(save, options);
  add_replace(save, options.exported.replace);
  add_password(save, options);

  CLI::App* import = add_command(app, "import", "Puts a keyfile of either client into a home", options);
  import->add_option("FILE", options.imported.file, "The keyfile")->required();
  add_replace(import, options.imported.replace);
  add_password(import, options);

  CLI::App* record = add_command(app, "record", "Prints what others put into their peers.toml", options);
  CLI::Option* ip = record->add_option("--ip", options.record.ip, "Where others reach it")->type_name("ADDRESS");
  record->add_option("--tcp-port", options.record.tcp_port, "Its port by TCP")->needs(ip)->type_name("N");
  record->add_option("--ws-port", options.record.ws_port, "Its port by WebSocket")->needs(ip)->type_name("N");
  add_routers(record, options.record.routers);
  record->get_option("--router")->excludes(ip);
  add_password(record, options);

  CLI::App* peers = add_command(app, "peers", "Checks the home's peers.toml and lists what it holds", options);
  peers->add_option("--peers", options.peers_file, "Another file than that of the home")->type_name("FILE");
  app.require_subcommand(1);
}

/// Typed again where it is new: nobody sees what they type.
Result<crypto::Secret> ask_for(const AskPassword& ask, bool is_new) {
  Result<crypto::Secret> typed = ask(is_new ? "New password: " : "Password: ");
  if (!typed || !is_new) {
    return typed;
  }
  Result<crypto::Secret> again = ask("The same again: ");
  if (again && !crypto::equal_in_constant_time(typed->span(), again->span())) {
    return fail("the two passwords differ: nothing was made");
  }
  return again;
}

Result<crypto::Secret> password_of(const Options& options, const AskPassword& ask, bool is_new) {
  Result<crypto::Secret> password =
      options.password.empty() ? ask_for(ask, is_new) : crypto::Secret::copy_of(options.password);
  if (password && password->size() == 0) {
    return fail("the password is empty: it would lock nothing");
  }
  return password;
}

Result<void> carry_out(const std::string& command, Options& options, std::ostream& out, const AskPassword& ask) {
  const Password password = [&](bool is_new) { return password_of(options, ask, is_new); };
  if (command == "create") {
    options.creation.home = options.home;
    options.creation.sealing = options.sealing();
    return create(options.creation, password, out);
  }
  if (command == "show") {
    return show(options.home, options.password.empty() ? nullptr : &password, out);
  }
  if (command == "export") {
    options.exported.home = options.home;
    options.exported.sealing = options.sealing();
    return export_keyfile(options.exported, password, out);
  }
  if (command == "import") {
    options.imported.home = options.home;
    return import_keyfile(options.imported, password, out);
  }
  if (command == "record") {
    options.record.home = options.home;
    return print_record(options.record, password, out);
  }
  return check_peers(options.peers_file.empty() ? options.home + "/peers.toml" : options.peers_file, out);
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, const AskPassword& ask) {
  Options options;
  CLI::App app("Makes, shows and moves a node's identity: its name and keys.", "kinode identity");
  add_commands(app, options);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ExtrasError& /*it names them, and one may be a password behind a misspelt option*/) {
    err << "kinode identity: there is a word too many, or a misspelt option: see kinode identity COMMAND --help\n";
    return 2;
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? 0 : 2;
  }
  Result<void> done = carry_out(app.get_subcommands().front()->get_name(), options, out, ask);
  if (!done) {
    err << "kinode identity: " << done.error().message << "\n";
  }
  return done ? 0 : 1;
}

}  // namespace kinode::identity_tool
