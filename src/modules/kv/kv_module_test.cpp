// kv:distro:sys behind its mailbox, in a kernel, on a real disk.
#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <map>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/database/database_module.h"
#include "modules/kv/kv_engine.h"

namespace kinode::modules::kv {
namespace {

using database::DatabaseId;
using database::Right;
using kernel::Envelope;
using kernel::testing::Puppet;
using kernel::testing::TempFolder;
using kernel::testing::TestNode;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view ok = R"("Ok")";

std::string key(std::string_view text) {
  nlohmann::json list = nlohmann::json::array();
  for (char letter : text) {
    list.push_back(static_cast<uint8_t>(letter));
  }
  return list.dump();
}

std::optional<Blob> blob(std::string_view bytes) { return Blob{std::nullopt, Bytes::copy_of(bytes)}; }

class KvModule : public ::testing::Test {
 protected:
  explicit KvModule(database::ModuleSettings settings = {}, KvStore::Settings store_settings = {})
      : settings_(settings), store_settings_(std::move(store_settings)) {
    store_settings_.on_write = [this] { ++writes_; };
    start();
  }
  ~KvModule() override { stop(); }

  /// A node that begins with what is on the disk.
  void start() {
    store_ = KvStore::open(home_.path(), store_settings_).value();
    engine_ = std::make_unique<KvEngine>(*store_);
    pool_ = std::make_unique<BlockingPool>("kv-test", 3);
    node_ = std::make_unique<TestNode>();
    node_->kernel.add_module(module_address().process(), false, [&](kernel::ProcessContext& context) {
      auto module = std::make_unique<database::DatabaseModule>(context, *engine_, store_->gate(), *pool_, settings_);
      module_ = module.get();
      return module;
    });
    node_->run();
    alice_ = &add("alice:chat:a.os");
    bob_ = &add("bob:other:b.os");
  }
  void stop() {
    node_.reset();
    pool_.reset();
    store_.reset();
  }
  [[nodiscard]] Address module_address() const { return node_->local("kv:distro:sys"); }
  Puppet& add(std::string_view id) {
    Puppet& puppet = node_->add_puppet(id);
    node_->connect(puppet.address(), module_address());
    return puppet;
  }
  void grant(const Puppet& to, Right right, const DatabaseId& id) {
    ASSERT_TRUE(node_->kernel.grant(to.address().process(),
                                    {database::database_capability(module_address(), right, id).value()}));
  }
  static std::string body(std::string_view db, std::string_view action) {
    return fmt::format(R"({{"package_id":{{"package_name":"chat","publisher_node":"a.os"}},"db":"{}","action":{}}})",
                       db, action);
  }
  void settle() {
    do {
      node_->run();
      store_->gate().wait_idle();
    } while (node_->executor.ready() > 0);
  }
  void send(Puppet& from, std::string_view db, std::string_view action, std::optional<Blob> with = {}) {
    EXPECT_EQ(from.request(module_address(), body(db, action), 60, std::move(with), "meta"), kernel::SendStatus::sent);
  }
  /// "-" for none, "timeout" for an error.
  std::string next(Puppet& from) {
    last_ = from.take();
    if (last_ == nullptr) {
      return "-";
    }
    return last_->kind == Envelope::Kind::response ? std::string(last_->response().body.text()) : "timeout";
  }
  std::string ask(Puppet& from, std::string_view action, std::optional<Blob> with = {}, std::string_view db = "db") {
    send(from, db, action, std::move(with));
    settle();
    return next(from);
  }
  std::string set(Puppet& from, std::string_view at, std::string_view value, std::string_view tx = "null") {
    return ask(from, fmt::format(R"({{"Set":{{"key":{},"tx_id":{}}}}})", key(at), tx), blob(value));
  }
  std::string erase(Puppet& from, std::string_view at, std::string_view tx = "null") {
    return ask(from, fmt::format(R"({{"Delete":{{"key":{},"tx_id":{}}}}})", key(at), tx));
  }
  /// The value, or the answer where there is none.
  std::string get(Puppet& from, std::string_view at, std::string_view tx = "") {
    std::string answer = tx.empty() ? ask(from, fmt::format(R"({{"Get":{}}})", key(at)))
                                    : ask(from, fmt::format(R"({{"Get":{{"key":{},"tx_id":{}}}}})", key(at), tx));
    if (answer != fmt::format(R"({{"Get":{}}})", key(at)) || !last_->blob) {
      return answer;
    }
    return std::string(last_->blob->bytes.text());
  }
  std::string begin(Puppet& from) {
    std::string answer = ask(from, R"("BeginTx")");
    EXPECT_THAT(answer, StartsWith(R"({"BeginTx":{"tx_id":)"));
    return std::to_string(nlohmann::json::parse(answer)["BeginTx"]["tx_id"].get<uint64_t>());
  }
  std::string commit(Puppet& from, std::string_view tx) {
    return ask(from, fmt::format(R"({{"Commit":{{"tx_id":{}}}}})", tx));
  }
  std::string rollback(Puppet& from, std::string_view tx) {
    return ask(from, fmt::format(R"({{"Rollback":{{"tx_id":{}}}}})", tx));
  }
  /// The pages of Iterate one after another, as "key=value" each.
  std::vector<std::string> iterate(Puppet& from, nlohmann::json range) {
    std::vector<std::string> found;
    while (true) {
      nlohmann::json answer = nlohmann::json::parse(ask(from, nlohmann::json{{"Iterate", range}}.dump()));
      if (!answer.contains("Iterate")) {
        return {answer.dump()};
      }
      std::vector<Entry> entries = read_entries(last_->blob->bytes.text(), KvLimits{}).value();
      EXPECT_EQ(answer["Iterate"]["count"], entries.size());
      for (const Entry& entry : entries) {
        found.push_back(fmt::format("{}={}", entry.key, entry.value));
      }
      if (answer["Iterate"]["next"].is_null()) {
        return found;
      }
      range["from"] = answer["Iterate"]["next"];
    }
  }
  static std::string no_tx(std::string_view tx) { return fmt::format(R"({{"Err":{{"NoTx":{}}}}})", tx); }
  [[nodiscard]] std::filesystem::path folder(std::string_view db) const {
    return home_.path() / "kv" / "chat:a.os" / db;
  }

