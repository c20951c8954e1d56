// Which database: the package that owns it, and its name there. Both become names of folders, so a name is
// one component of a path and nothing else (defect S4 of the reference: `..` and absolute names).
#pragma once

#include <compare>
#include <string>

#include "base/result.h"
#include "types/address.h"

namespace kinode::modules::database {

struct DatabaseId {
  PackageId package;
  std::string name;

  /// `package:publisher/name`, for a person.
  [[nodiscard]] std::string text() const { return package.text() + "/" + name; }
  friend auto operator<=>(const DatabaseId&, const DatabaseId&) = default;
};

/// Of a name, and of `package:publisher`, in bytes: what file systems take.
inline constexpr size_t max_name_bytes = 255;

/// Fails, with the reason, where one of the names could lead out of its folder, or is one that file systems do not
/// take: empty, longer than `max_name_bytes`, `.` or `..`, or with a slash, a backslash or a control character in it.
Result<void> check_safe(const DatabaseId& database);

}  // namespace kinode::modules::database
