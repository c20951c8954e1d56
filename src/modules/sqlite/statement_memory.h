// How much heap one statement takes. SQLite's own limit is one for the whole program, so one package's sorting would
// fail another's statements; this one counts what is allocated on a thread between two points of time, and a statement
// runs on one thread from its first step to its last.
//
// What was allocated before and is freed meanwhile counts as gained.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kinode::modules::sqlite {

class StatementMemory {
 public:
  /// From here to the destructor SQLite's allocations on this thread fail where they would make it take more than
  /// `most` bytes. One at a time on a thread.
  explicit StatementMemory(size_t most);
  ~StatementMemory();
  StatementMemory(const StatementMemory&) = delete;
  StatementMemory& operator=(const StatementMemory&) = delete;

  /// Whether one was refused.
  [[nodiscard]] bool exceeded() const;

  /// Has SQLite allocate so. Before anything else is asked of SQLite; later calls do nothing.
  static void install();
};

}  // namespace kinode::modules::sqlite