  TempFolder home_;
  database::ModuleSettings settings_;
  KvStore::Settings store_settings_;
  std::atomic<int> writes_ = 0;
  std::unique_ptr<KvStore> store_;
  std::unique_ptr<KvEngine> engine_;
  std::unique_ptr<BlockingPool> pool_;
  std::unique_ptr<TestNode> node_;
  database::DatabaseModule* module_ = nullptr;
  Puppet* alice_ = nullptr;
  Puppet* bob_ = nullptr;
  std::unique_ptr<Envelope> last_;
  const DatabaseId db_{PackageId("chat", "a.os"), "db"};
};

constexpr std::string_view no_db = R"({"Err":{"NoDb":[{"package_name":"chat","publisher_node":"a.os"},"db"]}})";

TEST_F(KvModule, ServesAPackageItsDatabase) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(last_->response().metadata, "meta");
  EXPECT_FALSE(last_->blob);
  EXPECT_EQ(set(*alice_, "k", "value"), ok);
  EXPECT_EQ(writes_, 1);
  EXPECT_EQ(ask(*alice_, R"({"Get":[107]})"), R"({"Get":[107]})");
  EXPECT_EQ(last_->blob->bytes.text(), "value");
  EXPECT_EQ(last_->blob->mime, "application/octet-stream");
  EXPECT_EQ(last_->response().metadata, "meta");
  EXPECT_EQ(get(*alice_, "none"), R"({"Err":"KeyNotFound"})");
  EXPECT_EQ(last_->response().metadata, std::nullopt);
  EXPECT_EQ(set(*alice_, "", ""), ok) << "an empty key with an empty value";
  EXPECT_EQ(get(*alice_, ""), "");
  EXPECT_EQ(erase(*alice_, "k"), ok);
  EXPECT_EQ(erase(*alice_, "k"), ok);
  EXPECT_EQ(get(*alice_, "k"), R"({"Err":"KeyNotFound"})");
  EXPECT_EQ(writes_, 4);
}

TEST_F(KvModule, ADatabaseTakesItsCapabilities) {
  EXPECT_EQ(get(*alice_, "k"), R"({"Err":"NoReadCap"})") << "before Open";
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  Puppet& sibling = add("second:chat:a.os");
  EXPECT_EQ(set(sibling, "k", "v"), R"({"Err":"NoWriteCap"})") << "of the same package, but it has not opened it";
  EXPECT_EQ(ask(sibling, R"("BeginTx")"), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(ask(sibling, R"("Open")"), ok);
  EXPECT_EQ(set(sibling, "k", "v"), ok);

  EXPECT_EQ(ask(*bob_, R"("Open")"), R"({"Err":"MismatchingPackageId"})");
  EXPECT_EQ(ask(*bob_, R"("RemoveDb")"), R"({"Err":"MismatchingPackageId"})");
  EXPECT_EQ(get(*bob_, "k"), R"({"Err":"NoReadCap"})");
  grant(*bob_, Right::read, db_);
  EXPECT_EQ(get(*bob_, "k"), "v");
  EXPECT_EQ(erase(*bob_, "k"), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(ask(*bob_, R"({"Commit":{"tx_id":1}})"), R"({"Err":"NoWriteCap"})");
  grant(*bob_, Right::write, {db_.package, "other"});
  EXPECT_EQ(erase(*bob_, "k"), R"({"Err":"NoWriteCap"})");
  grant(*bob_, Right::write, db_);
  EXPECT_EQ(erase(*bob_, "k"), ok);
}

TEST_F(KvModule, CapabilitiesHaveTheFormThatPackagesAskFor) {
  EXPECT_EQ(database::database_capability(module_address(), Right::read, db_)->params(),
            R"({"kind":"read","db_key":[{"package_name":"chat","publisher_node":"a.os"},"db"]})");
}

TEST_F(KvModule, SaysWhatIsWrong) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  constexpr std::string_view malformed = R"({"Err":"MalformedRequest"})";
  for (const char* action :
       {R"("Get")", R"({"Get":"k"})", R"({"Get":[256]})", R"({"Set":{"tx_id":null}})", R"("Nonsense")", R"({"Open":1})",
        R"({"Commit":{}})", R"({"Commit":{"tx_id":-1}})", R"({"Iterate":{"limit":0}})", "1", "null"}) {
    EXPECT_EQ(ask(*alice_, action), malformed) << action;
  }
  EXPECT_EQ(ask(*alice_, R"({"Set":{"key":[1]}})"), malformed) << "without a blob";
  EXPECT_EQ(ask(*alice_, R"({"SetMany":{}})", blob("\x01")), malformed);
  alice_->request(module_address(), "no json", 60);
  settle();
  EXPECT_EQ(next(*alice_), malformed);
}

TEST_F(KvModule, ErrorsAreAnsweredAlwaysSuccessToWhomWaits) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  alice_->request(module_address(), body("db", R"({"Set":{"key":[1]}})"), std::nullopt, blob("v"));
  settle();
  EXPECT_EQ(next(*alice_), "-");
  EXPECT_EQ(get(*alice_, "\x01"), "v");
}

TEST_F(KvModule, S4_ANameThatLeadsOutIsRefused) {
  for (const char* name : {"..", "../x", "/tmp/x", "a/b", ""}) {
    for (const char* action : {R"("Open")", R"("RemoveDb")", R"({"Get":[1]})"}) {
      EXPECT_EQ(ask(*alice_, action, {}, name), R"({"Err":"MalformedRequest"})") << name << action;
    }
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(home_.path()), {}), 1) << "kv alone";
}

