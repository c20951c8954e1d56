#include "node_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace kinode::conformance {

using namespace std::chrono_literals;

namespace {
std::string last_error() { return std::error_code(errno, std::generic_category()).message(); }
}  // namespace

// ---- files ---------------------------------------------------------------------------------------

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "kinode-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw Failure("no temporary folder: " + last_error());
  }
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Failure("cannot read " + path.string());
  }
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) {
    throw Failure("cannot write " + path.string());
  }
}

namespace {
/// A program of this build, or of the one whose folder the environment names: with sanitizers, say.
std::string program(const std::string& name, const std::string& of_this_build) {
  const char* folder = std::getenv("KINODE_TEST_PROGRAMS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return folder == nullptr ? of_this_build : std::string(folder) + "/" + name;
}
}  // namespace
std::string kinode_program() { return program("kinode", KINODE_PROGRAM); }
std::string kit_program() { return program("kit", KIT_PROGRAM); }
std::string built_package(const std::string& name) { return std::string(KINODE_PACKAGES) + "/" + name; }
std::string component(const std::string& name) { return read_file(std::string(KINODE_GUESTS) + "/" + name + ".wasm"); }
std::string component_cache() { return KINODE_TEST_COMPONENTS; }

// ---- child processes -----------------------------------------------------------------------------

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) {
    throw Failure("no pipe: " + last_error());
  }
  pid_ = fork();
  if (pid_ == 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    dup2(output[1], STDERR_FILENO);
    execv(arguments[0], arguments.data());
    constexpr std::string_view message = "the program cannot be started\n";
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, message.data(), message.size());
    _exit(127);
  }
  close(output[1]);
  if (pid_ < 0) {
    close(output[0]);
    throw Failure("no child process: " + last_error());
  }
  output_file_ = output[0];
  pid_file_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  reader_ = std::thread([this] { read_output(); });
}

ChildProcess::~ChildProcess() {
  if (running()) {
    kill(pid_, SIGKILL);
    wait_for_end();
  }
  reader_.join();
  close(output_file_);
  close(pid_file_);
}

void ChildProcess::read_output() {
  char part[65536];
  while (true) {
    const ssize_t size = read(output_file_, part, sizeof part);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    std::scoped_lock lock(mutex_);
    if (size > 0) {
      output_.append(part, static_cast<size_t>(size));
    } else {
      closed_ = true;
    }
    changed_.notify_all();
    if (closed_) {
      return;
    }
  }
}

std::string ChildProcess::output() const {
  std::scoped_lock lock(mutex_);
  return output_;
}

size_t ChildProcess::wait_for(const std::string& text, size_t from, std::chrono::seconds limit) const {
  std::unique_lock lock(mutex_);
  size_t end = std::string::npos;
  changed_.wait_for(lock, limit, [&] {
    const size_t found = output_.find(text, std::min(from, output_.size()));
    end = found == std::string::npos ? found : output_.find('\n', found + text.size());
    return end != std::string::npos || closed_;
  });
  if (end == std::string::npos) {
    throw Failure((closed_ ? "it ended and did not say `" : "it does not say `") + text + "`; what it said:\n" +
                  output_.substr(std::min(from, output_.size())));
  }
  return end;
}

void ChildProcess::wait_for_output_end(std::chrono::seconds limit) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] { return closed_; });
}

void ChildProcess::signal(int number) const { kill(pid_, number); }

std::optional<int> ChildProcess::wait_for_end(std::chrono::seconds limit) {
  if (status_) {
    return status_;
  }
  const auto end = std::chrono::steady_clock::now() + limit;
  pollfd file{pid_file_, POLLIN, 0};
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    const int ready = poll(&file, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready == 0) {
      return std::nullopt;
    }
    if (ready < 0) {
      continue;
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return status_;
  }
}

void pass_a_drawn_time(std::mt19937& random, std::chrono::microseconds most) {
  std::this_thread::sleep_for(std::chrono::microseconds(random() % static_cast<uint64_t>(most.count())));
}

Ended run_to_end(const std::vector<std::string>& command, std::chrono::seconds limit) {
  ChildProcess child(command);
  const std::optional<int> status = child.wait_for_end(limit);
  if (!status) {
    throw Failure(command[0] + " does not end; it said:\n" + child.output());
  }
  child.wait_for_output_end();
  return {*status, child.output()};
}

// ---- the node ------------------------------------------------------------------------------------

NodeProcess::NodeProcess(NodeOptions options) : options_(std::move(options)) {
  if (options_.bootstrap.empty()) {
    options_.bootstrap.push_back(built_package("test-kit"));
  }
  if (options_.home.empty()) {
    own_home_.emplace();
    home_ = own_home_->path() / "home";
  } else {
    home_ = options_.home;
  }
  start();
}

NodeProcess::~NodeProcess() {
  if (!running()) {
    return;
  }
  child_->signal(SIGTERM);
  child_->wait_for_end(30s);
}

