// Random histories of kv:distro:sys beside a map.
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "modules/kv/kv_module_test.h"

namespace kinode::modules::kv {
namespace {

/// One step of a random history; the numbers choose keys, values and transactions.
struct Act {
  enum class Kind : uint8_t { set, erase, get, begin, commit, rollback, iterate, restart } kind;
  uint8_t key;
  uint8_t value;
  bool in_transaction;
};

TEST_F(KvModule, AnyHistoryIsThatOfAMap) {
  using Map = std::map<std::string, std::string>;
  auto acts = rc::gen::container<std::vector<Act>>(rc::gen::construct<Act>(
      rc::gen::weightedElement<Act::Kind>({{8, Act::Kind::set},
                                           {4, Act::Kind::erase},
                                           {4, Act::Kind::get},
                                           {3, Act::Kind::begin},
                                           {3, Act::Kind::commit},
                                           {1, Act::Kind::rollback},
                                           {2, Act::Kind::iterate},
                                           {1, Act::Kind::restart}}),
      rc::gen::inRange<uint8_t>(0, 5), rc::gen::arbitrary<uint8_t>(), rc::gen::arbitrary<bool>()));
  EXPECT_TRUE(rc::check("the same answers", [&] {
    EXPECT_EQ(ask(*alice_, R"("RemoveDb")"), ok);
    EXPECT_EQ(ask(*alice_, R"("Open")"), ok);
    Map committed;
    // Alice's one transaction: what it sees, and what it changes.
    std::optional<std::string> tx;
    Map seen;
    std::map<std::string, std::optional<std::string>> changes;
    std::set<std::string> changed_by_others;
    for (const Act& act : *acts) {
      const std::string at(1, static_cast<char>('a' + act.key));
      const std::string value = std::to_string(act.value);
      const bool inside = act.in_transaction && tx;
      const std::string id = inside ? *tx : "null";
      switch (act.kind) {
        case Act::Kind::set:
          RC_ASSERT(set(*alice_, at, value, id) == ok);
          inside ? void(changes[at] = value) : void(changed_by_others.insert(at));
          (inside ? seen : committed)[at] = value;
          break;
        case Act::Kind::erase:
          RC_ASSERT(erase(*alice_, at, id) == ok);
          inside ? void(changes[at] = std::nullopt) : void(changed_by_others.insert(at));
          (inside ? seen : committed).erase(at);
          break;
        case Act::Kind::get: {
          const Map& map = inside ? seen : committed;
          auto found = map.find(at);
          RC_ASSERT(get(*alice_, at, inside ? *tx : "") ==
                    (found == map.end() ? R"({"Err":"KeyNotFound"})" : found->second));
          break;
        }
        case Act::Kind::begin:
          if (!tx) {
            tx = begin(*alice_);
            seen = committed;
            changes.clear();
            changed_by_others.clear();
          }
          break;
        case Act::Kind::commit:
          if (tx) {
            bool conflict = std::ranges::any_of(
                changes, [&](const auto& change) { return changed_by_others.contains(change.first); });
            std::string answer = commit(*alice_, *std::exchange(tx, std::nullopt));
            RC_ASSERT(answer.starts_with(conflict ? R"({"Err":{"RocksDBError":"conflict)" : ok));
            for (const auto& [key, value] : conflict ? decltype(changes)() : changes) {
              value ? void(committed[key] = *value) : void(committed.erase(key));
            }
          }
          break;
        case Act::Kind::rollback:
          if (tx) {
            RC_ASSERT(rollback(*alice_, *std::exchange(tx, std::nullopt)) == ok);
          }
          break;
        case Act::Kind::iterate: {
          std::vector<std::string> expected;
          for (const auto& [key, value] : inside ? seen : committed) {
            expected.push_back(fmt::format("{}={}", key, value));
          }
          RC_ASSERT(iterate(*alice_, {{"limit", 2}, {"tx_id", inside ? nlohmann::json(std::stoull(*tx)) : nullptr}}) ==
                    expected);
          break;
        }
        case Act::Kind::restart:
          stop();
          start();
          RC_ASSERT(ask(*alice_, R"("Open")") == ok);
          tx.reset();
          break;
      }
    }
    if (tx) {
      RC_ASSERT(rollback(*alice_, *tx) == ok);
    }
  }));
}

}  // namespace
}  // namespace kinode::modules::kv
