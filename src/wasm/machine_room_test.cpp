#include "wasm/machine_room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "kernel/testing/manual_clock.h"

namespace kinode::wasm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uint64_t gibibyte = uint64_t{1} << 30;

struct MachineRoomTest : ::testing::Test {
  std::shared_ptr<MachineRoom> room(MachineLimits limits = {}, uint64_t address_space = 0) {
    auto measure = [this] {
      ++measured;
      return machine;
    };
    return std::make_shared<MachineRoom>(limits, address_space, measure, [this] { return clock.now(); });
  }
  std::string refusal(MachineRoom& of) {
    Result<MachineRoom::Place> place = of.admit();
    return place ? "" : place.error().message;
  }

  MachineState machine{.maps = 1'000,
                       .max_maps = 65'530,
                       .address_space = gibibyte,
                       .max_address_space = 128 * 1024 * gibibyte,
                       .memory_available = 8 * gibibyte,
                       .memory_total = 16 * gibibyte};
  int measured = 0;
  kernel::testing::ManualClock clock;
};

TEST_F(MachineRoomTest, CountsThePlacesTaken) {
  auto all = room();
  {
    Result<MachineRoom::Place> one = all->admit();
    Result<MachineRoom::Place> two = all->admit();
    ASSERT_TRUE(one.has_value() && two.has_value());
    EXPECT_EQ(all->processes(), 2U);
    MachineRoom::Place moved = std::move(*one);
    EXPECT_EQ(all->processes(), 2U);
  }
  EXPECT_EQ(all->processes(), 0U);
}

TEST_F(MachineRoomTest, APlaceOutlivesItsHolderOfTheRoom) {
  auto all = room();
  Result<MachineRoom::Place> place = all->admit();
  all.reset();  // the place holds it
  ASSERT_TRUE(place.has_value());
}

TEST_F(MachineRoomTest, MeasuresAgainAfterAsManyAsThereWasRoomFor) {
  machine.maps = machine.max_maps - 1'024 - 10 * 8;  // ten more
  auto all = room();
  std::vector<MachineRoom::Place> places;
  for (int i = 0; i < 10; ++i) {
    places.push_back(std::move(*all->admit()));
  }
  EXPECT_EQ(measured, 1);
  machine.maps += 80;
  EXPECT_THAT(refusal(*all), HasSubstr("memory maps are in use with 10 processes"));
  EXPECT_EQ(measured, 2);
  machine.maps -= 8;  // one ended
  places.pop_back();
  EXPECT_EQ(refusal(*all), "");
}

TEST_F(MachineRoomTest, WhoGoesOnTryingDoesNotHaveItMeasuredEachTime) {
  machine.maps = machine.max_maps - 1'024 - 8;  // one more
  auto all = room();
  std::optional<MachineRoom::Place> place = std::move(*all->admit());
  machine.maps += 8;
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(refusal(*all), HasSubstr("memory maps are in use with 1 processes"));
  }
  EXPECT_EQ(measured, 2);
  clock.advance(std::chrono::seconds(1));
  EXPECT_NE(refusal(*all), "");
  EXPECT_EQ(measured, 3) << "there might be room meanwhile";
  place.reset();
  EXPECT_NE(refusal(*all), "");
  EXPECT_EQ(measured, 4) << "a place was given back";
}

TEST_F(MachineRoomTest, MeasuresNowAndThenHoweverMuchRoomThereIs) {
  machine = {};
  auto all = room();
  std::vector<MachineRoom::Place> places;
  for (int i = 0; i < 3'000; ++i) {
    places.push_back(std::move(*all->admit()));
  }
  EXPECT_EQ(measured, 3);
}

TEST_F(MachineRoomTest, TellsOfTheLimitOfMapsAndHowToRaiseIt) {
  machine.maps = 64'600;
  EXPECT_THAT(refusal(*room()), AllOf(HasSubstr("64600 of 65530 memory maps are in use with 0 processes"),
                                      HasSubstr("sysctl -w vm.max_map_count=1048576")));
  machine.max_maps = 1'000'000;
  machine.maps = 999'990;
  EXPECT_THAT(refusal(*room()), HasSubstr("vm.max_map_count=4000000"));
}

