// Packages that others made, run as they are: those in the folder that the variable KINODE_TEST_PACKAGES names,
// each a sub-folder with metadata.json and pkg/. All of them start; the ones whose behaviour is known here
// (bench:bench.os, lang-echo:bench.os) are also talked to. Without the variable the suite says so and is skipped.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

// So long that only an error at once ends the test.
constexpr uint64_t longer_than_any_test = 100000;
// A whole JavaScript engine takes minutes on a busy machine, once.
constexpr std::chrono::seconds compile_patience{900};

struct Package {
  std::string folder;
  std::string id;
  std::vector<std::string> processes;
};

std::vector<Package> packages_in(const std::filesystem::path& folder) {
  std::vector<Package> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!std::filesystem::exists(entry.path() / "metadata.json")) {
      continue;
    }
    const Json properties = Json::parse(read_file(entry.path() / "metadata.json")).at("properties");
    Package package{
        .folder = entry.path().string(),
        .id = properties.at("package_name").get<std::string>() + ":" + properties.at("publisher").get<std::string>(),
        .processes = {}};
    for (const Json& process : Json::parse(read_file(entry.path() / "pkg" / "manifest.json"))) {
      package.processes.push_back(process.at("process_name").get<std::string>() + ":" + package.id);
    }
    found.push_back(std::move(package));
  }
  return found;
}

/// The node that runs them all; none where no folder is named.
class PackagesNode : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* folder = std::getenv("KINODE_TEST_PACKAGES");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (folder == nullptr || *folder == '\0') {
      std::cout << "note: KINODE_TEST_PACKAGES names no folder, so no packages of others were run\n";
      return;
    }
    packages = packages_in(folder);
    NodeOptions options{.bootstrap = {built_package("test-kit")}};
    for (const Package& package : packages) {
      std::cout << "note: " << package.id << " is run, with " << package.processes.size() << " processes\n";
      options.bootstrap.push_back(package.folder);
    }
    node = std::make_unique<NodeProcess>(std::move(options));
    wait_until_compiled();
    output_at_start = node->output();
    for (const Package& package : packages) {
      for (const std::string& process : package.processes) {
        node->connect(process);
      }
    }
  }
  void TearDown() override { node.reset(); }

  std::unique_ptr<NodeProcess> node;
  std::vector<Package> packages;
  std::string output_at_start;

 private:
  /// Components are compiled in the order in which processes start, and those that take long are told.
  void wait_until_compiled() const {
    const std::string last = "last:test-kit:test.os";
    const std::string note = "\4note" + std::to_string(std::random_device()()) + std::to_string(getpid());
    const std::string never_seen = component("echo") + '\0' + static_cast<char>(note.size()) + note;
    node->kernel({{"InitializeProcess",
                   {{"id", last},
                    {"wasm_bytes_handle", ""},
                    {"wit_version", 1},
                    {"on_exit", "None"},
                    {"initial_capabilities", Json::array()},
                    {"public", true}}}},
                 Blob{{}, never_seen});
    node->kernel({{"RunProcess", last}});
    node->begin(actor, steps(await(last, "?", {{"expects", compile_patience.count()}}),
                             step("print", {{"message", "all compilations have begun"}})));
    node->wait_for("all compilations have begun", 0, compile_patience);
    const std::string output = node->output();
    const std::string begun = "compiling ";
    for (size_t at = output.find(begun); at != std::string::npos; at = output.find(begun, at + 1)) {
      const size_t name = at + begun.size();
      node->wait_for("compiled " + output.substr(name, output.find(" (", name) - name) + " in ", at, compile_patience);
    }
  }
};

// GoogleTest owns it.
PackagesNode& all = *static_cast<PackagesNode*>(::testing::AddGlobalTestEnvironment(new PackagesNode));

class RealGuests : public NodeTest {
 protected:
  NodeProcess& node() const override { return *all.node; }

  void SetUp() override {
    if (!all.node) {
      GTEST_SKIP()
          << "the packages of others are not part of this project: KINODE_TEST_PACKAGES names a folder of them";
    }
    NodeTest::SetUp();
  }
  void TearDown() override {
    if (all.node) {
      NodeTest::TearDown();
    }
  }
  static bool is_there(const std::string& package) {
    return std::any_of(all.packages.begin(), all.packages.end(),
                       [&](const Package& each) { return each.id == package; });
  }
};

// ---- any package ---------------------------------------------------------------------------------

TEST_F(RealGuests, EveryProcessOfEveryManifestRuns) {
  EXPECT_FALSE(all.packages.empty());
  for (const Package& package : all.packages) {
    EXPECT_FALSE(package.processes.empty()) << package.id;
    for (const std::string& process : package.processes) {
      EXPECT_TRUE(node().has_process(process)) << process;
      for (const char* end : {" ended", " returned"}) {
        const size_t found = all.output_at_start.find("process " + process + end);
        EXPECT_EQ(found, std::string::npos) << all.output_at_start.substr(found);
      }
    }
  }
}

// ---- bench:bench.os ------------------------------------------------------------------------------