TEST_F(KvModule, K1_ARemovedDatabaseStaysRemoved) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(set(*alice_, "k", "old"), ok);
  std::string tx = begin(*alice_);
  EXPECT_EQ(ask(*alice_, R"("RemoveDb")"), ok);
  EXPECT_FALSE(std::filesystem::exists(folder("db")));
  EXPECT_EQ(get(*alice_, "k"), no_db);
  EXPECT_EQ(ask(*alice_, R"("BeginTx")"), no_db);
  EXPECT_EQ(commit(*alice_, tx), no_tx(tx));
  EXPECT_FALSE(std::filesystem::exists(folder("db")));
  EXPECT_EQ(ask(*alice_, R"("RemoveDb")"), ok) << "again";
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(get(*alice_, "k"), R"({"Err":"KeyNotFound"})") << "a new one";
}

TEST_F(KvModule, K2_ATransactionIsOfOneProcessAndOneDatabase) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(ask(*alice_, R"("Open")", {}, "second"), ok);
  Puppet& sibling = add("second:chat:a.os");
  EXPECT_EQ(ask(sibling, R"("Open")"), ok);
  std::string tx = begin(*alice_);
  EXPECT_EQ(set(*alice_, "k", "v", tx), ok);
  EXPECT_EQ(set(sibling, "k", "stolen", tx), no_tx(tx));
  EXPECT_EQ(commit(sibling, tx), no_tx(tx));
  EXPECT_EQ(ask(*alice_, fmt::format(R"({{"Commit":{{"tx_id":{}}}}})", tx), {}, "second"), no_tx(tx));
  EXPECT_EQ(get(*alice_, "k"), R"({"Err":"KeyNotFound"})") << "not before the commit";
  EXPECT_EQ(commit(*alice_, tx), ok);
  EXPECT_EQ(get(sibling, "k"), "v");
  EXPECT_EQ(commit(*alice_, tx), no_tx(tx)) << "once";
  EXPECT_EQ(set(*alice_, "k", "late", tx), no_tx(tx));
}

