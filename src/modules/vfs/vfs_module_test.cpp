// The process behind its mailbox, in a kernel.
#include "modules/vfs/vfs_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/test_node.h"
#include "modules/vfs/testing/temporary_home.h"
#include "package/testing/raw_zip.h"

namespace kinode::modules::vfs {
namespace {

using kernel::testing::Puppet;
using kernel::testing::TestNode;
using ::testing::HasSubstr;
using testing::TemporaryHome;

class VfsModuleTest : public ::testing::Test {
 protected:
  explicit VfsModuleTest(ModuleSettings settings = {}) : vfs_(Vfs::open(home_.path()).value()) {
    node_.kernel.add_module(module_address_.process(), false, [&](kernel::ProcessContext& context) {
      auto module = std::make_unique<VfsModule>(context, *vfs_, pool_, settings);
      module_ = module.get();
      return module;
    });
    node_.run();
    alice_ = &add("alice:chat:a.os");
    bob_ = &add("bob:other:b.os");
  }

  Puppet& add(std::string_view id) {
    Puppet& puppet = node_.add_puppet(id);
    node_.connect(puppet.address(), module_address_);
    return puppet;
  }
  void grant(const Puppet& to, Right right, std::string_view path) {
    ASSERT_TRUE(node_.kernel.grant(to.address().process(),
                                   {drive_capability(module_address_, right, testing::vfs_path(path)).value()}));
  }
  static std::string body(std::string_view path, std::string_view action) {
    return fmt::format(R"({{"path":"{}","action":{}}})", path, action);
  }
  static std::optional<Blob> blob(std::string_view bytes) { return Blob{std::nullopt, Bytes::copy_of(bytes)}; }
  /// Runs until all that was sent is answered.
  void settle() {
    do {
      node_.run();
      module_->wait_idle();
    } while (node_.executor.ready() > 0);
  }
  void send(Puppet& from, std::string_view path, std::string_view action, std::optional<Blob> with = {}) {
    EXPECT_EQ(from.request(module_address_, body(path, action), 5, std::move(with)), kernel::SendStatus::sent);
  }
  /// What `from` got, oldest first; "-" for none, "timeout" for an error.
  std::string next(Puppet& from) {
    last_ = from.take();
    if (last_ == nullptr) {
      return "-";
    }
    return last_->kind == kernel::Envelope::Kind::response ? std::string(last_->response().body.text()) : "timeout";
  }
  std::string ask(Puppet& from, std::string_view path, std::string_view action, std::optional<Blob> with = {}) {
    send(from, path, action, std::move(with));
    settle();
    return next(from);
  }
  std::string last_blob() { return last_->blob ? std::string(last_->blob->bytes.text()) : "-"; }

  TemporaryHome home_;
  BlockingPool pool_{"test", 3};
  std::unique_ptr<Vfs> vfs_;
  TestNode node_;
  Address module_address_ = node_.local("vfs:distro:sys");
  VfsModule* module_ = nullptr;
  Puppet* alice_ = nullptr;
  Puppet* bob_ = nullptr;
  std::unique_ptr<kernel::Envelope> last_;
};

constexpr std::string_view ok = R"("Ok")";

TEST_F(VfsModuleTest, ServesAProcessItsDrive) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files", R"("CreateDrive")"), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/x", R"("Write")", blob("content")), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/x", R"("Read")"), R"("Read")");
  EXPECT_EQ(last_blob(), "content");
  EXPECT_EQ(last_->blob->mime, "application/octet-stream");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/x", R"({"Seek":{"End":-3}})"), R"({"SeekFrom":{"new_offset":4}})");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/x", R"("ReadToString")"), R"({"ReadToString":"ent"})");
  EXPECT_EQ(last_blob(), "-");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/x", R"({"Rename":{"new_path":"/chat:a.os/files/y"}})"), ok);
  EXPECT_EQ(ask(*alice_, "chat:a.os/files", R"("ReadDir")"),
            R"({"ReadDir":[{"path":"chat:a.os/files/y","file_type":"File"}]})");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/y", R"("Metadata")"), R"({"Metadata":{"file_type":"File","len":7}})");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/y", R"({"ReadExact":{"length":8}})"), R"({"Err":{"IOError":"early eof"}})");
}

