// Packages that come with a node or by --bootstrap. Pkg_P, Cap_C: packages-and-kit.md 7.3; L16, S16, V10: defects of
// the first client that are repaired here.

#include <random>
#include <thread>

#include "packages_suite.h"

namespace kinode::conformance {
namespace {

class Packages : public ::testing::Test {
 protected:
  /// A node that is shipped these.
  static NodeProcess boot(std::vector<std::string> bootstrap) {
    bootstrap.insert(bootstrap.begin(), built_package("test-kit"));
    return NodeProcess({.bootstrap = std::move(bootstrap)});
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  /// A package folder of the actor, in a version.
  [[nodiscard]] std::string write(const std::string& version, Json entry = Json::object()) const {
    PackageFolder package{.folder = folder_.path() / version,
                          .manifest = Json::array({manifest_entry("main", "/actor.wasm", std::move(entry))}),
                          .files = files_of(version)};
    return package.write();
  }
  /// The folder of a package with this manifest and a component for it.
  [[nodiscard]] std::string write_with(const std::string& name, const Json& manifest) const {
    PackageFolder package{.folder = folder_.path() / name,
                          .package = name,
                          .manifest = manifest,
                          .files = {{"actor.wasm", component("actor")}}};
    return package.write();
  }

 private:
  TempFolder folder_;
};

std::string version_of(const NodeProcess& node) { return read_file(pkg_of(node, made) / "version"); }

void ship(NodeProcess& node, const std::string& package) {
  node.options().bootstrap = {built_package("test-kit"), package};
  node.restart();
}

// ---- forms -----------------------------------------------------------------------------------------

TEST_F(Packages, Pkg_P1_AFolderAZipABundleAndAFolderOfPackagesAreStarted) {
  const std::string bytes = version_zip("one");
  const Json metadata_json = metadata("made", "test.os");
  write_file(path("alone/made.zip"), bytes);
  write_file(path("alone/metadata.json"), metadata_json.dump());
  write_file(path("named/made.zip"), bytes);
  write_file(path("named/made.metadata.json"), metadata_json.dump());
  write_file(path("bundle.zip"),
             zip({{"file_to_metadata.json", Json({{"some.zip", metadata_json}}).dump()}, {"some.zip", bytes}}));
  (void)write("many/one");
  for (const std::string& form :
       {write("one"), path("alone/made.zip"), path("named/made.zip"), path("bundle.zip"), path("many")}) {
    const NodeProcess node = boot({form});
    EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process)) << form;
    EXPECT_TRUE(std::filesystem::exists(pkg_of(node, made) / (made + ".zip"))) << form;
    EXPECT_EQ(Store(node).installed().count(made), 1) << form;
  }
}

TEST_F(Packages, OfTwoOfOneNameTheLastCounts) {
  const NodeProcess node = boot({write("one"), write("two")});
  EXPECT_EQ(version_of(node), "two");
}

TEST_F(Packages, TheAppStoreAndTheTerminalComeWithTheNode) {
  const NodeProcess node = boot({});
  EXPECT_TRUE(node.has_process(store_id));
  EXPECT_TRUE(node.has_process("terminal:terminal:sys"));
  const auto installed = Store(node).installed();
  EXPECT_TRUE(installed.contains("app-store:sys") && installed.contains("terminal:sys"));
}

TEST_F(Packages, Pkg_P3_P4_PathsWithAndWithoutASlashAndOneComponentForMany) {
  const NodeProcess node = boot(
      {write_with("made", Json::array({manifest_entry("with", "/actor.wasm"), manifest_entry("without", "actor.wasm"),
                                       manifest_entry("two-slashes", "//actor.wasm")}))});
  for (const std::string process : {"with:made:test.os", "without:made:test.os", "two-slashes:made:test.os"}) {
    EXPECT_EQ(node.step(process, "our")["our"], node.address(process));
  }
}

TEST_F(Packages, AManifestGivesWhatItSays) {
  const Json requested = Json::array(
      {"http-server:distro:sys", Json{{"process", "vfs:distro:sys"}, {"params", {{"root", true}}}}, "to-come:at:all"});
  const Json granted =
      Json::array({"http-server:distro:sys", Json{{"process", "plain:test-kit:test.os"}, {"params", "Special"}}});
  const NodeProcess node = boot({write("one", {{"request_capabilities", requested},
                                               {"grant_capabilities", granted},
                                               {"request_networking", true},
                                               {"public", false},
                                               {"on_exit", "Restart"},
                                               {"unknown field", 1}})});
  EXPECT_TRUE(node.holds(made_process, vfs_id, R"({"root":true})"));
  EXPECT_TRUE(node.holds(made_process, "to-come:at:all", messaging));
  EXPECT_TRUE(node.holds(made_process, kernel_id, network));
  EXPECT_TRUE(node.holds(made_process, made_process, messaging));
  for (const char* kind : {"read", "write"}) {
    EXPECT_TRUE(node.holds(made_process, vfs_id, Json({{"kind", kind}, {"drive", "/made:test.os/pkg"}}).dump()));
  }
  EXPECT_TRUE(node.holds("http-server:distro:sys", made_process, messaging));
  EXPECT_TRUE(node.holds(plain, made_process, R"("Special")"));
  EXPECT_FALSE(node.holds(plain, made_process, messaging));
  const Json entry = node.kernel({{"Debug", {{"Process", made_process}}}})["Debug"]["Process"];
  EXPECT_EQ(entry["public"], false);
  EXPECT_EQ(entry["on_exit"], "Restart");
  EXPECT_EQ(entry["wasm_bytes_handle"], "/made:test.os/pkg/actor.wasm");
  EXPECT_EQ(entry["wit_version"], 1);
}

TEST_F(Packages, Cap_C1_AGrantReachesAProcessThatIsShippedLater) {
  NodeProcess node = boot({write_with(
      "early", Json::array({manifest_entry("main", "/actor.wasm",
                                           {{"grant_capabilities", Json::array({"main:late:test.os"})}})}))});
  node.options().bootstrap.push_back(write_with("late", Json::array({manifest_entry("main", "/actor.wasm")})));
  node.restart();
  EXPECT_TRUE(node.holds("main:late:test.os", "main:early:test.os", messaging));
}

// ---- what is wrong ---------------------------------------------------------------------------------

TEST_F(Packages, Pkg_P5_S16_APackageThatIsWrongIsLeftOutWithALine) {
  Json without_field = manifest_entry("main", "/actor.wasm");
  without_field.erase("public");
  const std::string many = path("many");
  auto in_many = [&](const std::string& name, const Json& manifest) { return write_with("many/" + name, manifest); };
  (void)in_many("no-field", Json::array({without_field}));
  (void)in_many("no-list", Json{{"main", 1}});
  (void)in_many("bad-exit", Json::array({manifest_entry("main", "/actor.wasm", {{"on_exit", "Sometimes"}})}));
  (void)in_many("no-metadata", Json::array());
  write_file(many + "/no-metadata/metadata.json", "{}");
  (void)in_many("no-json", Json::array());
  write_file(many + "/no-json/pkg/manifest.json", "[{");
  (void)in_many("no-manifest", Json::array());
  std::filesystem::remove(many + "/no-manifest/pkg/manifest.json");
  const PackageFolder good{.folder = many + "/good",
                           .manifest = Json::array({manifest_entry("main", "/actor.wasm")}),
                           .files = files_of("one")};
  (void)good.write();
  NodeProcess node = boot({many});
  for (const char* wrong : {"no-field", "no-list", "bad-exit", "no-metadata", "no-json", "no-manifest"}) {
    EXPECT_TRUE(node.said("package left out: " + many + "/" + wrong)) << wrong;
  }
  EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process));
}

