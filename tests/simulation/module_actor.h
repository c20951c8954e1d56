// ModuleActor: a runtime module that does what its seed says, on a ProcessContext as it is. It answers
// when it likes, in any order, twice, and also what it was never asked.
//
//   relay  talks like the guests
//   files  the vfs: gives the component that spawn asks for
//   gate   http-server: asks processes for people outside, and tells them what comes back
#pragma once

#include <deque>

#include "author.h"
#include "kernel/process.h"

namespace kinode::simulation {

class ModuleActor final : public kernel::Process {
 public:
  enum class Role : uint8_t { relay, files, gate };

  ModuleActor(Scene& scene, kernel::ProcessContext& context, Life& life, Role role);
  ~ModuleActor() override;

  Poll poll() override;

  /// The gate: somebody outside asks `target`. On any thread, like the RPC endpoint.
  void ask_from_outside(const Address& target);

 private:
  void act();
  void react(const Arrival& arrival, const kernel::Envelope& envelope);
  void give_file(const Overheard& request);
  void send(Letter letter, const Overheard* handled);
  /// Sends what stood before a full mailbox.
  void send_again();
  bool try_send(kernel::Outgoing& outgoing, Sent& sent);
  void respond(const Overheard& request, Letter letter);
  /// What it learned leaves the node when all that was written before is on disk.
  void let_out(const Arrival& arrival);

  Scene& scene_;
  kernel::ProcessContext& context_;
  Life& life_;
  Role role_;
  Author author_;
  std::vector<Overheard> requests_;           // taken, answered or not
  std::deque<kernel::Outgoing> before_full_;  // beside the life's `sending`
};

}  // namespace kinode::simulation
