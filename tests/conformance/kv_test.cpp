// kv:distro:sys (modules.md 3). K, S, G: defects of the first client that are repaired here.

#include <algorithm>
#include <random>
#include <thread>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

using namespace std::chrono_literals;

const std::string counter_in_kv = "counter:kv-kit:test.os";
const std::string ok = R"("Ok")";
const std::string malformed = R"({"Err":"MalformedRequest"})";
const std::string no_read = R"({"Err":"NoReadCap"})";
const std::string no_write = R"({"Err":"NoWriteCap"})";
const std::string not_found = R"({"Err":"KeyNotFound"})";

Json key_of(const std::string& text) {
  Json list = Json::array();
  for (const char letter : text) {
    list.push_back(static_cast<uint8_t>(letter));
  }
  return list;
}

Json get(const std::string& key) { return {{"Get", key_of(key)}}; }
Json set(const std::string& key, const Json& transaction = nullptr) {
  return {{"Set", {{"key", key_of(key)}, {"tx_id", transaction}}}};
}
Json erase(const std::string& key) { return {{"Delete", {{"key", key_of(key)}, {"tx_id", nullptr}}}}; }
Json commit(const Json& transaction) { return {{"Commit", {{"tx_id", transaction}}}}; }

class Kv : public Suite<Kv> {
 public:
  static void SetUpTestSuite() {
    folder.emplace();
    const PackageFolder package{
        .folder = folder->path() / "kv-kit",
        .package = "kv-kit",
        .manifest = Json::array({manifest_entry(
            "counter", "kv-counter.wasm",
            {{"on_exit", "Restart"}, {"public", true}, {"request_capabilities", Json::array({kv_id})}})}),
        .files = {{"kv-counter.wasm", component("kv-counter")}}};
    kv_kit = package.write();
    Suite::SetUpTestSuite();
  }
  static void TearDownTestSuite() {
    Suite::TearDownTestSuite();
    folder.reset();
  }
  static NodeOptions node_options() {
    return {.bootstrap = {built_package("test-kit"), built_package("other-kit"), kv_kit}};
  }
  static std::vector<std::string> connected() { return {plain, other, counter_in_kv}; }

 protected:
  [[nodiscard]] static Json request(const Json& action, const std::string& db) {
    return {
        {"package_id", {{"package_name", "test-kit"}, {"publisher_node", "test.os"}}}, {"db", db}, {"action", action}};
  }
  /// The event of the answer.
  [[nodiscard]] Json ask_kv(const std::string& process, const Json& action, Json more = Json::object(),
                            const std::string& db = "db") const {
    Json event = one(process, await(kv_id, request(action, db), std::move(more)));
    EXPECT_EQ(event["kind"], "response") << action << event;
    EXPECT_EQ(event["source"], address(kv_id));
    return event;
  }
  [[nodiscard]] std::string kv(const std::string& process, const Json& action, Json more = Json::object(),
                               const std::string& db = "db") const {
    return ask_kv(process, action, std::move(more), db)["body"].get<std::string>();
  }
  [[nodiscard]] std::string value(const std::string& process, const std::string& key,
                                  const std::string& db = "db") const {
    const Json event = ask_kv(process, get(key), {}, db);
    return event["has_blob"] == true ? event["blob"]["bytes"].get<std::string>() : event["body"].get<std::string>();
  }
  [[nodiscard]] Json begin(const std::string& process) const {
    return Json::parse(kv(process, "BeginTx")).at("BeginTx").at("tx_id");
  }
  void crash_node() const {
    node().kill9();
    node().start();
  }
  /// An actor of the package, with the rights that kv takes.
  [[nodiscard]] std::string sibling() const {
    const std::string child = spawn({{"public", true}, {"request_capabilities", Json::array({kv_id})}});
    EXPECT_EQ(kv(child, "Open"), ok);
    return child;
  }
  [[nodiscard]] std::filesystem::path databases() const { return node().home() / "kv" / "test-kit:test.os"; }

 private:
  static inline std::optional<TempFolder> folder;
  static inline std::string kv_kit;
};

TEST_F(Kv, WhatIsSetIsGotToTheLetter) {
  const Json opened = ask_kv(actor, "Open", {{"metadata", "mine"}});
  EXPECT_EQ(opened["body"], ok);
  EXPECT_EQ(opened["metadata"], "mine");
  EXPECT_EQ(opened["has_blob"], false);
  EXPECT_EQ(kv(actor, set("ab"), {{"blob", {{"hex", "00ff80"}}}}), ok);
  const Json got = ask_kv(actor, get("ab"));
  EXPECT_EQ(got["body"], R"({"Get":[97,98]})");
  EXPECT_EQ(got["blob"]["bytes"]["hex"], "00ff80");
  EXPECT_EQ(got["blob"]["mime"], "application/octet-stream");
  EXPECT_EQ(kv(actor, erase("ab")), ok);
  EXPECT_EQ(kv(actor, erase("ab")), ok);
  EXPECT_EQ(kv(actor, get("ab")), not_found);
  EXPECT_EQ(kv(actor, set("ab")), malformed) << "no blob";
  EXPECT_EQ(kv(actor, "Nonsense"), malformed);
}

