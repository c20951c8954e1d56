// What a guest asks of its host beside messages: state, on-exit, spawn (kernel.md 6).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "kernel/conversation.h"
#include "kernel/process_entry.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::blob;
using testing::Guest;
using ::testing::HasSubstr;
using testing::Puppet;
using testing::TestNode;
using testing::to;
using ::testing::UnorderedElementsAre;

/// A journal in memory that calls the test in the midst of each write.
class WatchedJournal final : public Journal {
 public:
  Result<uint64_t> write(const Batch& batch) override {
    during_write(batch);
    return journal_.write(batch);
  }
  [[nodiscard]] uint64_t written() const override { return journal_.written(); }
  void when_durable(uint64_t sequence, std::function<void()> done) override {
    journal_.when_durable(sequence, std::move(done));
  }
  Result<std::optional<Bytes>> read(const std::string& key) override { return journal_.read(key); }
  void read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) override {
    journal_.read_async(std::move(key), std::move(done));
  }
  Result<void> scan(std::string_view prefix,
                    const std::function<Result<void>(std::string_view, Bytes)>& visit) override {
    return journal_.scan(prefix, visit);
  }

  std::function<void(const Batch&)> during_write = [](const Batch&) {};

 private:
  testing::MemoryJournal journal_;
};

class GuestCallsTest : public ::testing::Test {
 protected:
  static std::string text(const Progress& progress, const std::optional<Bytes>& state) {
    switch (progress.kind) {
      case Progress::Kind::done:
        return state ? std::string(state->text()) : "none";
      case Progress::Kind::pending:
        return "pending";
      case Progress::Kind::trap:
        return "trap: " + progress.trap_reason;
    }
    return "?";
  }
  static std::string get_state(const Guest& guest) {
    std::optional<Bytes> state;
    Progress progress = guest.conversation().get_state(state);
    return text(progress, state);
  }
  static std::string resume_get_state(const Guest& guest) {
    std::optional<Bytes> state;
    Progress progress = guest.conversation().resume_get_state(state);
    return text(progress, state);
  }
  static std::string set_state(const Guest& guest, std::string_view state) {
    return text(guest.conversation().set_state(Bytes::copy_of(state)), std::nullopt);
  }
  static std::string clear_state(const Guest& guest) { return text(guest.conversation().clear_state(), std::nullopt); }

  TestNode node_;
  Guest& alice_ = node_.add_guest("alice:test:sys", {.is_public = true});
  Guest& bob_ = node_.add_guest("bob:test:sys", {.is_public = true});
};

// ---- state ---------------------------------------------------------------------------------------

TEST_F(GuestCallsTest, K19_16_StateIsKeptOverARestartAndEachProcessHasItsOwn) {
  alice_.conversation().set_on_exit(OnExit::restart());
  EXPECT_EQ(get_state(alice_), "none");
  EXPECT_EQ(set_state(alice_, "1"), "none");
  EXPECT_EQ(set_state(alice_, "2"), "none");
  EXPECT_EQ(get_state(alice_), "2");
  EXPECT_EQ(get_state(bob_), "none");
  alice_.end(testing::crashed("on purpose"));
  node_.run();
  EXPECT_EQ(alice_.lives(), 2U);
  EXPECT_EQ(get_state(alice_), "2");
  EXPECT_EQ(clear_state(alice_), "none");
  EXPECT_EQ(get_state(alice_), "none");
  EXPECT_EQ(set_state(alice_, ""), "none");
  EXPECT_EQ(get_state(alice_), "") << "empty is not none";
}

TEST_F(GuestCallsTest, AReadThatTakesLongWakesTheGuest) {
  set_state(alice_, "42");
  node_.journal.hold_reads();
  EXPECT_EQ(get_state(alice_), "pending");
  size_t polls = alice_.polls();
  bob_.send(to(alice_.address(), "meanwhile"));
  node_.run();
  EXPECT_EQ(resume_get_state(alice_), "pending");
  EXPECT_EQ(node_.journal.answer_reads(), 1U);
  node_.run();
  EXPECT_EQ(alice_.polls(), polls + 1);
  EXPECT_EQ(resume_get_state(alice_), "42");
  EXPECT_EQ(alice_.next(), "request meanwhile");
}

TEST_F(GuestCallsTest, AReadMayEndAfterItsGuest) {
  node_.journal.hold_reads();
  EXPECT_EQ(get_state(alice_), "pending");
  node_.kernel.kill(alice_.id(), true);
  node_.run();
  EXPECT_EQ(node_.journal.answer_reads(), 1U);
  EXPECT_EQ(node_.run(), 0U);
}