TEST_F(VfsModuleTest, EveryActionIsCarriedOut) {
  std::string dir = "/chat:a.os/d";
  std::string file = dir + "/x";
  EXPECT_EQ(ask(*alice_, dir, R"("CreateDirAll")"), ok);
  EXPECT_EQ(ask(*alice_, dir + "/sub", R"("CreateDir")"), ok);
  EXPECT_EQ(ask(*alice_, dir + "/sub", R"("RemoveDir")"), ok);
  EXPECT_EQ(ask(*alice_, file, R"("CreateFile")"), ok);
  EXPECT_EQ(ask(*alice_, file, R"("WriteAll")", blob("abc")), ok);
  EXPECT_EQ(ask(*alice_, file, R"("Append")", blob("def")), ok);
  EXPECT_EQ(ask(*alice_, file, R"("SyncAll")"), ok);
  EXPECT_EQ(ask(*alice_, file, R"({"OpenFile":{"create":false}})"), ok);
  EXPECT_EQ(ask(*alice_, file, R"({"ReadExact":{"length":2}})"), R"("Read")");
  EXPECT_EQ(last_blob(), "ab");
  EXPECT_EQ(ask(*alice_, file, R"("ReadToEnd")"), R"("Read")");
  EXPECT_EQ(last_blob(), "cdef");
  EXPECT_EQ(ask(*alice_, file, R"({"SetLen":4})"), ok);
  EXPECT_EQ(ask(*alice_, file, R"("Len")"), R"({"Len":4})");
  EXPECT_THAT(ask(*alice_, file, R"("Hash")"), HasSubstr(R"({"Hash":[136,)"));
  EXPECT_EQ(ask(*alice_, file, R"({"CopyFile":{"new_path":"/chat:a.os/d/y"}})"), ok);
  EXPECT_EQ(ask(*alice_, file, R"("CloseFile")"), ok);
  EXPECT_EQ(ask(*alice_, file, R"("RemoveFile")"), ok);
  EXPECT_EQ(ask(*alice_, dir, R"("AddZip")", blob(package::testing::raw_zip({{"a/b", "1"}}).text())), ok);
  EXPECT_EQ(ask(*alice_, dir + "/a/b", R"("Read")"), R"("Read")");
  EXPECT_EQ(ask(*alice_, dir, R"("RemoveDirAll")"), ok);
}

TEST_F(VfsModuleTest, CreateDriveGrantsItsTwoCapabilities) {
  VfsPath drive = testing::vfs_path("/chat:a.os/files");
  Capability read = drive_capability(module_address_, Right::read, drive).value();
  Capability write = drive_capability(module_address_, Right::write, drive).value();
  EXPECT_EQ(read.params(), R"({"kind":"read","drive":"/chat:a.os/files"})");
  EXPECT_FALSE(node_.kernel.holds(alice_->address().process(), read));
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files/more/parts", R"("CreateDrive")"), ok);
  EXPECT_TRUE(node_.kernel.holds(alice_->address().process(), read));
  EXPECT_TRUE(node_.kernel.holds(alice_->address().process(), write));
  EXPECT_FALSE(std::filesystem::exists(home_.host("chat:a.os/files/more")));
  EXPECT_EQ(ask(*alice_, "/chat:a.os/files", R"("CreateDrive")"), ok) << "again";
  EXPECT_EQ(ask(*bob_, "/chat:a.os/files", R"("CreateDrive")"), R"({"Err":"NoWriteCap"})");
}

TEST_F(VfsModuleTest, OthersNeedCapabilities) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDirAll")"), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", R"("Write")", blob("1")), ok);
  EXPECT_EQ(ask(*bob_, "/chat:a.os/d/x", R"("Read")"), R"({"Err":"NoReadCap"})");
  EXPECT_EQ(ask(*bob_, "/other:b.os/d/../../chat:a.os/d/x", R"("Read")"), R"({"Err":"NoReadCap"})");
  grant(*bob_, Right::write, "/chat:a.os/d");
  EXPECT_EQ(ask(*bob_, "/chat:a.os/d/x", R"("Write")", blob("2")), ok);
  EXPECT_EQ(ask(*bob_, "/chat:a.os/d/x", R"("Read")"), R"({"Err":"NoReadCap"})");
  grant(*bob_, Right::read, "/chat:a.os/d");
  EXPECT_EQ(ask(*bob_, "/chat:a.os/d/x", R"("Read")"), R"("Read")");
  EXPECT_EQ(last_blob(), "2");
}

