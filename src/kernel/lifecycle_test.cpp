#include "kernel/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::blob;
using testing::crashed;
using testing::exited;
using testing::Guest;
using ::testing::HasSubstr;
using testing::NativeFactory;
using testing::TestNode;
using testing::to;

OnExitRequest last_word(const Address& target, std::string_view body) {
  return {target, Request{.body = Bytes::copy_of(body)}, std::nullopt};
}

class LifecycleTest : public ::testing::Test {
 protected:
  Result<void> initialize(std::string_view id, std::string_view program = "alice:test:sys") {
    return node_.kernel.initialize({.id = *ProcessId::parse(id),
                                    .program = NativeFactory::program(std::string(program)),
                                    .on_exit = {},
                                    .is_public = false,
                                    .capabilities = {}});
  }
  /// The error, or "" for success.
  static std::string error(const Result<void>& result) { return result ? "" : result.error().message; }
  void end(Guest& guest, Process::Poll how) {
    guest.end(std::move(how));
    node_.run();
  }
  bool exists(const Guest& guest) const { return node_.kernel.exists(guest.id()); }

  TestNode node_;
  Guest& friend_ = node_.add_guest("friend:test:sys", {.is_public = true});
};

// ---- making and running --------------------------------------------------------------------------

TEST_F(LifecycleTest, L1_ATakenNameIsNotMadeAgain) {
  Guest& alice = node_.add_guest("alice:test:sys");
  EXPECT_THAT(error(initialize("alice:test:sys")), HasSubstr("alice:test:sys: a process of this name exists"));
  EXPECT_EQ(alice.lives(), 1U);
  EXPECT_TRUE(alice.alive());
}

TEST_F(LifecycleTest, NamesThatAreNotSafeOrTheRuntimesOwnAreRefused) {
  node_.expect_guest("alice:test:sys");
  EXPECT_THAT(error(initialize("Alice:test:sys")), HasSubstr("can only contain a-z, 0-9, `-`"));
  EXPECT_THAT(error(initialize("alice:te st:sys")), HasSubstr("can only contain"));
  EXPECT_THAT(error(initialize("alice:test:s@s")), HasSubstr("can only contain"));
  EXPECT_THAT(error(initialize("kernel:distro:sys")), HasSubstr("the runtime's own"));
  EXPECT_THAT(error(initialize("anything:distro:sys")), HasSubstr("the runtime's own"));
  EXPECT_EQ(error(initialize("kernel:test:sys")), "");
}

TEST_F(LifecycleTest, WhatIsNoComponentIsRefused) {
  EXPECT_THAT(error(initialize("alice:test:sys",
                               "\x7f"
                               "ELF")),
              HasSubstr("alice:test:sys: "));
  EXPECT_FALSE(node_.kernel.exists(*ProcessId::parse("alice:test:sys")));
}

TEST_F(LifecycleTest, ProcessesAreLimited) {
  TestNode::Options options;
  options.limits.processes = 3;
  TestNode small(options);  // the kernel's own entry is one of them
  Guest& one = small.add_guest("one:test:sys");
  small.add_guest("two:test:sys");
  Guest& three = small.expect_guest("three:test:sys");
  ProcessSpec spec{.id = three.id(), .program = small.program_of(three), .on_exit = {}, .capabilities = {}};
  EXPECT_THAT(error(small.kernel.initialize(spec)), HasSubstr("its limit of 3 processes"));
  small.kernel.kill(one.id(), true);
  EXPECT_EQ(error(small.kernel.initialize(spec)), "");
}

TEST_F(LifecycleTest, K19_12_WhatComesBeforeRunIsReceivedAfterIt) {
  Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true, .run = false});
  friend_.send(to(alice.address(), "1"));
  friend_.send(to(alice.address(), "2", 5));
  EXPECT_EQ(node_.run(), 0U);
  EXPECT_FALSE(alice.alive());
  EXPECT_EQ(error(node_.kernel.run(alice.id())), "");
  node_.run();
  friend_.send(to(alice.address(), "3"));
  EXPECT_EQ(alice.next(), "request 1") << "and no `run`";
  EXPECT_EQ(alice.next(), "request 2");
  alice.respond("2");
  EXPECT_EQ(alice.next(), "request 3");
  EXPECT_EQ(alice.next(), "-");
  EXPECT_EQ(friend_.next(), "response 2");
}

