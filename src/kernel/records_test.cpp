#include "kernel/records.h"

#include <gmock/gmock.h>

#include <map>

#include "codec/generators_test.h"
#include "kernel/testing/memory_journal.h"
#include "kernel/testing/recording_printer.h"

namespace kinode::kernel {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MemoryJournal;
using testing::RecordingPrinter;

const ProcessId kernel_id("kernel", "distro", "sys");
const ProcessId alice("alice", "test", "sys");
const Address bob = *Address::parse("node.os@bob:test:sys");

class RecordsTest : public ::testing::Test {
 protected:
  MemoryJournal journal_;
  RecordingPrinter printer_;
  Records records_{journal_, printer_, kernel_id};

  std::map<ProcessId, ProcessRecord> processes() {
    std::map<ProcessId, ProcessRecord> found;
    Result<void> scanned =
        records_.scan_processes([&](ProcessId id, ProcessRecord record) { found.emplace(id, std::move(record)); });
    EXPECT_TRUE(scanned.has_value()) << scanned.error().message;
    return found;
  }
  std::vector<std::pair<ProcessId, AttachedCapability>> capabilities() {
    std::vector<std::pair<ProcessId, AttachedCapability>> found;
    Result<void> scanned = records_.scan_capabilities(
        [&](ProcessId id, AttachedCapability attached) { found.emplace_back(id, std::move(attached)); });
    EXPECT_TRUE(scanned.has_value()) << scanned.error().message;
    return found;
  }
  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    for (const auto& [key, value] : journal_.content()) {
      keys.push_back(key);
    }
    return keys;
  }
  void put_capability(std::string params) {
    records_.put_capabilities(alice, std::vector<AttachedCapability>{{*Capability::make(bob, std::move(params)), {}}});
  }
  void put(const std::string& key, std::string_view value) {
    Batch batch;
    batch.put(key, Bytes::copy_of(value));
    ASSERT_TRUE(journal_.write(batch).has_value());
  }
};

OnExit last_words() {
  Request request{.inherit = true, .expects_response = 5, .body = Bytes::copy_of("bye"), .metadata = "m"};
  request.capabilities.push_back({Capability::messaging(bob), Bytes::copy_of("signed")});
  return {OnExit::Kind::requests, {{bob, request, Blob{"text/plain", Bytes::copy_of("blob")}}}};
}

TEST_F(RecordsTest, AProcessComesBackAsItWasWritten) {
  ProcessRecord record{"/test:sys/pkg/alice.wasm", 1, last_words(), true};
  AttachedCapability messaging{Capability::messaging(bob), {}};
  AttachedCapability foreign{*Capability::make(*Address::parse("other.os@x:y:z"), R"({ "b":1, "a":[1.0] })"),
                             Bytes::copy_of("signature")};
  records_.put_process(alice, record, std::vector{messaging, foreign});
  EXPECT_EQ(journal_.written(), 1) << "one batch";

  auto found = processes();
  ASSERT_EQ(found.size(), 1);
  const ProcessRecord& read = found.at(alice);
  EXPECT_EQ(read.handle, record.handle);
  EXPECT_EQ(read.wit_version, record.wit_version);
  EXPECT_EQ(read.on_exit, record.on_exit);
  EXPECT_TRUE(read.is_public);
  EXPECT_THAT(capabilities(), ElementsAre(std::pair(alice, messaging), std::pair(alice, foreign)));
  EXPECT_EQ(capabilities()[1].second.capability.params(), R"({ "b":1, "a":[1.0] })") << "its own text";

  records_.erase_process(alice, std::vector{messaging.capability, foreign.capability});
  EXPECT_TRUE(keys().empty());
}

TEST_F(RecordsTest, KeysAreTheDocumentedOnes) {
  records_.put_process(alice, {"/h", std::nullopt, OnExit::restart(), false}, {});
  put_capability(R"({ "b":1, "a":2 })");
  EXPECT_THAT(keys(),
              ElementsAre(R"(capability/alice:test:sys/node.os@bob:test:sys/{"a":2,"b":1})", "process/alice:test:sys"));
  EXPECT_EQ(Records::state_key(alice), "state/alice:test:sys");
  EXPECT_EQ(journal_.content().at("process/alice:test:sys").text(),
            R"({"v":1,"wasm_bytes_handle":"/h","wit_version":null,"on_exit":"Restart","public":false})");
}

TEST_F(RecordsTest, EqualCapabilitiesAreOneRecord) {
  put_capability(R"({"a":1,"b":2})");
  put_capability(R"({ "b":2, "a":1 })");
  EXPECT_EQ(keys().size(), 1);
  records_.erase_capabilities(alice, std::vector{*Capability::make(bob, R"({"b": 2,"a": 1})")});
  EXPECT_TRUE(keys().empty());
}

