#include "kernel/capability_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using ::testing::ElementsAre;
using testing::Guest;
using testing::TestNode;
using testing::to;

Capability made(const Address& issuer, std::string params) { return *Capability::make(issuer, std::move(params)); }

class CapabilityStoreTest : public ::testing::Test {
 protected:
  explicit CapabilityStoreTest(TestNode::Options options = {}) : node_(std::move(options)) {}

  static GuestRequest carrying(const Address& target, std::vector<AttachedCapability> capabilities) {
    GuestRequest request = to(target, "take these", 5);
    request.request.capabilities = std::move(capabilities);
    return request;
  }
  /// What bob receives when `from` sends him these.
  std::vector<AttachedCapability> received(const Guest& from, std::vector<AttachedCapability> capabilities) {
    from.send(carrying(bob_.address(), std::move(capabilities)));
    EXPECT_EQ(bob_.next(), "request take these");
    return bob_.last().request().capabilities;
  }
  bool holds(const Guest& guest, const Capability& capability) const {
    return node_.kernel.holds(guest.id(), capability);
  }
  void kill(const Guest& guest, bool revoke = true) {
    EXPECT_TRUE(node_.kernel.kill(guest.id(), revoke));
    node_.run();
  }
  /// A guest that holds what another node issued, with that node's signature.
  Guest& add_holder_of(std::string_view id, AttachedCapability foreign) {
    Guest& guest = node_.expect_guest(id);
    Result<void> initialized = node_.kernel.initialize({.id = guest.id(),
                                                        .program = node_.program_of(guest),
                                                        .on_exit = {},
                                                        .is_public = true,
                                                        .capabilities = {},
                                                        .passed_on = {std::move(foreign)}});
    EXPECT_TRUE(initialized.has_value());
    EXPECT_TRUE(node_.kernel.run(guest.id()).has_value());
    node_.run();
    return guest;
  }

  TestNode node_;
  Guest& alice_ = node_.add_guest("alice:test:sys", {.is_public = true});
  Guest& bob_ = node_.add_guest("bob:test:sys", {.is_public = true});
  Guest& issuer_ = node_.add_guest("issuer:test:sys", {.is_public = true});
  const Capability right_ = made(issuer_.address(), R"({"may":"read"})");
  const Capability foreign_ = made(*Address::parse("far.os@issuer:test:sys"), R"({ "may": "fly" })");
};

// ---- attached to messages ------------------------------------------------------------------------

TEST_F(CapabilityStoreTest, OnlyWhatTheSenderHoldsOrIssuesIsAttached) {
  node_.kernel.grant(alice_.id(), {right_});
  Capability own = made(alice_.address(), R"("mine")");
  Capability not_held = made(issuer_.address(), R"({"may":"write"})");
  EXPECT_THAT(received(alice_, {{right_, {}}, {own, {}}, {not_held, {}}, {foreign_, {}}}),
              ElementsAre(AttachedCapability{right_, {}}, AttachedCapability{own, {}}));

  bob_.conversation().respond(
      {.body = Bytes::copy_of("back"), .capabilities = {{right_, {}}, {Capability::messaging(bob_.address()), {}}}},
      std::nullopt);
  EXPECT_EQ(alice_.next(), "response back");
  EXPECT_THAT(alice_.last().response().capabilities,
              ElementsAre(AttachedCapability{Capability::messaging(bob_.address()), {}}));
}

TEST_F(CapabilityStoreTest, C4_NobodyIssuesInAnotherNodesName) {
  Address namesake("far.os", alice_.id());
  Address alias("our", alice_.id());
  EXPECT_THAT(received(alice_, {{made(namesake, "1"), {}}, {made(alias, "2"), {}}}), ElementsAre());
}

TEST_F(CapabilityStoreTest, ASignatureIsTheOneHeldNotTheOneTheGuestGives) {
  node_.kernel.grant(alice_.id(), {right_});
  Bytes forged = Bytes::copy_of("forged");
  Capability own = made(alice_.address(), R"("mine")");
  EXPECT_THAT(received(alice_, {{right_, forged}, {own, forged}}),
              ElementsAre(AttachedCapability{right_, {}}, AttachedCapability{own, {}}));
}