TEST_F(VfsModuleTest, TheRootIsForRoot) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  EXPECT_EQ(ask(*bob_, "/", R"("ReadDir")"), R"({"Err":"NoReadCap"})");
  ASSERT_TRUE(node_.kernel.grant(bob_->address().process(), {root_capability(module_address_)}));
  EXPECT_EQ(ask(*bob_, "/", R"("ReadDir")"), R"({"ReadDir":[{"path":"chat:a.os","file_type":"Directory"}]})");
  EXPECT_EQ(ask(*bob_, "/chat:a.os", R"("ReadDir")"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(ask(*bob_, "/", R"("RemoveDirAll")"), R"({"Err":"MalformedRequest"})");
}

TEST_F(VfsModuleTest, TwoProcessesShareOneCursor) {
  Puppet& sibling = add("sibling:chat:a.os");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", R"("Write")", blob("0123456789")), ok);
  ask(*alice_, "/chat:a.os/d/x", R"({"ReadExact":{"length":3}})");
  ask(sibling, "/chat:a.os/d/x", R"({"ReadExact":{"length":3}})");
  EXPECT_EQ(last_blob(), "345");
}

TEST_F(VfsModuleTest, MalformedRequestsAreAnswered) {
  for (const char* text : {"", "not json", "{}", R"({"path":"/a:b/c","action":"Fly"})"}) {
    alice_->request(module_address_, text, 5);
    settle();
    EXPECT_EQ(next(*alice_), R"({"Err":"MalformedRequest"})") << text;
  }
  EXPECT_EQ(ask(*alice_, "/../x", R"("Read")"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", R"({"Rename":{"new_path":"/x"}})"), R"({"Err":"MalformedRequest"})");
  for (const char* action : {R"("Write")", R"("WriteAll")", R"("Append")", R"("AddZip")"}) {
    EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", action), R"({"Err":"NoBlob"})") << action;
  }
}

TEST_F(VfsModuleTest, MetadataIsEchoedOnSuccessAlone) {
  alice_->request(module_address_, body("/chat:a.os/d", R"("CreateDrive")"), 5, {}, "tag");
  alice_->request(module_address_, body("/chat:a.os/d/x", R"("Read")"), 5, {}, "tag");
  settle();
  EXPECT_EQ(next(*alice_), ok);
  EXPECT_EQ(last_->response().metadata, "tag");
  EXPECT_THAT(next(*alice_), HasSubstr("IOError"));
  EXPECT_EQ(last_->response().metadata, std::nullopt);
}

TEST_F(VfsModuleTest, NothingIsAnsweredWhereNobodyWaits) {
  alice_->request(module_address_, body("/chat:a.os/d", R"("CreateDrive")"));
  alice_->request(module_address_, body("/chat:a.os/d/none", R"("Read")"));
  settle();
  EXPECT_EQ(alice_->received(), 0U);
  EXPECT_TRUE(std::filesystem::exists(home_.host("chat:a.os/d")));
}

TEST_F(VfsModuleTest, V7_TheRootListingIsNotAnsweredWhereNobodyWaits) {
  ASSERT_TRUE(node_.kernel.grant(bob_->address().process(), {root_capability(module_address_)}));
  bob_->request(module_address_, body("/", R"("ReadDir")"));
  settle();
  EXPECT_EQ(bob_->received(), 0U);
}

TEST_F(VfsModuleTest, G1_RequestsOfOneProcessKeepTheirOrder) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 8; ++i) {
      alice_->request(module_address_, body("/chat:a.os/d/x", R"("Write")"), {}, blob(std::to_string(i)));
      alice_->request(module_address_, body("/chat:a.os/d/x", R"("Append")"), {}, blob("!"));
      alice_->request(module_address_, body("/chat:a.os/d/x", R"("CloseFile")"));
    }
    EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", R"("Read")"), R"("Read")");
    EXPECT_EQ(last_blob(), "7!");
  }
}

