// A process written with the public library for Rust (tests/guests/rust), where Rust could build it: what that
// library sends and expects is what its users rely on.

#include <iostream>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

const std::string worker = "worker:rust-kit:test.os";

class RustProcesses : public NodeTest {
 public:
  static void SetUpTestSuite() {
    std::string bytes;
    try {
      bytes = component("rust-worker");
    } catch (const Failure& missing) {
      std::cout << "note: no process in Rust was built here, so none was run (tests/guests/rust): " << missing.what()
                << "\n";
      return;
    }
    folder.emplace();
    PackageFolder package{
        .folder = folder->path() / "rust-kit",
        .package = "rust-kit",
        .manifest = Json::array({manifest_entry(
            "worker", "worker.wasm",
            {{"request_capabilities", Json::array({kernel_id, vfs_id, kv_id, "http-server:distro:sys"})}})}),
        .files = {{"worker.wasm", bytes}, {"child.wasm", component("child")}}};
    shared_node = std::make_unique<NodeProcess>(NodeOptions{.bootstrap = {built_package("test-kit"), package.write()}});
    shared_node->wait_for("rust-kit:test.os: worker: begun", 0, std::chrono::seconds(300));
    for (const std::string& process : {plain, second}) {
      shared_node->connect(process);
    }
  }
  static void TearDownTestSuite() {
    shared_node.reset();
    folder.reset();
  }

 protected:
  NodeProcess& node() const override { return *shared_node; }
  void SetUp() override {
    if (!shared_node) {
      GTEST_SKIP() << "no process in Rust was built here";
    }
    NodeTest::SetUp();
  }
  void TearDown() override {
    if (shared_node) {
      NodeTest::TearDown();
    }
  }
  [[nodiscard]] Json order(const Json& what) const { return node().ask(worker, what.dump()).json(); }

 private:
  static inline std::optional<TempFolder> folder;
  static inline std::unique_ptr<NodeProcess> shared_node;
};

TEST_F(RustProcesses, AnswersAndInheritsTheBlob) {
  const Reply reply = node().ask(worker, "no order", Blob{"a/b", "a blob"});
  EXPECT_EQ(reply.body, "no order");
  ASSERT_TRUE(reply.blob);
  EXPECT_EQ(reply.blob->bytes, "a blob");
}

TEST_F(RustProcesses, AsksAndAwaits) {
  const Json answer = order({{"Ask", {{"to", "our@" + echo}, {"body", "asked in Rust"}}}});
  EXPECT_EQ(answer["Ok"]["body"], "asked in Rust") << answer;
  EXPECT_EQ(answer["Ok"]["source"], address(echo));
  EXPECT_EQ(order({{"Ask", {{"to", address("nobody:test-kit:test.os")}, {"body", "?"}}}}), (Json{{"Err", "Timeout"}}));
}

TEST_F(RustProcesses, AnswersLaterByTheContext) {
  const Json answer = order({{"Relay", {{"to", address(echo)}, {"body", "relayed in Rust"}}}});
  EXPECT_EQ(answer["Ok"]["body"], "relayed in Rust") << answer;
  EXPECT_EQ(order({{"Relay", {{"to", address("nobody:test-kit:test.os")}, {"body", "?"}}}}),
            (Json{{"Err", "Timeout"}}));
}

TEST_F(RustProcesses, WaitsForATimer) { EXPECT_EQ(order({{"Wait", {{"ms", 5}}}}), (Json{{"Ok", "waited"}})); }

TEST_F(RustProcesses, WritesAndReadsFiles) {
  const Json answer = order({{"File", {{"path", "/rust-kit:test.os/pkg/note.txt"}, {"text", "written in Rust"}}}});
  EXPECT_EQ(answer, (Json{{"Ok", {{"text", "written in Rust"}, {"size", 15}}}}));
  const Json refused = order({{"File", {{"path", "/test-kit:test.os/pkg/note.txt"}, {"text", "x"}}}});
  EXPECT_TRUE(refused.contains("Err")) << refused;
}

