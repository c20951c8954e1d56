// With random sets of capabilities, processes reach exactly what they hold: the rule is told here once more, slowly.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "codec/json.h"
#include "modules/database/database_access.h"

namespace kinode::modules::database {
namespace {

const std::vector<std::string> packages = {"chat:a.os", "files:a.os", "chat:b.os", "kernel:sys", "distro:sys"};
/// With those that would mean something else, were they pasted into a capability's text.
const std::vector<std::string> names = {"db", "d\"quoted", R"(db"],"kind":"write)", "größe"};
const std::vector<std::string> nodes = {"n.os", "other.os"};

std::vector<DatabaseId> all_databases() {
  std::vector<DatabaseId> all;
  for (const std::string& package : packages) {
    for (const std::string& name : names) {
      all.push_back({PackageId::parse(package).value(), name});
    }
  }
  return all;
}

Address any_source() {
  const std::string process = *rc::gen::weightedOneOf<std::string>(
      {{8, rc::gen::map(rc::gen::elementOf(packages), [](const std::string& package) { return "worker:" + package; })},
       {1, rc::gen::just<std::string>("kernel:distro:sys")},
       {1, rc::gen::just<std::string>("kernel:chat:a.os")}});
  return Address::parse(*rc::gen::elementOf(nodes) + "@" + process).value();
}

/// What processes of one node hold that one of the database modules issued.
struct Holding {
  ProcessId holder;
  Address issuer;
  Right right;
  DatabaseId database;
  friend auto operator<=>(const Holding&, const Holding&) = default;

  /// As a guest that asks for it in its manifest writes it.
  [[nodiscard]] nlohmann::json params() const {
    return {{"db_key",
             {{{"publisher_node", database.package.publisher()}, {"package_name", database.package.package()}},
              database.name}},
            {"kind", right == Right::read ? "read" : "write"}};
  }
};

class Holdings {
 public:
  static Holdings any(const std::vector<ProcessId>& holders, const std::vector<Address>& issuers) {
    Holdings made;
    const std::vector<DatabaseId> databases = all_databases();
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
      made.all_.insert({*rc::gen::elementOf(holders), *rc::gen::elementOf(issuers),
                        *rc::gen::element(Right::read, Right::write), *rc::gen::elementOf(databases)});
    }
    return made;
  }
  /// As the kernel compares them: by the value of their JSON, whatever its text.
  [[nodiscard]] bool kernel_finds(const ProcessId& holder, const Capability& capability) const {
    return std::ranges::any_of(all_, [&](const Holding& each) {
      return each.holder == holder && each.issuer == capability.issuer() &&
             each.params() == nlohmann::json::parse(capability.params());
    });
  }
  [[nodiscard]] bool has(const Holding& wanted) const { return all_.contains(wanted); }

 private:
  std::set<Holding> all_;
};

class DatabaseAccessProperty : public testing::TestWithParam<const char*> {};

TEST_P(DatabaseAccessProperty, ProcessesReachExactlyWhatTheyHold) {
  EXPECT_TRUE(rc::check("each right on every database", [] {
    const Address module = Address::parse("n.os@" + std::string(GetParam())).value();
    const std::vector<Address> issuers = {Address::parse("n.os@kv:distro:sys").value(),
                                          Address::parse("n.os@sqlite:distro:sys").value(),
                                          Address::parse("other.os@kv:distro:sys").value()};
    const Address source = any_source();
    const Holdings holdings = Holdings::any({source.process(), ProcessId::parse("worker:chat:a.os").value()}, issuers);
    const DatabaseAccess access(module, [&](const ProcessId& holder, const Capability& capability) {
      return holdings.kernel_finds(holder, capability);
    });
    const bool is_kernel = source == Address::parse("n.os@kernel:distro:sys").value();
    for (const DatabaseId& database : all_databases()) {
      for (const Right right : {Right::read, Right::write}) {
        const DatabaseResult<void> checked = access.check(source, right, database);
        RC_ASSERT(checked.has_value() == (is_kernel || holdings.has({source.process(), module, right, database})));
        RC_ASSERT((checked || checked.error().name == (right == Right::read ? "NoReadCap" : "NoWriteCap")));
      }
      const DatabaseResult<void> owns = access.check_owner(source, database);
      RC_ASSERT(owns.has_value() == (is_kernel || source.process().package_id() == database.package));
      RC_ASSERT((owns || owns.error().name == "MismatchingPackageId"));
    }
  }));
}

INSTANTIATE_TEST_SUITE_P(Modules, DatabaseAccessProperty, testing::Values("kv:distro:sys", "sqlite:distro:sys"),
                         [](const auto& module) {
                           return std::string(module.param, std::string(module.param).find(':'));
                         });

}  // namespace
}  // namespace kinode::modules::database
