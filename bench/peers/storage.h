// What the node's storage is built on, alone: no process between, no message, no rights. The orders are those of
// bench/guests/driver. Whatever fails ends the program with why: a measurement that failed is none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace bench {

struct Order {
  std::string name;
  uint64_t count;
  uint64_t size;
};

/// As the driver's.
constexpr uint64_t step = 7919;

class Storage {
 public:
  virtual ~Storage() = default;
  /// Whether the order is one of this storage; then it is done.
  virtual bool carry_out(const Order& order) = 0;
};

/// Each works below the folder.
std::unique_ptr<Storage> disk(const std::filesystem::path& folder);
std::unique_ptr<Storage> rocksdb_alone(const std::filesystem::path& folder);
std::unique_ptr<Storage> sqlite_alone(const std::filesystem::path& folder);

}  // namespace bench
