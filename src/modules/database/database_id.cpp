#include "modules/database/database_id.h"

#include <algorithm>
#include <string_view>

namespace kinode::modules::database {
namespace {

Result<void> check_component(std::string_view what, std::string_view name) {
  if (name.empty() || name == "." || name == "..") {
    return fail("'{}' is no name for a {}", name, what);
  }
  if (name.size() > max_name_bytes) {
    return fail("the name of the {} has {} bytes, the most are {}", what, name.size(), max_name_bytes);
  }
  auto is_unsafe = [](char letter) {
    auto byte = static_cast<unsigned char>(letter);
    return letter == '/' || letter == '\\' || byte < 0x20 || byte == 0x7f;
  };
  if (std::ranges::any_of(name, is_unsafe)) {
    return fail("the name of a {} must have no slash, backslash or control character", what);
  }
  return {};
}

}  // namespace

Result<void> check_safe(const DatabaseId& database) {
  if (Result<void> package = check_component("package", database.package.text()); !package) {
    return package;
  }
  return check_component("database", database.name);
}

}  // namespace kinode::modules::database
