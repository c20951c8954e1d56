#include "actor.h"

#include <cstdlib>
#include <utility>

namespace actor {

using kinode::Blob;
using kinode::member;
using kinode::Message;
using kinode::Outgoing;
using kinode::SendError;

namespace {

/// What an awaited request waits for if the script does not say.
constexpr uint64_t default_await_s = 5;

/// What most steps begin with: read a value or fail with the reason.
#define READ(name, expression)                                              \
  auto name##_read = (expression);                                          \
  if (!name##_read) return std::unexpected(std::move(name##_read.error())); \
  auto& name = *name##_read

bool is_script(const Json& json) { return member(json, "steps").is_array(); }

std::optional<Json> script_of(const kinode::Bytes& bytes) {
  // Most bodies are none: they are not worth a parse.
  if (bytes.empty() || bytes.data()[0] != '{') return std::nullopt;
  auto json = kinode::parse_json(bytes.text());
  if (!json || !is_script(*json)) return std::nullopt;
  return json;
}

/// The steps that a request of ours left in its context.
Json continuation_of(const std::optional<kinode::Bytes>& context) {
  if (!context) return nullptr;
  auto json = kinode::parse_json(context->text());
  return json ? member(*json, "then") : Json();
}

volatile uint32_t stack_depth = 0;

/// Has no variables in linear memory: it is the engine's stack that ends, not the guest's own.
__attribute__((noinline)) void overflow_stack() {
  stack_depth = stack_depth + 1;
  if (stack_depth != 0) overflow_stack();
  stack_depth = stack_depth - 1;
}

}  // namespace

const Actor::NamedStep Actor::steps_by_name[] = {
    {"send", &Actor::send},
    {"send_many", &Actor::send_many},
    {"send_and_await", &Actor::send_and_await},
    {"respond", &Actor::respond},
    {"answer", &Actor::answer_now},
    {"hold", &Actor::hold},
    {"receive", &Actor::receive},
    {"message", &Actor::show_handled},
    {"has_blob", &Actor::has_blob},
    {"get_blob", &Actor::get_blob},
    {"last_blob", &Actor::last_blob},
    {"events", &Actor::events},
    {"when", &Actor::when},
    {"configure", &Actor::configure},
    {"repeat", &Actor::repeat},
    {"our", &Actor::our},
    {"print", &Actor::print},
    {"get_state", &Actor::get_state},
    {"set_state", &Actor::set_state},
    {"clear_state", &Actor::clear_state},
    {"get_on_exit", &Actor::get_on_exit},
    {"set_on_exit", &Actor::set_on_exit},
    {"spawn", &Actor::spawn},
    {"capabilities", &Actor::capabilities},
    {"save_capabilities", &Actor::save_capabilities},
    {"drop_capabilities", &Actor::drop_capabilities},
    {"return", &Actor::end},
    {"trap", &Actor::trap},
    {"exit", &Actor::exit},
    {"loop", &Actor::loop},
    {"allocate", &Actor::allocate},
    {"env", &Actor::env},
    {"clock", &Actor::clock},
    {"random", &Actor::random},
    {"nap", &Actor::nap},
    {"stream", &Actor::write_stream},
    {"file", &Actor::file},
};

// ---- running -------------------------------------------------------------------------------------

void Actor::run() {
  run_start_script();
  while (!ended_) handle(kinode::receive());
}

void Actor::run_start_script() {
  Turn turn = turn_for(nullptr);
  Json script;
  // In the package's temporary folder by name, so that a parent can tell its child what to do first.
  auto left = file({{"op", "read"}, {"path", our_.process.process_name + ".start.json"}}, turn);
  if (left && member(*left, "ok").is_string()) {
    if (auto json = kinode::parse_json(member(*left, "ok").get_ref<const std::string&>())) script = std::move(*json);
  }
  if (!is_script(script)) {
    auto state = kinode::get_state();
    if (state) script = script_of(*state).value_or(Json());
  }
  if (!is_script(script)) return;
  run_script(script, turn);
  log({{"kind", "start"}, {"results", turn.results}});
}

void Actor::handle(std::expected<Message, SendError> received) {
  Json then;
  Json event;
  std::string_view kind = "error";
  if (received) {
    const bool is_request = received->is_request();
    if (is_request) {
      if (auto script = script_of(received->body())) {
        Turn turn = turn_for(&*received);
        turn.owes_answer = kinode::bool_member(*script, "answer").value_or(received->expects_response());
        run_script(*script, turn);
        return;
      }
    }
    kind = is_request ? "request" : "response";
    event = show_message(*received);
    event["has_blob"] = kinode::has_blob();
    event["blob"] = log_blobs_ ? show_blob(kinode::get_blob()) : Json();
    then = continuation_of(received->context);
  } else {
    event = show_error(received.error());
    event["has_blob"] = kinode::has_blob();
    then = continuation_of(received.error().context);
  }

  if (then.is_null()) then = member(behaviours_, kind);
  if (!then.is_null()) {
    Turn turn = turn_for(received ? &*received : nullptr);
    turn.event = event;
    run_script({{"steps", then}}, turn);
    event["results"] = std::move(turn.results);
  }
  log(std::move(event));
}

void Actor::run_script(const Json& script, Turn& turn) {
  run_steps(member(script, "steps"), turn);
  if (turn.owes_answer) answer(turn);
}

bool Actor::run_steps(const Json& steps, Turn& turn) {
  for (const Json& step : steps) {
    // A step without arguments may be its name alone.
    const std::string name = step.is_string() ? step.get<std::string>() : kinode::text_member(step, "do").value_or("");
    const Json& arguments = step.is_object() ? step : member(Json(), "");
    StepResult result = std::unexpected("no such step: " + kinode::dump(step));
    for (const NamedStep& known : steps_by_name) {
      if (known.name == name) result = (this->*known.step)(arguments, turn);
    }
    if (!result) {
      turn.results.push_back({{"failed", std::move(result.error())}});
      return false;
    }
    turn.results.push_back(std::move(*result));
    if (ended_) return false;
  }
  return true;
}

void Actor::answer(Turn& turn) {
  turn.owes_answer = false;
  Json body = {{"results", turn.results}};
  if (!turn.event.is_null()) body["event"] = turn.event;
  kinode::respond({.body = kinode::dump(body)});
}

void Actor::log(Json event) {
  event["n"] = events_seen_++;
  events_.push_back(std::move(event));
  while (events_.size() > max_events_) events_.pop_front();
}

Turn Actor::turn_for(const Message* message) {
  Turn turn;
  turn.scope = {our_, message, spawned_};
  return turn;
}

// ---- messages ------------------------------------------------------------------------------------

Actor::StepResult Actor::send(const Json& arguments, Turn& turn) {
  READ(outgoing, read_outgoing(arguments, turn.scope));
  kinode::send(outgoing);
  return true;
}

Actor::StepResult Actor::send_many(const Json& arguments, Turn& turn) {
  std::vector<Outgoing> requests;
  for (const Json& each : member(arguments, "requests")) {
    READ(outgoing, read_outgoing(each, turn.scope));
    requests.push_back(std::move(outgoing));
  }
  kinode::send(requests);
  return requests.size();
}

Actor::StepResult Actor::send_and_await(const Json& arguments, Turn& turn) {
  READ(outgoing, read_outgoing(arguments, turn.scope, default_await_s));
  auto answer = kinode::send_and_await(outgoing.target, outgoing.request, outgoing.blob ? &*outgoing.blob : nullptr);
  Json event = answer ? show_message(*answer) : show_error(answer.error());
  event["has_blob"] = kinode::has_blob();
  if (answer) event["blob"] = log_blobs_ ? show_blob(kinode::get_blob()) : Json();
  return event;
}

Actor::StepResult Actor::respond(const Json& arguments, Turn& turn) {
  READ(body, read_data(member(arguments, "body"), turn.scope));
  READ(blob, read_blob(member(arguments, "blob"), turn.scope));
  READ(capabilities, read_capabilities(member(arguments, "capabilities"), turn.scope));
  kinode::respond({.inherit = kinode::bool_member(arguments, "inherit").value_or(false),
                   .body = std::move(body),
                   .metadata = kinode::text_member(arguments, "metadata"),
                   .capabilities = std::move(capabilities)},
                  blob ? &*blob : nullptr);
  turn.owes_answer = false;
  return true;
}

Actor::StepResult Actor::answer_now(const Json&, Turn& turn) {
  answer(turn);
  return true;
}

Actor::StepResult Actor::hold(const Json&, Turn& turn) {
  turn.owes_answer = false;
  return true;
}

Actor::StepResult Actor::receive(const Json&, Turn&) {
  auto received = kinode::receive();
  Json event = received ? show_message(*received) : show_error(received.error());
  event["has_blob"] = kinode::has_blob();
  if (received) event["blob"] = log_blobs_ ? show_blob(kinode::get_blob()) : Json();
  return event;
}

Actor::StepResult Actor::show_handled(const Json&, Turn& turn) {
  if (turn.scope.message == nullptr) return turn.event;
  Json shown = show_message(*turn.scope.message);
  shown["has_blob"] = kinode::has_blob();
  return shown;
}

Actor::StepResult Actor::has_blob(const Json&, Turn&) { return kinode::has_blob(); }
Actor::StepResult Actor::get_blob(const Json&, Turn&) { return show_blob(kinode::get_blob()); }
Actor::StepResult Actor::last_blob(const Json&, Turn&) { return show_blob(kinode::last_blob()); }

// ---- the actor's own -----------------------------------------------------------------------------

Actor::StepResult Actor::events(const Json& arguments, Turn&) {
  Json shown = Json::array();
  for (const Json& event : events_) shown.push_back(event);
  if (kinode::bool_member(arguments, "clear").value_or(true)) events_.clear();
  return shown;
}

Actor::StepResult Actor::when(const Json& arguments, Turn&) {
  auto kind = kinode::text_member(arguments, "event");
  if (!kind || (*kind != "request" && *kind != "response" && *kind != "error")) {
    return std::unexpected("event is request, response or error");
  }
  behaviours_[*kind] = member(arguments, "steps");
  return true;
}

Actor::StepResult Actor::configure(const Json& arguments, Turn&) {
  log_blobs_ = kinode::bool_member(arguments, "log_blobs").value_or(log_blobs_);
  max_events_ = kinode::number_member(arguments, "max_events").value_or(max_events_);
  return true;
}

Actor::StepResult Actor::repeat(const Json& arguments, Turn& turn) {
  const uint64_t times = kinode::number_member(arguments, "times").value_or(1);
  const Json& steps = member(arguments, "steps");
  Json outer = std::exchange(turn.results, Json::array());
  uint64_t done = 0;
  for (bool go_on = true; go_on && done < times; ++done) {
    turn.results = Json::array();
    go_on = run_steps(steps, turn);
  }
  Json last = std::exchange(turn.results, std::move(outer));
  return Json{{"times", done}, {"last", std::move(last)}};
}

// ---- the process ---------------------------------------------------------------------------------

Actor::StepResult Actor::our(const Json&, Turn&) {
  return Json{{"our", kinode::our().text()}, {"given_to_init", our_.text()}};
}

Actor::StepResult Actor::print(const Json& arguments, Turn& turn) {
  READ(text, read_data(member(arguments, "message"), turn.scope));
  kinode::print(static_cast<uint8_t>(kinode::number_member(arguments, "verbosity").value_or(0)), text.text());
  return true;
}

Actor::StepResult Actor::get_state(const Json&, Turn&) {
  auto state = kinode::get_state();
  return state ? show_data(*state) : Json();
}

Actor::StepResult Actor::set_state(const Json& arguments, Turn& turn) {
  READ(bytes, read_data(member(arguments, "bytes"), turn.scope));
  kinode::set_state(bytes);
  return true;
}

Actor::StepResult Actor::clear_state(const Json&, Turn&) {
  kinode::clear_state();
  return true;
}

Actor::StepResult Actor::get_on_exit(const Json&, Turn&) { return show_on_exit(kinode::get_on_exit()); }

Actor::StepResult Actor::set_on_exit(const Json& arguments, Turn& turn) {
  READ(on_exit, read_on_exit(member(arguments, "on_exit"), turn.scope));
  kinode::set_on_exit(on_exit);
  return true;
}

Actor::StepResult Actor::spawn(const Json& arguments, Turn& turn) {
  READ(on_exit, read_on_exit(member(arguments, "on_exit"), turn.scope));
  READ(requested, read_capabilities(member(arguments, "request_capabilities"), turn.scope));
  kinode::Child child{
      .name = kinode::text_member(arguments, "name"),
      .wasm_path =
          kinode::text_member(arguments, "wasm_path").value_or("/" + our_.process.package().text() + "/pkg/actor.wasm"),
      .on_exit = std::move(on_exit),
      .request_capabilities = std::move(requested),
      .is_public = kinode::bool_member(arguments, "public").value_or(false),
  };
  for (const Json& grant : member(arguments, "grant_capabilities")) {
    READ(process, read_process_id(grant.is_string() ? grant : member(grant, "process"), turn.scope));
    const Json& params = member(grant, "params");
    child.grant_capabilities.push_back({std::move(process), grant.is_string()    ? std::string(kinode::messaging)
                                                            : params.is_string() ? params.get<std::string>()
                                                                                 : kinode::dump(params)});
  }
  auto id = kinode::spawn(child);
  if (!id) return Json{{"err", id.error() == kinode::SpawnError::name_taken ? "NameTaken" : "NoFileAtPath"}};
  spawned_ = turn.scope.spawned = *id;
  return Json{{"ok", id->text()}};
}

Actor::StepResult Actor::capabilities(const Json&, Turn&) { return show_capabilities(kinode::our_capabilities()); }

Actor::StepResult Actor::save_capabilities(const Json& arguments, Turn& turn) {
  READ(capabilities, read_capabilities(member(arguments, "capabilities"), turn.scope));
  kinode::save_capabilities(capabilities);
  return true;
}

Actor::StepResult Actor::drop_capabilities(const Json& arguments, Turn& turn) {
  READ(capabilities, read_capabilities(member(arguments, "capabilities"), turn.scope));
  kinode::drop_capabilities(capabilities);
  return true;
}

Actor::StepResult Actor::end(const Json&, Turn&) {
  ended_ = true;
  return true;
}

Actor::StepResult Actor::trap(const Json& arguments, Turn& turn) {
  turn.results.push_back(true);
  if (turn.owes_answer) answer(turn);
  const std::string kind = kinode::text_member(arguments, "kind").value_or("unreachable");
  if (kind == "stack") overflow_stack();
  if (kind == "memory") return Json(*reinterpret_cast<volatile char*>(0xffff0000u));
  if (kind == "divide") {
    volatile uint32_t dividend = 7;
    volatile uint32_t zero = 0;
    return dividend / zero;
  }
  if (kind == "abort") std::abort();
  kinode::crash(kinode::text_member(arguments, "reason").value_or("told to trap"));
}

Actor::StepResult Actor::exit(const Json& arguments, Turn& turn) {
  turn.results.push_back(true);
  if (turn.owes_answer) answer(turn);
  std::_Exit(static_cast<int>(kinode::number_member(arguments, "code").value_or(0)));
}

Actor::StepResult Actor::loop(const Json&, Turn& turn) {
  turn.results.push_back(true);
  if (turn.owes_answer) answer(turn);
  for (volatile uint64_t rounds = 0;;) rounds = rounds + 1;
}

Actor::StepResult Actor::allocate(const Json& arguments, Turn&) {
  const uint64_t size = kinode::number_member(arguments, "size").value_or(0);
  auto* memory = static_cast<volatile char*>(std::malloc(size));
  if (memory == nullptr) return Json{{"err", "no memory"}};
  // Kept for ever: that is the point. Every page is touched.
  for (uint64_t i = 0; i < size; i += 4096) memory[i] = 1;
  return Json{{"ok", size}};
}

}  // namespace actor

void init(kinode::Address our) { actor::Actor(std::move(our)).run(); }
