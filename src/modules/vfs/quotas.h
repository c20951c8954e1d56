// Quotas: how much the drives of each package hold, and may hold.
//
// A package is counted by a walk when it is first changed; then each change adds and takes. What WASI writes to
// `tmp` is not seen: it is counted by a further walk, when something would not fit, and from time to time. Two changes
// of one file at the same time, or one during a walk, may be counted wrongly until the next walk.
//
// Any thread. Calls may wait for a walk of the package.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "modules/vfs/usage.h"
#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

class Quotas {
 public:
  struct Limits {
    uint64_t bytes = uint64_t{64} << 30U;
    uint64_t files = 1'000'000;
    /// A refusal rests on a walk not older than this.
    std::chrono::milliseconds refuse_on{std::chrono::seconds(10)};
    /// A walk that is older is made anew at the next growth.
    std::chrono::milliseconds trust{std::chrono::minutes(10)};
  };
  using Count = std::function<VfsResult<Usage>(const std::string& package)>;

  /// `count` walks; it must not use this object.
  Quotas(Limits limits, Count count) : limits_(limits), count_(std::move(count)) {}

  /// Room that a change takes (or gives, where negative). Taken back by the destructor, unless the change was made.
  class Room {
   public:
    Room(Quotas& quotas, std::string_view package, Usage change)
        : quotas_(&quotas), package_(package), change_(change) {}
    Room(Room&& other) noexcept
        : quotas_(std::exchange(other.quotas_, nullptr)), package_(std::move(other.package_)), change_(other.change_) {}
    Room& operator=(Room&&) = delete;
    ~Room();

    /// The change was made, and was this much.
    void made(Usage change);
    void made() { made(change_); }

   private:
    Quotas* quotas_;  // null: nothing is to be taken back
    std::string package_;
    Usage change_;
  };

  /// Fails where `change` grows beyond a limit, with what is full, how much, and what to do. What shrinks, or does not
  /// change, is never refused.
  VfsResult<Room> take(std::string_view package, Usage change);
  /// What the drives of the package hold.
  VfsResult<Usage> of(std::string_view package);

 private:
  struct Package {
    std::mutex mutex;
    bool is_counted = false;
    std::chrono::steady_clock::time_point counted;
    Usage usage;
  };
  Package& find(std::string_view package);
  VfsResult<void> count(Package& package, std::string_view name);
  [[nodiscard]] std::unexpected<VfsError> full(std::string_view package, const Usage& usage, const Usage& change) const;
  [[nodiscard]] bool fits(const Usage& usage, const Usage& change) const;
  void add(std::string_view package, Usage change);

  const Limits limits_;
  const Count count_;
  std::mutex mutex_;  // never held while a package's is taken
  std::map<std::string, std::unique_ptr<Package>, std::less<>> packages_;
};

}  // namespace kinode::modules::vfs