TEST_F(VfsModuleTest, S7_ALinkOutOfTmpIsAnIoError) {
  std::ofstream(home_.path() + "/secret") << "secret";
  ASSERT_TRUE(vfs_->host_tmp_dir(PackageId("chat", "a.os")));
  std::filesystem::create_symlink("../../../secret", home_.host("chat:a.os/tmp/link"));
  EXPECT_EQ(ask(*alice_, "/chat:a.os/tmp/link", R"("Read")"),
            R"json({"Err":{"IOError":"a link on the path leads out of its drive (os error 18)"}})json");
  EXPECT_THAT(ask(*alice_, "/chat:a.os/tmp/link", R"("Write")", blob("evil")), HasSubstr("IOError"));
}

TEST_F(VfsModuleTest, FdManagerSetsTheLimitAndNobodyElse) {
  Puppet& manager = add("fd-manager:distro:sys");
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(ask(*alice_, fmt::format("/chat:a.os/d/{}", name), R"("CreateFile")"), ok);
  }
  alice_->request(module_address_, R"({"FdsLimit":1})", 5);
  settle();
  EXPECT_EQ(next(*alice_), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(vfs_->drives().handles().open_files(), 3U);
  manager.request(module_address_, R"({"FdsLimit":1})");
  settle();
  EXPECT_EQ(vfs_->drives().handles().open_files(), 1U);
}

TEST_F(VfsModuleTest, ARangeIsReadWithoutAHandle) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", R"("Write")", blob("0123456789")), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d/x", R"({"ReadRange":{"offset":7,"length":5}})"), R"("Read")");
  EXPECT_EQ(last_blob(), "789");
  EXPECT_EQ(vfs_->drives().handles().open_files(), 0U);
  EXPECT_EQ(ask(*bob_, "/chat:a.os/d/x", R"({"ReadRange":{"offset":0,"length":1}})"), R"({"Err":"NoReadCap"})");
}

TEST_F(VfsModuleTest, WhileASnapshotHoldsTheDrivesRequestsWaitInTheMailbox) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  ASSERT_TRUE(vfs_->drives().gate().hold(std::chrono::milliseconds(10'000)));
  send(*alice_, "/chat:a.os/d/x", R"("Write")", blob("1"));
  settle();
  EXPECT_EQ(next(*alice_), "-");
  vfs_->drives().gate().release();
  settle();
  EXPECT_EQ(next(*alice_), ok);
  EXPECT_EQ(home_.content("chat:a.os/d/x"), "1");
}

class BusyVfsModuleTest : public VfsModuleTest {
 protected:
  BusyVfsModuleTest() : VfsModuleTest({.calls_waiting = 2}) {}
};

TEST_F(BusyVfsModuleTest, TakesNoMoreThanItMayAndAnswersAll) {
  for (int i = 0; i < 50; ++i) {
    send(i % 2 == 0 ? *alice_ : *bob_, i % 2 == 0 ? "/chat:a.os/d" : "/other:b.os/d", R"("CreateDrive")");
  }
  settle();
  EXPECT_EQ(alice_->received() + bob_->received(), 50U);
}

class LargeWriteTest : public VfsModuleTest {
 protected:
  LargeWriteTest() : VfsModuleTest({.bytes_waiting = 1'000}) {}
};

TEST_F(LargeWriteTest, OneThatIsUnderWayHoldsUpNobodyElse) {
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d", R"("CreateDrive")"), ok);
  EXPECT_EQ(ask(*alice_, "/chat:a.os/d/large", R"("CreateFile")"), ok);
  EXPECT_EQ(ask(*bob_, "/other:b.os/d", R"("CreateDrive")"), ok);
  {
    // It waits for its file, as for a slow disk.
    const std::shared_ptr<Handle> file = vfs_->drives().handles().find("chat:a.os/d/large");
    std::lock_guard busy(file->mutex);
    send(*alice_, "/chat:a.os/d/large", R"("Append")", blob(std::string(1'000'000, 'x')));
    for (int i = 0; i < 20; ++i) {
      send(*bob_, "/other:b.os/d/small", R"("Write")", blob("x"));
    }
    while (bob_->received() < 20) {
      node_.run();
    }
    EXPECT_EQ(alice_->received(), 0U);
  }
  settle();
  EXPECT_EQ(next(*alice_), ok);
}

}  // namespace
}  // namespace kinode::modules::vfs