TEST_F(MachineRoomTest, TellsOfTheAddressSpace) {
  machine.max_address_space = 16 * gibibyte;
  machine.address_space = 12 * gibibyte;
  EXPECT_EQ(refusal(*room({}, gibibyte)), "") << "15 of 16 may be used";
  EXPECT_THAT(refusal(*room({}, 4 * gibibyte)),
              AllOf(HasSubstr("12 GiB of 16 GiB of address space"), HasSubstr("ulimit -v")));
  EXPECT_EQ(refusal(*room({}, 0)), "") << "the engine reserves nothing";
}

TEST_F(MachineRoomTest, TellsOfTheMemoryThatIsKeptFree) {
  machine.memory_available = 200 << 20;
  EXPECT_THAT(refusal(*room()),
              AllOf(HasSubstr("200 MiB of memory left, and 256 MiB are kept free"), HasSubstr("end some")));
  EXPECT_EQ(refusal(*room({.memory_reserve = 100 << 20})), "");
  machine.memory_total = gibibyte;  // a twentieth of it
  EXPECT_EQ(refusal(*room()), "");
  machine.memory_available = 0;
  EXPECT_THAT(refusal(*room()), HasSubstr("0 MiB of memory left"));
}

TEST_F(MachineRoomTest, WhereTheSystemTellsNothingAllAreAdmitted) {
  machine = {};
  EXPECT_EQ(refusal(*room({}, gibibyte)), "");
}

TEST_F(MachineRoomTest, ManyThreadsTakeNoMoreThanThereIs) {
  machine.maps = machine.max_maps - 1'024 - 100 * 8;
  auto all = room();
  std::atomic<int> admitted = 0;
  std::mutex mutex;
  std::vector<MachineRoom::Place> places;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 25; ++k) {
          if (Result<MachineRoom::Place> place = all->admit()) {
            ++admitted;
            std::lock_guard lock(mutex);
            places.push_back(std::move(*place));
          }
        }
      });
    }
  }
  EXPECT_EQ(admitted, 100);
  EXPECT_EQ(measured, 1);
  EXPECT_EQ(all->processes(), 100U);
}

TEST_F(MachineRoomTest, TheFirstProcessesAreRoomyTheOthersDense) {
  machine.max_maps = 64'000;  // an eighth of them, four for each
  auto all = room();
  std::vector<MachineRoom::Place> places;
  for (int i = 0; i < 2'000; ++i) {
    places.push_back(std::move(*all->admit()));
    ASSERT_FALSE(places.back().is_dense()) << i;
  }
  EXPECT_TRUE(all->admit()->is_dense());
  places.pop_back();
  EXPECT_FALSE(all->admit()->is_dense()) << "one ended";
}

TEST_F(MachineRoomTest, WhereTheLimitOfMapsIsNotKnownAllAreRoomy) {
  machine = {};
  auto all = room();
  std::vector<MachineRoom::Place> places;
  for (int i = 0; i < 3'000; ++i) {
    places.push_back(std::move(*all->admit()));
  }
  EXPECT_FALSE(places.back().is_dense());
}

TEST(MeasureMachine, ReadsWhatTheSystemTells) {
  MachineState state = measure_machine();
  EXPECT_GT(state.maps, 10U);
  EXPECT_GE(state.max_maps, state.maps);
#ifndef __SANITIZE_THREAD__
  EXPECT_GT(state.address_space, 1U << 20);
#endif
  EXPECT_GT(state.max_address_space, state.address_space);
  EXPECT_GT(state.memory_available, 0U);
  EXPECT_GE(state.memory_total, state.memory_available);
}

}  // namespace
}  // namespace kinode::wasm
