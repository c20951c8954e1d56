// A node that starts from a journal, and one that stops.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/kernel.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::blob;
using testing::crashed;
using ::testing::ElementsAre;
using testing::Guest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryJournal;
using testing::Puppet;
using testing::TestNode;
using testing::to;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

/// A node that stopped, and the next start of it.
class BootTest : public ::testing::Test {
 protected:
  /// Starts what comes after: with the journal as a crash leaves it now.
  TestNode& reboot() {
    TestNode::Options options;
    options.content = before_.journal.content();
    return after_.emplace(options);
  }
  TestNode& reboot_and_load() {
    TestNode& node = reboot();
    for (const char* id : {"alice:test:sys", "bob:test:sys"}) {
      node.expect_guest(id);
    }
    EXPECT_TRUE(node.load().has_value());
    return node;
  }
  static OnExit last_word(const Address& target, std::string_view body) {
    OnExitRequest request{target, Request{.body = Bytes::copy_of(body)}, std::nullopt};
    request.request.expects_response = 5;
    return {OnExit::Kind::requests, {request}};
  }

  TestNode before_;
  std::optional<TestNode> after_;
  const Capability right_ = Capability::messaging(before_.local("bob:test:sys"));
};

// ---- load and run --------------------------------------------------------------------------------

TEST_F(BootTest, ProcessesComeBackAsTheyWereAndRunWhenTold) {
  OnExit on_exit = last_word(before_.local("bob:test:sys"), "bye");
  Guest& alice = before_.add_guest("alice:test:sys", {.is_public = true, .on_exit = on_exit, .capabilities = {right_}});
  codec::ProcessMapEntry shown = *before_.kernel.process(alice.id());
  TestNode& node = reboot_and_load();
  Guest& again = node.expect_guest("alice:test:sys");
  codec::ProcessMapEntry loaded = *node.kernel.process(alice.id());
  EXPECT_EQ(loaded.wasm_bytes_handle, "/alice:test:sys");
  EXPECT_EQ(loaded.wit_version, shown.wit_version);
  EXPECT_EQ(loaded.on_exit, on_exit);
  EXPECT_TRUE(loaded.is_public);
  EXPECT_THAT(loaded.capabilities, UnorderedElementsAreArray(shown.capabilities));

  Puppet& vfs = node.add_puppet("vfs:distro:sys");
  vfs.request(again.address(), "before it runs");
  EXPECT_FALSE(again.alive());
  node.kernel.run_all();
  node.run();
  EXPECT_EQ(again.next(), "request before it runs");
}

TEST_F(BootTest, OnlyThoseThatDoNotRunYetAreRun) {
  TestNode& node = reboot_and_load();
  Guest& alice = node.add_guest("alice:test:sys");
  Guest& bob = node.add_guest("bob:test:sys", {.run = false});
  node.kernel.run_all();
  node.run();
  EXPECT_EQ(alice.polls(), 1U);
  EXPECT_EQ(bob.polls(), 1U);
  node.kernel.run_all();
  EXPECT_EQ(node.run(), 0U);
}

TEST_F(BootTest, L8_L9_ThoseWithoutOnExitOrKilledStayAway) {
  before_.add_guest("alice:test:sys");
  Guest& bob = before_.add_guest("bob:test:sys", {.on_exit = OnExit::restart()});
  before_.kernel.kill(bob.id(), /*revoke=*/false);
  TestNode& node = reboot_and_load();
  EXPECT_FALSE(node.kernel.exists(bob.id()));
  EXPECT_FALSE(node.kernel.exists(node.local("alice:test:sys").process()));
}

TEST_F(BootTest, L5_OneThatWaitedForItsRestartComesBack) {
  Guest& alice = before_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  for (int i = 0; i < 2; ++i) {
    alice.end(crashed("on purpose"));
    before_.run();
  }
  ASSERT_FALSE(alice.alive());
  TestNode& node = reboot_and_load();
  node.kernel.run_all();
  node.run();
  EXPECT_TRUE(node.expect_guest("alice:test:sys").alive());
}

TEST_F(BootTest, AProgramThatCannotBeHadIsForgottenWithALine) {
  before_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  Guest& lost = before_.add_guest("lost:test:sys", {.on_exit = OnExit::restart(), .capabilities = {right_}});
  lost.conversation().set_state(Bytes::copy_of("42"));
  TestNode& node = reboot_and_load();
  EXPECT_FALSE(node.kernel.exists(lost.id()));
  EXPECT_TRUE(node.kernel.exists(node.local("alice:test:sys").process()));
  EXPECT_TRUE(node.printer.has("lost:test:sys is forgotten: no program /lost:test:sys", 0));
  EXPECT_THAT(node.journal_keys(),
              ElementsAre(HasSubstr("capability/alice:test:sys/"), "process/alice:test:sys", "state/lost:test:sys"));
  node.add_guest("lost:test:sys");
  EXPECT_FALSE(node.kernel.holds(lost.id(), right_)) << "nor does it hold what it held";
}