TEST_F(CapabilityStoreTest, C5_AForeignCapabilityKeepsItsSignatureAndItsText) {
  AttachedCapability signed_one{foreign_, Bytes::copy_of("signed by far.os")};
  Guest& holder = add_holder_of("holder:test:sys", signed_one);
  Capability same = made(foreign_.issuer(), R"({"may":"fly"})");
  for (int i = 0; i < 2; ++i) {
    std::vector<AttachedCapability> attached = received(holder, {{same, {}}});
    ASSERT_THAT(attached, ElementsAre(signed_one));
    EXPECT_EQ(attached[0].capability.params(), R"({ "may": "fly" })") << "the text that the signature covers";
    node_.kernel.grant(holder.id(), {same});  // nothing takes the signature away
  }
  bob_.conversation().save_capabilities({same});
  bob_.send(carrying(alice_.address(), {{same, {}}}));
  EXPECT_EQ(alice_.next(), "request take these");
  EXPECT_THAT(alice_.last().request().capabilities, ElementsAre(signed_one));
}

TEST_F(CapabilityStoreTest, C7_AnEqualOneChangesNothingUnlessItIsSigned) {
  Capability same = made(issuer_.address(), R"({ "may" : "read" })");
  node_.kernel.grant(alice_.id(), {right_});
  node_.kernel.grant(alice_.id(), {same});
  EXPECT_EQ(alice_.conversation().capabilities().size(), 2U);
  EXPECT_EQ(received(alice_, {{same, {}}})[0].capability.params(), R"({"may":"read"})");

  Guest& holder = add_holder_of("holder:test:sys", {foreign_, {}});
  Guest& other =
      add_holder_of("other:test:sys", {made(foreign_.issuer(), R"({"may":"fly"})"), Bytes::copy_of("signed")});
  other.send(carrying(holder.address(), {{foreign_, {}}}));
  EXPECT_EQ(holder.next(), "request take these");
  holder.conversation().save_capabilities({foreign_});
  std::vector<AttachedCapability> attached = received(holder, {{foreign_, {}}});
  EXPECT_EQ(attached[0].signature.text(), "signed");
  EXPECT_EQ(attached[0].capability.params(), R"({"may":"fly"})");
}

// ---- saved by guests -----------------------------------------------------------------------------

TEST_F(CapabilityStoreTest, K19_17_C1_OnlyWhatWasReceivedOrIsIssuedCanBeSaved) {
  Capability root = Capability::messaging(node_.kernel.address());
  bob_.conversation().save_capabilities({root, Capability::network(node_.kernel.address()), right_});
  EXPECT_THAT(bob_.conversation().capabilities(), ElementsAre(Capability::messaging(bob_.address())));
  EXPECT_TRUE(node_.printer.has("cannot save capability node.os@kernel:distro:sys \"messaging\"", 0));

  node_.kernel.grant(alice_.id(), {right_, root});
  received(alice_, {{right_, {}}});
  bob_.conversation().save_capabilities({right_, root, made(bob_.address(), "7")});
  EXPECT_TRUE(holds(bob_, right_));
  EXPECT_TRUE(holds(bob_, made(bob_.address(), "7")));
  EXPECT_FALSE(holds(bob_, root));
}

TEST_F(CapabilityStoreTest, WhatAResponseOrAnAwaitBroughtCanBeSavedToo) {
  node_.kernel.grant(alice_.id(), {right_, foreign_});
  bob_.send(to(alice_.address(), "give", 5));
  EXPECT_EQ(alice_.next(), "request give");
  alice_.conversation().respond({.body = Bytes::copy_of("1"), .capabilities = {{right_, {}}}}, std::nullopt);
  EXPECT_EQ(bob_.next(), "response 1");
  EXPECT_EQ(bob_.await(to(alice_.address(), "give", 5)), "pending");
  EXPECT_EQ(alice_.next(), "request give");
  alice_.conversation().respond({.body = Bytes::copy_of("2"), .capabilities = {{foreign_, {}}}}, std::nullopt);
  EXPECT_EQ(bob_.resume_await(), "response 2");
  bob_.conversation().save_capabilities({right_, foreign_});
  EXPECT_TRUE(holds(bob_, right_));
  EXPECT_TRUE(holds(bob_, foreign_));
}