TEST_F(LifecycleTest, L2_RunningOneThatRunsHasNoEffect) {
  Guest& alice = node_.add_guest("alice:test:sys");
  size_t polls = alice.polls();
  EXPECT_EQ(error(node_.kernel.run(alice.id())), "");
  EXPECT_EQ(node_.run(), 0U);
  EXPECT_EQ(alice.polls(), polls);
  EXPECT_EQ(alice.lives(), 1U);
  EXPECT_EQ(alice.next(), "-");
}

TEST_F(LifecycleTest, ThereIsNoRunningWhatIsNotThere) {
  EXPECT_THAT(error(node_.kernel.run(*ProcessId::parse("alice:test:sys"))), HasSubstr("no such process"));
}

// ---- kill ----------------------------------------------------------------------------------------

TEST_F(LifecycleTest, AKilledProcessIsGoneAndItsOnExitIsNotHeeded) {
  for (const OnExit& on_exit : {OnExit::none(), OnExit::restart(),
                                OnExit{OnExit::Kind::requests, {last_word(friend_.address(), "never said")}}}) {
    Guest& alice = node_.add_guest("alice:test:sys", {.on_exit = on_exit});
    size_t lives = alice.lives();
    EXPECT_TRUE(node_.kernel.kill(alice.id(), true));
    EXPECT_FALSE(exists(alice));
    EXPECT_TRUE(alice.alive()) << "the thread that runs it deletes it";
    node_.run();
    EXPECT_FALSE(alice.alive());
    node_.advance(1h);
    EXPECT_EQ(alice.lives(), lives);
    EXPECT_EQ(friend_.next(), "-");
    EXPECT_FALSE(node_.kernel.kill(alice.id(), true));
  }
}

TEST_F(LifecycleTest, OneThatNeverRanCanBeKilled) {
  Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true, .run = false});
  friend_.send(to(alice.address(), "ping", 60));
  EXPECT_TRUE(node_.kernel.kill(alice.id(), true));
  node_.run();
  EXPECT_EQ(alice.lives(), 0U);
  EXPECT_EQ(friend_.next(), "timeout ping");
}

TEST_F(LifecycleTest, ModulesAndTheKernelCannotBeKilled) {
  node_.add_puppet("timer:distro:sys");
  EXPECT_FALSE(node_.kernel.kill(node_.local("timer:distro:sys").process(), true));
  EXPECT_FALSE(node_.kernel.kill(node_.kernel.address().process(), true));
  EXPECT_TRUE(node_.kernel.exists(node_.local("timer:distro:sys").process()));
}

// ---- watching ------------------------------------------------------------------------------------

TEST_F(LifecycleTest, WhoWatchesALifeIsToldOnceOfItsEndBeforeTheNextBegins) {
  Guest& alice = node_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  std::vector<size_t> told;  // how many lives there were
  auto note = [&] { told.push_back(alice.lives()); };
  ASSERT_TRUE(node_.kernel.watch(alice.id(), note));
  ASSERT_TRUE(node_.kernel.watch(alice.id(), note));
  EXPECT_TRUE(told.empty());
  end(alice, crashed("on purpose"));
  EXPECT_EQ(told, (std::vector<size_t>{1, 1}));
  EXPECT_EQ(alice.lives(), 2U);

  end(alice, exited());
  EXPECT_EQ(told.size(), 2U) << "nobody watched the second life";
  ASSERT_TRUE(node_.kernel.watch(alice.id(), note));
  EXPECT_TRUE(node_.kernel.kill(alice.id(), true));
  EXPECT_EQ(told.size(), 3U);
  EXPECT_FALSE(node_.kernel.watch(alice.id(), note));
  node_.run();
  EXPECT_EQ(told.size(), 3U);
}

// ---- on exit -------------------------------------------------------------------------------------

