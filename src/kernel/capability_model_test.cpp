// The capability store against a slow and obvious model: a list of what each process holds, searched from end
// to end. Whatever is given, taken, promised and revoked, both hold the same; so the store's index, which is all
// that `revoke` looks at, misses nobody and keeps nobody.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <set>

#include "kernel/capability_store.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using testing::TestNode;

constexpr auto names = std::to_array<std::string_view>({"alice:test:sys", "bob:test:sys", "carol:test:sys"});

/// What one process holds, in no order. Capabilities are equal by issuer and canonical params: spelled out here.
class Held {
 public:
  void add(const AttachedCapability& attached) {
    AttachedCapability* known = find(attached.capability);
    if (known == nullptr) {
      list_.push_back(attached);
    } else if (!attached.signature.empty()) {
      *known = attached;
    }
  }
  void drop(const Capability& capability) {
    std::erase_if(list_, [&](const AttachedCapability& each) { return same(each.capability, capability); });
  }
  void drop_all_of(const Address& issuer) {
    std::erase_if(list_, [&](const AttachedCapability& each) { return each.capability.issuer() == issuer; });
  }
  AttachedCapability* find(const Capability& capability) {
    auto found =
        std::ranges::find_if(list_, [&](const AttachedCapability& each) { return same(each.capability, capability); });
    return found == list_.end() ? nullptr : &*found;
  }
  [[nodiscard]] const std::vector<AttachedCapability>& list() const { return list_; }
  void clear() { list_.clear(); }

 private:
  static bool same(const Capability& a, const Capability& b) {
    return a.issuer().text() == b.issuer().text() && a.canonical_params() == b.canonical_params();
  }
  std::vector<AttachedCapability> list_;
};

/// The store and its model, to which everything happens twice.
class Both {
 public:
  Both() {
    for (std::string_view name : names) {
      auto entry =
          std::make_shared<ProcessEntry>(node_.kernel, lifecycle_, node_.local(name), ProcessEntry::Kind::guest);
      RC_ASSERT(table_.add(entry));
      entries_.push_back(std::move(entry));
    }
    model_.resize(names.size());
    pending_.resize(names.size());
  }

  void step() {
    const size_t i = *rc::gen::inRange<size_t>(0, names.size());
    switch (*rc::gen::inRange(0, 7)) {
      case 0:
      case 1:
        add(i, any_attached());
        break;
      case 2:
        drop(i, any_attached().capability);
        break;
      case 3:
        revoke(node_.local(any_issuer().process().text()));
        break;
      case 4:
        promise(i, any_attached());
        break;
      case 5:
        fill(i);
        break;
      default:
        clear(i);
        break;
    }
  }

  void check() {
    std::set<std::string> issuers;
    for (size_t i = 0; i < names.size(); ++i) {
      RC_ASSERT(entries_[i]->capabilities.size() == model_[i].list().size());
      for (const AttachedCapability& held : model_[i].list()) {
        std::optional<AttachedCapability> found = CapabilityStore::find(*entries_[i], held.capability);
        RC_ASSERT(found.has_value());
        RC_ASSERT(found->signature == held.signature);
        RC_ASSERT(found->capability.params() == held.capability.params());
        if (can_be_revoked(i, held.capability.issuer())) {
          issuers.insert(held.capability.issuer().text());
        }
      }
    }
    RC_ASSERT(store_.issuers() == issuers.size());
  }

  void check_filter() {
    const size_t i = *rc::gen::inRange<size_t>(0, names.size());
    std::vector<AttachedCapability> sent;
    std::vector<AttachedCapability> expected;
    for (int count = *rc::gen::inRange(0, 5); count > 0; --count) {
      sent.push_back(any_attached());
      const AttachedCapability* held = model_[i].find(sent.back().capability);
      if (sent.back().capability.issuer() == entries_[i]->address) {
        expected.push_back({sent.back().capability, {}});
      } else if (held != nullptr) {
        expected.push_back(*held);
      }
    }
    CapabilityStore::filter(*entries_[i], sent);
    RC_ASSERT(sent == expected);
    RC_ASSERT(std::ranges::equal(sent, expected, {}, params_of, params_of));
  }

