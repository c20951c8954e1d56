// What stands in the journal after each thing that happens to a process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/lifecycle.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::crashed;
using ::testing::ElementsAre;
using testing::exited;
using testing::Guest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryJournal;
using testing::TestNode;

class PersistenceTest : public ::testing::Test {
 protected:
  std::vector<std::string> keys() const { return node_.journal_keys(); }
  std::string record(const std::string& key) const { return std::string(node_.journal.content().at(key).text()); }
  static std::string capability_key(std::string_view holder, const Capability& capability) {
    return fmt::format("capability/{}/{}/{}", holder, capability.issuer().text(), capability.canonical_params());
  }
  Guest& add_lasting(OnExit on_exit = OnExit::restart()) {
    return node_.add_guest("alice:test:sys", {.on_exit = std::move(on_exit)});
  }
  void end(Guest& guest, Process::Poll how) {
    guest.end(std::move(how));
    node_.run();
  }
  /// What is left when all that was written is taken back one by one must load, whatever it is.
  void check_that_every_prefix_loads() {
    for (uint64_t kept = 0; kept <= node_.journal.written(); ++kept) {
      TestNode::Options options;
      options.content = node_.journal.after_crash(kept)->content();
      TestNode next(options);
      next.expect_guest("alice:test:sys");
      EXPECT_TRUE(next.load().has_value()) << kept;
    }
  }

  TestNode node_;
  const Address issuer_ = node_.local("issuer:test:sys");
  const Capability right_ = Capability::messaging(issuer_);
  const std::string alice_key_ = "process/alice:test:sys";
  const std::string own_key_ = capability_key("alice:test:sys", Capability::messaging(node_.local("alice:test:sys")));
  const std::string right_key_ = capability_key("alice:test:sys", right_);
  const std::string state_key_ = "state/alice:test:sys";
};

TEST_F(PersistenceTest, AProcessThatLastsIsWrittenInOneBatch) {
  add_lasting();
  EXPECT_THAT(keys(), ElementsAre(own_key_, alice_key_));
  EXPECT_EQ(record(alice_key_),
            R"({"v":1,"wasm_bytes_handle":"/alice:test:sys","wit_version":1,"on_exit":"Restart","public":false})");
  EXPECT_EQ(node_.journal.written(), 1U);
}

TEST_F(PersistenceTest, OneWithOnExitRequestsLastsToo) {
  OnExit on_exit{OnExit::Kind::requests, {{issuer_, Request{.body = Bytes::copy_of("bye")}, std::nullopt}}};
  add_lasting(on_exit);
  EXPECT_THAT(record(alice_key_), HasSubstr(R"("on_exit":{"Requests":[["node.os@issuer:test:sys")"));
}

TEST_F(PersistenceTest, L8_AProcessWithOnExitNoneIsNeverWritten) {
  Guest& alice = node_.add_guest("alice:test:sys", {.capabilities = {right_}});
  node_.kernel.grant(alice.id(), {Capability::network(node_.kernel.address())});
  node_.kernel.drop(alice.id(), {right_});
  EXPECT_TRUE(node_.kernel.promise(alice.id(), {right_}).has_value());
  node_.add_guest("issuer:test:sys");
  node_.kernel.kill(issuer_.process(), true);
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_EQ(node_.journal.written(), 0U);
}

TEST_F(PersistenceTest, ModulesAreNotWritten) {
  node_.add_puppet("timer:distro:sys");
  node_.add_puppet("vfs:distro:sys");
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_F(PersistenceTest, EachCapabilityHasARecordOfItsOwn) {
  Guest& alice = add_lasting();
  node_.kernel.grant(alice.id(), {right_});
  EXPECT_THAT(keys(), ElementsAre(own_key_, right_key_, alice_key_));
  EXPECT_EQ(record(right_key_),
            R"({"v":1,"capability":{"issuer":"node.os@issuer:test:sys","params":"\"messaging\""},"signature":[]})");
  uint64_t written = node_.journal.written();
  node_.kernel.grant(alice.id(), {right_});
  EXPECT_EQ(node_.journal.written(), written) << "nothing new";
  alice.conversation().drop_capabilities({right_});
  EXPECT_THAT(keys(), ElementsAre(own_key_, alice_key_));
  check_that_every_prefix_loads();
}

