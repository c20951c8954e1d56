#include "node/shipped.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "package/archive.h"
#include "package/hash.h"

namespace kinode::node {
namespace {

using kernel::testing::MemoryJournal;
using kernel::testing::NativeFactory;
using kernel::testing::TestNode;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr std::string_view main_entry = R"({"process_name":"main","process_wasm_path":"/main.wasm","on_exit":"Restart",
    "request_networking":true,"request_capabilities":["vfs:distro:sys"],"grant_capabilities":["other:p:q"],"public":false})";

/// A package p:q of one version: the manifest, and one file more for each that differs.
package::PackageSource make_package(const std::string& manifest, const std::string& version) {
  package::ArchiveWriter writer;
  EXPECT_TRUE(writer.add_file("manifest.json", Bytes::copy_of("[" + manifest + "]")));
  EXPECT_TRUE(writer.add_file("main.wasm", Bytes::copy_of("code")));
  EXPECT_TRUE(writer.add_file("version.txt", Bytes::copy_of(version)));
  Result<package::PackageSource> made =
      package::make_package(R"({"properties":{"package_name":"p","publisher":"q","current_version":")" + version +
                                R"(","mirrors":[],"code_hashes":{},"wit_version":1}})",
                            *writer.finish());
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return *made;
}
package::PackageSource version(const std::string& text) { return make_package(std::string(main_entry), text); }

/// A node that is booted again and again, on the same disk.
struct ShippedPackagesTest : ::testing::Test {
  void SetUp() override {
    vfs = *modules::vfs::Vfs::open(home.path());
    start_node();
  }

  /// The life of the node that follows what the last one left.
  void start_node() {
    TestNode::Options options;
    if (node) {
      options.content = node->journal.content();
    }
    node.reset();
    node = std::make_unique<TestNode>(std::move(options));
    node->journal.flush_always();
    node->factory.add("code", kernel::testing::native([](kernel::ProcessContext&) { return kernel::Process::Poll{}; }));
    said.clear();
  }
  void boot(std::vector<package::PackageSource> packages) {
    start_node();
    ShippedPackages shipped(node->journal, *vfs, [this](const std::string& line) { said.push_back(line); });
    shipped.unpack(std::move(packages));
    load();
    shipped.install(node->kernel);
    node->kernel.run_all();
    node->run();
  }
  void load() {
    Result<void> loaded = node->kernel.load([this](const std::string& handle) -> Result<kernel::Program> {
      Result<Bytes> wasm = vfs->read(handle);
      return wasm ? Result<kernel::Program>({*wasm, handle, std::nullopt}) : std::unexpected(wasm.error());
    });
    EXPECT_TRUE(loaded.has_value());
  }

  std::string file(const std::string& name) {
    Result<Bytes> content = vfs->read("/p:q/pkg/" + name);
    return content ? std::string(content->text()) : "(none)";
  }
  std::string recorded() { return std::string((*node->journal.read("shipped/p:q"))->text()); }
  static std::string hash(const package::PackageSource& source) { return package::sha256_hex(source.zip.span()); }
  Capability capability(const std::string& issuer, const std::string& params) {
    return *Capability::make(node->local(issuer), params);
  }
  std::vector<Capability> held() { return node->kernel.capabilities(main); }

  kernel::testing::TempFolder home;
  std::unique_ptr<modules::vfs::Vfs> vfs;
  std::unique_ptr<TestNode> node;
  std::vector<std::string> said;
  const PackageId id{"p", "q"};
  const ProcessId main{"main", "p", "q"};
};

