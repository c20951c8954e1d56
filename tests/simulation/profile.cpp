#include "profile.h"

namespace kinode::simulation {
namespace {

constexpr std::array<unsigned, action_count> usual_actions{/*tell*/ 10,
                                                           /*ask*/ 14,
                                                           /*ask_and_wait*/ 8,
                                                           /*flood*/ 3,
                                                           /*answer*/ 16,
                                                           /*pass_on*/ 8,
                                                           /*pass_on_asking*/ 6,
                                                           /*command*/ 5,
                                                           /*spawn*/ 4,
                                                           /*leave*/ 1,
                                                           /*crash*/ 2,
                                                           /*save_state*/ 3,
                                                           /*clear_state*/ 1,
                                                           /*read_state*/ 2,
                                                           /*change_on_exit*/ 3,
                                                           /*save_capabilities*/ 4,
                                                           /*drop*/ 2,
                                                           /*look*/ 3,
                                                           /*work*/ 4};

constexpr std::array<unsigned, stimulus_count> usual_stimuli{
    /*run*/ 100, /*poke*/ 30, /*pass_time*/ 12, /*flush*/ 6,     /*answer_reads*/ 4,   /*ask_from_outside*/ 10,
    /*make*/ 20, /*kill*/ 2,  /*grant*/ 12,     /*take_back*/ 2, /*change_on_exit*/ 2, /*crash*/ 1,
    /*stop*/ 1};

/// Some not at all, some much more often than usual.
void vary(Choices& choices, std::span<unsigned> weights) {
  for (unsigned& weight : weights) {
    switch (choices.below(6)) {
      case 0:
        weight = 0;
        break;
      case 1:
        weight *= 5;
        break;
      case 2:
        weight *= 2;
        break;
      default:
        break;
    }
  }
}

}  // namespace

Profile draw_profile(Choices& choices) {
  Profile profile;
  constexpr std::array<size_t, 6> messages{1, 2, 3, 4, 8, 4096};
  profile.limits.mailbox_messages = choices.pick(messages);
  if (choices.chance(25)) {
    profile.limits.mailbox_bytes = choices.between(1000, 3000);
  }
  constexpr std::array<size_t, 5> outstanding{1, 2, 4, 16, 16384};
  profile.limits.outstanding_requests = choices.pick(outstanding);
  profile.limits.processes = choices.chance(20) ? 8 : 30'000;
  profile.limits.restart_delay = std::chrono::seconds(choices.chance(50) ? 4 : 600);

  profile.actions = usual_actions;
  vary(choices, profile.actions);
  profile.actions[static_cast<size_t>(Action::tell)] += 1;  // never nothing at all
  profile.stimuli = usual_stimuli;
  vary(choices, std::span(profile.stimuli).subspan(1));
  profile.stimuli[static_cast<size_t>(Stimulus::poke)] += 10;
  profile.stimuli[static_cast<size_t>(Stimulus::make)] += 5;
  profile.steps = static_cast<unsigned>(choices.between(100, 500));
  profile.no_room = choices.chance(20) ? 10 : 0;
  profile.lost_programs = choices.chance(20) ? 20 : 0;
  profile.unprompted = static_cast<unsigned>(choices.between(10, 60));
  profile.slow_reads = choices.chance(50);
  profile.sizes = choices.chance(30);
  profile.any_order = choices.chance(80);
  return profile;
}

}  // namespace kinode::simulation
