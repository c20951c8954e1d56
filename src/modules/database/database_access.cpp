#include "modules/database/database_access.h"

#include <utility>

#include "codec/json.h"

namespace kinode::modules::database {

Result<Capability> database_capability(const Address& module, Right right, const DatabaseId& database) {
  nlohmann::ordered_json params;
  params["kind"] = right == Right::read ? "read" : "write";
  params["db_key"] = nlohmann::ordered_json::array({codec::to_json(database.package), database.name});
  return Capability::make(module, codec::to_text(params));
}

DatabaseAccess::DatabaseAccess(Address module, Holds holds)
    : module_(std::move(module)), kernel_("kernel", "distro", "sys"), holds_(std::move(holds)) {}

bool DatabaseAccess::is_kernel(const Address& source) const {
  return source.process() == kernel_ && source.node() == module_.node();
}

DatabaseResult<void> DatabaseAccess::check(const Address& source, Right right, const DatabaseId& database) const {
  if (is_kernel(source)) {
    return {};
  }
  Result<Capability> capability = database_capability(module_, right, database);
  if (capability && holds_(source.process(), *capability)) {
    return {};
  }
  return right == Right::read ? errors::no_read_capability() : errors::no_write_capability();
}

DatabaseResult<void> DatabaseAccess::check_owner(const Address& source, const DatabaseId& database) const {
  if (is_kernel(source) || source.process().package_id() == database.package) {
    return {};
  }
  return errors::mismatching_package();
}

}  // namespace kinode::modules::database