TEST_F(GuestCallsTest, M10_AStateThatCannotBeReadOrWrittenTraps) {
  set_state(alice_, "42");
  node_.journal.fail({"no space left on device"});
  EXPECT_EQ(get_state(alice_), "trap: get-state: no space left on device");
  EXPECT_EQ(set_state(alice_, "43"), "trap: set-state: no space left on device");
  EXPECT_EQ(clear_state(alice_), "trap: clear-state: no space left on device");
  node_.journal.recover();
  EXPECT_EQ(get_state(alice_), "42");
}

TEST_F(GuestCallsTest, OneThatWasKilledWritesNothingAnyMore) {
  set_state(alice_, "42");
  EXPECT_TRUE(node_.kernel.kill(alice_.id(), true));  // in the midst of its poll, as it were
  set_state(alice_, "43");
  clear_state(alice_);
  EXPECT_EQ(node_.journal.content().at("state/alice:test:sys").text(), "42");
}

TEST(GuestStateTest, AKillComesBeforeOrAfterAWriteOfState) {
  WatchedJournal journal;
  TestNode node({.other_journal = &journal});
  Guest& alice = node.add_guest("alice:test:sys");
  ProcessEntry& entry = alice.context().entry();
  int writes = 0;
  // Whoever ends a process takes its lock first: another thread cannot have it now.
  journal.during_write = [&](const Batch&) {
    ++writes;
    EXPECT_FALSE(std::async(std::launch::async, [&] {
                   std::unique_lock lock(entry.mutex, std::try_to_lock);
                   return lock.owns_lock();
                 }).get());
  };
  EXPECT_EQ(alice.conversation().set_state(Bytes::copy_of("42")).kind, Progress::Kind::done);
  EXPECT_EQ(alice.conversation().clear_state().kind, Progress::Kind::done);
  EXPECT_EQ(writes, 2);
  journal.during_write = [](const Batch&) {};
}

TEST_F(GuestCallsTest, M1_StateAndSpawnLeaveTheBlobsAndWhatIsHandledAlone) {
  node_.add_puppet("vfs:distro:sys");
  GuestRequest request = to(alice_.address(), "ping", 60);
  request.blob = blob("of bob");
  bob_.send(std::move(request));
  EXPECT_EQ(alice_.next(), "request ping");
  set_state(alice_, "42");
  EXPECT_EQ(get_state(alice_), "42");
  clear_state(alice_);
  std::optional<Conversation::Spawned> spawned;
  EXPECT_EQ(alice_.conversation().spawn({.wasm_path = "/x"}, spawned).kind, Progress::Kind::done);
  EXPECT_EQ(spawned, Conversation::Spawned(std::unexpected(SpawnError::no_file_at_path)));
  EXPECT_TRUE(alice_.conversation().has_blob());
  EXPECT_EQ(alice_.get_blob(), "of bob");
  alice_.conversation().respond(testing::answer("pong", /*inherit=*/true), std::nullopt);
  EXPECT_EQ(bob_.next(), "response pong");
  EXPECT_EQ(bob_.get_blob(), "of bob");
}

// ---- on-exit -------------------------------------------------------------------------------------

TEST_F(GuestCallsTest, C3_OnExitIsShownAsItWasSetButForCapabilitiesItHasNot) {
  Capability own = *Capability::make(alice_.address(), "1");
  OnExitRequest request{bob_.address(), Request{.expects_response = 5, .body = Bytes::copy_of("bye")}, blob("blob")};
  request.request.capabilities = {{own, {}}, {Capability::messaging(node_.kernel.address()), Bytes::copy_of("forged")}};
  EXPECT_EQ(alice_.conversation().on_exit(), OnExit::none());
  alice_.conversation().set_on_exit({OnExit::Kind::requests, {request}});
  request.request.capabilities = {{own, {}}};
  EXPECT_EQ(alice_.conversation().on_exit(), (OnExit{OnExit::Kind::requests, {request}}));
}

TEST_F(GuestCallsTest, PrintsSayWhoSpeaks) {
  alice_.conversation().print(2, "hello");
  std::vector<Printout> printouts = node_.printer.printouts();
  ASSERT_FALSE(printouts.empty());
  EXPECT_EQ(printouts.back().text, "test:sys: hello");
  EXPECT_EQ(printouts.back().source, alice_.id());
  EXPECT_EQ(printouts.back().verbosity, 2);
}

// ---- spawn ---------------------------------------------------------------------------------------

