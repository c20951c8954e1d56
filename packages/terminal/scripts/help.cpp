// help [SCRIPT]: what can be typed.

#include <kinode/script.h>

#include <array>

#include "../src/command_line.h"
#include "../src/table.h"

namespace {

struct Described {
  const char* name;
  const char* arguments;
  const char* what;
};

constexpr std::array scripts = {
    Described{"alias", "[NAME [SCRIPT]]", "lists the short names of scripts; sets one; removes one"},
    Described{"cat", "PATH", "prints a file of the vfs: /package:publisher/drive/file"},
    Described{"echo", "TEXT", "prints the text"},
    Described{"exit", "", "stops the node"},
    Described{"help", "[SCRIPT]", "prints this, or one line of it"},
    Described{"hi", "NODE TEXT", "greets another node"},
    Described{"kfetch", "", "this node at a glance"},
    Described{"kill", "PROCESS", "ends a process"},
    Described{"m", "ADDRESS BODY [-a SECONDS]",
              "sends a message; with -a waits for the answer and prints it. "
              "A body with spaces stands in 'single quotes'"},
    Described{"net-diagnostics", "", "the state of this node's network"},
    Described{"peer", "NODE", "what is known of another node"},
    Described{"peers", "", "the nodes that this one is connected with"},
    Described{"top", "[PROCESS] [-c]", "the processes of this node, or one; with -c what they hold"},
};

constexpr const char* keys =
    "\n\nScripts of other packages are called by their ids: script:package:publisher ARGUMENTS\n\n"
    "Up, Down     earlier lines            Ctrl-R  searches them\n"
    "Ctrl-A, -E   begin, end of the line   Ctrl-L  switches the log's files off and on\n"
    "Ctrl-V       shows more: 0 to 3       Ctrl-W  how much single processes show\n"
    "Ctrl-C, -D   stops the node";

kinode::ScriptResult help(std::string_view arguments) {
  const auto line = terminal::split_line(arguments);
  std::vector<terminal::Row> rows;
  for (const Described& script : scripts) {
    if (!line || line->head == script.name) {
      rows.push_back({std::string(script.name) + " " + script.arguments, script.what});
    }
  }
  if (rows.empty()) return std::unexpected("there is no help about " + line->head);
  return terminal::table(rows) + (line ? "" : keys);
}

}  // namespace

void init(kinode::Address /*our*/) { kinode::run_script(help); }
