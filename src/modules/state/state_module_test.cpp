#include "modules/state/state_module.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/state/rocks_journal.h"

namespace kinode::modules {
namespace {

using namespace std::chrono_literals;
using kernel::Envelope;
using kernel::testing::Puppet;
using kernel::testing::TestNode;
using ::testing::HasSubstr;

constexpr const char* own = "asker:test:sys";

/// Its journal is in memory, or that which is given.
class Setting {
 public:
  explicit Setting(kernel::Journal* other_journal = nullptr)
      : node(TestNode::Options{.other_journal = other_journal}), state(node.local("state:distro:sys")) {
    node.kernel.add_module(state.process(), false, [&](kernel::ProcessContext& context) {
      kernel::Journal& journal = other_journal != nullptr ? *other_journal : node.journal;
      return std::make_unique<StateModule>(context, journal, pool, [this] { return backup(); });
    });
    node.run();
    asker = &add(own);
  }
  Puppet& add(std::string_view id) {
    Puppet& puppet = node.add_puppet(id);
    node.connect(puppet.address(), state);
    return puppet;
  }
  /// Sends and waits for the answer, which may come from another thread.
  std::unique_ptr<Envelope> ask(Puppet& puppet, std::string_view body, std::optional<Blob> blob = {},
                                std::optional<std::string> metadata = {}) {
    puppet.request(state, body, 10, std::move(blob), std::move(metadata));
    return wait(puppet);
  }
  std::unique_ptr<Envelope> wait(Puppet& puppet) {
    do {
      node.run();
    } while (puppet.received() == 0 && node.executor.wait_ready(10s));
    return puppet.take();
  }
  static std::string body(const std::unique_ptr<Envelope>& answer) {
    if (!answer || answer->kind != Envelope::Kind::response) {
      return "no response";
    }
    return std::string(answer->response().body.text());
  }

