// For the tests of this room: the guests of tests/guests, and a kernel, moved by hand, that runs them.
//
//   WasmNode node;
//   Address actor = node.start("actor");
//   node.run_script(actor, R"([{"do":"set_state","bytes":"x"}])");
//
// Compiling is the slow part: all nodes of one test program share an engine and a folder of compiled
// components, which goes with the program.
#pragma once

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/check.h"
#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "wasm/component_cache.h"
#include "wasm/engine.h"
#include "wasm/factory.h"

namespace kinode::wasm {

/// So long a test waits for what must come.
constexpr std::chrono::seconds patience{60};

inline Bytes guest_bytes(const std::string& name) {
  std::string path = std::string(KINODE_GUESTS) + "/" + name + ".wasm";
  std::ifstream file(path, std::ios::binary);
  KINODE_CHECK(file.good(), "no guest {}", path);
  return Bytes::from(std::string(std::istreambuf_iterator<char>(file), {}));
}

/// `wasm` with every `from` replaced by `to`, which must be as long.
inline Bytes patched(const Bytes& wasm, std::string_view from, std::string_view to) {
  KINODE_CHECK(from.size() == to.size(), "'{}' is not as long as '{}'", to, from);
  std::string text(wasm.text());
  size_t at = text.find(from);
  KINODE_CHECK(at != std::string::npos, "no '{}' in it", from);
  for (; at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
  }
  return Bytes::from(std::move(text));
}

/// The same component under another hash: with a custom section at its end.
inline Bytes noted(const Bytes& wasm, std::string_view note) {
  KINODE_CHECK(note.size() < 100, "a long note");
  std::string section = {0, static_cast<char>(note.size() + 5), 4, 'n', 'o', 't', 'e'};
  return Bytes::from(std::string(wasm.text()) + section.append(note));
}

inline const std::shared_ptr<Engine>& shared_engine() {
  static const std::shared_ptr<Engine> engine = *Engine::start({});
  return engine;
}

inline std::filesystem::path compiled_folder() {
  static const kernel::testing::TempFolder folder;
  return folder.path() / "components";
}

inline BlockingPool& compile_pool() {
  // What OpenSSL keeps for the thread that sets it up is lost where the program ends before the thread: not of these.
  static const bool openssl_is_up = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr) == 1;
  EXPECT_TRUE(openssl_is_up);
  static BlockingPool pool("compile", 2);
  return pool;
}

/// The component, or why there is none, when the cache has it.
inline ComponentCache::Found wait_for(ComponentCache& cache, const Bytes& wasm, const std::string& name = "it") {
  auto promise = std::make_shared<std::promise<ComponentCache::Found>>();
  std::future<ComponentCache::Found> future = promise->get_future();
  cache.get(wasm, name, [promise](ComponentCache::Found found) { promise->set_value(std::move(found)); });
  return future.get();
}

/// What makes guests, but for the kernel.
struct Machinery {
  explicit Machinery(WasmFactory::Options options = {})
      : cache(shared_engine(), compile_pool(), {.folder = compiled_folder()}),
        factory(*shared_engine(), cache, std::move(options)) {}

  ComponentCache cache;
  WasmFactory factory;
};

/// Guests on a kernel moved by hand, and `tester`, a puppet that they may message and that may message them.
class WasmNode {
 public:
  explicit WasmNode(WasmFactory::Options options = {}) : machinery(std::move(options)) {
    node.factory.pass_on_to(machinery.factory);
    tester = &node.add_puppet("tester:test:sys", /*is_public=*/true);
  }

  /// Makes and runs a process `name`:guests:test.os of a guest, which is compiled before.
  Address start(const std::string& guest, const std::string& name = "", OnExit on_exit = {}) {
    Bytes wasm = guest_bytes(guest);
    EXPECT_TRUE(wait_for(machinery.cache, wasm).has_value()) << guest;
    return start_bytes(std::move(wasm), name.empty() ? guest : name, std::move(on_exit));
  }
  Address start_bytes(Bytes wasm, const std::string& name, OnExit on_exit = {}) {
    Address address = node.local(name + ":guests:test.os");
    Result<void> made = node.kernel.initialize({.id = address.process(),
                                                .program = {std::move(wasm), "/guests:test.os/pkg/" + name, 1},
                                                .on_exit = std::move(on_exit),
                                                .is_public = true,
                                                .capabilities = {}});
    EXPECT_TRUE(made.has_value()) << made.error().message;
    EXPECT_TRUE(node.kernel.run(address.process()).has_value());
    node.run();
    return address;
  }

  /// Runs what is ready, and what other threads wake, until the tester has something.
  void run_until_told() {
    while (node.run(), tester->received() == 0) {
      ASSERT_TRUE(node.executor.wait_ready(patience)) << "nothing comes";
    }
  }
  /// Sends a request and returns the envelope that ends it.
  std::unique_ptr<kernel::Envelope> ask(const Address& target, std::string_view body, std::optional<Blob> blob = {}) {
    tester->request(target, body, /*expects_response=*/60, std::move(blob));
    run_until_told();
    return tester->take();
  }
  std::string answer_to(const Address& target, std::string_view body) {
    std::unique_ptr<kernel::Envelope> envelope = ask(target, body);
    bool is_answer = envelope && envelope->kind == kernel::Envelope::Kind::response;
    EXPECT_TRUE(is_answer) << body;
    return is_answer ? std::string(envelope->response().body.text()) : "";
  }
  /// The results of the steps that an actor carries out (tests/guests/README.md).
  nlohmann::json run_script(const Address& actor, const std::string& steps) {
    return nlohmann::json::parse(answer_to(actor, R"({"steps":)" + steps + "}"), nullptr, false)["results"];
  }
  /// Has an actor carry out steps that end it, and returns what the node tells of that.
  std::string end_of(const Address& actor, const std::string& steps) {
    node.printer.clear();
    tester->request(actor, R"({"steps":)" + steps + "}");
    node.run();
    return line_with("process " + actor.process().text());
  }
  /// The first line printed that holds `text`.
  [[nodiscard]] std::string line_with(std::string_view text) const {
    for (const kernel::Printout& printout : node.printer.printouts()) {
      if (printout.text.find(text) != std::string::npos) {
        return printout.text;
      }
    }
    return "";
  }

  Machinery machinery;
  kernel::testing::TestNode node;  // after what makes its processes
  kernel::testing::Puppet* tester = nullptr;
};

}  // namespace kinode::wasm
