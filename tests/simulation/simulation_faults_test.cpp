// The simulation finds bugs: each fault planted in the kernel breaks an invariant within a few seeds.
#include <gtest/gtest.h>

#include "kernel/planted_fault.h"
#include "runner.h"

namespace kinode::simulation {
namespace {

using kernel::Fault;

constexpr uint64_t seeds = 2'000;

struct Planted {
  Fault fault;
  std::string_view name;
};

constexpr std::array all{
    Planted{Fault::wrong_order, "wrong_order"},
    Planted{Fault::lost_wake_up, "lost_wake_up"},
    Planted{Fault::double_end, "double_end"},
    Planted{Fault::timer_left, "timer_left"},
    Planted{Fault::timer_never_set, "timer_never_set"},
    Planted{Fault::capability_unchecked, "capability_unchecked"},
    Planted{Fault::capability_unfiltered, "capability_unfiltered"},
    Planted{Fault::grant_forgotten, "grant_forgotten"},
    Planted{Fault::promise_forgotten, "promise_forgotten"},
    Planted{Fault::revocation_forgotten, "revocation_forgotten"},
    Planted{Fault::id_reused, "id_reused"},
    Planted{Fault::anybody_answers, "anybody_answers"},
    Planted{Fault::responder_kept, "responder_kept"},
    Planted{Fault::dead_responder_kept, "dead_responder_kept"},
    Planted{Fault::writes_out_of_order, "writes_out_of_order"},
    Planted{Fault::death_not_stored, "death_not_stored"},
    Planted{Fault::dead_writes_state, "dead_writes_state"},
    Planted{Fault::gate_ignored, "gate_ignored"},
    Planted{Fault::room_not_told, "room_not_told"},
    Planted{Fault::mail_of_another_life, "mail_of_another_life"},
    Planted{Fault::limit_off_by_one, "limit_off_by_one"},
    Planted{Fault::handled_request_lost, "handled_request_lost"},
    Planted{Fault::old_blob_inherited, "old_blob_inherited"},
    Planted{Fault::start_without_wait, "start_without_wait"},
    Planted{Fault::network_unchecked, "network_unchecked"},
    Planted{Fault::departure_forgotten, "departure_forgotten"},
    Planted{Fault::undelivered_forgotten, "undelivered_forgotten"},
    Planted{Fault::target_node_unchecked, "target_node_unchecked"},
    Planted{Fault::module_exposed, "module_exposed"},
    Planted{Fault::foreign_rsvp_trusted, "foreign_rsvp_trusted"},
    Planted{Fault::local_answered_from_afar, "local_answered_from_afar"},
    Planted{Fault::refusal_believed, "refusal_believed"},
};
static_assert(all.size() + 1 == static_cast<size_t>(Fault::count), "each fault is tried");

class PlantedFault : public testing::TestWithParam<Planted> {
 protected:
  ~PlantedFault() override { kernel::planted_fault = Fault::none; }
};

TEST_P(PlantedFault, IsFound) {
  kernel::planted_fault = GetParam().fault;
  std::optional<Failure> failure = run_seeds(1, seeds);
  ASSERT_TRUE(failure.has_value()) << "not by " << seeds << " simulations";
  std::string invariant(name_of(failure->invariant));
  RecordProperty("seed", std::to_string(failure->seed));
  RecordProperty("invariant", invariant);
  std::cout << "found by seed " << failure->seed << ": " << invariant << ": " << failure->what << "\n";
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedFault, testing::ValuesIn(all),
                         [](const auto& planted) { return std::string(planted.param.name); });

// What is compiled with them, but with none in force, is right.
TEST(PlantedFaults, NoneBreaksNothing) {
  std::optional<Failure> failure = run_seeds(1, 200);
  EXPECT_FALSE(failure.has_value()) << failure->text();
}

}  // namespace
}  // namespace kinode::simulation
