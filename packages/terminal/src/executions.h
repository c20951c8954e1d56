#pragma once

#include <kinode/json.h>
#include <kinode/process.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>

/// Scripts that run for programs on this machine, which wait for their end.
///
/// Whoever asked is answered when the script has; a program that gave up waiting meanwhile asks for the result by the
/// id that it chose. The last 64 results are kept, until they are asked for.

namespace terminal {

class Executions {
 public:
  struct Start {
    std::string id;
    kinode::ProcessId script;
    std::string arguments;
    /// At most a day.
    uint64_t timeout_s;
  };

  explicit Executions(kinode::Address our) : our_(std::move(our)) {}

  /// Sends the script its arguments. The request being handled is answered later.
  void start(Start execution);
  /// Answers it, if the message is a script's end; false if it is not.
  bool finish(const kinode::Message& response);
  /// The same for a script that ended without an answer, or whose time is over.
  void fail(const kinode::SendError& error);

  /// OUTCOME, "Running" or "Unknown"; an outcome is given once.
  kinode::Json result(const std::string& id);

 private:
  /// Answers the request that started it.
  void end(const std::string& id, kinode::Json outcome);

  kinode::Address our_;
  /// Null while it runs.
  std::map<std::string, kinode::Json> results_;
  /// Those with an outcome, the oldest first.
  std::deque<std::string> ended_;
};

}  // namespace terminal