 private:
  static std::string params_of(const AttachedCapability& attached) { return attached.capability.params(); }

  Address any_issuer() const {
    std::string_view id =
        *rc::gen::elementOf(std::vector<std::string_view>{names[0], names[1], "gone:test:sys", "vfs:distro:sys"});
    Address here = node_.local(id);
    return *rc::gen::inRange(0, 4) == 0 ? Address("far.os", here.process()) : here;
  }
  AttachedCapability any_attached() const {
    Address issuer = any_issuer();
    std::string params = *rc::gen::element<std::string>(R"({"a":1,"b":2})", R"({ "b": 2, "a": 1 })", "1", "1.0");
    Bytes signature = *rc::gen::inRange(0, 3) == 0 ? Bytes::copy_of(*rc::gen::element<std::string>("s", "t")) : Bytes();
    return {*Capability::make(std::move(issuer), std::move(params)), std::move(signature)};
  }
  /// What the runtime's own issued, what came from afar and a process's own rights are never revoked.
  [[nodiscard]] bool can_be_revoked(size_t holder, const Address& issuer) const {
    return issuer.node() == node_.kernel.node() && issuer != entries_[holder]->address &&
           issuer.process() != node_.local("vfs:distro:sys").process();
  }

  void add(size_t i, const AttachedCapability& attached) {
    RC_ASSERT(store_.add(*entries_[i], std::span(&attached, 1)) == 0U);
    model_[i].add(attached);
  }
  void drop(size_t i, const Capability& capability) {
    RC_ASSERT(store_.drop(entries_[i]->id(), std::span(&capability, 1)));
    model_[i].drop(capability);
    pending_[i].drop(capability);
  }
  void revoke(const Address& issuer) {
    store_.revoke(issuer);
    for (size_t i = 0; i < names.size(); ++i) {
      pending_[i].drop_all_of(issuer);
      if (can_be_revoked(i, issuer)) {
        model_[i].drop_all_of(issuer);
      }
    }
  }
  void promise(size_t i, AttachedCapability attached) {
    attached.signature = {};
    store_.add_pending(entries_[i]->id(), std::span(&attached, 1));
    pending_[i].add(attached);
  }
  void fill(size_t i) {
    std::vector<Capability> taken;
    std::scoped_lock lock(entries_[i]->mutex);
    RC_ASSERT(store_.fill_with_pending(*entries_[i], taken) == 0U);
    RC_ASSERT(taken.size() == pending_[i].list().size());
    for (const AttachedCapability& promised : pending_[i].list()) {
      model_[i].add(promised);
    }
    pending_[i].clear();
  }
  void clear(size_t i) {
    std::scoped_lock lock(entries_[i]->mutex);
    RC_ASSERT(store_.clear(*entries_[i]).size() == model_[i].list().size());
    model_[i].clear();
  }

  TestNode node_;
  Lifecycle& lifecycle_ = node_.add_puppet("other:test:sys").context().entry().lifecycle;
  Limits limits_;
  Records records_{node_.journal, node_.printer, node_.kernel.address().process()};
  ProcessTable table_;
  CapabilityStore store_{node_.kernel.address(), table_, records_, limits_};
  std::vector<std::shared_ptr<ProcessEntry>> entries_;
  std::vector<Held> model_;
  std::vector<Held> pending_;
};

TEST(CapabilityModel, TheStoreHoldsWhatASlowListHolds) {
  EXPECT_TRUE(rc::check("after each of some changes", [] {
    Both both;
    for (int i = *rc::gen::inRange(0, 40); i > 0; --i) {
      both.step();
      both.check();
    }
    both.check_filter();
  }));
}

}  // namespace
}  // namespace kinode::kernel