TEST_F(LifecycleTest, WithOnExitNoneAProcessThatEndsIsGone) {
  for (const Process::Poll& how : {exited(), crashed("it broke")}) {
    Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true});
    friend_.send(to(alice.address(), "waiting", 60));
    end(alice, how);
    EXPECT_FALSE(exists(alice));
    EXPECT_FALSE(alice.alive());
    EXPECT_EQ(friend_.next(), "timeout waiting");
  }
  EXPECT_TRUE(node_.printer.has("process alice:test:sys returned without error", 1));
  EXPECT_FALSE(node_.printer.has("process alice:test:sys returned without error", 0));
  EXPECT_TRUE(node_.printer.has("process alice:test:sys ended with error: it broke", 0));
}

TEST_F(LifecycleTest, WithOnExitRestartANewLifeBeginsAtOnce) {
  Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true, .on_exit = OnExit::restart()});
  friend_.send(to(alice.address(), "taken", 60));
  friend_.send(to(alice.address(), "unread", 60));
  friend_.send(to(alice.address(), "unread, and nothing expected"));
  EXPECT_EQ(alice.next(), "request taken");
  Prompting taken = prompting_of(alice.last());
  alice.send(to(friend_.address(), "asked by the first life", 60));
  EXPECT_EQ(friend_.next(), "request asked by the first life");
  Prompting asked = prompting_of(friend_.last());

  end(alice, crashed("on purpose"));
  EXPECT_TRUE(exists(alice));
  EXPECT_EQ(alice.lives(), 2U);
  EXPECT_EQ(alice.next(), "-") << "what was unread is lost";
  std::set<std::string> ends = {friend_.next(), friend_.next()};
  EXPECT_EQ(ends, (std::set<std::string>{"timeout taken", "timeout unread"})) << "L14";
  friend_.context().respond(asked, testing::answer("late"), std::nullopt);
  EXPECT_EQ(alice.next(), "-") << "that was the first life's to hear";
  alice.context().respond(taken, testing::answer("forged"), std::nullopt);
  EXPECT_EQ(friend_.next(), "-");
  node_.advance(1h);
  EXPECT_EQ(alice.next(), "-");
  EXPECT_EQ(friend_.next(), "-");
}

TEST_F(LifecycleTest, AnEndLooksAtNobodyWhoDoesNotWaitForIt) {
  Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true});
  Guest& bystander = node_.add_guest("bystander:test:sys");
  friend_.send(to(alice.address(), "asked", 60));
  {
    // Held by this thread, so that an end which looks into it hangs.
    std::scoped_lock busy(bystander.context().entry().mutex);
    EXPECT_TRUE(node_.kernel.kill(alice.id(), true));
  }
  EXPECT_EQ(friend_.next(), "timeout asked");
}

TEST_F(LifecycleTest, K19_13_ARestartKeepsCapabilitiesBothWays) {
  Guest& alice = node_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  Capability own = *Capability::make(alice.address(), R"("mine")");
  node_.connect(alice.address(), friend_.address());
  node_.kernel.grant(friend_.id(), {own});
  std::vector<Capability> before = node_.kernel.capabilities(alice.id());
  end(alice, exited());
  EXPECT_THAT(node_.kernel.capabilities(alice.id()), ::testing::UnorderedElementsAreArray(before));
  EXPECT_TRUE(node_.kernel.holds(friend_.id(), own));
  friend_.send(to(alice.address(), "ping", 5));
  EXPECT_EQ(alice.next(), "request ping");
  alice.respond("pong");
  EXPECT_EQ(friend_.next(), "response pong");
}

TEST_F(LifecycleTest, ARestartKeepsWhatTheProcessIs) {
  Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true, .on_exit = OnExit::restart()});
  auto before = *node_.kernel.process(alice.id());
  end(alice, exited());
  auto after = *node_.kernel.process(alice.id());
  EXPECT_EQ(after.wasm_bytes_handle, before.wasm_bytes_handle);
  EXPECT_EQ(after.wit_version, before.wit_version);
  EXPECT_EQ(after.on_exit, OnExit::restart());
  EXPECT_TRUE(after.is_public);
}

