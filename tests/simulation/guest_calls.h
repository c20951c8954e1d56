// GuestCalls: the calls of the WIT interface, as src/wasm/guest_host.cpp makes them on a Conversation,
// each with the model beside it: what the kernel did and said is compared with what it had to.
//
// A call that must wait is `pending`; it goes on with `resume`, at the next poll.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/conversation.h"
#include "scene.h"

namespace kinode::simulation {

class GuestCalls {
 public:
  enum class Outcome : uint8_t { done, pending, trapped };

  GuestCalls(Scene& scene, kernel::ProcessContext& context, Life& life)
      : scene_(scene), life_(life), conversation_(context) {}

  [[nodiscard]] bool waits() const { return call_ != Call::none; }
  /// Of a call that was pending.
  Outcome resume();

  std::optional<Arrival> receive();
  Outcome send(std::vector<Letter> letters);
  Outcome send_and_await(Letter letter);
  void respond(Letter letter);

  Outcome get_state();
  Outcome set_state(std::string state);
  Outcome clear_state();

  struct Child {
    std::optional<std::string> name;
    OnExit on_exit;
    std::vector<Capability> capabilities;
    std::vector<std::pair<ProcessId, std::string>> grants;
    bool is_public = false;
    std::string path = {};  // of its component; `spawn` finds one
  };
  Outcome spawn(Child child);

  void set_on_exit(OnExit on_exit);
  void save(const std::vector<Capability>& capabilities);
  void drop(const std::vector<Capability>& capabilities);
  /// At what the process is told of itself.
  void look() const;

 private:
  enum class Call : uint8_t { none, send, await, read, spawn };
  using Spawned = std::optional<kernel::Conversation::Spawned>;

  Outcome outcome(Call call, const kernel::Progress& progress, bool done);
  Outcome sent(const kernel::Progress& progress);
  Outcome awaited(const kernel::Progress& progress, const kernel::Envelope* end);
  Outcome read(const kernel::Progress& progress, const std::optional<Bytes>& state);
  Outcome spawned(const kernel::Progress& progress, const Spawned& spawned);
  [[nodiscard]] Sent prepare(Letter letter) const;
  void look_at_blobs() const;

  Scene& scene_;
  Life& life_;
  kernel::Conversation conversation_;
  Call call_ = Call::none;
  std::optional<Child> child_;
};

}  // namespace kinode::simulation
