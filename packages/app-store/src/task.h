#pragma once

#include <kinode/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

/// What the store is at, so that it can be done again after the node went down meanwhile.
///
/// An install changes files, and these are changed at once. It changes the kernel's records too, and they reach the
/// disk a little later, in the order in which they were made. So a task is a file, written before anything changes;
/// its end is in the store's state, which is a record as the kernel's are: where the disk has it, it has all of the
/// task. A file whose end is not there says that something may be missing.
namespace app_store {

struct Task {
  /// One more than that of the task before.
  uint64_t number = 0;
  /// How often it was begun.
  uint64_t attempts = 1;
  kinode::PackageId package;
  /// What is to be installed; nothing: the package is to be removed.
  std::optional<std::string> version_hash;
};

/// Fails, with nothing changed, where it cannot be written.
std::expected<Task, std::string> begin_task(const kinode::PackageId& package, std::optional<std::string> version_hash);
/// Notes that it is begun once more.
std::expected<void, std::string> begin_again(Task& task);
void end_task(const Task& task);

/// The one that was begun and has not ended.
std::optional<Task> unfinished_task();

}  // namespace app_store