class SpawnTest : public GuestCallsTest {
 protected:
  using Spawned = std::optional<Conversation::Spawned>;
  SpawnTest() {
    node_.connect(alice_.address(), vfs_.address());
    node_.expect_guest("child:test:sys");
  }
  /// Spawns, with vfs answering; "child:test:sys", "name taken", "no file" or "pending".
  std::string spawn(SpawnArguments arguments, bool answered = true) {
    if (arguments.wasm_path.empty()) {
      arguments.wasm_path = "/test:sys/pkg/child.wasm";
    }
    Spawned spawned;
    Progress progress = alice_.conversation().spawn(std::move(arguments), spawned);
    node_.run();
    if (std::unique_ptr<Envelope> read = answered ? vfs_.take() : nullptr) {
      asked_ = read->request().body.text();
      vfs_.respond(*read, R"("Read")", blob("child:test:sys"));
      progress = alice_.conversation().resume_spawn(spawned);
    }
    node_.run();
    return progress.kind == Progress::Kind::pending ? "pending" : describe(*spawned);
  }
  std::string resume() {
    Spawned spawned;
    return alice_.conversation().resume_spawn(spawned).kind == Progress::Kind::pending ? "pending" : describe(*spawned);
  }
  static std::string describe(const Conversation::Spawned& spawned) {
    if (spawned) {
      return spawned->text();
    }
    return spawned.error() == SpawnError::name_taken ? "name taken" : "no file";
  }

  Puppet& vfs_ = node_.add_puppet("vfs:distro:sys");
  Guest& child_ = node_.expect_guest("child:test:sys");
  std::string asked_;
};

TEST_F(SpawnTest, AChildIsMadeOfTheFileAndRuns) {
  OnExit on_exit = OnExit::restart();
  EXPECT_EQ(spawn({.name = "child", .on_exit = on_exit, .is_public = true}), "child:test:sys");
  EXPECT_EQ(asked_, R"({"path":"/test:sys/pkg/child.wasm","action":"Read"})");
  EXPECT_TRUE(child_.alive());
  codec::ProcessMapEntry shown = *node_.kernel.process(child_.id());
  EXPECT_EQ(shown.wasm_bytes_handle, "/test:sys/pkg/child.wasm");
  EXPECT_EQ(shown.wit_version, 1U) << "its parent's";
  EXPECT_EQ(shown.on_exit, on_exit);
  EXPECT_TRUE(shown.is_public);
  EXPECT_EQ(alice_.next(), "-") << "the file's bytes are not the parent's to see";
}

TEST_F(SpawnTest, WithoutANameItGetsANumber) {
  std::string id = spawn({});
  EXPECT_THAT(id, ::testing::MatchesRegex("[0-9]+:test:sys"));
  EXPECT_TRUE(node_.kernel.exists(*ProcessId::parse(id)));
  EXPECT_NE(spawn({}), id);
}

TEST_F(SpawnTest, L1_L4_ATakenOrUnsafeNameIsAnError) {
  for (const char* name : {"bob", "alice", "Child", "a.b", "a:b", ""}) {
    EXPECT_EQ(spawn({.name = name}), "name taken") << name;
  }
  EXPECT_EQ(bob_.next(), "-") << "no stray `run`";
  EXPECT_EQ(bob_.lives(), 1U);
  EXPECT_FALSE(node_.kernel.holds(alice_.id(), Capability::messaging(bob_.address())));
}

TEST_F(SpawnTest, C2_AChildNamedKernelIsAChildLikeAnyOther) {
  EXPECT_EQ(spawn({.name = "kernel"}), "kernel:test:sys");
  alice_.send(to(node_.local("kernel:test:sys"), R"({"KillProcess":"bob:test:sys"})", 5));
  EXPECT_TRUE(node_.kernel.exists(bob_.id()));
}

TEST_F(SpawnTest, WithoutAFileThereIsNoChild) {
  Spawned spawned;
  EXPECT_EQ(alice_.conversation().spawn({.name = "child", .wasm_path = "/x"}, spawned).kind, Progress::Kind::pending);
  node_.run();
  vfs_.respond(*vfs_.take(), R"({"Err":"NotFound"})");
  EXPECT_EQ(resume(), "no file");
  EXPECT_EQ(alice_.conversation().spawn({.name = "child", .wasm_path = "/x"}, spawned).kind, Progress::Kind::pending);
  node_.advance(5s);
  EXPECT_EQ(resume(), "no file") << "vfs did not answer in time";
  node_.kernel.drop(alice_.id(), {Capability::messaging(vfs_.address())});
  EXPECT_EQ(spawn({.name = "child"}, false), "no file") << "it may not ask vfs";
  EXPECT_FALSE(node_.kernel.exists(child_.id()));
}