TEST_F(RustProcesses, KeepsKeysAndValuesInADatabase) {
  EXPECT_EQ(order({{"Database", {{"name", "in-rust"}}}}),
            (Json{{"Ok",
                   {{"early", false},
                    {"sum", 3},
                    {"missing", "key not found"},
                    {"bytes", "bytes"},
                    {"removed", "db [rust-kit:test.os, in-rust] does not exist"}}}}));
}

TEST_F(RustProcesses, SpawnsAChildAndAsksIt) {
  EXPECT_EQ(order({{"Spawn", {{"wasm_path", "/rust-kit:test.os/pkg/child.wasm"}}}})["Ok"]["body"], "alive");
  const Json refused = order({{"Spawn", {{"wasm_path", "/rust-kit:test.os/pkg/none.wasm"}}}});
  EXPECT_NE(refused["Err"].get<std::string>().find("no-file-at-path"), std::string::npos) << refused;
}

TEST_F(RustProcesses, K19_15_ItsTypesDecodeTheProcessMap) {
  const Json answer = order("Processes");
  ASSERT_TRUE(answer.contains("Ok")) << answer;
  EXPECT_EQ(answer["Ok"]["us"], true);
  EXPECT_EQ(answer["Ok"]["count"], node().kernel({{"Debug", "ProcessMap"}})["Debug"]["ProcessMap"].size());
}

TEST_F(RustProcesses, KnowsWhatItHolds) {
  auto holds = [&](const std::string& issuer, const std::string& params) {
    return order({{"Holds", {{"issuer", address(issuer)}, {"params", params}}}})["Ok"];
  };
  EXPECT_EQ(holds(kernel_id, messaging), true);
  EXPECT_EQ(holds(vfs_id, R"({ "drive": "/rust-kit:test.os/pkg", "kind": "read" })"), true);
  EXPECT_EQ(holds(state_id, messaging), false);
}

TEST_F(RustProcesses, K19_16_APanicEndsItAndItsStateStays) {
  const int before = order("Count")["Ok"].get<int>();
  EXPECT_EQ(order("Count"), (Json{{"Ok", before + 1}}));
  EXPECT_EQ(order("OnExitRestart"), (Json{{"Ok", true}}));
  EXPECT_EQ(node().ask(worker, {{"Panic", {{"text", "a reason"}}}}).status, 408U);
  wait_for("process " + worker + " ended with error: trapped");
  wait_for("a reason");
  wait_for("rust-kit:test.os: worker: begun");
  EXPECT_EQ(order("Count"), (Json{{"Ok", before + 2}}));
}

TEST_F(RustProcesses, ExitE3_ItsOnExitRequestsAreSent) {
  const Json set = {{"OnExit", {{"to", address(plain)}, {"body", "last word in Rust"}}}};
  one(plain, "events");
  // One of its own, so that the others' is left.
  const Json drive = capability(address(vfs_id), R"({"kind":"read","drive":"/rust-kit:test.os/pkg"})");
  node().grant(actor, Json::array({drive}));
  const std::string id = spawn({{"wasm_path", "/rust-kit:test.os/pkg/worker.wasm"}, {"public", true}});
  EXPECT_EQ(Json::parse(one(actor, await(id, set))["body"].get<std::string>()), (Json{{"Ok", true}}));
  EXPECT_EQ(one(actor, await(id, {{"Panic", {{"text", "and out"}}}}, {{"expects", 100000}}))["error"], "Timeout");
  const Json events = one(plain, "events");
  ASSERT_EQ(events.size(), 1) << events;
  EXPECT_EQ(events[0]["body"], "last word in Rust");
  EXPECT_EQ(events[0]["source"], address(id));
}

}  // namespace
}  // namespace kinode::conformance
