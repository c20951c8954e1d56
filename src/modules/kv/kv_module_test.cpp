// What kv:distro:sys answers.
#include "modules/kv/kv_module_test.h"

namespace kinode::modules::kv {
namespace {

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

TEST_F(KvModule, K4_AGrantThatFailsIsNoSuccess) {
  std::vector<Capability> others;  // as many as a process may hold
  while (others.size() < kernel::Limits{}.capabilities) {
    others.push_back(Capability::make(bob_->address(), std::to_string(others.size())).value());
  }
  node_->kernel.grant(alice_->address().process(), others);
  EXPECT_EQ(ask(*alice_, R"("Open")"), R"({"Err":"AddCapFailed"})");
  node_->kernel.drop(alice_->address().process(), {others[0]});
  EXPECT_EQ(ask(*alice_, R"("Open")"), R"({"Err":"AddCapFailed"})") << "there is room for one of the two";
  node_->kernel.drop(alice_->address().process(), {others[1]});
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(set(*alice_, "k", "v"), ok);
  EXPECT_EQ(get(*alice_, "k"), "v");
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

TEST_F(KvModule, AWriteThatMayNotLastIsNoSuccess) {
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  std::string tx = begin(*alice_);
  EXPECT_EQ(set(*alice_, "in tx", "v", tx), ok);
  disk_fails_ = true;
  constexpr std::string_view lost = R"({"Err":{"IOError":"the disk takes no writes: )";
  EXPECT_THAT(set(*alice_, "k", "v"), StartsWith(lost));
  EXPECT_THAT(erase(*alice_, "k"), StartsWith(lost));
  EXPECT_THAT(commit(*alice_, tx), StartsWith(lost));
  disk_fails_ = false;
  EXPECT_EQ(set(*alice_, "k", "v"), ok);
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
  ASSERT_TRUE((*capture)->complete({}));
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

TEST_F(KvModule, ADatabaseOfTheFirstClientIsReadAndWritten) {
  std::filesystem::create_directories(folder("db").parent_path());
  std::filesystem::copy(KV_OF_FIRST_CLIENT, folder("db"));
  EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
  EXPECT_EQ(get(*alice_, "table/08"), "value 8");
  EXPECT_EQ(get(*alice_, "table/07"), R"({"Err":"KeyNotFound"})") << "deleted, by its log";
  EXPECT_EQ(get(*alice_, "log/1"), "in the log");
  EXPECT_EQ(get(*alice_, std::string("\0\xff", 2)), "");
  EXPECT_EQ(iterate(*alice_, nlohmann::json::object()).size(), 51);
  EXPECT_EQ(set(*alice_, "table/07", "again"), ok);
  EXPECT_EQ(get(*alice_, "table/07"), "again");
}

}  // namespace
}  // namespace kinode::modules::kv