TEST_F(Packages, S16_AProcessThatIsWrongIsNotStartedAndTheOthersAre) {
  PackageFolder package{
      .folder = path("made"),
      .manifest = Json::array({manifest_entry("no-file", "/nothing.wasm"), manifest_entry("no-component", "/text.wasm"),
                               manifest_entry("leads-out", "/../../actor.wasm"),
                               manifest_entry("Not_Safe", "/actor.wasm"), manifest_entry("main", "/actor.wasm")}),
      .files = {{"actor.wasm", component("actor")}, {"text.wasm", "this is text"}}};
  NodeProcess node = boot({package.write()});
  for (const char* wrong : {"no-file", "no-component", "leads-out", "Not_Safe"}) {
    EXPECT_TRUE(node.said(std::string("made:test.os: ") + wrong + " is not started")) << wrong;
    EXPECT_FALSE(node.has_process(std::string(wrong) + ":made:test.os")) << wrong;
  }
  EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process));
}

TEST_F(Packages, CapabilitiesThatAreWrongAreLeftOutWithALine) {
  const Json wrong = Json::array({"not-a-process", 7, Json{{"process", "a:b:c"}}, "http-server:distro:sys"});
  NodeProcess node = boot({write("one", {{"request_capabilities", wrong}, {"grant_capabilities", wrong}})});
  EXPECT_TRUE(node.said("made:test.os: manifest.json"));
  EXPECT_TRUE(node.holds(made_process, "http-server:distro:sys", messaging));
  EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process));
}

