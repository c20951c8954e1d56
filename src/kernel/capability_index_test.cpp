// Who holds what can be revoked: the index must neither miss a holder nor grow with what was dropped.
#include <gtest/gtest.h>

#include "kernel/capability_store.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using testing::TestNode;

/// A store of its own, whose processes are those of a node that runs nothing.
class CapabilityIndexTest : public ::testing::Test {
 protected:
  std::shared_ptr<ProcessEntry> add(std::string_view id) {
    auto entry = std::make_shared<ProcessEntry>(node_.kernel, lifecycle_, node_.local(id), ProcessEntry::Kind::guest);
    EXPECT_TRUE(table_.add(entry));
    return entry;
  }
  static AttachedCapability of(const Address& issuer, std::string params = "1") {
    return {*Capability::make(issuer, std::move(params)), {}};
  }
  void give(const std::shared_ptr<ProcessEntry>& holder, std::vector<AttachedCapability> capabilities) {
    EXPECT_EQ(store_.add(*holder, capabilities), 0U);
  }
  void take(const std::shared_ptr<ProcessEntry>& holder, const AttachedCapability& attached) {
    store_.drop(*holder, std::span(&attached.capability, 1));
  }

  TestNode node_;
  Lifecycle& lifecycle_ = node_.add_puppet("other:test:sys").context().entry().lifecycle;
  Limits limits_;
  Records records_{node_.journal, node_.printer, node_.kernel.address().process()};
  ProcessTable table_;
  CapabilityStore store_{node_.kernel.address(), table_, records_, limits_};
  std::shared_ptr<ProcessEntry> alice_ = add("alice:test:sys");
  std::shared_ptr<ProcessEntry> bob_ = add("bob:test:sys");
  const Address issuer_ = node_.local("issuer:test:sys");
};

TEST_F(CapabilityIndexTest, ForgetsWhatWasDropped) {
  give(alice_, {of(issuer_, "1"), of(issuer_, "2")});
  give(alice_, {of(issuer_, "1")});
  give(bob_, {of(issuer_, "1")});
  EXPECT_EQ(store_.issuers(), 1U);
  take(alice_, of(issuer_, "1"));
  take(alice_, of(issuer_, "2"));
  take(alice_, of(issuer_, "2"));
  EXPECT_EQ(store_.issuers(), 1U) << "bob's";
  take(bob_, of(issuer_, "1"));
  EXPECT_EQ(store_.issuers(), 0U);
}

TEST_F(CapabilityIndexTest, KnowsAHolderAsLongAsItHoldsAnything) {
  give(alice_, {of(issuer_, "1"), of(issuer_, "2")});
  take(alice_, of(issuer_, "1"));
  store_.revoke(issuer_);
  EXPECT_FALSE(CapabilityStore::holds(*alice_, of(issuer_, "2").capability));
  EXPECT_EQ(store_.issuers(), 0U) << "what was revoked is forgotten";
}

TEST_F(CapabilityIndexTest, ForgetsAHolderThatEnds) {
  give(alice_, {of(issuer_), of(bob_->address)});
  EXPECT_EQ(store_.issuers(), 2U);
  {
    std::scoped_lock lock(alice_->mutex);
    EXPECT_EQ(store_.clear(*alice_).size(), 2U);
  }
  EXPECT_EQ(store_.issuers(), 0U);
}

TEST_F(CapabilityIndexTest, HoldsNothingThatIsNeverRevoked) {
  give(alice_, {of(alice_->address), of(*Address::parse("far.os@issuer:test:sys")), of(node_.kernel.address()),
                of(node_.local("vfs:distro:sys"))});
  EXPECT_EQ(store_.issuers(), 0U);
}

TEST_F(CapabilityIndexTest, ANamesakeOnAnotherNodeDoesNotCount) {
  const AttachedCapability foreign = of(*Address::parse("far.os@issuer:test:sys"), "2");
  give(alice_, {of(issuer_), foreign});
  take(alice_, foreign);
  store_.revoke(issuer_);
  EXPECT_FALSE(CapabilityStore::holds(*alice_, of(issuer_).capability));
}

TEST_F(CapabilityIndexTest, WhatIsRefusedIsNotIndexed) {
  limits_.capabilities = 0;
  std::vector<AttachedCapability> one = {of(issuer_)};
  EXPECT_EQ(store_.add(*alice_, one), 1U);
  EXPECT_EQ(store_.issuers(), 0U);
}

TEST_F(CapabilityIndexTest, WhatWasPromisedIsIndexedWhenItIsGiven) {
  std::vector<AttachedCapability> promised = {of(issuer_)};
  store_.add_pending(alice_->id(), promised);
  EXPECT_EQ(store_.issuers(), 0U);
  std::vector<Capability> taken;
  {
    std::scoped_lock lock(alice_->mutex);
    EXPECT_EQ(store_.fill_with_pending(*alice_, taken), 0U);
  }
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_EQ(store_.issuers(), 1U);
  store_.revoke(issuer_);
  EXPECT_FALSE(CapabilityStore::holds(*alice_, promised[0].capability));
}

}  // namespace
}  // namespace kinode::kernel
