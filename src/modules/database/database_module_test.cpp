// What a DatabaseModule does whatever its engine is; the modules' own tests have real engines behind it.
#include "modules/database/database_module.h"

#include <gtest/gtest.h>

#include <chrono>
#include <new>

#include "kernel/testing/test_node.h"

namespace kinode::modules::database {
namespace {

using kernel::testing::Puppet;
using kernel::testing::TestNode;
using namespace std::chrono_literals;

/// One that has no memory for anything.
class FailingEngine final : public DatabaseEngine {
 public:
  DatabaseResult<void> open(const DatabaseId& /*database*/) override { throw std::bad_alloc(); }
  DatabaseResult<void> remove(const DatabaseId& /*database*/) override { throw std::bad_alloc(); }
  DatabaseResult<std::shared_ptr<Transaction>> begin(const DatabaseId& /*database*/) override {
    throw std::bad_alloc();
  }
  DatabaseResult<Answer> act(const DatabaseCall& /*call*/, const codec::JsonVariant& /*action*/) override {
    throw std::bad_alloc();
  }
};

TEST(DatabaseModuleTest, WhatIsThrownIsAnsweredAndHoldsUpNothing) {
  FailingEngine engine;
  WorkGate gate;
  BlockingPool pool("test", 2);
  TestNode node;
  const Address address = node.local("kv:distro:sys");
  node.kernel.add_module(address.process(), false, [&](kernel::ProcessContext& context) {
    return std::make_unique<DatabaseModule>(context, engine, gate, pool);
  });
  node.run();
  Puppet& alice = node.add_puppet("alice:chat:a.os");
  node.connect(alice.address(), address);
  for (const char* action : {R"("Open")", R"({"Get":[1]})", R"("Open")"}) {
    alice.request(address,
                  fmt::format(R"({{"package_id":{{"package_name":"chat","publisher_node":"a.os"}},"db":"d",)"
                              R"("action":{}}})",
                              action),
                  5);
    node.run();
    ASSERT_TRUE(gate.hold(10s)) << "it would be under way for ever";
    gate.release();
    node.run();
    auto answer = alice.take();
    ASSERT_NE(answer, nullptr) << action;
    EXPECT_EQ(answer->response().body.text(),
              R"({"Err":{"IOError":"the node could not carry this out, maybe not all of it: look at its log"}})");
  }
}

}  // namespace
}  // namespace kinode::modules::database
