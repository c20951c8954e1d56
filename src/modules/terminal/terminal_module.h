// terminal:distro:sys: the operator's hand in the node. Each line typed becomes messages in the name of
// this process, which may message every process of the node.
//
// What a person is told of the effect of a line waits until everything it rests on is on disk: the output
// gate, as for an HTTP answer.
//
// The module has no thread and reads nothing: the composition root gives it lines, from any thread.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "kernel/kernel.h"
#include "modules/module.h"
#include "modules/terminal/command_line.h"

namespace kinode::modules {

class TerminalModule final : public kernel::Process {
 public:
  struct Actions {
    std::function<void(uint8_t)> set_verbosity;
    std::function<void()> exit;
  };
  TerminalModule(kernel::ProcessContext& context, Actions actions) : context_(context), actions_(std::move(actions)) {}

  static ProcessId id() { return {"terminal", "distro", "sys"}; }

  Poll poll() override;

  /// Any thread. What it brings about is printed.
  void line(std::string text);

 private:
  void execute(const TerminalCommand& command);
  void kill(const ProcessId& id);
  void send(const MessageCommand& command);
  void print_answer(const kernel::Envelope& envelope);
  void print_processes() const;
  void print_process(const ProcessId& id) const;
  /// Prints when what was written until now is on disk.
  void print_when_durable(std::string text) const;

  kernel::ProcessContext& context_;
  Actions actions_;
  std::mutex mutex_;
  std::deque<std::string> lines_;  // guarded by mutex_
};

}  // namespace kinode::modules