TEST_F(PersistenceTest, OnExitSetLaterDecidesWhetherItLasts) {
  Guest& alice = node_.add_guest("alice:test:sys", {.capabilities = {right_}});
  alice.conversation().set_on_exit(OnExit::restart());
  EXPECT_THAT(keys(), ElementsAre(own_key_, right_key_, alice_key_)) << "with all that it holds";
  EXPECT_EQ(node_.journal.written(), 1U);
  EXPECT_TRUE(node_.kernel.set_on_exit(alice.id(), OnExit{OnExit::Kind::requests, {}}));
  EXPECT_THAT(record(alice_key_), HasSubstr(R"("on_exit":{"Requests":[]})"));
  EXPECT_TRUE(node_.kernel.set_on_exit(alice.id(), OnExit::none()));
  EXPECT_THAT(keys(), IsEmpty());
  node_.kernel.grant(alice.id(), {Capability::network(node_.kernel.address())});
  EXPECT_THAT(keys(), IsEmpty());
  check_that_every_prefix_loads();
}

TEST_F(PersistenceTest, L9_AKillIsWrittenAndLeavesTheState) {
  Guest& alice = add_lasting();
  node_.kernel.grant(alice.id(), {right_});
  EXPECT_EQ(alice.conversation().set_state(Bytes::copy_of("42")).kind, Progress::Kind::done);
  EXPECT_TRUE(node_.kernel.kill(alice.id(), /*revoke=*/false));
  EXPECT_THAT(keys(), ElementsAre(state_key_));
  EXPECT_EQ(record(state_key_), "42");
  check_that_every_prefix_loads();
}

TEST_F(PersistenceTest, ItsEndIsWritten) {
  Guest& alice = add_lasting(OnExit{OnExit::Kind::requests, {}});
  end(alice, exited());
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_F(PersistenceTest, ARestartWritesNothingAndBackingOffIsNoEnd) {
  Guest& alice = add_lasting();
  uint64_t written = node_.journal.written();
  for (int i = 0; i < 4; ++i) {
    end(alice, crashed("on purpose"));
    EXPECT_THAT(keys(), ElementsAre(own_key_, alice_key_)) << "L5: also in the wait for the next life";
    node_.advance(10s);
  }
  EXPECT_EQ(node_.journal.written(), written);
}

TEST_F(PersistenceTest, ARevocationIsWrittenForEachHolderThatLasts) {
  Guest& alice = add_lasting();
  node_.add_guest("issuer:test:sys");
  node_.kernel.grant(alice.id(), {right_});
  node_.kernel.kill(issuer_.process(), true);
  EXPECT_THAT(keys(), ElementsAre(own_key_, alice_key_));
}

TEST_F(PersistenceTest, WhatIsPromisedIsWritten) {
  node_.add_guest("issuer:test:sys");
  node_.expect_guest("alice:test:sys");
  ProcessId alice = *ProcessId::parse("alice:test:sys");
  Capability other = Capability::network(node_.kernel.address());
  EXPECT_TRUE(node_.kernel.promise(alice, {right_, other}).has_value());
  EXPECT_THAT(keys(), ElementsAre(right_key_, capability_key("alice:test:sys", other)));
  node_.kernel.drop(alice, {other});
  EXPECT_THAT(keys(), ElementsAre(right_key_));
  check_that_every_prefix_loads();
  node_.kernel.kill(issuer_.process(), true);
  EXPECT_THAT(keys(), IsEmpty()) << "revoked";
}

TEST_F(PersistenceTest, APromiseKeptStandsWithItsProcessOrIsErased) {
  ProcessId id = *ProcessId::parse("alice:test:sys");
  node_.kernel.promise(id, {right_});
  Guest& alice = node_.add_guest("alice:test:sys");
  EXPECT_TRUE(node_.kernel.holds(id, right_));
  EXPECT_THAT(keys(), IsEmpty()) << "it would be given again at the next boot";
  node_.kernel.kill(alice.id(), true);
  node_.kernel.promise(id, {right_});
  add_lasting();
  EXPECT_THAT(keys(), ElementsAre(own_key_, right_key_, alice_key_));
}

TEST_F(PersistenceTest, ShutdownErasesNothing) {
  Guest& alice = add_lasting();
  node_.kernel.grant(alice.id(), {right_});
  node_.kernel.shutdown();
  node_.run();
  EXPECT_FALSE(alice.alive());
  EXPECT_THAT(keys(), ElementsAre(own_key_, right_key_, alice_key_));
}

TEST_F(PersistenceTest, AFullDiskIsALineAndMemoryGoesOn) {
  node_.journal.fail({"no space left on device"});
  Guest& alice = add_lasting();
  EXPECT_TRUE(alice.alive());
  EXPECT_TRUE(node_.printer.has("process/alice:test:sys: not saved: no space left on device", 0));
}

}  // namespace
}  // namespace kinode::kernel