TEST_F(CapabilityStoreTest, TheLastThousandReceivedCanBeSavedVeryOldOnesCannot) {
  node_.kernel.grant(alice_.id(), {right_});
  auto receive_others = [&](int count, int first) {
    std::vector<AttachedCapability> others;
    for (int i = 0; i < count; ++i) {
      others.push_back({made(alice_.address(), std::to_string(first + i)), {}});
    }
    received(alice_, std::move(others));
  };
  received(alice_, {{right_, {}}});
  receive_others(1023, 0);
  bob_.conversation().save_capabilities({right_});
  EXPECT_TRUE(holds(bob_, right_));
  bob_.conversation().drop_capabilities({right_});
  receive_others(3000, 2000);
  bob_.conversation().save_capabilities({right_});
  EXPECT_FALSE(holds(bob_, right_));
}

TEST_F(CapabilityStoreTest, DroppingTakesWhatIsNamedAndMindsNothingElse) {
  node_.kernel.grant(bob_.id(), {right_});
  bob_.conversation().drop_capabilities({right_, foreign_});
  EXPECT_THAT(bob_.conversation().capabilities(), ElementsAre(Capability::messaging(bob_.address())));
  EXPECT_FALSE(node_.kernel.drop(node_.local("nobody:test:sys").process(), {right_}));
}

// ---- granted -------------------------------------------------------------------------------------

TEST_F(CapabilityStoreTest, AGrantToNobodyIsToldAndAPromiseWaits) {
  Guest& late = node_.expect_guest("late:test:sys");
  EXPECT_FALSE(node_.kernel.grant(late.id(), {right_}));
  EXPECT_TRUE(node_.kernel.promise(late.id(), {right_, foreign_}).has_value());
  EXPECT_FALSE(node_.kernel.drop(late.id(), {foreign_}));
  EXPECT_FALSE(holds(late, right_));
  node_.add_guest("late:test:sys");
  EXPECT_TRUE(holds(late, right_));
  EXPECT_FALSE(holds(late, foreign_)) << "dropped before it was there";
  kill(late);
  node_.add_guest("late:test:sys");
  EXPECT_FALSE(holds(late, right_)) << "it was given once";
}

TEST_F(CapabilityStoreTest, APromiseToWhoIsThereIsAGrant) {
  EXPECT_TRUE(node_.kernel.promise(bob_.id(), {right_}).has_value());
  EXPECT_TRUE(holds(bob_, right_));
}

TEST_F(CapabilityStoreTest, NothingIsPromisedToANameThatNoProcessCanHave) {
  EXPECT_FALSE(node_.kernel.promise(*ProcessId::parse("Not Safe:test:sys"), {right_}).has_value());
}

TEST_F(CapabilityStoreTest, PromisesAreLimited) {
  for (int i = 0; i < 4096; ++i) {
    ASSERT_TRUE(node_.kernel.promise(node_.local(std::to_string(i) + ":test:sys").process(), {right_}).has_value());
  }
  Guest& late = node_.expect_guest("late:test:sys");
  EXPECT_TRUE(node_.kernel.promise(late.id(), {right_}).has_value());
  node_.add_guest("late:test:sys");
  EXPECT_FALSE(holds(late, right_));
  Guest& early = node_.add_guest("4095:test:sys");
  EXPECT_TRUE(holds(early, right_));
  node_.kernel.promise(node_.local("another:test:sys").process(), {right_});
  EXPECT_TRUE(holds(node_.add_guest("another:test:sys"), right_)) << "there is a place again";
}

TEST_F(CapabilityStoreTest, AnEmptyPromiseTakesNoPlace) {
  for (int i = 0; i < 4096; ++i) {
    ASSERT_TRUE(node_.kernel.promise(node_.local(std::to_string(i) + ":test:sys").process(), {}).has_value());
  }
  node_.kernel.promise(node_.local("late:test:sys").process(), {right_});
  EXPECT_TRUE(holds(node_.add_guest("late:test:sys"), right_));
}

TEST_F(CapabilityStoreTest, AModuleGrantsWhatItIssuesAlone) {
  testing::Puppet& module = node_.add_puppet("vfs:distro:sys");
  Capability drive = made(module.address(), R"({"root":true})");
  EXPECT_TRUE(module.context().grant(bob_.id(), {drive, right_}));
  EXPECT_TRUE(module.context().holds(bob_.id(), drive));
  EXPECT_FALSE(holds(bob_, right_));
  EXPECT_FALSE(module.context().grant(node_.local("nobody:test:sys").process(), {drive}));
}

