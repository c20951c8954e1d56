#include "modules/sqlite/statement_memory.h"

#include <malloc.h>
#include <sqlite3.h>

#include <cstdlib>
#include <limits>
#include <mutex>

#include "base/check.h"

namespace kinode::modules::sqlite {
namespace {

constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

struct Budget {
  int64_t used = 0;
  int64_t most = unlimited;
  bool exceeded = false;

  /// Whether `bytes` more may be taken.
  bool allows(int64_t bytes) {
    if (most == unlimited || used + bytes <= most) {
      return true;
    }
    exceeded = true;
    return false;
  }
};

thread_local Budget budget;

int size_of(void* memory) { return memory == nullptr ? 0 : static_cast<int>(malloc_usable_size(memory)); }

void* allocate(int size) {
  if (!budget.allows(size)) {
    return nullptr;
  }
  void* memory = std::malloc(static_cast<size_t>(size));
  budget.used += size_of(memory);
  return memory;
}

void release(void* memory) {
  budget.used -= size_of(memory);
  std::free(memory);
}

void* reallocate(void* memory, int size) {
  const int before = size_of(memory);
  if (!budget.allows(int64_t{size} - before)) {
    return nullptr;
  }
  void* moved = std::realloc(memory, static_cast<size_t>(size));
  if (moved != nullptr) {
    budget.used += size_of(moved) - before;
  }
  return moved;
}

int round_up(int size) { return (size + 7) & ~7; }
int start(void* /*unused*/) { return SQLITE_OK; }
void stop(void* /*unused*/) {}

}  // namespace

StatementMemory::StatementMemory(size_t most) { budget = {.used = 0, .most = static_cast<int64_t>(most)}; }
StatementMemory::~StatementMemory() { budget = {}; }

bool StatementMemory::exceeded() const { return budget.exceeded; }

void StatementMemory::install() {
  static std::once_flag once;
  std::call_once(once, [] {
    static sqlite3_mem_methods methods = {.xMalloc = allocate,
                                          .xFree = release,
                                          .xRealloc = reallocate,
                                          .xSize = size_of,
                                          .xRoundup = round_up,
                                          .xInit = start,
                                          .xShutdown = stop,
                                          .pAppData = nullptr};
    KINODE_CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK, "SQLite was in use before");
    // Its statistics take a lock at each allocation.
    KINODE_CHECK(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK, "SQLite was in use before");
    KINODE_CHECK(sqlite3_initialize() == SQLITE_OK, "SQLite does not start");
  });
}

}  // namespace kinode::modules::sqlite
