// What kv:distro:sys does at its limits.
#include "modules/kv/kv_module_test.h"

namespace kinode::modules::kv {
namespace {

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
