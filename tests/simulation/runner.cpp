#include "runner.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "town.h"
#include "world.h"

namespace kinode::simulation {
namespace {

constexpr size_t lines_kept = 60;
/// One seed of so many is of several nodes.
constexpr uint64_t town_share = 4;

std::optional<Failure> run(uint64_t seed, Trace& trace) {
  try {
    if (seed % town_share == 0) {
      Town(seed, trace).run();
    } else {
      World(seed, trace).run();
    }
    return std::nullopt;
  } catch (const Violation& violation) {
    return Failure{seed, violation.invariant(), trace.step(), violation.text(), {}};
  }
}

}  // namespace

std::string Failure::text() const {
  return fmt::format("{}seed {}, step {}: {}\n  {} ({})\nsee it again: ./run simulate --seed {} --trace\n", trace, seed,
                     step, what, name_of(invariant), meaning_of(invariant), seed);
}

std::optional<Failure> run_seed(uint64_t seed, std::function<void(const std::string&)> sink) {
  if (sink) {
    Trace trace(std::move(sink));
    return run(seed, trace);
  }
  Trace silent;
  std::optional<Failure> failure = run(seed, silent);
  if (failure) {
    LastLines last(lines_kept);
    Trace trace([&](const std::string& line) { last.add(line); });
    run(seed, trace);
    failure->trace = last.text();
  }
  return failure;
}

std::optional<Failure> run_seeds(uint64_t first, uint64_t count, std::function<void(uint64_t)> progress) {
  std::mutex mutex;
  std::optional<Failure> found;
  std::atomic<uint64_t> next = 0;
  std::atomic<uint64_t> end = count;
  auto work = [&] {
    for (uint64_t index = next++; index < end; index = next++) {
      std::optional<Failure> failure = run_seed(first + index);
      std::scoped_lock lock(mutex);
      if (failure && (!found || failure->seed < found->seed)) {
        found = std::move(failure);
        end = std::min<uint64_t>(end, index);
      }
      if (progress && index % 256 == 255) {
        progress(index + 1);
      }
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back(work);
  }
  work();
  threads.clear();
  return found;
}

}  // namespace kinode::simulation