// ---- revoked -------------------------------------------------------------------------------------

TEST_F(CapabilityStoreTest, K19_13_TheEndOfAnIssuerRevokesWhateverWayItWasGiven) {
  Capability by_message = made(issuer_.address(), "1");
  Capability at_birth = made(issuer_.address(), "2");
  Capability promised = made(issuer_.address(), "3");
  Capability still_promised = made(issuer_.address(), "4");
  issuer_.send(carrying(bob_.address(), {{by_message, {}}}));
  EXPECT_EQ(bob_.next(), "request take these");
  bob_.conversation().save_capabilities({by_message});
  node_.kernel.grant(alice_.id(), {right_});
  Guest& late = node_.expect_guest("late:test:sys");
  node_.kernel.promise(late.id(), {promised});
  node_.add_guest("late:test:sys", {.capabilities = {at_birth}});
  Guest& later = node_.expect_guest("later:test:sys");
  node_.kernel.promise(later.id(), {still_promised, foreign_});
  EXPECT_TRUE(holds(bob_, by_message) && holds(alice_, right_) && holds(late, at_birth) && holds(late, promised));

  kill(issuer_);
  EXPECT_FALSE(holds(bob_, by_message));
  EXPECT_FALSE(holds(alice_, right_));
  EXPECT_FALSE(holds(late, at_birth)) << "L10";
  EXPECT_FALSE(holds(late, promised));
  node_.add_guest("later:test:sys");
  EXPECT_FALSE(holds(later, still_promised));
  EXPECT_TRUE(holds(later, foreign_)) << "another node's process of the same name did not end";
}

TEST_F(CapabilityStoreTest, RevocationSparesWhatOthersIssued) {
  node_.kernel.grant(bob_.id(), {right_, foreign_, made(alice_.address(), R"({"may":"read"})")});
  kill(issuer_);
  EXPECT_FALSE(holds(bob_, right_));
  EXPECT_TRUE(holds(bob_, foreign_));
  EXPECT_TRUE(holds(bob_, made(alice_.address(), R"({"may":"read"})")));
}

TEST_F(CapabilityStoreTest, KillWithNoRevokeLeavesThem) {
  node_.kernel.grant(bob_.id(), {right_});
  kill(issuer_, /*revoke=*/false);
  EXPECT_TRUE(holds(bob_, right_));
  node_.add_guest("issuer:test:sys");
  kill(issuer_);
  EXPECT_FALSE(holds(bob_, right_)) << "who holds it is still known";
}

TEST_F(CapabilityStoreTest, L10_TheHolderIsKnownWhateverHappenedMeanwhile) {
  Capability second = made(issuer_.address(), "2");
  // Two of one issuer, one of them dropped; one dropped and given again; a holder that started again.
  node_.kernel.grant(bob_.id(), {right_, second});
  bob_.conversation().drop_capabilities({second});
  node_.kernel.grant(alice_.id(), {right_});
  alice_.conversation().drop_capabilities({right_});
  node_.kernel.grant(alice_.id(), {right_});
  Guest& restarting = node_.add_guest("restarting:test:sys", {.on_exit = OnExit::restart(), .capabilities = {right_}});
  restarting.end(testing::crashed("on purpose"));
  node_.run();
  EXPECT_EQ(restarting.lives(), 2U);
  EXPECT_TRUE(holds(bob_, right_) && holds(alice_, right_) && holds(restarting, right_));
  kill(issuer_);
  EXPECT_FALSE(holds(bob_, right_));
  EXPECT_FALSE(holds(alice_, right_));
  EXPECT_FALSE(holds(restarting, right_));
}

TEST_F(CapabilityStoreTest, AHolderThatEndedIsNotMistakenForItsSuccessor) {
  node_.kernel.grant(bob_.id(), {right_});
  kill(bob_);
  node_.add_guest("bob:test:sys");
  EXPECT_FALSE(holds(bob_, right_));
  node_.kernel.grant(bob_.id(), {right_});
  kill(issuer_);
  EXPECT_FALSE(holds(bob_, right_));
}