TEST_F(LifecycleTest, WithOnExitRequestsItSendsThemAndIsGone) {
  OnExit on_exit{OnExit::Kind::requests, {last_word(friend_.address(), "1"), last_word(friend_.address(), "2")}};
  on_exit.requests[1].request.expects_response = 5;
  on_exit.requests[1].request.metadata = "meta";
  on_exit.requests[1].blob = blob("the blob");
  Guest& alice = node_.add_guest("alice:test:sys", {.on_exit = on_exit});
  end(alice, crashed("on purpose"));
  EXPECT_FALSE(exists(alice));
  EXPECT_EQ(friend_.next(), "request 1");
  EXPECT_EQ(friend_.next(), "request 2");
  EXPECT_EQ(friend_.last().source, alice.address());
  EXPECT_EQ(friend_.last().rsvp, std::nullopt);
  EXPECT_EQ(friend_.last().request().expects_response, std::nullopt) << "nobody is there for the answer";
  EXPECT_EQ(friend_.last().request().metadata, "meta");
  EXPECT_EQ(friend_.get_blob(), "the blob");
  EXPECT_EQ(friend_.next(), "-");
}

TEST_F(LifecycleTest, C3_OnExitRequestsCarryWhatTheProcessHoldsOrIssues) {
  Capability root = Capability::messaging(node_.kernel.address());
  Guest& alice = node_.expect_guest("alice:test:sys");
  OnExitRequest request = last_word(friend_.address(), "take these");
  Capability own = *Capability::make(alice.address(), "1");
  request.request.capabilities = {{root, Bytes::copy_of("forged")}, {own, {}}};
  node_.add_guest("alice:test:sys", {.on_exit = {OnExit::Kind::requests, {request}}});
  end(alice, exited());
  EXPECT_EQ(friend_.next(), "request take these");
  EXPECT_THAT(friend_.last().request().capabilities, ::testing::ElementsAre(AttachedCapability{own, {}}));
}

TEST_F(LifecycleTest, OnExitRequestsGoOnlyWhereTheProcessMaySend) {
  Guest& closed = node_.add_guest("closed:test:sys");
  OnExit on_exit{OnExit::Kind::requests,
                 {last_word(closed.address(), "forbidden"), last_word(node_.local("nobody:test:sys"), "lost"),
                  last_word(friend_.address(), "allowed")}};
  end(node_.add_guest("alice:test:sys", {.on_exit = on_exit}), exited());
  EXPECT_EQ(closed.next(), "-");
  EXPECT_EQ(friend_.next(), "request allowed");
}

TEST_F(LifecycleTest, AFullMailboxIsNotWaitedForOnExit) {
  TestNode::Options options;
  options.limits.mailbox_messages = 1;
  TestNode node(options);
  Guest& full = node.add_guest("full:test:sys", {.is_public = true});
  Guest& alice = node.add_guest(
      "alice:test:sys",
      {.on_exit = {OnExit::Kind::requests, {last_word(full.address(), "1"), last_word(full.address(), "2")}}});
  alice.end(exited());
  node.run();
  EXPECT_FALSE(node.kernel.exists(alice.id()));
  EXPECT_EQ(full.next(), "request 1");
  EXPECT_EQ(full.next(), "-");
  EXPECT_EQ(node.kernel.counters().mailbox_full, 1U);
}

TEST_F(LifecycleTest, L15_S2_OnExitIsWhatItWasSetToLast) {
  Guest& alice = node_.add_guest("alice:test:sys");
  EXPECT_TRUE(node_.kernel.set_on_exit(alice.id(), OnExit::restart()));
  EXPECT_EQ(alice.conversation().on_exit(), OnExit::restart());
  end(alice, crashed("on purpose"));
  EXPECT_EQ(alice.lives(), 2U);
  alice.conversation().set_on_exit(OnExit::none());
  end(alice, crashed("on purpose"));
  EXPECT_FALSE(exists(alice));
  EXPECT_FALSE(node_.kernel.set_on_exit(alice.id(), OnExit::restart()));
}

TEST_F(LifecycleTest, TheOnExitOfAModuleIsNotToBeSet) {
  node_.add_puppet("timer:distro:sys");
  EXPECT_FALSE(node_.kernel.set_on_exit(node_.local("timer:distro:sys").process(), OnExit::none()));
}

