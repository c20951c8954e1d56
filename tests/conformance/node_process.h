// NodeProcess: a real node in a process of its own, with a home of its own.
//
//   NodeProcess node;                         // started, and ready
//   node.rpc().send({.process = ..., .body = ...});
//   node.kill9();                             // as a crash or a power cut of the process
//   node.start();                             // the same home
//
// Its output is read by a thread, so that a test can wait for a line. Nothing here waits for a time:
// every wait is for an event, and the limits are only there for the test to end when the event does not come.
// A wait in vain throws Failure with what the node said last.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "rpc_client.h"

namespace kinode::conformance {

inline constexpr std::chrono::seconds patience{60};

/// A folder that goes with its object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A child process, its output gathered. Killed with its object.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Standard output and error, as they came.
  [[nodiscard]] std::string output() const;
  /// Waits until `text` stands in the output at or after `from`; the end of the line that it stands in.
  size_t wait_for(const std::string& text, size_t from = 0, std::chrono::seconds limit = patience) const;
  /// Waits until it, and whoever else has it, has closed its output.
  void wait_for_output_end(std::chrono::seconds limit = patience) const;
  void signal(int number) const;
  /// Waits for its end. The exit status, or 128 and the number of the signal that ended it. None: it goes on.
  std::optional<int> wait_for_end(std::chrono::seconds limit = patience);
  [[nodiscard]] bool running() { return !wait_for_end(std::chrono::seconds(0)); }

 private:
  void read_output();

  pid_t pid_ = -1;
  int pid_file_ = -1;
  int output_file_ = -1;
  std::optional<int> status_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::string output_;
  bool closed_ = false;
  std::thread reader_;
};

/// Lets a time pass that is drawn, up to `most`: no event is waited for, what follows is to come at any moment.
void pass_a_drawn_time(std::mt19937& random, std::chrono::microseconds most);

struct Ended {
  int status = 0;
  std::string output;
};
/// Runs a program to its end.
Ended run_to_end(const std::vector<std::string>& command, std::chrono::seconds limit = patience);

struct NodeOptions {
  std::string name = "test.os";
  /// Packages to ship.
  std::vector<std::string> bootstrap;
  int verbosity = 1;
  /// Flags and their values.
  std::vector<std::string> more;
  /// NAME=VALUE, beside those of the test.
  std::vector<std::string> environment;
  /// Empty: one of its own.
  std::string home;
  /// Empty: one that all tests share, so that components are compiled once.
  std::string compiled_components;
};

class NodeProcess {
 public:
  /// The package of test guests is shipped if none is named.
  explicit NodeProcess(NodeOptions options = {});
  /// Stops it; what does not stop is killed.
  ~NodeProcess();

  /// The command line that `start` uses.
  [[nodiscard]] std::vector<std::string> command() const;
  /// Starts it on its home and waits until it is ready.
  void start();
  /// SIGTERM; the exit status.
  int stop(std::chrono::seconds limit = patience);
  void kill9();
  void restart() {
    stop();
    start();
  }
  [[nodiscard]] bool running() { return child_ && child_->running(); }
  [[nodiscard]] pid_t pid() const { return child_->pid(); }

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] RpcClient rpc() const { return RpcClient(port_); }
  NodeOptions& options() { return options_; }

  /// What it said since it was started last.
  [[nodiscard]] std::string output() const { return child_->output(); }
  /// A place in the output, for `wait_for`.
  [[nodiscard]] size_t mark() const { return child_->output().size(); }
  size_t wait_for(const std::string& text, size_t from = 0, std::chrono::seconds limit = patience) const {
    return child_->wait_for(text, from, limit);
  }
  /// Waits until all that it printed before is in the output; then whether `text` is, after `from`.
  bool said(const std::string& text, size_t from = 0);
  std::optional<int> wait_for_end(std::chrono::seconds limit = patience) { return child_->wait_for_end(limit); }
  void signal(int number) const { child_->signal(number); }

  // ---- messages, by way of http-server:distro:sys ---------------------------------------------------

  /// `process@name`: the address of a process of this node.
  [[nodiscard]] std::string address(const std::string& process) const { return name() + "@" + process; }
  /// A request to `process`, and its response.
  [[nodiscard]] Reply ask(const std::string& process, const Json& body, std::optional<Blob> blob = {}) const;
  /// A request that expects no response.
  void tell(const std::string& process, const Json& body) const;
  /// A command to the kernel, and its answer.
  Json kernel(const Json& command, std::optional<Blob> blob = {}) const;
  /// Gives capabilities, each {"issuer","params"}, to `process`.
  void grant(const std::string& process, const Json& capabilities) const;
  /// Lets http-server and `process` message each other, so that `ask` works.
  void connect(const std::string& process) const;
  [[nodiscard]] bool has_process(const std::string& process) const;
  [[nodiscard]] bool holds(const std::string& process, const std::string& issuer, const std::string& params) const;

  /// Has an actor do `steps`; their results. Fails when a step was not understood.
  Json act(const std::string& actor, const Json& steps) const;
  /// The same with a response that is not waited for.
  void begin(const std::string& actor, const Json& steps) const;
  /// The result of one step.
  Json step(const std::string& actor, const Json& step) const;

 private:
  NodeOptions options_;
  std::optional<TempFolder> own_home_;
  std::filesystem::path home_;
  std::unique_ptr<ChildProcess> child_;
  uint16_t port_ = 0;
};

/// What the build made.
std::string kinode_program();
std::string kit_program();
/// build/packages/<name>
std::string built_package(const std::string& name);
/// The bytes of build/guests/<name>.wasm
std::string component(const std::string& name);
std::string component_cache();
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);

}  // namespace kinode::conformance
