// A kernel with everything around it moved by hand, and puppets: processes that do what the test says.
//
//   TestNode node;
//   node.kernel.add_module(...);
//   Puppet& alice = node.add_puppet("alice:test:sys");
//   node.connect(alice.address(), node.local("timer:distro:sys"));
//   alice.request(node.local("timer:distro:sys"), R"({"SetTimer":5})", 10);
//   node.run();
//   EXPECT_EQ(alice.take(), nullptr);   // not yet
//   node.advance(5ms);
//
// One thread, but for what a module's own threads do.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/testing/guest.h"
#include "kernel/testing/manual_clock.h"
#include "kernel/testing/manual_executor.h"
#include "kernel/testing/memory_journal.h"
#include "kernel/testing/native_process.h"
#include "kernel/testing/recording_printer.h"
#include "kernel/testing/seeded_random.h"

namespace kinode::kernel::testing {

/// A process that keeps what it receives. Lives as long as its TestNode, also when its process ended.
class Puppet {
 public:
  explicit Puppet(Address address) : address_(std::move(address)) {}

  [[nodiscard]] const Address& address() const { return address_; }
  /// For whatever is not below. Not after its process ended.
  [[nodiscard]] ProcessContext& context() const;

  /// Sends a request; one that `expects_response` gives that many seconds for it.
  SendStatus request(const Address& target, std::string_view body, std::optional<uint64_t> expects_response = {},
                     std::optional<Blob> blob = {}, std::optional<std::string> metadata = {});
  void respond(const Envelope& to, std::string_view body, std::optional<Blob> blob = {});
  /// The oldest envelope received and not taken, or null.
  std::unique_ptr<Envelope> take();
  [[nodiscard]] size_t received() const { return received_.size(); }

 private:
  friend class TestNode;
  Address address_;
  ProcessContext* context_ = nullptr;
  std::deque<std::unique_ptr<Envelope>> received_;
};

/// What a guest is made with, beside its id.
struct GuestOptions {
  bool is_public = false;
  OnExit on_exit = {};
  std::vector<Capability> capabilities = {};
  bool run = true;
};

class TestNode {
 public:
  struct Options {
    std::string name = "node.os";
    uint64_t seed = 1;
    Limits limits;
    MemoryJournal::Content content;
    /// In place of `journal`; must outlive the node.
    Journal* other_journal = nullptr;
    /// The way to other nodes, if there is one; must outlive the node.
    Network* network = nullptr;
  };
  TestNode() : TestNode(Options{}) {}
  explicit TestNode(Options options);
  ~TestNode();

  ManualClock clock;
  SeededRandom random;
  ManualExecutor executor;
  MemoryJournal journal;
  RecordingPrinter printer;
  NativeFactory factory;
  /// How often a process asked for the node's shutdown.
  int shutdowns = 0;

 private:
  // Before the kernel, whose processes use them until they are deleted.
  std::map<std::string, std::unique_ptr<Puppet>, std::less<>> puppets_;
  std::map<std::string, std::unique_ptr<Guest>, std::less<>> guests_;

 public:
  Kernel kernel;

  /// The address here of the process `id`, which must be one.
  [[nodiscard]] Address local(std::string_view id) const;
  /// Makes and runs a puppet: a module of the runtime where its id is one of distro:sys, else a guest.
  Puppet& add_puppet(std::string_view id, bool is_public = false, Kernel::Reach reach = Kernel::Reach::this_node);
  /// A guest that the kernel can make from its program; whose handle is `/ID`. Not made yet.
  Guest& expect_guest(std::string_view id);
  [[nodiscard]] Program program_of(const Guest& guest) const;
  /// Makes one, and runs it.
  Guest& add_guest(std::string_view id, GuestOptions options = {});
  /// Loads the journal: there are programs of the guests expected.
  Result<void> load();
  /// Gives `holder` the right to message `target`, and `target` that to answer.
  void connect(const Address& holder, const Address& target);
  /// The journal's keys, in order.
  [[nodiscard]] std::vector<std::string> journal_keys() const;

  /// Runs tasks until none is ready.
  size_t run() { return executor.run(); }
  /// Moves the clock, tells the kernel, and runs tasks until none is ready.
  void advance(std::chrono::nanoseconds by);
};

}  // namespace kinode::kernel::testing