TEST_F(KvModule, ATransactionSeesItsOwnChangesAndTheMomentOfItsBegin) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(set(*alice_, "a", "1"), ok);
  std::string tx = begin(*alice_);
  EXPECT_EQ(set(*alice_, "b", "later"), ok);
  EXPECT_EQ(get(*alice_, "b", tx), R"({"Err":"KeyNotFound"})");
  EXPECT_EQ(set(*alice_, "c", "own", tx), ok);
  EXPECT_EQ(erase(*alice_, "a", tx), ok);
  EXPECT_EQ(get(*alice_, "c", tx), "own");
  EXPECT_EQ(get(*alice_, "a", tx), R"({"Err":"KeyNotFound"})");
  EXPECT_THAT(iterate(*alice_, {{"tx_id", std::stoull(tx)}}), ::testing::ElementsAre("c=own"));
  EXPECT_THAT(iterate(*alice_, nlohmann::json::object()), ::testing::ElementsAre("a=1", "b=later"));
  EXPECT_EQ(rollback(*alice_, tx), ok);
  EXPECT_EQ(rollback(*alice_, tx), no_tx(tx));
  EXPECT_THAT(iterate(*alice_, nlohmann::json::object()), ::testing::ElementsAre("a=1", "b=later"));
}

TEST_F(KvModule, OfTwoTransactionsThatChangeOneKeyTheSecondIsToldOfTheConflict) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  std::string first = begin(*alice_);
  std::string second = begin(*alice_);
  EXPECT_EQ(set(*alice_, "k", "1", first), ok);
  EXPECT_EQ(set(*alice_, "k", "2", second), ok);
  EXPECT_EQ(set(*alice_, "other", "2", second), ok);
  EXPECT_EQ(commit(*alice_, first), ok);
  EXPECT_THAT(commit(*alice_, second), StartsWith(R"({"Err":{"RocksDBError":"conflict: )"));
  EXPECT_EQ(commit(*alice_, second), no_tx(second)) << "it is over";
  EXPECT_EQ(get(*alice_, "k"), "1");
  EXPECT_EQ(get(*alice_, "other"), R"({"Err":"KeyNotFound"})") << "nothing of it is done";
}

TEST_F(KvModule, TheEndOfAProcessRollsItsTransactionsBack) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  Puppet& sibling = add("second:chat:a.os");
  EXPECT_EQ(ask(sibling, R"("Open")"), ok);
  std::string tx = begin(sibling);
  EXPECT_EQ(set(sibling, "k", "half", tx), ok);
  EXPECT_EQ(begin(*alice_).empty(), false);
  EXPECT_EQ(module_->transactions().count(), 2);
  ASSERT_TRUE(node_->kernel.kill(sibling.address().process(), false));
  settle();
  EXPECT_EQ(module_->transactions().count(), 1) << "that of alice";
  EXPECT_EQ(get(*alice_, "k"), R"({"Err":"KeyNotFound"})");
}

TEST_F(KvModule, ATransactionThatNobodyUsesEnds) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  std::string idle = begin(*alice_);
  std::string used = begin(*alice_);
  node_->advance(9min);
  EXPECT_EQ(set(*alice_, "k", "v", used), ok);
  node_->advance(9min);
  EXPECT_EQ(commit(*alice_, used), ok);
  EXPECT_EQ(commit(*alice_, idle), no_tx(idle));
}

