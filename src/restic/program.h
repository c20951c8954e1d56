// Runs a program without a terminal to its end, and hears what it says meanwhile.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"

namespace kinode::restic {

struct Program {
  /// The first is the program's name, looked up in PATH.
  std::vector<std::string> command;
  /// All of it, each `NAME=value`.
  std::vector<std::string> environment;
  /// Where it runs; empty: where this program does.
  std::filesystem::path folder;
  /// What it reads from `secret_file(0)`, `secret_file(1)`: neither its command line nor its environment shows them. At
  /// most two, of 4 KiB each.
  std::vector<const crypto::Secret*> secrets;
  /// Gets each line of the standard output, without its end. A longer line than `line_limit` ends the program.
  std::function<void(std::string_view)> on_line;
  size_t line_limit = size_t{64} << 20;
};

struct Ended {
  /// Its exit status, or 128 and the signal that ended it.
  int status = 0;
  /// The end of its standard error, 8 KiB at most.
  std::string errors;
};

/// The name by which the program opens a secret.
std::string secret_file(size_t index);

/// Waits for the program's end. When `stop` is requested the program gets SIGINT, upon which restic lets its locks go,
/// and two seconds later SIGKILL, and this fails. It gets SIGINT, too, when this thread ends.
///
/// Threads: any. `on_line` is called on the calling one, and must not throw.
Result<Ended> run_program(const Program& program, const std::stop_token& stop);

}  // namespace kinode::restic
