#include "wasm/machine_room.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

namespace kinode::wasm {
namespace {

constexpr uint64_t unlimited = std::numeric_limits<uint64_t>::max();
// What a program may use of the address space on the machines we know.
constexpr uint64_t user_address_space = uint64_t{1} << 47;
// How long a measure that had no room counts: maps and memory may come free in other ways, too.
constexpr std::chrono::seconds refusal_lasts{1};
// However much room there is, look again after so many.
constexpr uint64_t measure_at_least_every = 1024;
// Kept free for all that is not a guest.
constexpr uint64_t maps_reserve = 1024;
// The part of the maps, one in so many, that processes which are not dense may take.
constexpr uint64_t share_of_roomy = 8;

// Calls `visit` with piece after piece of the file.
template <class Visit>
void read_pieces(const char* path, const Visit& visit) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return;
  }
  std::array<char, 65536> piece;
  ssize_t size = 0;
  while ((size = read(file, piece.data(), piece.size())) > 0) {
    visit(std::string_view(piece.data(), static_cast<size_t>(size)));
  }
  close(file);
}

std::string read_whole(const char* path) {
  std::string text;
  read_pieces(path, [&](std::string_view piece) { text += piece; });
  return text;
}

uint64_t first_number(std::string_view text) {
  size_t digit = text.find_first_of("0123456789");
  return digit == std::string_view::npos ? 0 : std::strtoull(std::string(text.substr(digit, 20)).c_str(), nullptr, 10);
}

uint64_t number_after(const std::string& text, std::string_view word) {
  size_t at = text.find(word);
  return at == std::string::npos ? 0 : first_number(std::string_view(text).substr(at + word.size()));
}

}  // namespace

MachineState measure_machine() {
  MachineState state;
  read_pieces("/proc/self/maps",
              [&](std::string_view piece) { state.maps += std::count(piece.begin(), piece.end(), '\n'); });
  state.max_maps = first_number(read_whole("/proc/sys/vm/max_map_count"));
  state.address_space = first_number(read_whole("/proc/self/statm")) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
#ifdef __SANITIZE_THREAD__
  state.address_space = 0;  // that sanitizer reserves all that there is
#endif
  state.max_address_space = user_address_space;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    state.max_address_space = std::min<uint64_t>(state.max_address_space, limit.rlim_cur);
  }
  std::string memory = read_whole("/proc/meminfo");
  state.memory_total = number_after(memory, "MemTotal:") * 1024;
  state.memory_available = number_after(memory, "MemAvailable:") * 1024;
  return state;
}

MachineRoom::Place::~Place() {
  if (room_) {
    std::lock_guard lock(room_->mutex_);
    --room_->processes_;
    room_->refusal_.reset();
  }
}

size_t MachineRoom::processes() const {
  std::lock_guard lock(mutex_);
  return processes_;
}

Result<MachineRoom::Place> MachineRoom::admit() {
  std::lock_guard lock(mutex_);
  if (admitted_until_measure_ == 0) {
    Result<uint64_t> room = measure();
    if (!room) {
      return std::unexpected(room.error());
    }
    admitted_until_measure_ = std::min(*room, measure_at_least_every);
  }
  --admitted_until_measure_;
  bool dense = processes_ >= roomy_processes_;
  ++processes_;
  return Place(shared_from_this(), dense);
}

Result<uint64_t> MachineRoom::measure() {
  if (refusal_ && now_() < refused_until_) {
    return std::unexpected(*refusal_);
  }
  refusal_.reset();
  MachineState state = measure_();
  roomy_processes_ = state.max_maps == 0 ? unlimited : state.max_maps / share_of_roomy / limits_.maps_per_roomy_process;
  Result<uint64_t> room = room_for(state);
  if (!room) {
    refusal_ = room.error();
    refused_until_ = now_() + refusal_lasts;
  }
  return room;
}

Result<uint64_t> MachineRoom::room_for(const MachineState& state) const {
  auto fits = [](uint64_t used, uint64_t limit, uint64_t each) {
    if (limit == 0 || each == 0) {
      return unlimited;  // not known: /proc is not there
    }
    return limit <= used ? 0 : (limit - used) / each;
  };

  uint64_t by_maps = fits(state.maps + maps_reserve, state.max_maps, limits_.maps_per_process);
  if (by_maps == 0) {
    return fail(
        "no room for another process: {} of {} memory maps are in use with {} processes; to raise the limit: "
        "sysctl -w vm.max_map_count={}",
        state.maps, state.max_maps, processes_, std::max<uint64_t>(state.max_maps * 4, 1'048'576));
  }
  uint64_t by_address_space = fits(state.address_space, state.max_address_space / 16 * 15, address_space_per_process_);
  if (by_address_space == 0) {
    return fail(
        "no room for another process: {} GiB of {} GiB of address space are in use with {} processes; raise "
        "`ulimit -v`, or make the engine reserve less for each memory (memory_reservation)",
        state.address_space >> 30, state.max_address_space >> 30, processes_);
  }
  uint64_t reserve = limits_.memory_reserve > 0 ? limits_.memory_reserve
                                                : std::min<uint64_t>(state.memory_total / 20, uint64_t{256} << 20);
  uint64_t by_memory = fits(reserve, state.memory_total == 0 ? 0 : std::max<uint64_t>(state.memory_available, 1),
                            limits_.memory_per_process);
  if (by_memory == 0) {
    return fail(
        "no room for another process: the machine has {} MiB of memory left, and {} MiB are kept free, with {} "
        "processes; end some, or give it more memory",
        state.memory_available >> 20, reserve >> 20, processes_);
  }
  return std::min({by_maps, by_address_space, by_memory});
}

}  // namespace kinode::wasm