TEST_F(BootTest, ANameThatIsNotSafeIsForgotten) {
  Batch batch;
  batch.put("process/Bad Name:test:sys", Bytes::copy_of(R"({"v":1,"wasm_bytes_handle":"/alice:test:sys",)"
                                                        R"("wit_version":1,"on_exit":"Restart","public":true})"));
  ASSERT_TRUE(before_.journal.write(batch).has_value());
  TestNode& node = reboot_and_load();
  EXPECT_TRUE(node.printer.has("Bad Name:test:sys is forgotten", 0));
  EXPECT_THAT(node.journal_keys(), IsEmpty());
}

TEST_F(BootTest, ADamagedRecordStopsTheBootAndIsNamed) {
  Batch batch;
  batch.put("process/alice:test:sys", Bytes::copy_of("{"));
  ASSERT_TRUE(before_.journal.write(batch).has_value());
  TestNode& node = reboot();
  Result<void> loaded = node.load();
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("process/alice:test:sys"));
}

TEST_F(BootTest, L6_OnExitRequestsAreSentAtBootAndTheProcessRuns) {
  Guest& bob = before_.add_guest("bob:test:sys", {.is_public = true, .on_exit = OnExit::restart()});
  before_.add_guest("alice:test:sys", {.on_exit = last_word(bob.address(), "alice was away")});
  TestNode& node = reboot_and_load();
  node.kernel.run_all();
  node.run();
  Guest& bob_again = node.expect_guest("bob:test:sys");
  EXPECT_EQ(bob_again.next(), "request alice was away");
  EXPECT_EQ(bob_again.last().request().expects_response, std::nullopt);
  EXPECT_EQ(bob_again.next(), "-");
  EXPECT_TRUE(node.expect_guest("alice:test:sys").alive());
  EXPECT_TRUE(node.kernel.exists(node.local("alice:test:sys").process()));
}

TEST_F(BootTest, L7_TheyGoWhereTheProcessMaySendByTheAliasToo) {
  Guest& bob = before_.add_guest("bob:test:sys", {.on_exit = OnExit::restart()});
  before_.add_guest("alice:test:sys",
                    {.on_exit = last_word(Address("our", bob.id()), "allowed"), .capabilities = {right_}});
  before_.add_guest("carol:test:sys", {.on_exit = last_word(bob.address(), "forbidden")});
  TestNode& node = reboot();
  for (const char* id : {"alice:test:sys", "bob:test:sys", "carol:test:sys"}) {
    node.expect_guest(id);
  }
  EXPECT_TRUE(node.load().has_value());
  node.kernel.run_all();
  node.run();
  EXPECT_EQ(node.expect_guest("bob:test:sys").next(), "request allowed");
  EXPECT_EQ(node.expect_guest("bob:test:sys").next(), "-");
}

TEST_F(BootTest, ARestartAfterBootSendsNothing) {
  Guest& bob = before_.add_guest("bob:test:sys", {.is_public = true, .on_exit = OnExit::restart()});
  before_.add_guest("alice:test:sys", {.on_exit = last_word(bob.address(), "once")});
  TestNode& node = reboot_and_load();
  node.kernel.run_all();
  node.run();
  node.kernel.run_all();
  node.run();
  EXPECT_EQ(node.expect_guest("bob:test:sys").next(), "request once");
  EXPECT_EQ(node.expect_guest("bob:test:sys").next(), "-");
}

// ---- capabilities over a restart of the node -----------------------------------------------------

TEST_F(BootTest, L10_CapabilitiesAreKeptAndCanStillBeRevoked) {
  Guest& alice = before_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  Guest& bob = before_.add_guest("bob:test:sys", {.on_exit = OnExit::restart()});
  before_.connect(alice.address(), bob.address());
  TestNode& node = reboot_and_load();
  node.kernel.run_all();
  node.run();
  EXPECT_TRUE(node.kernel.holds(alice.id(), Capability::messaging(bob.address())));
  EXPECT_TRUE(node.kernel.holds(bob.id(), Capability::messaging(alice.address())));
  node.kernel.kill(bob.id(), true);
  EXPECT_FALSE(node.kernel.holds(alice.id(), Capability::messaging(bob.address())));
  EXPECT_THAT(node.journal_keys(),
              ElementsAre(HasSubstr("capability/alice:test:sys/node.os@alice:test:sys/"), "process/alice:test:sys"));
}

