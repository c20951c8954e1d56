// main:app-store:sys: packages brought, installed and removed while the node runs (packages-and-kit.md 2.2 to 2.10).
// Pkg_P, Cap_C: 7.3 there.

#include <random>
#include <thread>

#include "packages_suite.h"

namespace kinode::conformance {
namespace {

class AppStore : public Suite<AppStore> {
 protected:
  [[nodiscard]] Store store() const { return Store(node()); }
  /// Whether the process of package `made` runs.
  [[nodiscard]] bool runs() const { return node().ask(made_process, script("our")).status == 200; }
  void TearDown() override {
    if (store().installed().contains(made)) {
      EXPECT_EQ(store().uninstall(made), "Success");
    }
    Suite::TearDown();
  }
};

/// A manifest of one process.
Json manifest_of(Json more = Json::object(), const std::string& path = "/actor.wasm") {
  return Json::array({manifest_entry("main", path, std::move(more))});
}
Entries actor_file() { return {{"actor.wasm", component("actor")}}; }

// ---- installing ------------------------------------------------------------------------------------

TEST_F(AppStore, Pkg_P1_P6_APackageIsBroughtAndInstalled) {
  const std::string bytes = version_zip("one");
  EXPECT_EQ(
      node().ask(store_id, {{"NewPackage", {{"package_id", id_of(made)}, {"mirror", true}}}}, Blob{{}, bytes}).body,
      R"({"NewPackageResponse":"Success"})");
  EXPECT_FALSE(store().installed().contains(made));
  const Json request = {
      {"package_id", id_of(made)}, {"version_hash", sha256_hex(bytes)}, {"metadata", Store::metadata_of(made, bytes)}};
  EXPECT_EQ(node().ask(store_id, {{"Install", request}}).body, R"({"InstallResponse":"Success"})");
  EXPECT_TRUE(runs());
  EXPECT_TRUE(has_version(node(), "one"));
  EXPECT_EQ(store().installed()[made], sha256_hex(bytes));
  EXPECT_EQ(node().ask(store_id, {{"Uninstall", id_of(made)}}).body, R"({"UninstallResponse":"Success"})");
  EXPECT_FALSE(node().has_process(made_process));
  EXPECT_FALSE(std::filesystem::exists(pkg_of(node(), made)));
}

TEST_F(AppStore, WhatIsInstalledIsToldWithAllThatTheFirstClientTells) {
  const Json list = node().ask(store_id, "\"Installed\"").json()["InstalledResponse"];
  for (const Json& each : list) {
    std::set<std::string> fields;
    for (const auto& field : each.items()) {
      fields.insert(field.key());
    }
    EXPECT_EQ(fields,
              (std::set<std::string>{"package_id", "our_version_hash", "publisher", "verified", "caps_approved"}));
  }
  EXPECT_TRUE(store().installed().contains("test-kit:test.os"));
  EXPECT_EQ(list.size(), store().installed().size());
}

TEST_F(AppStore, ItIsStartedWithWhatItsManifestSays) {
  const Json more = {{"request_networking", true},
                     {"request_capabilities", Json::array({"http-server:distro:sys", "vfs:distro:sys",
                                                           Json{{"process", plain}, {"params", {{"a", 1}}}}})},
                     {"grant_capabilities",
                      Json::array({"http-server:distro:sys", Json{{"process", counter}, {"params", "Special"}}})},
                     {"on_exit", "None"},
                     {"public", false}};
  EXPECT_EQ(store().sideload(made, package_zip(manifest_of(more), actor_file())), "Success");
  EXPECT_TRUE(runs());
  EXPECT_TRUE(node().holds(made_process, kernel_id, network));
  EXPECT_TRUE(node().holds(made_process, plain, R"({"a":1})"));
  EXPECT_TRUE(node().holds(counter, made_process, R"("Special")"));
  EXPECT_TRUE(node().holds(store_id, made_process, messaging));
  for (const char* kind : {"read", "write"}) {
    EXPECT_TRUE(node().holds(made_process, vfs_id, Json({{"kind", kind}, {"drive", "/made:test.os/pkg"}}).dump()));
  }
  const Json entry = node().kernel({{"Debug", {{"Process", made_process}}}})["Debug"]["Process"];
  EXPECT_EQ(entry["public"], false);
  EXPECT_EQ(entry["on_exit"], "None");
  EXPECT_EQ(entry["wasm_bytes_handle"], "/made:test.os/pkg/actor.wasm");
  EXPECT_EQ(entry["wit_version"], 1);
}

TEST_F(AppStore, Pkg_P3_P4_P5_PathsSharedComponentsAndUnknownFields) {
  const Json manifest =
      Json::array({manifest_entry("main", "/actor.wasm", {{"unknown", 1}}), manifest_entry("second", "actor.wasm"),
                   manifest_entry("deep", "/some/folder/actor.wasm")});
  EXPECT_EQ(store().sideload(made, package_zip(manifest, {{"actor.wasm", component("actor")},
                                                          {"some/folder/actor.wasm", component("actor")}})),
            "Success");
  for (const std::string process : {"main:made:test.os", "second:made:test.os", "deep:made:test.os"}) {
    EXPECT_EQ(one(process, "our")["our"], address(process));
  }
}

TEST_F(AppStore, ProcessesOfOnePackageMayGrantEachOther) {
  const Json manifest = Json::array(
      {manifest_entry("main", "/actor.wasm", {{"grant_capabilities", Json::array({"second:made:test.os"})}}),
       manifest_entry("second", "/actor.wasm", {{"grant_capabilities", Json::array({made_process})}})});
  EXPECT_EQ(store().sideload(made, package_zip(manifest, actor_file())), "Success");
  EXPECT_TRUE(node().holds(made_process, "second:made:test.os", messaging));
  EXPECT_TRUE(node().holds("second:made:test.os", made_process, messaging));
}

TEST_F(AppStore, AnApiIsUnpackedListedAndGiven) {
  const std::string api = zip({{"made.wit", "interface made {}"}});
  Entries files = actor_file();
  files.emplace_back("api.zip", api);
  EXPECT_EQ(node().ask(store_id, "\"Apis\"").body, R"({"ApisResponse":{"apis":[]}})");
  EXPECT_EQ(store().sideload(made, package_zip(manifest_of(), files)), "Success");
  EXPECT_EQ(read_file(pkg_of(node(), made) / "api/made.wit"), "interface made {}");
  EXPECT_EQ(node().ask(store_id, "\"Apis\"").json(), Json({{"ApisResponse", {{"apis", Json::array({id_of(made)})}}}}));
  const Reply given = node().ask(store_id, {{"GetApi", id_of(made)}});
  EXPECT_EQ(given.body, R"({"GetApiResponse":"Success"})");
  ASSERT_TRUE(given.blob);
  EXPECT_EQ(given.blob->bytes, api);
  EXPECT_EQ(given.blob->mime, "application/json");
  EXPECT_EQ(node().ask(store_id, {{"GetApi", id_of("test-kit:test.os")}}).body, R"({"GetApiResponse":"Failure"})");
}

// ---- refusing --------------------------------------------------------------------------------------

TEST_F(AppStore, BringingWithoutABlobIsNoBlob) {
  EXPECT_EQ(node().ask(store_id, {{"NewPackage", {{"package_id", id_of(made)}, {"mirror", true}}}}).body,
            R"({"NewPackageResponse":"NoBlob"})");
}

TEST_F(AppStore, Pkg_P2_P5_WhatIsNoPackageIsRefusedWithTheReason) {
  Json without_field = manifest_of();
  without_field[0].erase("grant_capabilities");
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"this is no zip", "cannot unpack"},
      {zip({{"file", "x"}}), "no manifest.json"},
      {zip({{"manifest.json", "[{"}}), "manifest"},
      {package_zip(without_field, actor_file()), "missing"},
      {package_zip(manifest_of(), {}), "the package has no actor.wasm"},
      {package_zip(manifest_of(Json::object(), "/../actor.wasm"), actor_file()), "leads out"},
      {package_zip(manifest_of(), {{"actor.wasm", component("actor")}, {"../../../escaped", "x"}}), "escaped"},
      {package_zip(Json::array({manifest_entry("a_b", "/actor.wasm")}), actor_file()), "a_b"},
      {package_zip(Json::array({manifest_entry("main", "/actor.wasm"), manifest_entry("main", "/actor.wasm")}),
                   actor_file()),
       "twice"}};
  for (const auto& [bytes, reason] : wrong) {
    const size_t before = node().mark();
    EXPECT_EQ(store().new_package(made, bytes), "InstallFailed") << reason;
    EXPECT_TRUE(node().said(reason, before)) << reason << "\n" << node().output().substr(before);
    EXPECT_EQ(store().install(made, sha256_hex(bytes), Store::metadata_of(made, bytes)), "Failure") << reason;
  }
  EXPECT_FALSE(std::filesystem::exists(pkg_of(node(), made)));
  for (const auto& place : {node().home() / "escaped", node().home() / "vfs/escaped"}) {
    EXPECT_FALSE(std::filesystem::exists(place)) << place;
  }
}