TEST_F(Packages, Pkg_P2_APackageThatLeadsOutIsLeftOut) {
  const Json index = {{"bad.zip", metadata("bad", "test.os")}, {"good.zip", metadata("made", "test.os")}};
  const std::string bad = package_zip(Json::array({manifest_entry("main", "/actor.wasm")}),
                                      {{"actor.wasm", component("actor")}, {"../../../escaped", "x"}});
  write_file(path("bundle.zip"),
             zip({{"file_to_metadata.json", index.dump()}, {"bad.zip", bad}, {"good.zip", version_zip("one")}}));
  NodeProcess node = boot({path("bundle.zip")});
  EXPECT_TRUE(node.said("package left out: " + path("bundle.zip") + "/bad.zip"));
  EXPECT_FALSE(std::filesystem::exists(node.home() / "vfs/bad:test.os"));
  for (const auto& place :
       {node.home() / "escaped", node.home() / "vfs/escaped", node.home().parent_path() / "escaped"}) {
    EXPECT_FALSE(std::filesystem::exists(place)) << place;
  }
  EXPECT_EQ(version_of(node), "one");
}

TEST_F(Packages, NamesOfTheRuntimeAreNotForPackages) {
  PackageFolder package{
      .folder = path("distro"),
      .package = "distro",
      .publisher = "sys",
      .manifest = Json::array({manifest_entry("vfs", "/actor.wasm"), manifest_entry("another", "/actor.wasm")}),
      .files = {{"actor.wasm", component("actor")}}};
  NodeProcess node = boot({package.write()});
  EXPECT_TRUE(node.said("distro:sys: another is not started"));
  EXPECT_TRUE(node.said("distro:sys: vfs is not started"));
  EXPECT_EQ(node.kernel({{"Debug", {{"Process", vfs_id}}}})["Debug"]["Process"]["wasm_bytes_handle"], "");
}

// ---- versions --------------------------------------------------------------------------------------

TEST_F(Packages, L16_TheSameVersionIsNotBroughtInAgain) {
  NodeProcess node =
      boot({write("one", {{"request_capabilities",
                           Json::array({"http-server:distro:sys", "vfs:distro:sys", "kernel:distro:sys"})}})});
  node.kernel(
      {{"DropCapabilities",
        {{"target", made_process}, {"capabilities", Json::array({capability(node.address(kernel_id), messaging)})}}}});
  write_file(pkg_of(node, made) / "version", "changed by its user");
  node.restart();
  EXPECT_FALSE(node.holds(made_process, kernel_id, messaging));
  EXPECT_EQ(version_of(node), "changed by its user");
  node.kernel({{"KillProcess", made_process}});
  node.restart();
  EXPECT_TRUE(node.has_process(made_process));  // shipped, and gone: it is made again
}

