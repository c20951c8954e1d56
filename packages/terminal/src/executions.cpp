#include "executions.h"

#include <kinode/kernel.h>
#include <kinode/script.h>

#include <algorithm>
#include <utility>

namespace terminal {

using kinode::Json;

namespace {

constexpr uint64_t longest_timeout_s = uint64_t{24} * 60 * 60;
constexpr size_t kept_results = 64;
/// Of a result that is kept.
constexpr size_t kept_bytes = size_t{1} << 20;

Json to_keep(Json outcome) {
  const auto output = kinode::text_member(kinode::member(outcome, "Ok"), "output");
  if (!output || output->size() <= kept_bytes) return outcome;
  return {{"Err", "the answer came when nobody waited for it, and its " + std::to_string(output->size()) +
                      " bytes are too many to be kept"}};
}

}  // namespace

void Executions::start(Start execution) {
  results_[execution.id] = nullptr;
  kinode::send({.target = {our_.node, std::move(execution.script)},
                .request = {.expects_response = std::clamp<uint64_t>(execution.timeout_s, 1, longest_timeout_s),
                            .body = std::move(execution.arguments)},
                .context = kinode::Bytes(execution.id)});
}

bool Executions::finish(const kinode::Message& response) {
  if (!response.context) return false;
  const std::string text = response.body().string();
  end(response.context->string(),
      response.metadata() == kinode::script_error ? Json{{"Err", text}} : Json{{"Ok", {{"output", text}}}});
  return true;
}

void Executions::fail(const kinode::SendError& error) {
  if (!error.context) return;
  const kinode::ProcessId& script = error.target.process;
  const auto alive = kinode::kernel::process(script);
  end(error.context->string(), alive && !alive->is_null() ? Json{{"StillRuns", script.text()}} : Json("Ended"));
}

void Executions::end(const std::string& id, Json outcome) {
  kinode::respond({.body = kinode::dump({{"Exec", outcome}})});
  results_[id] = to_keep(std::move(outcome));
  ended_.push_back(id);
  if (ended_.size() > kept_results) {
    results_.erase(ended_.front());
    ended_.pop_front();
  }
}

Json Executions::result(const std::string& id) {
  const auto found = results_.find(id);
  if (found == results_.end()) return "Unknown";
  if (found->second.is_null()) return "Running";
  Json outcome = std::move(found->second);
  results_.erase(found);
  std::erase(ended_, id);
  return outcome;
}

}  // namespace terminal
