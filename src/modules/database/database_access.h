// Who may do what with a database (modules.md 3).
//
//   Open, RemoveDb              a process of the package that owns it
//   what reads, what writes     who holds the database's read, write capability, which Open gives; no other right
//                               comes with being of the package
//   the kernel                  all of it
//
// Any thread.
#pragma once

#include <functional>

#include "modules/database/database_error.h"
#include "types/capability.h"

namespace kinode::modules::database {

enum class Right : uint8_t { read, write };

/// {"kind":"read","db_key":[PKG,"name"]}, issued by `module`. Built as JSON, so no name can change its meaning.
Result<Capability> database_capability(const Address& module, Right right, const DatabaseId& database);

class DatabaseAccess {
 public:
  using Holds = std::function<bool(const ProcessId& holder, const Capability& capability)>;
  /// `module` is the issuer.
  DatabaseAccess(Address module, Holds holds);

  /// Nothing, or NoReadCap or NoWriteCap.
  [[nodiscard]] DatabaseResult<void> check(const Address& source, Right right, const DatabaseId& database) const;
  /// Nothing, or MismatchingPackageId.
  [[nodiscard]] DatabaseResult<void> check_owner(const Address& source, const DatabaseId& database) const;

 private:
  [[nodiscard]] bool is_kernel(const Address& source) const;

  Address module_;
  ProcessId kernel_;
  Holds holds_;
};

}  // namespace kinode::modules::database