TEST_F(Kv, RightsAreOfProcessesAndArePassedOn) {
  EXPECT_EQ(kv(actor, "Open", {}, "shared"), ok);
  EXPECT_EQ(kv(actor, set("k"), {{"blob", "secret"}}, "shared"), ok);
  EXPECT_EQ(kv(other, "Open", {}, "shared"), R"({"Err":"MismatchingPackageId"})");
  EXPECT_EQ(kv(other, "RemoveDb", {}, "shared"), R"({"Err":"MismatchingPackageId"})");
  EXPECT_EQ(kv(other, get("k"), {}, "shared"), no_read);
  const std::string child = spawn({{"public", true}, {"request_capabilities", Json::array({kv_id})}});
  EXPECT_EQ(kv(child, get("k"), {}, "shared"), no_read) << "of the same package, but it did not open it";

  const std::string params =
      R"({"kind":"read","db_key":[{"package_name":"test-kit","publisher_node":"test.os"},"shared"]})";
  EXPECT_TRUE(node().holds(actor, kv_id, params));
  const Json save = script(step("save_capabilities", {{"capabilities", "$received"}}));
  one(actor, await(other, save, {{"capabilities", Json::array({capability(address(kv_id), params)})}}));
  EXPECT_EQ(value(other, "k", "shared"), "secret");
  EXPECT_EQ(kv(other, set("k"), {{"blob", "stolen"}}, "shared"), no_write);
  EXPECT_EQ(kv(other, get("k"), {}, "another"), no_read);
}

TEST_F(Kv, S4_NamesLeadNowhereElse) {
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(node().home())) {
      names.insert(entry.path().filename());
    }
    return names;
  };
  const std::set<std::string> before = files();
  const std::filesystem::path outside = node().home() / "outside";
  std::filesystem::create_directory(outside);
  for (const std::string name : {"..", ".", "", "../../x", "../../outside", outside.c_str(), "a/b", "..\\x"}) {
    for (const char* action : {"Open", "RemoveDb", "BeginTx"}) {
      EXPECT_EQ(kv(actor, action, {}, name), malformed) << action << name;
    }
    EXPECT_EQ(kv(actor, get("k"), {}, name), malformed);
  }
  EXPECT_TRUE(std::filesystem::remove(outside)) << "still there, and empty";
  EXPECT_EQ(files(), before);
}

TEST_F(Kv, G1_RequestsOfOneProcessAreDoneInOrder) {
  EXPECT_EQ(kv(actor, "Open"), ok);
  for (int round = 0; round < 30; ++round) {
    Json list = steps();
    for (int i = 0; i < 10; ++i) {
      list.push_back(send(kv_id, request(set("k"), "db"), {{"blob", std::to_string(round * 10 + i)}}));
    }
    list.push_back(await(kv_id, request(get("k"), "db")));
    EXPECT_EQ(act(actor, list).back()["blob"]["bytes"], std::to_string(round * 10 + 9));
  }
}

TEST_F(Kv, K1_ARemovedDatabaseIsGone) {
  EXPECT_EQ(kv(actor, "Open", {}, "removed"), ok);
  EXPECT_EQ(kv(actor, set("k"), {{"blob", "old"}}, "removed"), ok);
  EXPECT_TRUE(std::filesystem::exists(databases() / "removed"));
  EXPECT_EQ(kv(actor, "RemoveDb", {}, "removed"), ok);
  EXPECT_FALSE(std::filesystem::exists(databases() / "removed"));
  EXPECT_EQ(kv(actor, get("k"), {}, "removed"),
            R"({"Err":{"NoDb":[{"package_name":"test-kit","publisher_node":"test.os"},"removed"]}})");
  EXPECT_EQ(kv(actor, "Open", {}, "removed"), ok);
  EXPECT_EQ(kv(actor, get("k"), {}, "removed"), not_found);
}

