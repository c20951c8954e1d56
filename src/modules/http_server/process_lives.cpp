#include "modules/http_server/process_lives.h"

#include <utility>

#include "kernel/kernel.h"

namespace kinode::modules {

struct ProcessLives::State {
  State(Post with, Ended then) : post(std::move(with)), ended(std::move(then)) {}

  const Post post;
  std::mutex mutex;
  std::unordered_map<ProcessId, std::shared_ptr<ProcessLife>> lives;
  /// Held while `ended` runs, so that it does not outlive who made this.
  std::mutex calling;
  Ended ended;
};

ProcessLives::ProcessLives(kernel::ProcessContext& context, Post post, Ended ended)
    : context_(context), state_(std::make_shared<State>(std::move(post), std::move(ended))) {}

ProcessLives::~ProcessLives() {
  std::lock_guard lock(state_->calling);
  state_->ended = nullptr;
}

std::shared_ptr<ProcessLife> ProcessLives::of(const ProcessId& process) {
  auto life = std::make_shared<ProcessLife>(process);
  {
    std::lock_guard lock(state_->mutex);
    const auto [known, is_new] = state_->lives.try_emplace(process, life);
    if (!is_new) {
      return known->second;
    }
  }
  const auto forget = [](State& state, const ProcessLife& life) {
    std::lock_guard lock(state.mutex);
    const auto found = state.lives.find(life.process);
    if (found != state.lives.end() && found->second.get() == &life) {
      state.lives.erase(found);
    }
  };
  const bool lives = context_.kernel().watch(process, [state = state_, life, forget] {
    life->is_over = true;
    forget(*state, *life);
    state->post([state, life] {
      std::lock_guard lock(state->calling);
      if (state->ended) {
        state->ended(life);
      }
    });
  });
  if (!lives) {
    forget(*state_, *life);
    return nullptr;
  }
  return life;
}

}  // namespace kinode::modules