TEST_F(AppStore, NamesThatAreNotForPackagesAreRefused) {
  const std::string bytes = version_zip("one");
  for (const std::string package : {"distro:sys", "app-store:sys", "Made:test.os", "made:te st", "a/b:test.os",
                                    "..:test.os", "ma_de:test.os", "made:"}) {
    EXPECT_EQ(store().new_package(package, bytes), "InstallFailed") << package;
    EXPECT_EQ(store().install(package, sha256_hex(bytes), nullptr), "Failure") << package;
    EXPECT_EQ(store().uninstall(package), "Failure") << package;
  }
  EXPECT_TRUE(node().has_process(store_id));
}

TEST_F(AppStore, AHashThatWasNotBroughtIsAFailure) {
  for (const std::string& hash : {std::string(64, '0'), std::string("xyz"), std::string("../../x"), std::string()}) {
    EXPECT_EQ(store().install(made, hash, Store::metadata_of(made, "")), "Failure") << hash;
  }
  EXPECT_EQ(store().uninstall(made), "Failure");
}

TEST_F(AppStore, WhatItDoesNotUnderstandIsNotAnsweredAndHarmsNothing) {
  const auto before = store().installed();
  for (const std::string body : {"", "no json", "[]", "\"Nonsense\"", R"({"Install":1,"Uninstall":2})"}) {
    node().tell(store_id, body);
  }
  for (const std::string body : {R"({"Install":null})", R"({"Uninstall":7})", R"({"GetApi":"x"})"}) {
    EXPECT_NE(node().ask(store_id, body).body.find("Failure"), std::string::npos) << body;
  }
  EXPECT_EQ(store().installed(), before);
}

