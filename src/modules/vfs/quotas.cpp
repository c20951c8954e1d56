#include "modules/vfs/quotas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace kinode::modules::vfs {

Quotas::Room::~Room() {
  if (quotas_ != nullptr) {
    quotas_->add(package_, Usage{} - change_);
  }
}

void Quotas::Room::made(Usage change) { std::exchange(quotas_, nullptr)->add(package_, change - change_); }

Quotas::Package& Quotas::find(std::string_view package) {
  std::lock_guard lock(mutex_);
  auto found = packages_.find(package);
  if (found == packages_.end()) {
    found = packages_.emplace(package, std::make_unique<Package>()).first;
  }
  return *found->second;
}

VfsResult<void> Quotas::count(Package& package, std::string_view name) {
  auto usage = count_(std::string(name));
  if (!usage) {
    return std::unexpected(usage.error());
  }
  package.usage = *usage;
  package.is_counted = true;
  package.counted = std::chrono::steady_clock::now();
  return {};
}

VfsResult<Quotas::Room> Quotas::take(std::string_view name, Usage change) {
  Package& package = find(name);
  std::lock_guard lock(package.mutex);
  const bool grows = change.bytes > 0 || change.files > 0;
  const auto age = std::chrono::steady_clock::now() - package.counted;
  if (!package.is_counted || (grows && age >= limits_.trust)) {
    if (auto counted = count(package, name); !counted) {
      return std::unexpected(counted.error());
    }
  } else if (grows && !fits(package.usage, change) && age >= limits_.refuse_on) {
    if (auto counted = count(package, name); !counted) {
      return std::unexpected(counted.error());
    }
  }
  if (grows && !fits(package.usage, change)) {
    return full(name, package.usage, change);
  }
  package.usage += change;
  return Room(*this, name, change);
}

VfsResult<Usage> Quotas::of(std::string_view name) {
  Package& package = find(name);
  std::lock_guard lock(package.mutex);
  if (!package.is_counted) {
    if (auto counted = count(package, name); !counted) {
      return std::unexpected(counted.error());
    }
  }
  return package.usage;
}

bool Quotas::fits(const Usage& usage, const Usage& change) const {
  auto below = [](int64_t used, int64_t more, uint64_t limit) {
    return more <= 0 || static_cast<uint64_t>(std::max<int64_t>(used, 0)) + static_cast<uint64_t>(more) <= limit;
  };
  return below(usage.bytes, change.bytes, limits_.bytes) && below(usage.files, change.files, limits_.files);
}

std::unexpected<VfsError> Quotas::full(std::string_view package, const Usage& usage, const Usage& change) const {
  const bool bytes = !fits(usage, {.bytes = change.bytes});
  std::string text =
      bytes ? fmt::format(
                  "the drives of {} are full: they hold {} of {} bytes, and {} more do not fit. Remove files, or "
                  "start the node with a larger --drive-quota",
                  package, usage.bytes, limits_.bytes, change.bytes)
            : fmt::format("the drives of {} are full: they hold {} of {} files and directories. Remove some", package,
                          usage.files, limits_.files);
  return std::unexpected(VfsError{VfsError::Kind::io_error, std::move(text), EDQUOT, {}});
}

void Quotas::add(std::string_view name, Usage change) {
  if (change.bytes == 0 && change.files == 0) {
    return;
  }
  Package& package = find(name);
  std::lock_guard lock(package.mutex);
  package.usage += change;
}

}  // namespace kinode::modules::vfs