TEST_F(ShippedPackagesTest, TheFirstBootUnpacksAndMakesTheProcesses) {
  boot({version("1")});
  EXPECT_EQ(file("version.txt"), "1");
  EXPECT_NE(file("p:q.zip"), "(none)");
  EXPECT_EQ(recorded(), hash(version("1")));
  ASSERT_TRUE(node->kernel.exists(main));
  EXPECT_THAT(held(), IsSupersetOf({capability("vfs:distro:sys", R"("messaging")"),
                                    capability("kernel:distro:sys", R"("network")"),
                                    capability("vfs:distro:sys", R"({"kind":"read","drive":"/p:q/pkg"})"),
                                    capability("vfs:distro:sys", R"({"kind":"write","drive":"/p:q/pkg"})"),
                                    capability("main:p:q", R"("messaging")")}));
  EXPECT_EQ(node->kernel.process(main)->wasm_bytes_handle, "/p:q/pkg/main.wasm");
  EXPECT_EQ(node->kernel.process(main)->wit_version, 1U);
  EXPECT_EQ(node->kernel.process(main)->on_exit, OnExit::restart());
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(ShippedPackagesTest, AGrantToAProcessThatComesLaterIsKept) {
  boot({version("1")});
  ProcessId other("other", "p", "q");
  ASSERT_TRUE(node->kernel.initialize({.id = other, .program = NativeFactory::program("code"), .on_exit = {}}));
  EXPECT_TRUE(node->kernel.holds(other, capability("main:p:q", R"("messaging")")));
}

TEST_F(ShippedPackagesTest, L16_TheSameVersionIsNotBroughtInAgain) {
  boot({version("1")});
  Capability dropped = capability("vfs:distro:sys", R"("messaging")");
  node->kernel.drop(main, {dropped});
  ASSERT_TRUE(vfs->write("/p:q/pkg/version.txt", Bytes::copy_of("mine").span()).has_value());
  boot({version("1")});
  EXPECT_THAT(held(), AllOf(Not(Contains(dropped)), Contains(capability("kernel:distro:sys", R"("network")"))));
  EXPECT_EQ(file("version.txt"), "mine");
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(ShippedPackagesTest, AProcessThatDoesNotLastIsMadeAtEachBoot) {
  std::string entry(main_entry);
  entry.replace(entry.find("Restart"), 7, "None");
  for (int i = 0; i < 3; ++i) {
    boot({make_package(entry, "1")});
    EXPECT_TRUE(node->kernel.exists(main)) << i;
  }
}

TEST_F(ShippedPackagesTest, ANewerVersionReplacesFilesAndAddsRights) {
  boot({version("1")});
  std::string entry(main_entry);
  entry.replace(entry.find("vfs:distro:sys"), 14, "eth:distro:sys");
  entry.replace(entry.find("\"public\":false"), 14, "\"public\":true");
  boot({make_package(entry, "2")});
  EXPECT_EQ(file("version.txt"), "2");
  EXPECT_THAT(held(), IsSupersetOf({capability("vfs:distro:sys", R"("messaging")"),
                                    capability("eth:distro:sys", R"("messaging")")}));
  EXPECT_TRUE(node->kernel.process(main)->is_public);
  EXPECT_THAT(said, IsEmpty());
  boot({make_package(entry, "2")});
  EXPECT_TRUE(node->kernel.process(main)->is_public) << "it is kept";
}

TEST_F(ShippedPackagesTest, L16_AVersionThatTheUserInstalledStays) {
  boot({version("1")});
  ASSERT_TRUE(vfs->install_package(id, version("mine").zip).has_value());
  boot({version("1")});
  EXPECT_EQ(file("version.txt"), "mine");
  EXPECT_THAT(said, IsEmpty()) << "nothing new is withheld";
  boot({version("2")});
  EXPECT_EQ(file("version.txt"), "mine");
  EXPECT_THAT(said, ElementsAre("p:q: the version you installed stays"));
  EXPECT_TRUE(node->kernel.exists(main)) << "as the journal has it";
}

TEST_F(ShippedPackagesTest, AVersionThatTheUserHadBeforeItWasShippedIsTakenOver) {
  boot({version("1")});
  ASSERT_TRUE(vfs->install_package(id, version("2").zip).has_value());
  boot({version("2")});
  EXPECT_EQ(recorded(), hash(version("2")));
  boot({version("3")});
  EXPECT_EQ(file("version.txt"), "3");
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(ShippedPackagesTest, WhatWasUninstalledStaysAwayUntilAnotherVersionIsShipped) {
  boot({version("1")});
  node->kernel.kill(main, true);
  ASSERT_TRUE(vfs->remove_tree("/p:q/pkg").has_value());
  boot({version("1")});
  EXPECT_FALSE(node->kernel.exists(main));
  EXPECT_EQ(file("version.txt"), "(none)");
  boot({version("2")});
  EXPECT_TRUE(node->kernel.exists(main));
  EXPECT_EQ(file("version.txt"), "2");
}

TEST_F(ShippedPackagesTest, ACrashInTheMiddleOfUnpackingIsMended) {
  boot({version("1")});
  kernel::Batch batch;  // what is on disk when unpacking begins
  batch.put("shipped/p:q", Bytes::from("unpacking " + hash(version("2"))));
  ASSERT_TRUE(node->journal.write(batch).has_value());
  ASSERT_TRUE(vfs->write("/p:q/pkg/main.wasm", Bytes::copy_of("ha").span()).has_value());
  ASSERT_TRUE(vfs->write("/p:q/pkg/p:q.zip", version("2").zip.span()).has_value());
  boot({version("2")});
  EXPECT_EQ(file("main.wasm"), "code");
  EXPECT_EQ(file("version.txt"), "2");
  EXPECT_EQ(recorded(), hash(version("2")));
}

TEST_F(ShippedPackagesTest, ACrashBeforeTheProcessesAreKeptIsMended) {
  boot({version("1")});
  std::string entry(main_entry);
  entry.replace(entry.find("vfs:distro:sys"), 14, "eth:distro:sys");
  start_node();
  {
    ShippedPackages shipped(node->journal, *vfs, [](const std::string&) {});
    shipped.unpack({make_package(entry, "2")});
    EXPECT_EQ(file("version.txt"), "2");
  }
  boot({make_package(entry, "2")});
  EXPECT_THAT(held(), Contains(capability("eth:distro:sys", R"("messaging")")));
}

TEST_F(ShippedPackagesTest, NoCrashKeepsTheRecordWithoutTheProcesses) {
  node = std::make_unique<TestNode>();  // nothing is on disk before it is flushed
  node->factory.add("code", kernel::testing::native([](kernel::ProcessContext&) { return kernel::Process::Poll{}; }));
  ShippedPackages shipped(node->journal, *vfs, [](const std::string&) {});
  {
    std::jthread disk([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        node->journal.flush();
        std::this_thread::yield();
      }
    });
    shipped.unpack({version("1")});
  }
  load();
  shipped.install(node->kernel);
  int with_record = 0;
  for (uint64_t kept = node->journal.durable(); kept <= node->journal.written(); ++kept) {
    MemoryJournal::Content left = node->journal.after_crash(kept)->content();
    if (left.at("shipped/p:q").text() == hash(version("1"))) {
      ++with_record;
      EXPECT_TRUE(left.contains("process/main:p:q")) << kept;
    }
  }
  EXPECT_EQ(with_record, 1) << "it is the last of the writes";
}

TEST_F(ShippedPackagesTest, S16_WhatIsWrongWithOneProcessDoesNotHoldUpOthers) {
  std::string unsafe(main_entry);
  unsafe.replace(unsafe.find("\"main\""), 6, "\"Bad Name\"");
  std::string missing(main_entry);
  missing.replace(missing.find("\"main\""), 6, "\"second\"");
  missing.replace(missing.find("/main.wasm"), 10, "/gone.wasm");
  boot({make_package(unsafe + "," + missing + "," + std::string(main_entry), "1")});
  EXPECT_TRUE(node->kernel.exists(main));
  EXPECT_THAT(said, ElementsAre(AllOf(HasSubstr("p:q: Bad Name is not started: "), HasSubstr("a-z")),
                                AllOf(HasSubstr("p:q: second is not started: "), HasSubstr("gone.wasm"))));
}

TEST_F(ShippedPackagesTest, WhereTheDiskTakesNothingThePackageStaysAsItWas) {
  boot({version("1")});
  start_node();
  node->journal.fail({"the disk is full"});
  ShippedPackages shipped(node->journal, *vfs, [this](const std::string& line) { said.push_back(line); });
  shipped.unpack({version("2")});
  EXPECT_THAT(said, ElementsAre("p:q is not brought up to date: the disk is full"));
  EXPECT_EQ(file("version.txt"), "1");
}

TEST_F(ShippedPackagesTest, WhatIsNotShippedAnyMoreStays) {
  boot({version("1")});
  boot({});
  EXPECT_TRUE(node->kernel.exists(main));
  EXPECT_EQ(file("version.txt"), "1");
}

}  // namespace
}  // namespace kinode::node