TEST_F(AppStore, WhoMayNotMessageItCannotInstall) {
  const Json event = one(plain, await(store_id, "\"Installed\"", {{"expects", 100000}}));
  EXPECT_EQ(event["error"], "Timeout");
}

// ---- again, and away -------------------------------------------------------------------------------

TEST_F(AppStore, Pkg_P7_InstallingAnotherVersionWipesStaleFilesAndKeepsTheRest) {
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  act(made_process, steps(step("set_state", {{"bytes", "its state"}}), await_vfs("/made:test.os/files", "CreateDrive"),
                          await_vfs("/made:test.os/files/file", "Write", {{"blob", "kept"}}),
                          await_vfs("/made:test.os/pkg/stale", "Write", {{"blob", "stale"}})));
  EXPECT_EQ(store().sideload(made, version_zip("two")), "Success");
  EXPECT_TRUE(has_version(node(), "two"));
  EXPECT_EQ(read_file(node().home() / "vfs/made:test.os/files/file"), "kept");
  EXPECT_EQ(one(made_process, "get_state"), "its state");
}

TEST_F(AppStore, InstallingTheSameVersionStartsItAnew) {
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  node().tell(made_process, "logged by this life");
  EXPECT_EQ(one(made_process, step("events", {{"clear", false}})).size(), 1);
  EXPECT_EQ(store().install(made, sha256_hex(version_zip("one")), nullptr), "Success");
  EXPECT_EQ(one(made_process, "events"), Json::array());
}

TEST_F(AppStore, Pkg_P8_RemovingKeepsWhatThePackageMade) {
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  act(made_process, steps(step("set_state", {{"bytes", "its state"}}), await_vfs("/made:test.os/files", "CreateDrive"),
                          await_vfs("/made:test.os/files/file", "Write", {{"blob", "kept"}})));
  EXPECT_EQ(store().uninstall(made), "Success");
  EXPECT_FALSE(node().has_process(made_process));
  EXPECT_FALSE(std::filesystem::exists(pkg_of(node(), made)));
  EXPECT_EQ(read_file(node().home() / "vfs/made:test.os/files/file"), "kept");
  EXPECT_EQ(store().uninstall(made), "Failure");
  // It was brought already.
  EXPECT_EQ(store().install(made, sha256_hex(version_zip("one")), nullptr), "Success");
  EXPECT_EQ(one(made_process, "get_state"), "its state");
}

TEST_F(AppStore, Pkg_P9_WhatWasInstalledIsThereAfterARestart) {
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  for (int round = 0; round < 2; ++round) {
    if (round == 0) {
      node().restart();
    } else {
      node().kill9();
      node().start();
    }
    EXPECT_EQ(store().installed()[made], sha256_hex(version_zip("one")));
    EXPECT_TRUE(runs());
    EXPECT_TRUE(node().holds(made_process, vfs_id, R"({"kind":"write","drive":"/made:test.os/pkg"})"));
  }
  EXPECT_EQ(store().uninstall(made), "Success");
  node().restart();
  EXPECT_FALSE(node().has_process(made_process));
  EXPECT_FALSE(store().installed().contains(made));
}