std::vector<std::string> NodeProcess::command() const {
  std::vector<std::string> command;
  if (!options_.environment.empty()) {
    command.emplace_back("/usr/bin/env");
    command.insert(command.end(), options_.environment.begin(), options_.environment.end());
  }
  command.insert(command.end(),
                 {kinode_program(), home_.string(), "--port", "0", "--fake-node-name", options_.name, "--detached",
                  "--verbosity", std::to_string(options_.verbosity), "--component-cache",
                  options_.compiled_components.empty() ? component_cache() : options_.compiled_components});
  for (const std::string& package : options_.bootstrap) {
    command.insert(command.end(), {"--bootstrap", package});
  }
  if (std::ranges::find(options_.more, "--devnet") == options_.more.end()) {
    command.insert(command.end(), {"--devnet", (home_ / "devnet").string()});  // alone
  }
  command.insert(command.end(), options_.more.begin(), options_.more.end());
  return command;
}

void NodeProcess::start() {
  child_.reset();
  child_ = std::make_unique<ChildProcess>(command());
  const std::string before = "http://localhost:";
  const size_t end = child_->wait_for(before);
  const std::string said = child_->output();
  const size_t number = said.find(before) + before.size();
  port_ = static_cast<uint16_t>(std::stoul(said.substr(number, end - number)));
}

int NodeProcess::stop(std::chrono::seconds limit) {
  child_->signal(SIGTERM);
  const std::optional<int> status = child_->wait_for_end(limit);
  if (!status) {
    throw Failure("the node does not stop; it said:\n" + child_->output());
  }
  return *status;
}

void NodeProcess::kill9() {
  child_->signal(SIGKILL);
  child_->wait_for_end();
}

bool NodeProcess::said(const std::string& text, size_t from) {
  // What the node prints goes through one queue: after this line all before it is there.
  static int number = 0;
  const std::string last = "conformance line " + std::to_string(++number);
  tell("no-such-process:" + std::to_string(number) + ":test.os", last);
  step("actor:test-kit:test.os", {{"do", "print"}, {"message", last}});
  child_->wait_for(last, from);
  return child_->output().find(text, from) != std::string::npos;
}

Reply NodeProcess::ask(const std::string& process, const Json& body, std::optional<Blob> blob) const {
  return rpc().send({.process = process,
                     .body = body.is_string() ? body.get<std::string>() : body.dump(),
                     .blob = std::move(blob),
                     .metadata = {},
                     .node = {}});
}

void NodeProcess::tell(const std::string& process, const Json& body) const {
  const Reply reply = rpc().send({.process = process,
                                  .body = body.is_string() ? body.get<std::string>() : body.dump(),
                                  .expects = {},
                                  .blob = {},
                                  .metadata = {},
                                  .node = {}});
  if (reply.status != 200) {
    throw Failure("the node answered " + std::to_string(reply.status) + ": " + reply.body);
  }
}

Json NodeProcess::kernel(const Json& command, std::optional<Blob> blob) const {
  // Also a command that is one word is JSON.
  const Reply reply = rpc().send(
      {.process = "kernel:distro:sys", .body = command.dump(), .blob = std::move(blob), .metadata = {}, .node = {}});
  return reply.json();
}

void NodeProcess::grant(const std::string& process, const Json& capabilities) const {
  kernel({{"GrantCapabilities", {{"target", process}, {"capabilities", capabilities}}}});
}

void NodeProcess::connect(const std::string& process) const {
  const std::string server = "http-server:distro:sys";
  auto messaging = [&](const std::string& issuer) {
    return Json::array({{{"issuer", address(issuer)}, {"params", "\"messaging\""}}});
  };
  grant(process, messaging(server));
  grant(server, messaging(process));
}

bool NodeProcess::has_process(const std::string& process) const {
  return !kernel({{"Debug", {{"Process", process}}}}).at("Debug").at("Process").is_null();
}

bool NodeProcess::holds(const std::string& process, const std::string& issuer, const std::string& params) const {
  const Json cap = {{"issuer", address(issuer)}, {"params", params}};
  const Json answer = kernel({{"Debug", {{"HasCap", {{"on", process}, {"cap", cap}}}}}});
  return answer.at("Debug").at("HasCap") == true;
}

Json NodeProcess::act(const std::string& actor, const Json& steps) const {
  const Json answer = ask(actor, {{"steps", steps}}).json();
  const Json& results = answer.at("results");
  if (!results.empty() && results.back().is_object() && results.back().contains("failed")) {
    throw Failure("the actor did not understand: " + results.back().dump());
  }
  return results;
}

void NodeProcess::begin(const std::string& actor, const Json& steps) const { tell(actor, {{"steps", steps}}); }

Json NodeProcess::step(const std::string& actor, const Json& step) const {
  return act(actor, Json::array({step})).back();
}

}  // namespace kinode::conformance