  std::function<Result<void>()> backup = [] { return Result<void>(); };
  BlockingPool pool{"state-test", 1};
  TestNode node;
  Address state;
  Puppet* asker = nullptr;
};

Blob blob_of(std::string_view text) { return {std::nullopt, Bytes::copy_of(text)}; }

TEST(StateModule, AnyBytesComeBack) {
  Setting it;
  EXPECT_TRUE(rc::check("the last that were set", [&](const std::vector<uint8_t>& bytes) {
    const Blob blob{std::nullopt, Bytes::copy_of(bytes)};
    RC_ASSERT(it.body(it.ask(*it.asker, R"({"SetState":"asker:test:sys"})", blob)) == R"("SetState")");
    std::unique_ptr<Envelope> got = it.ask(*it.asker, R"({"GetState":"asker:test:sys"})");
    RC_ASSERT(it.body(got) == R"("GetState")");
    RC_ASSERT(got->blob->bytes == blob.bytes);
  }));
}

TEST(StateModule, SetsGetsAndDeletes) {
  Setting it;
  std::unique_ptr<Envelope> set = it.ask(*it.asker, R"({"SetState":"asker:test:sys"})", blob_of("bytes"), "meta");
  EXPECT_EQ(it.body(set), R"("SetState")");
  EXPECT_EQ(set->response().metadata, "meta");
  EXPECT_FALSE(set->blob.has_value());
  EXPECT_EQ(it.node.journal.content().at("state/asker:test:sys").text(), "bytes");

  std::unique_ptr<Envelope> get = it.ask(*it.asker, R"({"GetState":"asker:test:sys"})", {}, "more");
  EXPECT_EQ(it.body(get), R"("GetState")");
  EXPECT_EQ(get->response().metadata, "more");
  ASSERT_TRUE(get->blob.has_value());
  EXPECT_EQ(get->blob->mime, "application/octet-stream");
  EXPECT_EQ(get->blob->bytes.text(), "bytes");

  EXPECT_EQ(it.body(it.ask(*it.asker, R"({"DeleteState":"asker:test:sys"})")), R"("DeleteState")");
  EXPECT_EQ(it.body(it.ask(*it.asker, R"({"DeleteState":"asker:test:sys"})")), R"("DeleteState")");
  std::unique_ptr<Envelope> none = it.ask(*it.asker, R"({"GetState":"asker:test:sys"})", {}, "meta");
  EXPECT_EQ(it.body(none), R"({"Err":{"NotFound":{"process_id":"asker:test:sys"}}})");
  EXPECT_EQ(none->response().metadata, std::nullopt);
  EXPECT_FALSE(none->blob.has_value());
}

TEST(StateModule, SuccessIsToldOnlyToWhomWantsIt) {
  Setting it;
  it.asker->request(it.state, R"({"SetState":"asker:test:sys"})", std::nullopt, blob_of("x"));
  it.node.run();
  EXPECT_EQ(it.asker->take(), nullptr);
  EXPECT_TRUE(it.node.journal.content().contains("state/asker:test:sys"));
}

TEST(StateModule, SaysWhatIsWrong) {
  Setting it;
  EXPECT_EQ(it.body(it.ask(*it.asker, R"({"SetState":"asker:test:sys"})")),
            R"({"Err":{"BadBytes":{"action":"SetState"}}})");
  for (const char* body : {"", "{", "null", R"({"GetState":"asker"})", R"({"GetState":1})", R"({"Get":"a:b:c"})",
                           R"("GetState")", R"({"Backup":1})"}) {
    EXPECT_THAT(it.body(it.ask(*it.asker, body)), HasSubstr(R"({"Err":{"BadJson":{"error":")")) << body;
  }
  it.node.journal.fail({"disk full"});
  EXPECT_EQ(it.body(it.ask(*it.asker, R"({"SetState":"asker:test:sys"})", blob_of("x"))),
            R"({"Err":{"RocksDBError":{"action":"SetState","error":"disk full"}}})");
  EXPECT_EQ(it.body(it.ask(*it.asker, R"({"GetState":"asker:test:sys"})")),
            R"({"Err":{"RocksDBError":{"action":"GetState","error":"disk full"}}})");
}

TEST(StateModule, AProcessReachesItsOwnStateOnly) {
  Setting it;
  for (const char* request : {R"({"GetState":"other:test:sys"})", R"({"SetState":"other:test:sys"})",
                              R"({"DeleteState":"kernel:distro:sys"})", R"("Backup")"}) {
    std::string answer = it.body(it.ask(*it.asker, request, blob_of("x")));
    EXPECT_THAT(answer, HasSubstr(R"({"Err":{"BadRequest":{"error":")")) << request;
    EXPECT_THAT(answer, HasSubstr("asker:test:sys may not use")) << request;
  }
  EXPECT_TRUE(it.node.journal.content().contains("state/other:test:sys") == false);

  Puppet& trusted = it.add("clear-state:terminal:sys");
  EXPECT_EQ(it.body(it.ask(trusted, R"({"SetState":"other:test:sys"})", blob_of("x"))), R"("SetState")");
  EXPECT_EQ(it.body(it.ask(trusted, R"({"GetState":"other:test:sys"})")), R"("GetState")");
  Puppet& pretender = it.add("clear-state:terminal:sys.evil");
  EXPECT_THAT(it.body(it.ask(pretender, R"({"GetState":"other:test:sys"})")), HasSubstr("BadRequest"));
}

TEST(StateModule, KeepsTheOrderOfOneSenderAndOthersDoNotWait) {
  Setting it;
  Puppet& other = it.add("other:test:sys");
  it.ask(*it.asker, R"({"SetState":"asker:test:sys"})", blob_of("old"));
  it.node.journal.hold_reads();
  it.asker->request(it.state, R"({"GetState":"asker:test:sys"})", 10);
  it.asker->request(it.state, R"({"SetState":"asker:test:sys"})", 10, blob_of("new"));
  it.asker->request(it.state, R"({"GetState":"asker:test:sys"})", 10);
  it.asker->request(it.state, R"({"DeleteState":"asker:test:sys"})", 10);
  it.node.run();
  EXPECT_EQ(it.asker->take(), nullptr);
  EXPECT_EQ(it.node.journal.content().at("state/asker:test:sys").text(), "old");
  EXPECT_EQ(it.body(it.ask(other, R"({"SetState":"other:test:sys"})", blob_of("x"))), R"("SetState")");

  EXPECT_EQ(it.node.journal.answer_reads(), 1);
  it.node.run();
  EXPECT_EQ(it.asker->take()->blob->bytes.text(), "old");
  EXPECT_EQ(it.body(it.asker->take()), R"("SetState")");
  EXPECT_EQ(it.asker->take(), nullptr);
  EXPECT_EQ(it.node.journal.answer_reads(), 1);
  it.node.run();
  EXPECT_EQ(it.asker->take()->blob->bytes.text(), "new");
  EXPECT_EQ(it.body(it.asker->take()), R"("DeleteState")");
}

TEST(StateModule, WhatWaitsIsBounded) {
  Setting it;
  it.node.journal.hold_reads();
  size_t sent = 0;
  while (sent < StateModule::max_waiting * 10 &&
         it.asker->request(it.state, R"({"GetState":"asker:test:sys"})", 100) == kernel::SendStatus::sent) {
    ++sent;
    it.node.run();
  }
  EXPECT_LT(sent, StateModule::max_waiting * 10);
  size_t answers = 0;
  while (it.node.journal.answer_reads() > 0) {
    it.node.run();
    while (it.asker->take() != nullptr) {
      ++answers;
    }
  }
  EXPECT_EQ(answers, sent);
}

TEST(StateModule, AnEndWithReadsUnderWayIsSafe) {
  kernel::testing::MemoryJournal journal;
  journal.hold_reads();
  {
    Setting it(&journal);
    it.asker->request(it.state, R"({"GetState":"asker:test:sys"})", 10);
    it.node.run();
  }
  EXPECT_EQ(journal.answer_reads(), 1);
}

TEST(StateModule, OnTheJournalOnDiskAlsoBackup) {
  kernel::testing::TempFolder folder;
  std::unique_ptr<RocksJournal> journal = RocksJournal::open(folder.path()).value();
  std::string large(size_t{3} << 20, 'x');
  {
    Setting it(journal.get());
    it.backup = [&] { return journal->checkpoint(journal->backup_path()); };
    Puppet& trusted = it.add("backup:terminal:sys");
    EXPECT_EQ(it.body(it.ask(*it.asker, R"({"SetState":"asker:test:sys"})", blob_of(large))), R"("SetState")");
    EXPECT_EQ(it.body(it.ask(trusted, R"("Backup")", {}, "meta")), R"("Backup")");
    it.backup = [] { return Result<void>(fail("no room")); };
    std::unique_ptr<Envelope> get = it.ask(*it.asker, R"({"GetState":"asker:test:sys"})");
    EXPECT_TRUE(get->blob->bytes.text() == large);
    EXPECT_EQ(it.body(it.ask(trusted, R"({"Backup":null})")),
              R"({"Err":{"RocksDBError":{"action":"Backup","error":"no room"}}})");
    EXPECT_TRUE(std::filesystem::exists(journal->backup_path() / "CURRENT"));
  }
  journal.reset();
  journal = RocksJournal::open(folder.path()).value();
  Setting it(journal.get());
  EXPECT_TRUE(it.ask(*it.asker, R"({"GetState":"asker:test:sys"})")->blob->bytes.text() == large);
}

}  // namespace
}  // namespace kinode::modules