class Bench : public RealGuests {
 protected:
  void SetUp() override {
    RealGuests::SetUp();
    if (!IsSkipped() && !is_there("bench:bench.os")) {
      GTEST_SKIP()
          << "the folder of KINODE_TEST_PACKAGES has no package bench:bench.os, whose figures are looked at here";
    }
  }
  static std::string of(const std::string& process) { return process + ":bench:bench.os"; }
  [[nodiscard]] Json pinger(const Json& order) const { return node().ask(of("pinger"), order).json(); }
  /// A process of the package's component `name`, child of the actor and with on-exit None.
  [[nodiscard]] std::string own(const std::string& name) const {
    const Json drive = capability(address(vfs_id), R"({"kind":"read","drive":"/bench:bench.os/pkg"})");
    node().grant(actor, Json::array({drive}));
    return spawn({{"wasm_path", "/bench:bench.os/pkg/" + name + ".wasm"}, {"public", true}});
  }
};

TEST_F(Bench, EchoAnswersWithBodyAndBlob) {
  const Reply reply = node().ask(of("echo"), "a body", Blob{"a/b", "a blob"});
  EXPECT_EQ(reply.body, "a body");
  ASSERT_TRUE(reply.blob);
  EXPECT_EQ(reply.blob->mime, "a/b");
  EXPECT_EQ(reply.blob->bytes, "a blob");
}

TEST_F(Bench, PingerIsAnsweredEveryTime) {
  const std::string target = of("echo");
  for (const Json& more :
       {Json::object(), Json{{"blob", 10000}}, Json{{"window", 20}, {"timeout", 5}}, Json{{"size", 0}, {"n", 1}}}) {
    Json order = {{"n", 200}, {"size", 100}, {"target", target}};
    order.update(more);
    const Json told = pinger(order);
    EXPECT_EQ(told["ok"], order["n"]) << told;
    EXPECT_EQ(told["errors"], 0) << told;
    EXPECT_EQ(told["bad"], 0) << told;
  }
}

TEST_F(Bench, PingerIsToldWhatFails) {
  const Json told = pinger({{"n", 3}, {"size", 10}, {"target", of("nobody")}});
  EXPECT_EQ(told["ok"], 0) << told;
  EXPECT_EQ(told["errors"], 3) << told;
  EXPECT_EQ(told["last_error"], "Timeout") << told;
}

TEST_F(Bench, ForwarderPassesOnAndWaits) {
  for (const std::string& way : {std::string(), std::string("await ")}) {
    const Reply reply = node().rpc().send({.process = of("forwarder"),
                                           .body = "through",
                                           .blob = Blob{{}, "unread"},
                                           .metadata = way + address(of("echo")),
                                           .node = {}});
    EXPECT_EQ(reply.body, "through") << way;
    ASSERT_TRUE(reply.blob) << way;
    EXPECT_EQ(reply.blob->bytes, "unread") << way;
  }
  // Who answers is seen where messages are.
  EXPECT_EQ(one(actor, await(of("forwarder"), "?", {{"metadata", address(echo)}}))["source"], address(echo));
  EXPECT_EQ(one(actor, await(of("forwarder"), "?", {{"metadata", "await " + address(echo)}}))["source"],
            address(of("forwarder")));
}

TEST_F(Bench, SpawnerStartsAsksAndKills) {
  const Json order = {{"n", 20}, {"wasm", "bench:bench.os/pkg/child.wasm"}, {"ping", true}, {"kill", true}};
  const Json told = node().ask(of("spawner"), order).json();
  EXPECT_EQ(told["spawned"], 20) << told;
  EXPECT_EQ(told["answered"], 20) << told;
  EXPECT_EQ(told["errors"], 0) << told;
  EXPECT_FALSE(node().has_process(told["last"].get<std::string>()));
  EXPECT_FALSE(node().has_process(told["first"].get<std::string>()));
}

TEST_F(Bench, SpawnersChildrenKeepTheirNames) {
  const Json order = {{"n", 3}, {"wasm", "bench:bench.os/pkg/child.wasm"}, {"prefix", "kid"}};
  EXPECT_EQ(node().ask(of("spawner"), order).json()["spawned"], 3);
  EXPECT_TRUE(node().has_process(of("kid2")));
  const Json again = node().ask(of("spawner"), order).json();
  EXPECT_EQ(again["spawned"], 0) << again;
  EXPECT_NE(again["first_error"].get<std::string>().find("name-taken"), std::string::npos) << again;
  const Json missing = node().ask(of("spawner"), {{"n", 1}, {"wasm", "bench:bench.os/pkg/none.wasm"}}).json();
  EXPECT_NE(missing["first_error"].get<std::string>().find("no-file-at-path"), std::string::npos) << missing;
  for (const char* kid : {"kid0", "kid1", "kid2"}) {
    node().kernel({{"KillProcess", of(kid)}});
  }
}

TEST_F(Bench, HogSpinsEatsPrintsAndGoesOn) {
  EXPECT_TRUE(node().ask(of("hog"), "spin 50").body.starts_with("ok "));
  EXPECT_EQ(node().ask(of("hog"), "mem 64").body, "ok 64");
  EXPECT_EQ(node().ask(of("hog"), "print 300").body, "ok 300");
  wait_for("hog print 299");
  EXPECT_TRUE(node().ask(of("hog"), "?").body.starts_with("ok"));
}

