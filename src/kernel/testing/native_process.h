// Processes made of functions, in place of components.
//
//   NativeFactory factory;
//   factory.add("echo", on_envelope([](ProcessContext& context, std::unique_ptr<Envelope> envelope) {
//     context.respond(prompting_of(*envelope), {.body = envelope->request().body}, envelope->blob);
//   }));
//   kernel.initialize({.id = id, .program = NativeFactory::program("echo")});
//
// A function belongs to one process: `add` takes what makes it, so that each process of a program has
// state of its own. The functions are called by the thread that polls.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "kernel/envelope.h"
#include "kernel/process.h"
#include "kernel/process_context.h"

namespace kinode::kernel::testing {

class NativeProcess final : public Process {
 public:
  using Body = std::function<Poll(ProcessContext&)>;
  NativeProcess(ProcessContext& context, Body body) : context_(context), body_(std::move(body)) {}

  Poll poll() override { return body_(context_); }

 private:
  ProcessContext& context_;
  Body body_;
};

/// Makes one process; what Kernel::add_module takes, too.
using MakeNative = std::function<std::unique_ptr<Process>(ProcessContext&)>;

/// Each process polls a copy of `body`.
MakeNative native(NativeProcess::Body body);
/// Each process hands what it receives to a copy of `handler`, until none is left, and never exits.
MakeNative on_envelope(std::function<void(ProcessContext&, std::unique_ptr<Envelope>)> handler);
/// A poll that ends the process.
Process::Poll exited();
Process::Poll crashed(std::string reason);

/// Makes the process whose name a program holds in place of its Wasm.
class NativeFactory final : public ProcessFactory {
 public:
  /// Any time before a process of that name is made.
  void add(const std::string& name, MakeNative make);
  /// What programs of no name added here go to. Must outlive the processes. Before the first of them.
  void pass_on_to(ProcessFactory& others) { others_ = &others; }
  /// The program of that name. Its handle is `/name` unless one is given.
  static Program program(const std::string& name, std::string handle = "");

  /// Fails for a name that was not added: the test of what is not a component.
  Result<void> inspect(const Program& program) override;
  Bytes deduplicate(Bytes wasm) override;
  Result<std::unique_ptr<Process>> make(ProcessContext& context, const Program& program) override;

  /// From now on `make` fails with this error, until called with none.
  void refuse(std::optional<Error> error);
  /// How many processes were made.
  [[nodiscard]] size_t made() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, MakeNative, std::less<>> makers_;
  std::optional<Error> refusal_;
  size_t made_ = 0;
  ProcessFactory* others_ = nullptr;
};

}  // namespace kinode::kernel::testing
