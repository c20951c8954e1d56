#include "modules/vfs/access.h"

#include <gtest/gtest.h>

#include <unordered_set>

#include "modules/vfs/testing/temporary_home.h"

namespace kinode::modules::vfs {
namespace {

using testing::vfs_path;

class AccessTest : public ::testing::Test {
 protected:
  AccessTest()
      : vfs_(Address::parse("n.os@vfs:distro:sys").value()),
        access_(vfs_, [this](const ProcessId&, const Capability& capability) { return held_.contains(capability); }) {}

  void hold(Right right, std::string_view path) { held_.insert(drive_capability(vfs_, right, vfs_path(path)).value()); }

  /// The error's name, "" where it is allowed.
  std::string judge(std::string_view source, Action::Kind kind, std::string_view path, std::string_view to = "",
                    bool create = false) {
    Action action{.kind = kind, .create = create};
    std::optional<VfsPath> other = to.empty() ? std::nullopt : std::optional(vfs_path(to));
    auto allowed = access_.check(Address::parse(source).value(), action, vfs_path(path), other);
    return allowed ? "" : std::string(name_of(allowed.error().kind));
  }

  Address vfs_;
  std::unordered_set<Capability> held_;
  Access access_;
};

constexpr std::string_view own = "n.os@x:a:b";
constexpr std::string_view foreign = "n.os@x:c:d";

TEST_F(AccessTest, OwnPackageIsFree) {
  for (Action::Kind kind : {Action::Kind::read, Action::Kind::write, Action::Kind::create_drive}) {
    EXPECT_EQ(judge(own, kind, "/a:b/d/x"), "");
  }
  EXPECT_EQ(judge(own, Action::Kind::rename, "/a:b/d/x", "/a:b/e/x"), "");
}

TEST_F(AccessTest, TheKernelIsFree) {
  EXPECT_EQ(judge("n.os@kernel:distro:sys", Action::Kind::write, "/a:b/d/x"), "");
  EXPECT_EQ(judge("n.os@kernel:c:d", Action::Kind::write, "/a:b/d/x"), "NoWriteCap");
}

TEST_F(AccessTest, OthersNeedTheRight) {
  EXPECT_EQ(judge(foreign, Action::Kind::read, "/a:b/d/x"), "NoReadCap");
  EXPECT_EQ(judge(foreign, Action::Kind::write, "/a:b/d/x"), "NoWriteCap");
  hold(Right::write, "/a:b/d");
  EXPECT_EQ(judge(foreign, Action::Kind::write, "/a:b/d/x"), "");
  EXPECT_EQ(judge(foreign, Action::Kind::write, "/a:b/other/x"), "NoWriteCap");
  EXPECT_EQ(judge(foreign, Action::Kind::read, "/a:b/d/x"), "NoReadCap") << "to write is not to read";
  hold(Right::read, "/a:b/d");
  EXPECT_EQ(judge(foreign, Action::Kind::read, "/a:b/d/x"), "");
  EXPECT_EQ(judge(foreign, Action::Kind::create_drive, "/a:b/d"), "NoWriteCap");
}

TEST_F(AccessTest, V8_WhoMayReadMayOpenAndClose) {
  EXPECT_EQ(judge(foreign, Action::Kind::close_file, "/a:b/d/x"), "NoWriteCap");
  hold(Right::read, "/a:b/d");
  EXPECT_EQ(judge(foreign, Action::Kind::open_file, "/a:b/d/x"), "");
  EXPECT_EQ(judge(foreign, Action::Kind::close_file, "/a:b/d/x"), "");
  EXPECT_EQ(judge(foreign, Action::Kind::open_file, "/a:b/d/x", "", true), "NoWriteCap");
}

TEST_F(AccessTest, RootReplacesEveryRight) {
  held_.insert(root_capability(vfs_));
  for (Action::Kind kind : {Action::Kind::read, Action::Kind::write, Action::Kind::create_drive}) {
    EXPECT_EQ(judge(foreign, kind, "/a:b/d/x"), "");
  }
  EXPECT_EQ(judge(foreign, Action::Kind::copy_file, "/a:b/d/x", "/e:f/g/x"), "");
  EXPECT_TRUE(access_.check_root_listing(Address::parse(foreign).value()));
}

TEST_F(AccessTest, OnlyRootListsTheRoot) {
  EXPECT_FALSE(access_.check_root_listing(Address::parse(own).value()));
  EXPECT_TRUE(access_.check_root_listing(Address::parse("n.os@kernel:distro:sys").value()));
}

TEST_F(AccessTest, RenameNeedsToWriteBothDrives) {
  EXPECT_EQ(judge(own, Action::Kind::rename, "/a:b/d/x", "/e:f/g/x"), "NoWriteCap");
  hold(Right::write, "/e:f/g");
  EXPECT_EQ(judge(own, Action::Kind::rename, "/a:b/d/x", "/e:f/g/x"), "NoWriteCap") << "its own drive too";
  hold(Right::write, "/a:b/d");
  EXPECT_EQ(judge(own, Action::Kind::rename, "/a:b/d/x", "/e:f/g/x"), "");
  EXPECT_EQ(judge(foreign, Action::Kind::copy_file, "/a:b/d/x", "/a:b/d/y"), "");
}

TEST_F(AccessTest, S16_ADrivesNameCannotChangeItsCapability) {
  std::string quoted = R"(/a:b/d","kind":"write","x":")";
  hold(Right::read, quoted);
  EXPECT_EQ(judge(foreign, Action::Kind::read, quoted), "");
  EXPECT_EQ(judge(foreign, Action::Kind::write, quoted), "NoWriteCap");
  EXPECT_EQ(judge(foreign, Action::Kind::read, R"(/a:b/other")"), "NoReadCap");
  EXPECT_EQ(judge(foreign, Action::Kind::write, "/a:b/d"), "NoWriteCap");
}

}  // namespace
}  // namespace kinode::modules::vfs