TEST_F(Kv, K2_ATransactionIsOfTheProcessThatBeganIt) {
  EXPECT_EQ(kv(actor, "Open"), ok);
  const std::string child = sibling();
  const Json transaction = begin(actor);
  const std::string unknown = R"({"Err":{"NoTx":)" + transaction.dump() + "}}";
  EXPECT_EQ(kv(actor, set("tx", transaction), {{"blob", "mine"}}), ok);
  EXPECT_EQ(kv(child, set("tx", transaction), {{"blob", "theirs"}}), unknown);
  EXPECT_EQ(kv(child, commit(transaction)), unknown);
  EXPECT_EQ(kv(child, get("tx")), not_found);
  EXPECT_EQ(kv(actor, commit(transaction)), ok);
  EXPECT_EQ(value(child, "tx"), "mine");
  EXPECT_EQ(kv(actor, commit(transaction)), unknown);
}

TEST_F(Kv, K2_TheTransactionsOfAKilledProcessAreRolledBack) {
  const std::string child = sibling();
  const Json transaction = begin(child);
  EXPECT_EQ(kv(child, set("of the killed", transaction), {{"blob", "half"}}), ok);
  node().kernel({{"KillProcess", child}});
  EXPECT_EQ(kv(actor, "Open"), ok);
  EXPECT_EQ(kv(actor, get("of the killed")), not_found);
  // Its changes hold up nobody's.
  EXPECT_EQ(kv(actor, set("of the killed"), {{"blob", "whole"}}), ok);
  EXPECT_EQ(value(actor, "of the killed"), "whole");
}

TEST_F(Kv, ACrashRollsBackAndTheNextLifeGoesOn) {
  const uint64_t before = std::stoull(node().ask(counter_in_kv, "").body);
  const std::string left = node().ask(counter_in_kv, "leave").body;
  EXPECT_GT(std::stoull(left), 0U) << "the id of a transaction";
  EXPECT_EQ(node().ask(counter_in_kv, "crash").status, 408U);
  // Neither the transaction that was left nor that of the crash is in the way or in the database.
  EXPECT_EQ(std::stoull(node().ask(counter_in_kv, "").body), before + 1);
  EXPECT_EQ(std::stoull(node().ask(counter_in_kv, "log").body), before + 1);
}

TEST_F(Kv, OneProcessThatKeepsItBusyHoldsUpNobody) {
  EXPECT_EQ(kv(actor, "Open"), ok);
  const std::string busy = sibling();
  // A thousand values of 256 KiB, none of them awaited.
  node().begin(busy,
               steps(repeat(1000, steps(send(kv_id, request(set("big"), "db"), {{"blob", {{"size", 262144}}}})))));
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(kv(actor, set("k"), {{"blob", "v"}}), ok);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
}

TEST_F(Kv, ARestartKeepsWhatWasSet) {
  EXPECT_EQ(kv(actor, "Open"), ok);
  EXPECT_EQ(kv(actor, set("lasting"), {{"blob", "kept"}}), ok);
  const Json transaction = begin(actor);
  EXPECT_EQ(kv(actor, set("lasting", transaction), {{"blob", "not committed"}}), ok);
  node().restart();
  EXPECT_EQ(value(actor, "lasting"), "kept") << "the capabilities last too";
  EXPECT_EQ(kv(actor, commit(transaction)), R"({"Err":{"NoTx":)" + transaction.dump() + "}}");
}

/// Asks the counter until the node is gone; the highest number that was answered.
uint64_t count_until_gone(RpcClient rpc) {
  uint64_t highest = 0;
  try {
    while (true) {
      const Reply reply = rpc.send({.process = counter_in_kv, .body = ""});
      if (reply.status != 200) {
        return highest;
      }
      highest = std::max<uint64_t>(highest, std::stoull(reply.body));
    }
  } catch (const Failure&) {
    return highest;
  }
}

TEST_F(Kv, WhatWasAnsweredIsNotForgottenWheneverTheNodeIsKilled) {
  std::mt19937 random(20261125);  // NOLINT(cert-msc51-cpp): the same moments each time, as far as time allows
  uint64_t told = std::stoull(node().ask(counter_in_kv, "").body);
  for (int round = 0; round < 20; ++round) {
    uint64_t highest = 0;
    {
      std::jthread asking([&highest, rpc = node().rpc()] { highest = count_until_gone(rpc); });
      pass_a_drawn_time(random, 60ms);
      node().kill9();
    }
    node().start();
    told = std::max(told, highest);
    const uint64_t now = std::stoull(node().ask(counter_in_kv, "").body);
    ASSERT_GT(now, told) << "round " << round << ": an answer was given and then forgotten";
    ASSERT_LE(now, told + 2) << "round " << round << ": at most one was not answered";
    // The number and its entry are of one transaction.
    ASSERT_EQ(std::stoull(node().ask(counter_in_kv, "log").body), now) << "round " << round;
    told = now;
  }
}

}  // namespace
}  // namespace kinode::conformance
