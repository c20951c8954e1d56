// How a command of kit looks to the rest: a function that adds it to the command line.
//
//   add_start_package(app, chosen);    // start_package.h
//
// It declares the command with its flags; when the command line names it, `chosen` becomes the function
// that does it. One thread; all values live until the program's end.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>

#include "base/result.h"

namespace CLI {
class App;
}

namespace kinode::kit {

/// Where a person, or a script, reads.
struct Console {
  std::ostream& out;  // what was asked for
  std::ostream& err;  // everything else
};

/// The exit status, or what to tell the person.
using Command = std::function<Result<int>(Console)>;

/// Where a node answers unless told otherwise.
inline constexpr uint16_t default_port = 8080;

/// The option that most commands have, with its check.
void add_port_option(CLI::App& command, uint16_t& port);

}  // namespace kinode::kit
