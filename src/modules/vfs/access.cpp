#include "modules/vfs/access.h"

#include "base/check.h"
#include "codec/json.h"

namespace kinode::modules::vfs {
namespace {

enum class Need : uint8_t { read, write, either, own_package };

Need need_of(const Action& action) {
  switch (action.kind) {
    case Action::Kind::create_drive:
      return Need::own_package;
    case Action::Kind::open_file:
      return action.create ? Need::write : Need::either;
    case Action::Kind::close_file:
      return Need::either;
    case Action::Kind::read:
    case Action::Kind::read_to_end:
    case Action::Kind::read_exact:
    case Action::Kind::read_range:
    case Action::Kind::read_to_string:
    case Action::Kind::read_dir:
    case Action::Kind::seek:
    case Action::Kind::metadata:
    case Action::Kind::len:
    case Action::Kind::hash:
      return Need::read;
    case Action::Kind::create_dir:
    case Action::Kind::create_dir_all:
    case Action::Kind::create_file:
    case Action::Kind::write:
    case Action::Kind::write_all:
    case Action::Kind::append:
    case Action::Kind::sync_all:
    case Action::Kind::remove_file:
    case Action::Kind::remove_dir:
    case Action::Kind::remove_dir_all:
    case Action::Kind::rename:
    case Action::Kind::copy_file:
    case Action::Kind::set_len:
    case Action::Kind::add_zip:
      return Need::write;
  }
  return Need::own_package;
}

std::unexpected<VfsError> denied(VfsError::Kind kind, const Address& source, const VfsPath& path) {
  return std::unexpected(
      VfsError{kind, fmt::format("{} has no right to it on {}", source.text(), path.capability_drive()), 0, {}});
}

bool owns(const Address& source, const VfsPath& path) {
  return source.process().package() == path.package().package() &&
         source.process().publisher() == path.package().publisher();
}

}  // namespace

Result<Capability> drive_capability(const Address& vfs, Right right, const VfsPath& path) {
  nlohmann::ordered_json params;
  params["kind"] = right == Right::read ? "read" : "write";
  params["drive"] = path.capability_drive();
  return Capability::make(vfs, codec::to_text(params));
}

Capability root_capability(const Address& vfs) {
  Result<Capability> root = Capability::make(vfs, R"({"root":true})");
  KINODE_CHECK(root.has_value());
  return std::move(*root);
}

Access::Access(Address vfs, Holds holds)
    : vfs_(std::move(vfs)),
      kernel_("kernel", "distro", "sys"),
      root_(root_capability(vfs_)),
      holds_(std::move(holds)) {}

bool Access::is_kernel(const Address& source) const {
  return source.process() == kernel_ && source.node() == vfs_.node();
}

bool Access::holds(const Address& source, Right right, const VfsPath& path) const {
  Result<Capability> capability = drive_capability(vfs_, right, path);
  return capability && holds_(source.process(), *capability);
}

bool Access::holds_root(const Address& source) const { return holds_(source.process(), root_); }

VfsResult<void> Access::check(const Address& source, const Action& action, const VfsPath& path,
                              const std::optional<VfsPath>& to) const {
  if (is_kernel(source) || (owns(source, path) && (!to || owns(source, *to)))) {
    return {};
  }
  bool allowed = false;
  Need need = need_of(action);
  switch (need) {
    case Need::read:
      allowed = holds(source, Right::read, path);
      break;
    case Need::write:
      allowed = holds(source, Right::write, path) && (!to || to->same_drive(path) || holds(source, Right::write, *to));
      break;
    case Need::either:
      allowed = holds(source, Right::read, path) || holds(source, Right::write, path);
      break;
    case Need::own_package:
      break;
  }
  if (allowed || holds_root(source)) {
    return {};
  }
  return denied(need == Need::read ? VfsError::Kind::no_read_cap : VfsError::Kind::no_write_cap, source, path);
}

VfsResult<void> Access::check_root_listing(const Address& source) const {
  if (is_kernel(source) || holds_root(source)) {
    return {};
  }
  return std::unexpected(
      VfsError{VfsError::Kind::no_read_cap, fmt::format("{} has no right to list /", source.text()), 0, {}});
}

}  // namespace kinode::modules::vfs