TEST_F(KvModule, G1_RequestsOfOneProcessAreDoneInOrder) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  for (int i = 0; i < 300; ++i) {
    send(*alice_, "db", R"({"Set":{"key":[1]}})", blob(std::to_string(i)));
    send(*alice_, "db", R"({"Get":[1]})");
  }
  settle();
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(next(*alice_), ok);
    ASSERT_EQ(next(*alice_), R"({"Get":[1]})");
    ASSERT_EQ(last_->blob->bytes.text(), std::to_string(i));
  }
}

TEST_F(KvModule, IteratesByPrefixAndRangeInPages) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  std::string entries;
  for (const char* name : {"b/1", "b/2", "b/3", "a", "c", "b"}) {
    append_entry(entries, {name, "v"});
  }
  EXPECT_EQ(ask(*alice_, R"({"SetMany":{}})", blob(entries)), ok);
  EXPECT_EQ(writes_, 1);
  using ::testing::ElementsAre;
  auto list = [](std::string_view text) { return nlohmann::json::parse(key(text)); };
  EXPECT_THAT(iterate(*alice_, {{"prefix", list("b/")}}), ElementsAre("b/1=v", "b/2=v", "b/3=v"));
  EXPECT_THAT(iterate(*alice_, {{"prefix", list("b/")}, {"limit", 1}}), ElementsAre("b/1=v", "b/2=v", "b/3=v"));
  EXPECT_THAT(iterate(*alice_, {{"from", list("b/2")}, {"to", list("c")}}), ElementsAre("b/2=v", "b/3=v"));
  EXPECT_THAT(iterate(*alice_, {{"prefix", list("b")}, {"from", list("a")}, {"to", list("b/2")}}),
              ElementsAre("b=v", "b/1=v"));
  EXPECT_THAT(iterate(*alice_, {{"keys_only", true}, {"limit", 4}}),
              ElementsAre("a=", "b=", "b/1=", "b/2=", "b/3=", "c="));
  EXPECT_THAT(iterate(*alice_, {{"prefix", list("x")}}), ElementsAre());
  ask(*alice_, R"({"Iterate":{"limit":2}})");
  EXPECT_EQ(last_->response().body.text(), R"({"Iterate":{"count":2,"next":[98,47,49]}})");
}

TEST_F(KvModule, ARestartKeepsWhatWasSet) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(set(*alice_, "k", "kept"), ok);
  std::string tx = begin(*alice_);
  EXPECT_EQ(set(*alice_, "k", "not committed", tx), ok);
  stop();
  start();
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(get(*alice_, "k"), "kept");
  EXPECT_EQ(commit(*alice_, tx), no_tx(tx));
}

TEST_F(KvModule, ASnapshotHasEveryDatabaseAsItWas) {
  EXPECT_EQ(ask(*alice_, R"("Open")", {}, "closed"), ok);
  EXPECT_EQ(ask(*alice_, R"({"Set":{"key":[1]}})", blob("in the closed one"), "closed"), ok);
  stop();
  start();
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(set(*alice_, "k", "before"), ok);

  ASSERT_TRUE(store_->hold(10s));
  send(*alice_, "db", R"({"Set":{"key":[107]}})", blob("after"));
  node_->run();
  EXPECT_EQ(next(*alice_), "-") << "held back";
  std::filesystem::path tree = home_.path() / "tree";
  std::filesystem::create_directory(tree);
  auto capture = store_->capture(tree / "kv");
  ASSERT_TRUE(capture) << capture.error().message;
  store_->release();
  settle();
  EXPECT_EQ(next(*alice_), ok);
  ASSERT_TRUE((*capture)->complete());
  // What happens later does not change the tree.
  EXPECT_EQ(ask(*alice_, R"("Open")", {}, "closed"), ok);
  EXPECT_EQ(ask(*alice_, R"({"Set":{"key":[1]}})", blob("changed"), "closed"), ok);
  EXPECT_EQ(ask(*alice_, R"("RemoveDb")"), ok);

  auto copy = KvStore::open(tree, {}).value();
  auto value = [&](const std::string& name, std::string_view at) {
    return std::string(copy->acquire({db_.package, name}).value()->get(Bytes::copy_of(at)).value()->text());
  };
  EXPECT_EQ(value("db", "k"), "before");
  EXPECT_EQ(value("closed", "\x01"), "in the closed one");
}

