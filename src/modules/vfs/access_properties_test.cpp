// With random sets of capabilities, processes reach exactly what they hold: the rule is told here once more, slowly.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "codec/json.h"
#include "modules/vfs/access.h"
#include "modules/vfs/testing/temporary_home.h"

namespace kinode::modules::vfs {
namespace {

using testing::vfs_path;
using Kind = Action::Kind;

const std::vector<std::string> packages = {"chat:a.os", "files:a.os", "chat:b.os"};
const std::vector<std::string> drives = {"pkg", "tmp", "d\"quoted"};

struct Drive {
  std::string package;
  std::string name;
  friend auto operator<=>(const Drive&, const Drive&) = default;
  [[nodiscard]] VfsPath path() const { return vfs_path("/" + package + "/" + name + "/some/file"); }
};

Drive any_drive() { return {*rc::gen::elementOf(packages), *rc::gen::elementOf(drives)}; }

/// What one process holds.
struct Holdings {
  std::set<Drive> read;
  std::set<Drive> write;
  bool root = false;
};

bool only_reads(Kind kind) {
  static const std::set<Kind> kinds = {
      Kind::read,     Kind::read_to_end, Kind::read_exact, Kind::read_range, Kind::read_to_string,
      Kind::read_dir, Kind::seek,        Kind::metadata,   Kind::len,        Kind::hash};
  return kinds.contains(kind);
}

bool may(const std::string& own_package, const Holdings& holdings, const Action& action, const Drive& at,
         const std::optional<Drive>& to) {
  if (holdings.root || (at.package == own_package && (!to || to->package == own_package))) {
    return true;
  }
  if (action.kind == Kind::create_drive) {
    return false;
  }
  if (only_reads(action.kind)) {
    return holdings.read.contains(at);
  }
  if (action.kind == Kind::close_file || (action.kind == Kind::open_file && !action.create)) {
    return holdings.read.contains(at) || holdings.write.contains(at);
  }
  return holdings.write.contains(at) && (!to || holdings.write.contains(*to));
}

TEST(AccessProperty, PackagesReachExactlyWhatTheyHold) {
  EXPECT_TRUE(rc::check("every action on every drive", [] {
    const Address vfs = Address::parse("n.os@vfs:distro:sys").value();
    Holdings holdings;
    holdings.root = *rc::gen::weightedElement<bool>({{9, false}, {1, true}});
    for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
      (*rc::gen::arbitrary<bool>() ? holdings.read : holdings.write).insert(any_drive());
    }
    // As the kernel holds them: compared by the value of their JSON, whatever its text.
    std::vector<nlohmann::json> held;
    for (const auto& [kind, set] : {std::pair("read", &holdings.read), std::pair("write", &holdings.write)}) {
      for (const Drive& drive : *set) {
        held.emplace_back(nlohmann::json::object({{"drive", "/" + drive.package + "/" + drive.name}, {"kind", kind}}));
      }
    }
    if (holdings.root) {
      held.emplace_back(nlohmann::json::object({{"root", true}}));
    }
    const std::string own = *rc::gen::elementOf(packages);
    const Access access(vfs, [&](const ProcessId&, const Capability& capability) {
      return capability.issuer() == vfs && std::ranges::count(held, nlohmann::json::parse(capability.params())) > 0;
    });
    const auto kind = static_cast<Kind>(*rc::gen::inRange(0, static_cast<int>(Kind::add_zip) + 1));
    const Action action{.kind = kind, .create = *rc::gen::arbitrary<bool>()};
    const Drive at = any_drive();
    std::optional<Drive> to;
    if (kind == Kind::rename || kind == Kind::copy_file) {
      to = any_drive();
    }
    const Address source = Address::parse("n.os@worker:" + own).value();
    const bool allowed =
        access.check(source, action, at.path(), to ? std::optional(to->path()) : std::nullopt).has_value();
    RC_ASSERT(allowed == may(own, holdings, action, at, to));
  }));
}

}  // namespace
}  // namespace kinode::modules::vfs
