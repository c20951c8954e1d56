// Suite: test cases that share one node, which is started by the first of them.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <set>
#include <string>

#include "node_process.h"
#include "script.h"

namespace kinode::conformance {

/// What a case sees of its node: the same, with a mark in its output where the case began.
class NodeTest : public ::testing::Test {
 protected:
  virtual NodeProcess& node() const = 0;

  void SetUp() override { begin_ = node().mark(); }
  /// The node must have outlived the case.
  void TearDown() override {
    if (!node().running()) {
      FAIL() << "the node ended; it said:\n" << said_in_this_case();
    }
    if (HasFailure()) {
      std::cerr << "the node said meanwhile:\n" << said_in_this_case() << "\n";
    }
  }
  /// All of it, where the case started the node anew.
  [[nodiscard]] std::string said_in_this_case() const {
    const std::string output = node().output();
    return output.substr(begin_ <= output.size() ? begin_ : 0);
  }

  // Short forms.
  Json act(const std::string& process, const Json& list) const { return node().act(process, list); }
  Json one(const std::string& process, const Json& step) const { return node().step(process, step); }
  [[nodiscard]] std::string address(const std::string& process) const { return node().address(process); }
  void wait_for(const std::string& text) const { node().wait_for(text, begin_); }
  [[nodiscard]] bool said(const std::string& text) const { return node().said(text, begin_); }

  /// Has `parent` start a process of package test-kit with `arguments` of the step `spawn`; its id. It can be asked.
  std::string spawn(Json arguments, const std::string& parent = actor) const {
    const Json result = one(parent, step("spawn", std::move(arguments)));
    if (!result.contains("ok")) {
      throw Failure("not spawned: " + result.dump());
    }
    const std::string id = result["ok"].get<std::string>();
    node().connect(id);
    return id;
  }
  /// The same of the actor's component, with the rights of no one.
  std::string spawn_actor(Json arguments = Json::object()) const { return spawn(std::move(arguments)); }

  /// Has `process`, whose on-exit is Restart, crash; returns when its next life answers.
  void crash(const std::string& process) const {
    const size_t before = node().mark();
    node().begin(process, steps(step("trap")));
    node().wait_for(process + " had OnExit behavior Restart", before);
    while (node().ask(process, script("our")).status != 200) {
    }
  }

  size_t begin_ = 0;
};

/// `Self` is the suite's class, so that each suite has a node of its own.
template <class Self>
class Suite : public NodeTest {  // NOLINT(bugprone-crtp-constructor-accessibility): suites of suites
 public:
  static void SetUpTestSuite() {
    shared_node = std::make_unique<NodeProcess>(Self::node_options());
    for (const std::string& process : Self::connected()) {
      shared_node->connect(process);
    }
  }
  static void TearDownTestSuite() { shared_node.reset(); }

  static NodeOptions node_options() { return {}; }
  /// Processes that the test asks directly, beside the actor.
  static std::vector<std::string> connected() { return {plain, second, echo, counter}; }

 protected:
  NodeProcess& node() const override { return *shared_node; }

 private:
  static inline std::unique_ptr<NodeProcess> shared_node;
};

}  // namespace kinode::conformance
