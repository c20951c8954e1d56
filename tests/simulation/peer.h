// Peer: a process on one of several nodes that does what its seed says: it asks processes of its own and of other
// nodes, answers early, late and twice, and passes on what it was asked.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "choices.h"
#include "kernel/process.h"
#include "kernel/process_context.h"
#include "ledger.h"

namespace kinode::simulation {

/// What all peers of one simulation share.
struct TownScene {
  Choices& choices;
  Ledger& ledger;
  /// Nobody does anything of its own accord any more.
  bool calm = false;
  /// Percent of the moments when a peer does something of its own accord.
  unsigned unprompted = 30;
  /// Some address on some node, not always of a process that is there.
  std::function<Address()> anybody = {};
  /// What the network said last, since this was last called.
  std::function<std::optional<Ledger::Carried>()> take_carried = {};
};

class Peer final : public kernel::Process {
 public:
  Peer(TownScene& scene, kernel::ProcessContext& context, Resident& resident)
      : scene_(scene), context_(context), resident_(resident) {}

  Poll poll() override;

 private:
  void act();
  void send(Address target, std::optional<uint64_t> expects, const Taken* inherits);
  /// False: it must wait.
  bool send_waiting();
  void respond(const Taken& request);
  void react(const Taken& request);
  [[nodiscard]] std::optional<uint64_t> timeout();

  TownScene& scene_;
  kernel::ProcessContext& context_;
  Resident& resident_;
  std::deque<Posting> waiting_;
  std::vector<Taken> requests_;  // taken, answered or not
};

}  // namespace kinode::simulation
