#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "kinode/process.h"

/// A script: a process that is started with arguments, does one thing, and ends. The node's terminal starts those that
/// scripts.json of their package names.
///
///     #include <kinode/script.h>
///
///     void init(kinode::Address) {
///       kinode::run_script([](std::string_view arguments) -> kinode::ScriptResult {
///         return "hello " + std::string(arguments);
///       });
///     }

namespace kinode {

/// What a script says at its end, or what went wrong.
using ScriptResult = std::expected<std::string, std::string>;

/// In the metadata of a script's response: its body says what went wrong.
inline constexpr std::string_view script_error = "error";

/// Waits for the request that brings the arguments, its body as it was typed, and runs `script` with them. If whoever
/// started it expects a response, that has the result as its body; else the result is printed, unless it is empty.
void run_script(ScriptResult (*script)(std::string_view arguments));

}  // namespace kinode