TEST_F(Bench, AnEndlessHogHoldsUpNobody) {
  const std::string hog = own("hog");
  EXPECT_EQ(one(actor, await(hog, "?"))["kind"], "response");
  node().tell(hog, "spin");
  EXPECT_EQ(pinger({{"n", 100}, {"size", 10}, {"target", of("echo")}})["ok"], 100);
  EXPECT_EQ(node().kernel({{"KillProcess", hog}}), (Json{{"KilledProcess", hog}}));
  EXPECT_EQ(node().ask(of("echo"), "?").body, "?");
}

TEST_F(Bench, PanickersEndsAreTold) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> ways = {
      {"panic at the disco",
       {"ended with error: trapped: wasm `unreachable` instruction executed", "panicked at", "panic at the disco"}},
      {"trap", {"ended with error: trapped: wasm `unreachable` instruction executed"}},
      {"div", {"ended with error: trapped: "}},
      {"stack", {"ended with error: stack overflow"}},
      {"exit", {"ended with error: exited: the process exited with status "}},
      {"return", {"returned without error"}}};
  for (const auto& [order, told] : ways) {
    const std::string child = own("panicker");
    EXPECT_EQ(one(actor, await(child, "echo this"))["body"], "echo this");
    const Json event = one(actor, await(child, order, {{"expects", longer_than_any_test}}));
    EXPECT_EQ(event["kind"], "error") << order << event;
    EXPECT_FALSE(node().has_process(child)) << order;
    wait_for("process " + child + " had OnExit behavior None");
    const std::string output = node().output();
    const std::string text = output.substr(output.find("process " + child + " ", begin_));
    for (const std::string& part : told) {
      EXPECT_NE(text.find(part), std::string::npos) << order << ": " << text;
    }
  }
}

TEST_F(Bench, PanickerStartsAgainAsItsManifestSays) {
  const std::string id = of("panicker");
  EXPECT_EQ(node().ask(id, "?").body, "?");
  const size_t before = node().mark();
  EXPECT_EQ(one(actor, await(id, "panic once", {{"expects", longer_than_any_test}}))["error"], "Timeout");
  node().wait_for("process " + id + " had OnExit behavior Restart", before);
  node().wait_for(address(id) + " up", before);  // it says so at each start
  EXPECT_EQ(node().ask(id, "again").body, "again");
}

TEST_F(Bench, PanickerChangesItsOnExit) {
  const std::string child = own("panicker");
  auto on_exit = [&] {
    return node().kernel({{"Debug", {{"Process", child}}}}).at("Debug").at("Process").at("on_exit");
  };
  EXPECT_EQ(one(actor, await(child, "on-exit-restart"))["body"], "on-exit-restart");
  EXPECT_EQ(on_exit(), "Restart");
  EXPECT_EQ(one(actor, await(child, "trap", {{"expects", longer_than_any_test}}))["error"], "Timeout");
  EXPECT_EQ(one(actor, await(child, "next life"))["body"], "next life");
  EXPECT_EQ(one(actor, await(child, "on-exit-requests"))["body"], "on-exit-requests");
  EXPECT_TRUE(on_exit().contains("Requests")) << on_exit();
  EXPECT_EQ(one(actor, await(child, "on-exit-none"))["body"], "on-exit-none");
  EXPECT_EQ(on_exit(), "None");
  EXPECT_EQ(one(actor, await(child, "return", {{"expects", longer_than_any_test}}))["error"], "Timeout");
  EXPECT_FALSE(node().has_process(child));
}

TEST_F(Bench, M4_OfPanickersTwoResponsesTheFirstIsTaken) {
  one(actor, "events");
  const Json results =
      act(actor, steps(await(of("panicker"), "send-bad"), await(of("panicker"), "and then"), "events"));
  EXPECT_EQ(results[0]["body"], "one");
  EXPECT_EQ(results[1]["body"], "and then");
  EXPECT_EQ(results[2], Json::array());
}

// ---- lang-echo:bench.os --------------------------------------------------------------------------

TEST_F(RealGuests, EchoesInOtherLanguages) {
  if (!is_there("lang-echo:bench.os")) {
    GTEST_SKIP() << "lang-echo:bench.os is not in the folder";
  }
  for (const std::string& id :
       {std::string("cpp-echo:lang-echo:bench.os"), std::string("js-echo-min:lang-echo:bench.os")}) {
    const std::string bytes("\0\x01\xff and text", 12);
    for (int i = 0; i < 3; ++i) {
      const Reply reply = node().ask(id, "round " + std::to_string(i), Blob{"a/b", bytes});
      EXPECT_EQ(reply.body, "round " + std::to_string(i)) << id;
      ASSERT_TRUE(reply.blob) << id;
      EXPECT_EQ(reply.blob->bytes, bytes) << id;
    }
    EXPECT_EQ(one(actor, await(id, {{"hex", "00ff80"}}))["body"]["hex"], "00ff80") << id;
  }
}

}  // namespace
}  // namespace kinode::conformance
