// Wires: the network between the nodes of a simulation, and all that goes wrong with it: what was sent takes its
// time, connections break, with what was on its way or waited for them, cannot be made, and nodes forge.
//
// A line for each ordered pair of nodes: a queue before its connection, and what is on its way on it. What is on
// one line arrives in order; between lines there is none.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "choices.h"
#include "kernel/kernel.h"
#include "ledger.h"
#include "trace.h"

namespace kinode::simulation {

class Wires {
 public:
  using Carried = Ledger::Carried;
  /// What a node tells another of a request that came from there.
  struct Refusal {
    ProcessId asker;
    uint64_t id;
  };

  Wires(Choices& choices, Ledger& ledger, Trace& trace, std::vector<std::string> names);
  ~Wires();
  Wires(const Wires&) = delete;
  Wires& operator=(const Wires&) = delete;

  [[nodiscard]] size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] kernel::Network& port(size_t node);
  /// Its node is there.
  void plug_in(size_t node, kernel::Kernel& kernel, Executor& executor);
  /// It is there no more; before its kernel goes.
  void pull_out(size_t node);
  [[nodiscard]] std::optional<Carried> take_carried() { return std::exchange(carried_, std::nullopt); }

  /// Nothing goes wrong from now on.
  void calm() { calm_ = true; }
  // Each does something to some line.
  void transmit();
  void deliver();
  void break_one();
  void forge();
  /// Does all there is to do on every line, once. False: there is nothing.
  bool drain();

  /// No task is ready: nobody waits for what is there.
  void check_at_rest() const;
  void check_finished() const;

 private:
  class Port;
  class Waiter;
  struct Line {
    size_t from;
    size_t to;
    std::deque<KernelMessage> queue;
    std::vector<std::shared_ptr<Task>> waiting;  // for room in the queue
    uint64_t connection = 0;                     // 0: none
    std::deque<std::variant<KernelMessage, Refusal>> flight;
    bool is_blocked = false;  // its first message waits for room in a mailbox
    std::shared_ptr<Waiter> waiter;
  };
  struct Node {
    std::string name;
    std::unique_ptr<Port> port;
    kernel::Kernel* kernel = nullptr;
    Executor* executor = nullptr;
  };

  Carried carry(size_t from, KernelMessage& message, const std::shared_ptr<Task>& sender);
  Carried decide(Line* line, const KernelMessage& message) const;
  bool transmit(Line& line);
  bool deliver(Line& line);
  void deliver(Line& line, KernelMessage message);
  void give_back_all(Line& line);
  /// Of what is on its way, some of the last never arrives.
  void lose_the_end(Line& line);
  void wake_waiting(Line& line);
  [[nodiscard]] bool has_room(const Line& line) const { return line.queue.size() < capacity_; }
  Line* find(size_t from, const std::string& to);
  Line& reverse(const Line& line) { return *find(line.to, nodes_[line.from].name); }

  Choices& choices_;
  Ledger& ledger_;
  Trace& trace_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<Line>> lines_;
  const size_t capacity_;
  uint64_t connections_ = 0;
  bool calm_ = false;
  std::optional<Carried> carried_;
};

}  // namespace kinode::simulation