TEST_F(AppStore, AVersionThatDoesNotStartIsTakenBack) {
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  const std::string broken =
      package_zip(Json::array({manifest_entry("main", "/actor.wasm"), manifest_entry("broken", "/text.wasm")}),
                  {{"actor.wasm", component("actor")}, {"text.wasm", "this is text"}});
  EXPECT_EQ(store().sideload(made, broken), "Failure");
  EXPECT_TRUE(has_version(node(), "one"));
  EXPECT_TRUE(runs());
  EXPECT_FALSE(node().has_process("broken:made:test.os"));
  EXPECT_EQ(store().installed()[made], sha256_hex(version_zip("one")));
  // And where there was none before, there is none.
  EXPECT_EQ(store().uninstall(made), "Success");
  EXPECT_EQ(store().sideload(made, broken), "Failure");
  EXPECT_FALSE(node().has_process(made_process));
  EXPECT_FALSE(store().installed().contains(made));
}

// ---- capabilities of others ------------------------------------------------------------------------

TEST_F(AppStore, Cap_C1_AGrantReachesAProcessThatIsInstalledLater) {
  const std::string early = "early:test.os";
  EXPECT_EQ(store().sideload(
                early, package_zip(manifest_of({{"grant_capabilities", Json::array({made_process})}}), actor_file())),
            "Success");
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  EXPECT_TRUE(node().holds(made_process, "main:early:test.os", messaging));
  EXPECT_EQ(store().uninstall(early), "Success");
}

TEST_F(AppStore, Cap_C7_RemovingRevokesAndAnotherVersionGivesAgain) {
  EXPECT_EQ(store().sideload(made, package_zip(manifest_of({{"public", false}}), actor_file())), "Success");
  const std::string user = "user:test.os";
  const Json asks = Json::array({"http-server:distro:sys", made_process});
  EXPECT_EQ(store().sideload(user, package_zip(manifest_of({{"request_capabilities", asks}}), actor_file())),
            "Success");
  const std::string user_process = "main:user:test.os";
  EXPECT_TRUE(node().holds(user_process, made_process, messaging));
  // In the first client it lost this until it was installed anew itself.
  EXPECT_EQ(store().sideload(made, version_zip("one")), "Success");
  EXPECT_TRUE(node().holds(user_process, made_process, messaging));
  EXPECT_EQ(store().uninstall(made), "Success");
  EXPECT_FALSE(node().holds(user_process, made_process, messaging));
  EXPECT_EQ(store().uninstall(user), "Success");
}

// ---- a crash on the way ----------------------------------------------------------------------------

TEST_F(AppStore, AKillAtAnyMomentLeavesTheOneVersionOrTheOther) {
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp): the same moments each time, as far as time allows
  const std::string versions[] = {"one", "two"};
  for (const std::string& version : versions) {
    EXPECT_EQ(store().sideload(made, version_zip(version)), "Success");  // brought, and installed
  }
  std::string present = "two";
  for (int round = 0; round < 25; ++round) {
    const std::string next = present == "one" ? "two" : "one";
    {
      const std::jthread installing([&] {
        try {
          (void)store().install(made, sha256_hex(version_zip(next)), nullptr);
        } catch (const Failure&) {
          // The node is gone before it answers.
        }
      });
      // No event is waited for: it is the moment of the kill that is drawn.
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 60000));
      node().kill9();
    }
    node().start();
    const std::string hash = store().installed()[made];
    ASSERT_TRUE(hash == sha256_hex(version_zip(next)) || hash == sha256_hex(version_zip(present))) << round;
    present = hash == sha256_hex(version_zip(next)) ? next : present;
    EXPECT_TRUE(has_version(node(), present)) << round;
    EXPECT_TRUE(runs()) << round;
    EXPECT_TRUE(node().holds(made_process, vfs_id, R"({"kind":"write","drive":"/made:test.os/pkg"})")) << round;
    EXPECT_TRUE(std::filesystem::is_empty(node().home() / "vfs/app-store:sys/staging")) << round;
  }
}

TEST_F(AppStore, AKillWhileAPackageIsNewLeavesItWholeOrNotThere) {
  std::mt19937 random(4);  // NOLINT(cert-msc51-cpp)
  EXPECT_EQ(store().new_package(made, version_zip("one")), "Success");
  for (int round = 0; round < 15; ++round) {
    {
      const std::jthread installing([&] {
        try {
          (void)store().install(made, sha256_hex(version_zip("one")), nullptr);
        } catch (const Failure&) {
        }
      });
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 40000));
      node().kill9();
    }
    node().start();
    if (store().installed().contains(made)) {
      EXPECT_TRUE(has_version(node(), "one")) << round;
      EXPECT_TRUE(runs()) << round;
      EXPECT_EQ(store().uninstall(made), "Success");
    } else {
      EXPECT_FALSE(node().has_process(made_process)) << round;
    }
  }
}

}  // namespace
}  // namespace kinode::conformance
