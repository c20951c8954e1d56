// Node: the composition root. It opens the home, makes the kernel, its modules and what they stand on,
// brings the shipped packages up to date, and runs every process; and it takes all down again in order.
//
// Everything that waits for time, disk, network or a person is given its thread here.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "kernel/kernel.h"
#include "node/log.h"
#include "node/options.h"
#include "package/bundle.h"

namespace kinode::node {

class Node {
 public:
  /// Boots. Fails, with nothing changed that a next start would not mend, when the home cannot be used
  /// or the port cannot be had. The address, and what to try next, are shown. `shutdown_requested` is called on any
  /// thread when the node should stop.
  static Result<std::unique_ptr<Node>> start(const Options& options, std::vector<package::PackageSource> shipped,
                                             const std::function<void()>& shutdown_requested);
  /// Stops in bounded time, whatever guests do.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] uint16_t port() const;
  /// What is shown on the terminal and written to files. As long as the node is there.
  [[nodiscard]] Log& log();
  /// A line that the operator typed: terminal:terminal:sys gets it in its own name (modules.md 10.1). If it cannot,
  /// that is shown. Any thread.
  void command(std::string line);

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kinode::node