TEST_F(BootTest, ASignatureIsKeptToo) {
  AttachedCapability foreign{*Capability::make(*Address::parse("far.os@x:y:z"), R"({ "a": 1 })"),
                             Bytes::copy_of("signed")};
  Guest& alice = before_.expect_guest("alice:test:sys");
  ASSERT_TRUE(before_.kernel
                  .initialize({.id = alice.id(),
                               .program = before_.program_of(alice),
                               .on_exit = OnExit::restart(),
                               .capabilities = {},
                               .passed_on = {foreign}})
                  .has_value());
  TestNode& node = reboot_and_load();
  node.kernel.run_all();
  node.run();
  Guest& bob = node.add_guest("bob:test:sys", {.is_public = true});
  GuestRequest request = to(bob.address(), "take it");
  request.request.capabilities = {{foreign.capability, {}}};
  node.expect_guest("alice:test:sys").send(std::move(request));
  EXPECT_EQ(bob.next(), "request take it");
  EXPECT_THAT(bob.last().request().capabilities, ElementsAre(foreign));
  EXPECT_EQ(bob.last().request().capabilities[0].capability.params(), R"({ "a": 1 })");
}

TEST_F(BootTest, WhatWasPromisedIsStillPromised) {
  ProcessId alice = before_.local("alice:test:sys").process();
  ASSERT_TRUE(before_.kernel.promise(alice, {right_}).has_value());
  TestNode& node = reboot_and_load();
  EXPECT_FALSE(node.kernel.exists(alice));
  node.add_guest("alice:test:sys");
  EXPECT_TRUE(node.kernel.holds(alice, right_));
}

// ---- modules and packages ------------------------------------------------------------------------

TEST_F(BootTest, ModulesHoldMessagingOfEachOtherAndTheNetwork) {
  Puppet& timer = before_.add_puppet("timer:distro:sys", true);
  Puppet& vfs = before_.add_puppet("vfs:distro:sys");
  Address kernel = before_.kernel.address();
  for (const Address& holder : {timer.address(), vfs.address(), kernel}) {
    EXPECT_THAT(before_.kernel.capabilities(holder.process()),
                UnorderedElementsAre(Capability::messaging(timer.address()), Capability::messaging(vfs.address()),
                                     Capability::messaging(kernel), Capability::network(kernel)));
  }
  timer.request(vfs.address(), "hello", 5);
  before_.run();
  std::unique_ptr<Envelope> request = vfs.take();
  ASSERT_NE(request, nullptr);
  vfs.respond(*request, "hello back");
  before_.run();
  EXPECT_EQ(timer.take()->response().body.text(), "hello back");
}

TEST_F(BootTest, WhatIsGrantedToAModuleLastsWhatItHoldsAnywayIsNotWritten) {
  Puppet& vfs = before_.add_puppet("vfs:distro:sys");
  EXPECT_THAT(before_.journal_keys(), IsEmpty());
  EXPECT_TRUE(before_.kernel.grant(vfs.address().process(), {right_}));
  EXPECT_THAT(before_.journal_keys(), ElementsAre(HasSubstr("capability/vfs:distro:sys/node.os@bob:test:sys/")));
  TestNode& node = reboot();
  node.add_puppet("vfs:distro:sys");
  EXPECT_TRUE(node.load().has_value());
  EXPECT_TRUE(node.kernel.holds(vfs.address().process(), right_));
}

TEST_F(BootTest, InstallMakesAProcessOrBringsItUpToDate) {
  Guest& alice = before_.expect_guest("alice:test:sys");
  Guest& bob = before_.expect_guest("bob:test:sys");
  Capability first = *Capability::make(bob.address(), "1");
  Capability second = *Capability::make(bob.address(), "2");
  ProcessSpec spec{.id = alice.id(),
                   .program = before_.program_of(alice),
                   .on_exit = OnExit::restart(),
                   .is_public = false,
                   .capabilities = {first}};
  ASSERT_TRUE(before_.kernel.install(spec).has_value());
  EXPECT_TRUE(before_.kernel.holds(alice.id(), first));

  TestNode& node = reboot_and_load();
  spec.program = {Bytes::copy_of("bob:test:sys"), "/alice:test:sys", 2};
  spec.on_exit = OnExit{OnExit::Kind::requests, {}};
  spec.is_public = true;
  spec.capabilities = {second};
  ASSERT_TRUE(node.kernel.install(spec).has_value());
  codec::ProcessMapEntry shown = *node.kernel.process(alice.id());
  EXPECT_EQ(shown.wit_version, 2U);
  EXPECT_EQ(shown.on_exit.kind, OnExit::Kind::requests);
  EXPECT_TRUE(shown.is_public);
  EXPECT_THAT(shown.capabilities, UnorderedElementsAre(Capability::messaging(alice.address()), first, second));
  node.kernel.run_all();
  node.run();
  EXPECT_TRUE(node.expect_guest("bob:test:sys").alive()) << "the program that it has now";
  EXPECT_FALSE(node.expect_guest("alice:test:sys").alive());
  std::string record(node.journal.content().at("process/alice:test:sys").text());
  EXPECT_THAT(record, HasSubstr(R"("wit_version":2,"on_exit":{"Requests":[]},"public":true)"));
  node.kernel.kill(node.local("bob:test:sys").process(), true);
  EXPECT_EQ(node.journal_keys().size(), 4U);
}

