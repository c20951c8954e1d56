#pragma once

#include <deque>
#include <optional>

#include "values.h"

/// The actor: a process that does what scripts in JSON tell it, and reports what it saw. A request whose body
/// is an object with `steps` is a script; it runs in the context of that request, so that `respond` answers it
/// and `inherit` carries it on. Every other message is logged as an event. See tests/guests/README.md.

namespace actor {

/// One run of a list of steps.
struct Turn {
  Scope scope;
  Json results = Json::array();
  /// The event that started it, for a continuation.
  Json event;
  /// Whether the results are still to be sent to whoever sent the script.
  bool owes_answer = false;
};

class Actor {
 public:
  explicit Actor(kinode::Address our) : our_(std::move(our)) {}

  /// Runs the script left for this process, if there is one, then one message after the other.
  void run();

 private:
  using StepResult = Read<Json>;
  using Step = StepResult (Actor::*)(const Json& arguments, Turn& turn);
  struct NamedStep {
    std::string_view name;
    Step step;
  };
  static const NamedStep steps_by_name[];

  void run_start_script();
  void handle(std::expected<kinode::Message, kinode::SendError> received);
  /// Runs steps until the end, an error or the step `return`; answers if an answer is owed.
  void run_script(const Json& script, Turn& turn);
  bool run_steps(const Json& steps, Turn& turn);
  void answer(Turn& turn);
  void log(Json event);
  Turn turn_for(const kinode::Message* message);

  // Messages.
  StepResult send(const Json& arguments, Turn& turn);
  StepResult send_many(const Json& arguments, Turn& turn);
  StepResult send_and_await(const Json& arguments, Turn& turn);
  StepResult respond(const Json& arguments, Turn& turn);
  StepResult answer_now(const Json& arguments, Turn& turn);
  StepResult hold(const Json& arguments, Turn& turn);
  StepResult receive(const Json& arguments, Turn& turn);
  StepResult show_handled(const Json& arguments, Turn& turn);
  StepResult has_blob(const Json& arguments, Turn& turn);
  StepResult get_blob(const Json& arguments, Turn& turn);
  StepResult last_blob(const Json& arguments, Turn& turn);

  // The actor's own.
  StepResult events(const Json& arguments, Turn& turn);
  StepResult when(const Json& arguments, Turn& turn);
  StepResult configure(const Json& arguments, Turn& turn);
  StepResult repeat(const Json& arguments, Turn& turn);

  // The process.
  StepResult our(const Json& arguments, Turn& turn);
  StepResult print(const Json& arguments, Turn& turn);
  StepResult get_state(const Json& arguments, Turn& turn);
  StepResult set_state(const Json& arguments, Turn& turn);
  StepResult clear_state(const Json& arguments, Turn& turn);
  StepResult get_on_exit(const Json& arguments, Turn& turn);
  StepResult set_on_exit(const Json& arguments, Turn& turn);
  StepResult spawn(const Json& arguments, Turn& turn);
  StepResult capabilities(const Json& arguments, Turn& turn);
  StepResult save_capabilities(const Json& arguments, Turn& turn);
  StepResult drop_capabilities(const Json& arguments, Turn& turn);
  StepResult end(const Json& arguments, Turn& turn);
  StepResult trap(const Json& arguments, Turn& turn);
  StepResult exit(const Json& arguments, Turn& turn);
  StepResult loop(const Json& arguments, Turn& turn);
  StepResult allocate(const Json& arguments, Turn& turn);

  // WASI: wasi_steps.cpp.
  StepResult env(const Json& arguments, Turn& turn);
  StepResult clock(const Json& arguments, Turn& turn);
  StepResult random(const Json& arguments, Turn& turn);
  StepResult nap(const Json& arguments, Turn& turn);
  StepResult write_stream(const Json& arguments, Turn& turn);
  StepResult file(const Json& arguments, Turn& turn);

  kinode::Address our_;
  std::deque<Json> events_;
  size_t max_events_ = 10000;
  uint64_t events_seen_ = 0;
  bool log_blobs_ = true;
  /// Steps for events that are no scripts, by kind: request, response, error.
  Json behaviours_ = Json::object();
  std::optional<kinode::ProcessId> spawned_;
  bool ended_ = false;
};

}  // namespace actor
