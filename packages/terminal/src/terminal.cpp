// terminal:terminal:sys: runs scripts for what the node's owner types (modules.md 10.2).
//
//   a line of text, from itself: the runtime sends what was typed in its name
//   {"Exec":{"id":text,"line":text,"timeout":seconds}}, from http-server:distro:sys: by a program on this machine
//       -> {"Exec":OUTCOME} when the script has answered or ended, or when the time is over
//   {"ExecResult":{"id":text}}, from the same   -> {"ExecResult":OUTCOME or "Running" or "Unknown"}
//   {"EditAlias":{"alias":text,"process":text or null}}, from its own package
//       -> {"EditAlias":"AliasSet"|"AliasRemoved"|"AliasNotFound"|"InvalidProcessId"}
//   "GetAliases", from its own package          -> {"GetAliases":{name:process,...}}
//
// OUTCOME: {"Ok":{"output":text}}; {"Err":text}; "Ended", a script that gave no answer; {"StillRuns":process}.
// All else is left alone. Responses without one of these behind them are printed.

#include <kinode/json.h>
#include <kinode/process.h>

#include "aliases.h"
#include "command_line.h"
#include "executions.h"
#include "launcher.h"

namespace {

using kinode::Address;
using kinode::Json;
using kinode::Message;
using kinode::ProcessId;

const kinode::PackageId own_package{"terminal", "sys"};

class Terminal {
 public:
  explicit Terminal(Address our) : our_(std::move(our)), executions_(our_) {
    const auto state = kinode::get_state();
    aliases_ = terminal::Aliases::restore(state ? state->text() : "");
  }

  void handle(const Message& message);
  void handle(const kinode::SendError& error) { executions_.fail(error); }

 private:
  void run_line(std::string_view text);
  void answer_program(const Message& message);
  void execute(const Json& arguments);
  void answer_own_package(const Message& message);
  std::string edit_alias(const Json& arguments);

  /// The script that a line names.
  std::expected<ProcessId, std::string> script_of(const terminal::Line& line) const;

  Address our_;
  terminal::Aliases aliases_ = terminal::Aliases::restore("");
  terminal::Executions executions_;
};

void respond(const char* name, Json content) { kinode::respond({.body = kinode::dump({{name, std::move(content)}})}); }

void Terminal::handle(const Message& message) {
  if (!message.is_request()) {
    if (!executions_.finish(message)) kinode::print(0, message.body().text());
    return;
  }
  const Address& source = message.source;
  if (source == our_) {
    run_line(message.body().text());
  } else if (source == Address{our_.node, Address::local("http-server:distro:sys").process}) {
    answer_program(message);
  } else if (source.node == our_.node && source.process.package() == own_package) {
    answer_own_package(message);
  } else {
    kinode::print(2, "left a request of " + source.text() + " alone");
  }
}

std::expected<ProcessId, std::string> Terminal::script_of(const terminal::Line& line) const {
  if (auto alias = aliases_.find(line.head)) return *alias;
  if (auto process = ProcessId::parse(line.head)) return *process;
  return std::unexpected("'" + line.head +
                         "' is no alias and no script's id, as script:package:publisher: help tells what there is");
}

void Terminal::run_line(std::string_view text) {
  const auto line = terminal::split_line(text);
  if (!line) return;
  const auto script = script_of(*line);
  const auto process = script ? terminal::launch(our_, *script) : script;
  if (!process) {
    kinode::print(0, "error calling script: " + process.error());
    return;
  }
  kinode::send({.target = {our_.node, *process}, .request = {.body = line->arguments}});
}

void Terminal::answer_program(const Message& message) {
  const Json request = kinode::parse_json(message.body().text()).value_or(nullptr);
  if (const Json& exec = kinode::member(request, "Exec"); !exec.is_null()) {
    execute(exec);
  } else if (const Json& result = kinode::member(request, "ExecResult"); !result.is_null()) {
    respond("ExecResult", executions_.result(kinode::text_member(result, "id").value_or("")));
  } else {
    kinode::print(2, "did not understand a request of " + message.source.text());
  }
}

void Terminal::execute(const Json& arguments) {
  const auto text = kinode::text_member(arguments, "line");
  const auto line = text ? terminal::split_line(*text) : std::nullopt;
  std::expected<ProcessId, std::string> process = std::unexpected("Exec needs a line");
  if (line) {
    const auto script = script_of(*line);
    process = script ? terminal::launch(our_, *script) : script;
  }
  if (!process) {
    respond("Exec", {{"Err", process.error()}});
    return;
  }
  executions_.start({.id = kinode::text_member(arguments, "id").value_or(""),
                     .script = *process,
                     .arguments = line->arguments,
                     .timeout_s = kinode::number_member(arguments, "timeout").value_or(15)});
}

void Terminal::answer_own_package(const Message& message) {
  const Json request = kinode::parse_json(message.body().text()).value_or(nullptr);
  if (request == "GetAliases") {
    Json aliases = Json::object();
    for (const auto& [name, script] : aliases_.all()) aliases[name] = script.text();
    respond("GetAliases", std::move(aliases));
  } else if (const Json& edit = kinode::member(request, "EditAlias"); !edit.is_null()) {
    respond("EditAlias", edit_alias(edit));
  } else {
    kinode::print(2, "did not understand a request of " + message.source.text());
  }
}

std::string Terminal::edit_alias(const Json& arguments) {
  const auto name = kinode::text_member(arguments, "alias");
  if (!name) return "AliasNotFound";
  if (kinode::member(arguments, "process").is_null()) {
    if (aliases_.remove(*name) != terminal::Aliases::Change::done) return "AliasNotFound";
  } else {
    auto process = ProcessId::parse(kinode::text_member(arguments, "process").value_or(""));
    if (!process || aliases_.set(*name, std::move(*process)) != terminal::Aliases::Change::done) {
      return "InvalidProcessId";
    }
  }
  kinode::set_state(kinode::Bytes(aliases_.state()));
  return kinode::member(arguments, "process").is_null() ? "AliasRemoved" : "AliasSet";
}

}  // namespace

void init(Address our) {
  Terminal terminal(std::move(our));
  while (true) {
    const auto event = kinode::receive();
    if (event) {
      terminal.handle(*event);
    } else {
      terminal.handle(event.error());
    }
  }
}