TEST_F(BootTest, InstallRefusesWhatInitializeWould) {
  Guest& alice = before_.add_guest("alice:test:sys");
  before_.add_puppet("timer:distro:sys");
  ProcessSpec spec{
      .id = alice.id(), .program = {Bytes::copy_of("no program"), "/x", 1}, .on_exit = {}, .capabilities = {}};
  EXPECT_FALSE(before_.kernel.install(spec).has_value());
  spec.program = before_.program_of(alice);
  for (const char* id : {"timer:distro:sys", "kernel:distro:sys", "new:distro:sys", "Not Safe:test:sys"}) {
    spec.id = *ProcessId::parse(id);
    EXPECT_FALSE(before_.kernel.install(spec).has_value()) << id;
  }
}

// ---- shutdown ------------------------------------------------------------------------------------

TEST_F(BootTest, ShutdownEndsAllGuestsAndMakesNoMore) {
  Guest& alice = before_.add_guest("alice:test:sys", {.is_public = true, .on_exit = OnExit::restart()});
  Guest& waiting = before_.add_guest("waiting:test:sys", {.on_exit = OnExit::restart()});
  for (int i = 0; i < 2; ++i) {
    waiting.end(crashed("on purpose"));
    before_.run();
  }
  Guest& not_run = before_.add_guest("not-run:test:sys", {.run = false});
  Puppet& vfs = before_.add_puppet("vfs:distro:sys");
  before_.connect(alice.address(), vfs.address());
  alice.send(to(vfs.address(), "ping", 60));
  before_.kernel.shutdown();
  before_.run();
  EXPECT_FALSE(alice.alive());
  before_.advance(1h);
  EXPECT_EQ(alice.lives(), 1U);
  EXPECT_EQ(waiting.lives(), 2U);
  EXPECT_EQ(not_run.lives(), 0U);
  EXPECT_THAT(before_.kernel.process_map(), ::testing::SizeIs(2)) << "the kernel and vfs";
  EXPECT_EQ(before_.kernel.next_deadline(), std::nullopt);

  EXPECT_FALSE(before_.kernel.run(not_run.id()).has_value());
  EXPECT_FALSE(before_.kernel.kill(alice.id(), true)) << "it comes back with the node";
  Guest& late = before_.expect_guest("late:test:sys");
  EXPECT_FALSE(
      before_.kernel
          .initialize({.id = late.id(), .program = before_.program_of(late), .on_exit = {}, .capabilities = {}})
          .has_value());
  vfs.request(alice.address(), "anybody there?", 60);
  before_.run();
  EXPECT_NE(vfs.take(), nullptr);
  EXPECT_EQ(vfs.take()->kind, Envelope::Kind::send_error);
}

TEST_F(BootTest, AGrantToAProcessThatShutdownEndedReturnsAndIsNotLost) {
  Guest& alice = before_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  before_.kernel.shutdown();
  EXPECT_TRUE(before_.kernel.promise(alice.id(), {right_}).has_value());
  TestNode& node = reboot_and_load();
  EXPECT_TRUE(node.kernel.holds(alice.id(), right_));
}

TEST_F(BootTest, AProcessThatExitsWhileTheNodeStopsComesBack) {
  Guest& alice = before_.add_guest("alice:test:sys", {.on_exit = OnExit{OnExit::Kind::requests, {}}});
  alice.end(testing::exited());
  before_.kernel.shutdown();
  before_.run();
  EXPECT_FALSE(alice.alive());
  EXPECT_TRUE(reboot_and_load().kernel.exists(alice.id()));
}

}  // namespace
}  // namespace kinode::kernel
