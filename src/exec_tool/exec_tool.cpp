#include "exec_tool/exec_tool.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>

#include "base/random.h"
#include "codec/json.h"
#include "modules/http_server/rpc/rpc_message.h"
#include "modules/state/home_lock.h"
#include "node_client/node_client.h"

namespace kinode::exec_tool {
namespace {

using Json = nlohmann::json;

/// Between two questions for a script that runs longer than the node lets a program wait.
constexpr std::chrono::milliseconds pause{500};
/// For the node, beyond the script's time.
constexpr std::chrono::seconds patience{60};
/// Less than the node waits for an answer: one that is known not to come earlier has nobody to give it.
constexpr std::chrono::seconds nobody_answers{10};

struct Options {
  std::string home;
  std::vector<std::string> words;
  uint64_t timeout_s = 60;
};

/// terminal:terminal:sys of a running node (packages/terminal).
class Terminal {
 public:
  explicit Terminal(uint16_t port) : client_(port) {}

  /// How the line's script ended, as the terminal tells it.
  Result<Json> execute(const std::string& line, uint64_t timeout_s) const {
    const std::string id = fmt::format("{:016x}", SystemRandom().next());
    Result<std::optional<Json>> outcome = ask({{"Exec", {{"id", id}, {"line", line}, {"timeout", timeout_s}}}}, "Exec");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s) + patience;
    while (outcome && (!*outcome || **outcome == "Running")) {
      if (std::chrono::steady_clock::now() > end) {
        return fail("the terminal of the node at {} does not tell how the script ended", client_.url());
      }
      std::this_thread::sleep_for(pause);
      outcome = ask({{"ExecResult", {{"id", id}}}}, "ExecResult");
    }
    return outcome ? Result<Json>(std::move(**outcome)) : std::unexpected(outcome.error());
  }

 private:
  /// None where the node let us wait no longer.
  Result<std::optional<Json>> ask(const Json& request, const std::string& answer) const {
    rpc::RpcRequest message{.process = ProcessId("terminal", "terminal", "sys"), .expects_response = 15};
    message.body = Bytes::from(codec::to_text(request));
    Result<std::string> text = rpc::write_request(message);
    if (!text) {
      return std::unexpected(text.error());
    }
    const auto begin = std::chrono::steady_clock::now();
    Result<NodeReply> reply = client_.post_json(std::string(rpc::path), *text);
    if (!reply) {
      return std::unexpected(reply.error());
    }
    if (reply->status == 408 && std::chrono::steady_clock::now() - begin > nobody_answers) {
      return std::optional<Json>();
    }
    if (reply->status == 408) {
      return fail("is the package terminal:sys there? {}", reply->body);
    }
    if (reply->status != 200) {
      return fail("the node at {} answered with HTTP status {}: {}", client_.url(), reply->status, reply->body);
    }
    Result<rpc::RpcReply> parsed = rpc::parse_reply(reply->body);
    Result<Json> body = parsed ? codec::parse_json(parsed->body.text()) : std::unexpected(parsed.error());
    if (!body) {
      return std::unexpected(body.error().at(client_.url()));
    }
    if (!body->is_object() || !body->contains(answer)) {
      return fail("the node at {} gave an answer that is none: {}", client_.url(), body->dump().substr(0, 200));
    }
    return std::optional<Json>((*body)[answer]);
  }

  NodeClient client_;
};

int tell(const Json& outcome, const Options& options, std::ostream& out, std::ostream& err) {
  if (outcome == "Ended") {
    err << "kinode exec: the script ended without an answer; what it printed is on the node's terminal and in its "
           "log\n";
    return no_answer;
  }
  if (outcome.is_object() && outcome.contains("Ok")) {
    const std::string output = outcome["Ok"].value("output", "");
    out << output << (output.empty() || output.ends_with('\n') ? "" : "\n");
    return 0;
  }
  if (outcome.is_object() && outcome.contains("Err") && outcome["Err"].is_string()) {
    err << outcome["Err"].get<std::string>() << '\n';
    return failed;
  }
  if (outcome.is_object() && outcome.contains("StillRuns") && outcome["StillRuns"].is_string()) {
    const auto process = outcome["StillRuns"].get<std::string>();
    err << fmt::format("kinode exec: no answer in {} s. The script goes on as {}; kinode exec {} kill {} ends it\n",
                       options.timeout_s, process, options.home, process);
    return still_runs;
  }
  err << "kinode exec: the node does not know any more how the script ended\n";
  return failed;
}

Result<Json> execute(const Options& options) {
  Result<uint16_t> port = modules::HomeLock::port_of_node(options.home);
  if (!port) {
    return std::unexpected(port.error());
  }
  return Terminal(*port).execute(fmt::format("{}", fmt::join(options.words, " ")), options.timeout_s);
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Options options;
  CLI::App app("Runs a line on the node of a home, as if it was typed at its terminal, and prints the script's answer.",
               "kinode exec");
  app.footer(
      "Exit status: 0; 1 where it could not be done, with the reason; 2 for a wrong command line; 3 when the time is\n"
      "over; 4 for a script that ended without an answer.");
  app.prefix_command();
  app.add_option("-t,--timeout", options.timeout_s, "Seconds to wait for the answer")
      ->check(CLI::Range(uint64_t{1}, uint64_t{24} * 60 * 60))
      ->type_name("SECONDS")
      ->capture_default_str();
  app.add_option("HOME", options.home, "The node's folder")->required()->type_name("FOLDER");
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? 0 : 2;
  }
  // The script's own: -a, for one, is none of ours.
  options.words = app.remaining();
  if (options.words.empty()) {
    err << "kinode exec: give a line to run, such as: kinode exec HOME help\n";
    return 2;
  }
  Result<Json> outcome = execute(options);
  if (!outcome) {
    err << "kinode exec: " << outcome.error().message << '\n';
    return failed;
  }
  return tell(*outcome, options, out, err);
}

}  // namespace kinode::exec_tool