// ---- limits --------------------------------------------------------------------------------------

TestNode::Options few_and_small() {
  TestNode::Options options;
  options.limits.capabilities = 4;
  options.limits.capability_bytes = 100;
  return options;
}
class LimitedCapabilitiesTest : public CapabilityStoreTest {
 protected:
  LimitedCapabilitiesTest() : CapabilityStoreTest(few_and_small()) {}
  [[nodiscard]] size_t count(const Guest& guest) const { return node_.kernel.capabilities(guest.id()).size(); }
  std::vector<Capability> numbered(int count) const {
    std::vector<Capability> result;
    for (int i = 0; i < count; ++i) {
      result.push_back(made(issuer_.address(), std::to_string(i)));
    }
    return result;
  }
};

TEST_F(LimitedCapabilitiesTest, AModuleIsToldThatAGrantWasRefused) {
  testing::Puppet& module = node_.add_puppet("vfs:distro:sys");
  const Capability drive = made(module.address(), "1");
  node_.kernel.grant(bob_.id(), numbered(6));
  EXPECT_FALSE(module.context().grant(bob_.id(), {drive}));
  node_.kernel.drop(bob_.id(), numbered(1));
  EXPECT_FALSE(module.context().grant(bob_.id(), {drive, made(module.address(), "2")})) << "there is room for one";
  EXPECT_TRUE(module.context().grant(bob_.id(), {drive})) << "it holds it already";
}

TEST_F(LimitedCapabilitiesTest, MoreThanTheLimitAreRefusedWithALine) {
  EXPECT_TRUE(node_.kernel.grant(bob_.id(), numbered(6)));
  EXPECT_EQ(count(bob_), 4U);
  EXPECT_TRUE(node_.printer.has("3 capabilities refused to bob:test:sys: it holds its limit of 4", 0));
  node_.printer.clear();
  EXPECT_TRUE(node_.kernel.grant(bob_.id(), numbered(3)));
  EXPECT_FALSE(node_.printer.has("refused")) << "it holds those already";
  bob_.conversation().drop_capabilities(numbered(1));
  EXPECT_TRUE(node_.kernel.grant(bob_.id(), {right_}));
  EXPECT_TRUE(holds(bob_, right_));
}

TEST_F(LimitedCapabilitiesTest, OneTooLargeIsRefused) {
  Capability large = made(issuer_.address(), '"' + std::string(100, 'x') + '"');
  node_.kernel.grant(bob_.id(), {large, right_});
  EXPECT_FALSE(holds(bob_, large));
  EXPECT_TRUE(holds(bob_, right_));
  received(issuer_, {{large, {}}});
  bob_.conversation().save_capabilities({large});
  EXPECT_FALSE(holds(bob_, large));
}

TEST_F(LimitedCapabilitiesTest, AGuestThatSavesTooManyIsTold) {
  std::vector<Capability> own;
  for (int i = 0; i < 6; ++i) {
    own.push_back(made(bob_.address(), std::to_string(i)));
  }
  bob_.conversation().save_capabilities(own);
  EXPECT_EQ(count(bob_), 4U);
  EXPECT_TRUE(node_.printer.has("cannot save 3 capabilities", 0));
}

TEST_F(LimitedCapabilitiesTest, AProcessIsBornWithinThemToo) {
  Guest& late = node_.expect_guest("late:test:sys");
  node_.kernel.promise(late.id(), numbered(3));
  node_.add_guest("late:test:sys", {.on_exit = OnExit::restart(), .capabilities = {right_, foreign_}});
  EXPECT_EQ(count(late), 4U);
  EXPECT_TRUE(holds(late, Capability::messaging(late.address())));
  EXPECT_TRUE(holds(late, right_) && holds(late, foreign_));
  EXPECT_TRUE(node_.printer.has("2 capabilities refused to late:test:sys", 0));
  size_t recorded = 0;
  for (const std::string& key : node_.journal_keys()) {
    recorded += key.starts_with("capability/late:test:sys/") ? 1 : 0;
  }
  EXPECT_EQ(recorded, 4U) << "what was refused does not come back at the next boot";
  kill(issuer_);
  EXPECT_FALSE(holds(late, right_));
}

}  // namespace
}  // namespace kinode::kernel
