// GuestActor: a guest that does what its seed says, by the calls of the WIT interface.
#pragma once

#include "author.h"
#include "guest_calls.h"
#include "kernel/process.h"

namespace kinode::simulation {

class GuestActor final : public kernel::Process {
 public:
  GuestActor(Scene& scene, kernel::ProcessContext& context, Life& life);
  ~GuestActor() override;

  Poll poll() override;

 private:
  enum class Next : uint8_t { go_on, wait, exit, crash };

  Next act();
  Next react(const Arrival& arrival);
  Next take(Action action);
  Next spawn();
  Next after(GuestCalls::Outcome outcome);
  Poll end(Scene::Exit exit);

  Scene& scene_;
  Life& life_;
  Author author_;
  GuestCalls calls_;
  unsigned works_ = 0;  // polls without receiving
};

}  // namespace kinode::simulation