class KvModuleLimits : public KvModule {
 protected:
  KvModuleLimits()
      : KvModule({.transactions = {.of_process = 2, .count = 3, .bytes_of_one = 2'000, .bytes = 3'000}},
                 {.limits = {.key_bytes = 8,
                             .value_bytes = 1'000,
                             .batch_entries = 3,
                             .page_entries = 2,
                             .page_bytes = 100,
                             .open_databases = 2,
                             .databases_of_package = 4}}) {
    EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  }
};

TEST_F(KvModuleLimits, KeysValuesAndBatches) {
  EXPECT_EQ(set(*alice_, "12345678", std::string(1'000, 'v')), ok);
  EXPECT_EQ(set(*alice_, "123456789", "v"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(set(*alice_, "k", std::string(1'001, 'v')),
            R"({"Err":{"IOError":"a value of 1001 bytes is over the limit of 1000"}})");
  std::string entries;
  for (int i = 0; i < 4; ++i) {
    append_entry(entries, {std::to_string(i), "v"});
  }
  EXPECT_EQ(ask(*alice_, R"({"SetMany":{}})", blob(entries)), R"({"Err":"MalformedRequest"})");
}

TEST_F(KvModuleLimits, PagesAreBounded) {
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(set(*alice_, name, std::string(60, 'v')), ok);
  }
  EXPECT_EQ(ask(*alice_, R"({"Iterate":{"limit":100}})"), R"({"Iterate":{"count":1,"next":[98]}})");
  EXPECT_EQ(ask(*alice_, R"({"Iterate":{"keys_only":true}})"), R"({"Iterate":{"count":2,"next":[99]}})");
  EXPECT_EQ(set(*alice_, "a", std::string(500, 'v')), ok);
  EXPECT_EQ(ask(*alice_, R"({"Iterate":{}})"), R"({"Iterate":{"count":1,"next":[98]}})") << "one of any size fits";
}

TEST_F(KvModuleLimits, Transactions) {
  std::string first = begin(*alice_);
  std::string second = begin(*alice_);
  EXPECT_THAT(ask(*alice_, R"("BeginTx")"), HasSubstr("this process has 2 open transactions"));
  grant(*bob_, Right::write, db_);
  std::string others = begin(*bob_);
  EXPECT_THAT(ask(*bob_, R"("BeginTx")"), HasSubstr("3 transactions are open"));
  EXPECT_EQ(set(*alice_, "a", std::string(1'000, 'v'), first), ok);
  EXPECT_THAT(set(*alice_, "b", std::string(1'000, 'v'), first), HasSubstr("may have 2000 bytes"));
  EXPECT_EQ(set(*bob_, "c", std::string(1'000, 'v'), others), ok);
  EXPECT_THAT(set(*alice_, "d", std::string(500, 'v'), second), HasSubstr("together may have 3000 bytes"));
  EXPECT_EQ(rollback(*bob_, others), ok);
  EXPECT_EQ(set(*alice_, "d", std::string(500, 'v'), second), ok);
  EXPECT_EQ(commit(*alice_, first), ok);
  EXPECT_EQ(commit(*alice_, second), ok);
  EXPECT_EQ(module_->transactions().bytes(), 0);
}

TEST_F(KvModuleLimits, DatabasesOfAPackageAndThoseOpen) {
  for (const char* name : {"2", "3", "4"}) {
    EXPECT_EQ(ask(*alice_, R"("Open")", {}, name), ok);
    EXPECT_EQ(ask(*alice_, R"({"Set":{"key":[1]}})", blob(name), name), ok);
  }
  EXPECT_THAT(ask(*alice_, R"("Open")", {}, "5"), HasSubstr("the package has 4 databases"));
  // Only two of them are open at a time.
  for (const char* name : {"2", "3", "4", "2"}) {
    EXPECT_EQ(ask(*alice_, R"({"Get":[1]})", {}, name), R"({"Get":[1]})");
    EXPECT_EQ(last_->blob->bytes.text(), name);
  }
  EXPECT_EQ(ask(*alice_, R"("RemoveDb")", {}, "4"), ok);
  EXPECT_EQ(ask(*alice_, R"("Open")", {}, "5"), ok);
}

}  // namespace
}  // namespace kinode::modules::kv