TEST_F(LifecycleTest, S12_AProcessThatCannotBeMadeEndsAsOneThatCrashed) {
  node_.factory.refuse(Error{"no memory maps left"});
  Guest& alice = node_.add_guest("alice:test:sys", {.is_public = true, .run = false});
  friend_.send(to(alice.address(), "ping", 60));
  node_.kernel.run(alice.id());
  node_.run();
  EXPECT_FALSE(exists(alice));
  EXPECT_TRUE(node_.printer.has("alice:test:sys ended with error: no memory maps left", 0));
  EXPECT_EQ(friend_.next(), "timeout ping");

  node_.add_guest("alice:test:sys", {.on_exit = OnExit::restart()});
  EXPECT_TRUE(exists(alice)) << "it is tried again, later";
  node_.factory.refuse(std::nullopt);
  node_.advance(2s);
  EXPECT_TRUE(alice.alive());
}

// ---- back-off (kernel.md 7.3) --------------------------------------------------------------------

class BackOffTest : public LifecycleTest {
 protected:
  BackOffTest() : alice_(node_.add_guest("alice:test:sys", {.is_public = true, .on_exit = OnExit::restart()})) {}

  /// Crashes; how long until the next life, in milliseconds.
  int64_t crash() {
    size_t lives = alice_.lives();
    Instant before = node_.clock.now();
    end(alice_, crashed("on purpose"));
    while (alice_.lives() == lives) {
      node_.advance(*node_.kernel.next_deadline() - node_.clock.now());
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(node_.clock.now() - before).count();
  }

  Guest& alice_;
};

TEST_F(BackOffTest, ACrashLoopWaitsLongerEachTimeUpToTenMinutes) {
  std::vector<int64_t> waits;
  for (int i = 0; i < 15; ++i) {
    waits.push_back(crash() / 1000);
  }
  EXPECT_EQ(waits, (std::vector<int64_t>{0, 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600}));
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(crash(), 600'000);
  }
}

TEST_F(BackOffTest, ARunThatOutlivesItsWaitStartsAfresh) {
  for (int i = 0; i < 5; ++i) {
    crash();
  }
  node_.advance(8s);  // what the next wait would be
  EXPECT_EQ(crash(), 0);
  EXPECT_EQ(crash(), 1000);
  EXPECT_EQ(crash(), 1000);
  EXPECT_EQ(crash(), 2000);
}

TEST_F(BackOffTest, TheTimeThatItRanIsTakenOffTheWait) {
  EXPECT_EQ(crash(), 0);
  node_.advance(400ms);
  EXPECT_EQ(crash(), 600);
}

TEST_F(BackOffTest, WhileItWaitsItsMessagesEndAtOnceAndItKeepsItsPlace) {
  crash();
  Capability right = Capability::messaging(friend_.address());
  end(alice_, crashed("on purpose"));
  EXPECT_FALSE(alice_.alive());
  EXPECT_TRUE(exists(alice_));
  EXPECT_TRUE(node_.kernel.process(alice_.id()).has_value());
  friend_.send(to(alice_.address(), "ping", 60));
  EXPECT_EQ(friend_.next(), "timeout ping");
  EXPECT_THAT(error(initialize("alice:test:sys")), HasSubstr("exists"));
  EXPECT_EQ(error(node_.kernel.run(alice_.id())), "");
  node_.run();
  EXPECT_FALSE(alice_.alive()) << "run does not cut its wait short";
  EXPECT_TRUE(node_.kernel.grant(alice_.id(), {right}));
  node_.advance(1s);
  EXPECT_TRUE(alice_.alive());
  EXPECT_TRUE(node_.kernel.holds(alice_.id(), right));
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(BackOffTest, L5_AKillWhileItWaitsIsTheEnd) {
  crash();
  end(alice_, crashed("on purpose"));
  EXPECT_TRUE(node_.kernel.kill(alice_.id(), true));
  EXPECT_FALSE(exists(alice_));
  EXPECT_EQ(node_.kernel.next_deadline(), std::nullopt);
  node_.add_guest("alice:test:sys", {.run = false});
  size_t lives = alice_.lives();
  node_.advance(1h);
  EXPECT_EQ(alice_.lives(), lives) << "nothing starts the new one but run";
}

}  // namespace
}  // namespace kinode::kernel