TEST_F(SpawnTest, WhatIsNoComponentOrOverALimitIsNoFile) {
  Spawned spawned;
  EXPECT_EQ(alice_.conversation().spawn({.name = "child", .wasm_path = "/x"}, spawned).kind, Progress::Kind::pending);
  node_.run();
  vfs_.respond(*vfs_.take(), R"("Read")", blob("no component"));
  EXPECT_EQ(resume(), "no file");
  EXPECT_TRUE(node_.printer.has("spawn child: child:test:sys: 'no component' is not a program", 0));
}

TEST_F(SpawnTest, L3_ParentAndChildMayMessageEachOtherFromTheStart) {
  node_.kernel.set_on_exit(alice_.id(), OnExit::none());
  EXPECT_EQ(spawn({.name = "child"}), "child:test:sys");
  child_.send(to(alice_.address(), "first words", 5));
  EXPECT_EQ(alice_.next(), "request first words");
  alice_.respond("welcome");
  EXPECT_EQ(child_.next(), "response welcome");
  EXPECT_THAT(node_.kernel.capabilities(child_.id()),
              UnorderedElementsAre(Capability::messaging(child_.address()), Capability::messaging(alice_.address())))
      << "and nothing else is given by itself";
}

TEST_F(SpawnTest, AChildGetsOnlyWhatItsParentHoldsOrIssues) {
  Capability held = Capability::messaging(bob_.address());
  Capability own = *Capability::make(alice_.address(), R"("mine")");
  Capability root = Capability::messaging(node_.kernel.address());
  node_.kernel.grant(alice_.id(), {held});
  OnExitRequest last_word{bob_.address(), Request{.body = Bytes::copy_of("bye")}, std::nullopt};
  last_word.request.capabilities = {{held, {}}, {root, {}}};
  EXPECT_EQ(spawn({.name = "child",
                   .on_exit = {OnExit::Kind::requests, {last_word}},
                   .request_capabilities = {held, own, root}}),
            "child:test:sys");
  EXPECT_THAT(node_.kernel.capabilities(child_.id()),
              UnorderedElementsAre(Capability::messaging(child_.address()), Capability::messaging(alice_.address()),
                                   held, own));
  EXPECT_EQ(child_.conversation().on_exit().requests[0].request.capabilities,
            (std::vector<AttachedCapability>{{held, {}}}))
      << "C3";
}

TEST_F(SpawnTest, GrantsAreIssuedByTheChild) {
  EXPECT_EQ(spawn({.name = "child",
                   .grant_capabilities = {{bob_.id(), R"("messaging")"},
                                          {bob_.id(), R"({"may":"read"})"},
                                          {bob_.id(), "no JSON"},
                                          {node_.local("nobody:test:sys").process(), "1"}}}),
            "child:test:sys");
  EXPECT_TRUE(node_.kernel.holds(bob_.id(), Capability::messaging(child_.address())));
  EXPECT_TRUE(node_.kernel.holds(bob_.id(), *Capability::make(child_.address(), R"({"may":"read"})")));
  EXPECT_EQ(node_.kernel.capabilities(bob_.id()).size(), 3U);
  EXPECT_TRUE(node_.printer.has("spawn child: not granted to bob:test:sys: capability params are not JSON", 0));
}

TEST_F(SpawnTest, AChildOutlivesItsParentAndItsEndRevokes) {
  node_.kernel.grant(bob_.id(), {Capability::messaging(alice_.address())});
  EXPECT_EQ(spawn({.name = "child"}), "child:test:sys");
  node_.kernel.kill(alice_.id(), true);
  node_.run();
  EXPECT_TRUE(child_.alive());
  EXPECT_FALSE(node_.kernel.holds(child_.id(), Capability::messaging(alice_.address()))) << "L10";
}

TEST_F(SpawnTest, TheLimitsOfCapabilitiesHoldForAChild) {
  std::vector<Capability> many;
  for (int i = 0; i < 70'000; ++i) {
    many.push_back(*Capability::make(alice_.address(), std::to_string(i)));
  }
  many.insert(many.begin(), *Capability::make(alice_.address(), '"' + std::string(20'000, 'x') + '"'));
  EXPECT_EQ(spawn({.name = "child", .request_capabilities = std::move(many)}), "child:test:sys");
  EXPECT_EQ(node_.kernel.capabilities(child_.id()).size(), Limits{}.capabilities);
  EXPECT_TRUE(node_.printer.has("capabilities refused to child:test:sys", 0));
}

}  // namespace
}  // namespace kinode::kernel