TEST_F(RecordsTest, ANewerVersionIsRefusedWithItsKey) {
  put("process/alice:test:sys",
      R"({"v":2,"wasm_bytes_handle":"/h","wit_version":null,"on_exit":"Restart","public":false})");
  Result<void> scanned = records_.scan_processes([](const ProcessId&, const ProcessRecord&) {});
  ASSERT_FALSE(scanned.has_value());
  EXPECT_THAT(scanned.error().message, AllOf(HasSubstr("process/alice:test:sys"), HasSubstr("newer")));
}

TEST_F(RecordsTest, ANewerVersionOfAnotherShapeIsCalledNewer) {
  put("process/alice:test:sys", R"({"v":2,"program":"/h"})");
  put("capability/alice:test:sys/x", R"({"v":2,"what":"else"})");
  auto ignore = [](const auto&...) {};
  EXPECT_THAT(records_.scan_processes(ignore).error().message, HasSubstr("newer"));
  EXPECT_THAT(records_.scan_capabilities(ignore).error().message, HasSubstr("newer"));
}

TEST_F(RecordsTest, ADamagedRecordNamesItsKey) {
  for (std::string_view value : {"", "{", "[]", R"({"v":1})", R"({"v":1,"wasm_bytes_handle":7})"}) {
    put("process/alice:test:sys", value);
    Result<void> scanned = records_.scan_processes([](const ProcessId&, const ProcessRecord&) {});
    ASSERT_FALSE(scanned.has_value()) << value;
    EXPECT_THAT(scanned.error().message, HasSubstr("process/alice:test:sys"));
  }
  put("capability/alice:test:sys/x", "null");
  Result<void> scanned = records_.scan_capabilities([](const ProcessId&, const AttachedCapability&) {});
  ASSERT_FALSE(scanned.has_value());
  EXPECT_THAT(scanned.error().message, HasSubstr("capability/alice:test:sys/x"));
}

TEST_F(RecordsTest, WhatWasWrittenCanBeReadHoweverLarge) {
  OnExit on_exit = last_words();
  on_exit.requests[0].blob->bytes = Bytes::from(std::string(5'000'000, '\xff'));
  records_.put_process(alice, {"/h", 1, on_exit, false}, {});
  EXPECT_EQ(processes().at(alice).on_exit, on_exit);
}

TEST_F(RecordsTest, AFullDiskIsPrintedAndEndsNothing) {
  journal_.fail({"no space left on device"});
  records_.put_process(alice, {"/h", 1, OnExit::restart(), false}, {});
  EXPECT_TRUE(printer_.has("process/alice:test:sys: not saved: no space left on device", 0));
}

TEST(RecordsProperty, AnyProcessComesBackAsItWasWritten) {
  EXPECT_TRUE(rc::check("with what it holds", [] {
    MemoryJournal journal;
    RecordingPrinter printer;
    Records records(journal, printer, kernel_id);
    ProcessId id = codec::any_process();
    ProcessRecord record;
    record.handle = codec::any_text();
    record.on_exit = codec::any_on_exit();
    record.is_public = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) {
      record.wit_version = *rc::gen::arbitrary<uint32_t>();
    }
    std::map<std::string, AttachedCapability> held;
    for (AttachedCapability& attached : codec::any_capabilities()) {
      std::string key = attached.capability.issuer().text() + "/" + attached.capability.canonical_params();
      held.insert_or_assign(key, std::move(attached));
    }
    std::vector<AttachedCapability> list;
    for (const auto& [key, attached] : held) {
      list.push_back(attached);
    }
    records.put_process(id, record, list);

    size_t processes = 0;
    RC_ASSERT(records
                  .scan_processes([&](const ProcessId& found, const ProcessRecord& read) {
                    ++processes;
                    RC_ASSERT(found == id);
                    RC_ASSERT(read.handle == record.handle);
                    RC_ASSERT(read.wit_version == record.wit_version);
                    RC_ASSERT(read.on_exit == record.on_exit);
                    RC_ASSERT(read.is_public == record.is_public);
                  })
                  .has_value());
    RC_ASSERT(processes == 1U);
    std::vector<AttachedCapability> read;
    RC_ASSERT(records
                  .scan_capabilities([&](const ProcessId& holder, AttachedCapability attached) {
                    RC_ASSERT(holder == id);
                    read.push_back(std::move(attached));
                  })
                  .has_value());
    RC_ASSERT(read == list);
  }));
}

}  // namespace
}  // namespace kinode::kernel