TEST_F(Packages, L16_V10_AnotherVersionReplacesTheFilesAndKeepsWhatProcessesMade) {
  NodeProcess node = boot({write("one")});
  node.step(made_process, step("set_state", {{"bytes", "its state"}}));
  const std::string own_file = "/made:test.os/pkg/made-by-a-process";
  node.act(made_process,
           steps(await_vfs(own_file, "Write", {{"blob", "kept"}}), await_vfs("/made:test.os/files", "CreateDrive"),
                 await_vfs("/made:test.os/files/file", "Write", {{"blob", "kept too"}})));
  ship(node, write("two", {{"request_capabilities",
                            Json::array({"http-server:distro:sys", "vfs:distro:sys", "timer:distro:sys"})},
                           {"on_exit", "None"}}));
  EXPECT_EQ(version_of(node), "two");
  EXPECT_TRUE(std::filesystem::exists(pkg_of(node, made) / "only-in-two"));
  EXPECT_FALSE(std::filesystem::exists(pkg_of(node, made) / "only-in-one"));
  EXPECT_EQ(read_file(pkg_of(node, made) / "made-by-a-process"), "kept");
  EXPECT_EQ(read_file(node.home() / "vfs/made:test.os/files/file"), "kept too");
  EXPECT_EQ(node.step(made_process, "get_state"), "its state");
  EXPECT_EQ(node.step(made_process, "get_on_exit"), "None");
  EXPECT_TRUE(node.holds(made_process, timer_id, messaging));
}

TEST_F(Packages, L16_TheVersionThatTheUserInstalledStays) {
  NodeProcess node = boot({write("one")});
  EXPECT_EQ(Store(node).sideload(made, version_zip("users")), "Success");
  ship(node, write("two"));
  EXPECT_TRUE(node.said("made:test.os: the version you installed stays"));
  EXPECT_TRUE(has_version(node, "users"));
  EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process));
}

TEST_F(Packages, L16_WhatTheUserRemovedStaysAwayUntilAnotherVersionIsShipped) {
  NodeProcess node = boot({write("one")});
  EXPECT_EQ(Store(node).uninstall(made), "Success");
  node.restart();
  EXPECT_FALSE(node.has_process(made_process));
  EXPECT_EQ(Store(node).installed().count(made), 0);
  ship(node, write("two"));
  EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process));
  EXPECT_EQ(version_of(node), "two");
}

TEST_F(Packages, WhatIsNotShippedAnyMoreStays) {
  NodeProcess node = boot({write("one")});
  node.options().bootstrap = {built_package("test-kit")};
  node.restart();
  EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process));
  EXPECT_EQ(Store(node).installed().count(made), 1);
}

TEST_F(Packages, AKillWhileAVersionIsBroughtInIsMendedAtTheNextStart) {
  std::mt19937 random(16);  // NOLINT(cert-msc51-cpp): the same moments each time, as far as time allows
  NodeProcess node = boot({write("one")});
  const std::string versions[] = {write("two"), write("one")};
  for (int round = 0; round < 20; ++round) {
    const std::string& version = versions[round % 2];
    node.stop();
    // Of what the killed start left half written nothing stays, and a node that ended itself leaves nothing.
    EXPECT_TRUE(std::filesystem::is_empty(node.home() / "vfs/.staging")) << round;
    node.options().bootstrap = {built_package("test-kit"), version};
    {
      ChildProcess starting(node.command());
      pass_a_drawn_time(random, std::chrono::milliseconds(100));
      starting.signal(SIGKILL);
      starting.wait_for_end();
    }
    node.start();
    const std::string name = std::filesystem::path(version).filename();
    EXPECT_EQ(version_of(node), name) << round;
    EXPECT_TRUE(std::filesystem::exists(pkg_of(node, made) / ("only-in-" + name))) << round;
    EXPECT_FALSE(std::filesystem::exists(pkg_of(node, made) / (name == "one" ? "only-in-two" : "only-in-one")))
        << round;
    EXPECT_EQ(node.step(made_process, "our")["our"], node.address(made_process)) << round;
  }
}

}  // namespace
}  // namespace kinode::conformance
