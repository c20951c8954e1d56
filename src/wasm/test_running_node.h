// For the tests of this room: a kernel whose guests run on real workers, pre-empted by a real ticker.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "kernel/kernel.h"
#include "wasm/test_guests.h"

namespace kinode::wasm {

/// Keeps what is printed; a test can wait for a line.
class WaitingPrinter final : public kernel::Printer {
 public:
  void print(kernel::Printout printout) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(printout.text));
    printed_.notify_all();
  }
  /// The first line with `text` in it; empty if none comes.
  std::string wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    std::string found;
    printed_.wait_for(lock, patience, [&] {
      auto first = std::ranges::find_if(lines_, [&](const std::string& line) { return line.contains(text); });
      found = first != lines_.end() ? *first : "";
      return !found.empty();
    });
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable printed_;
  std::deque<std::string> lines_;
};

/// The test's own process: it may message every other, and its thread waits for what comes.
class Asker final : public kernel::Process {
 public:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<std::unique_ptr<kernel::Envelope>> envelopes;
  };
  Asker(kernel::ProcessContext& context, std::shared_ptr<Inbox> inbox) : context_(context), inbox_(std::move(inbox)) {}

  Poll poll() override {
    while (std::unique_ptr<kernel::Envelope> envelope = context_.receive()) {
      std::lock_guard lock(inbox_->mutex);
      inbox_->envelopes.push_back(std::move(envelope));
      inbox_->arrived.notify_all();
    }
    return {};
  }

 private:
  kernel::ProcessContext& context_;
  std::shared_ptr<Inbox> inbox_;
};

class RunningNode {
 public:
  explicit RunningNode(size_t workers, EngineSettings settings = {})
      : engine(*Engine::start(settings)),
        pool(std::make_unique<WorkerPool>(WorkerPool::Options{
            .workers = workers, .on_active = [this] { engine->on_active(); }, .preempt = [this] { engine->tick(); }})),
        cache(engine, compile_pool(), {.folder = compiled_folder()}),
        factory(*engine, cache, {}),
        kernel({.node = "node.os",
                .limits = {},
                .clock = clock,
                .random = random,
                .executor = *pool,
                .journal = journal,
                .printer = printer,
                .factory = factory,
                .shutdown_requested = [] {}}) {
    engine->tick_for(*pool);
    // state:distro:sys may message all.
    kernel.add_module(ProcessId("state", "distro", "sys"), true, [this](kernel::ProcessContext& context) {
      asker = &context;
      return std::make_unique<Asker>(context, inbox);
    });
  }
  ~RunningNode() { stop(); }

  /// As the node does it at its end.
  void stop() {
    kernel.shutdown();
    pool->stop();
    engine->stop_ticking();
  }

  Address start(const std::string& guest, const std::string& name) {
    Address address = kernel.local(ProcessId(name, "guests", "test.os"));
    EXPECT_TRUE(kernel
                    .initialize({.id = address.process(),
                                 .program = {guest_bytes(guest), "/guests:test.os/pkg/" + name, 1},
                                 .on_exit = {},
                                 .is_public = true,
                                 .capabilities = {}})
                    .has_value());
    EXPECT_TRUE(kernel.run(address.process()).has_value());
    return address;
  }
  void send(const Address& target, std::string_view body, std::optional<uint64_t> expects_response = {}) {
    kernel::Outgoing outgoing{.target = target,
                              .request = {.expects_response = expects_response, .body = Bytes::copy_of(body)}};
    EXPECT_EQ(asker->send(outgoing), kernel::SendStatus::sent);
  }
  /// What comes next to the asker; null if nothing does.
  std::unique_ptr<kernel::Envelope> next() {
    std::unique_lock lock(inbox->mutex);
    inbox->arrived.wait_for(lock, patience, [this] { return !inbox->envelopes.empty(); });
    if (inbox->envelopes.empty()) {
      return nullptr;
    }
    std::unique_ptr<kernel::Envelope> first = std::move(inbox->envelopes.front());
    inbox->envelopes.pop_front();
    return first;
  }
  std::string ask(const Address& target, std::string_view body) {
    send(target, body, 60);
    std::unique_ptr<kernel::Envelope> end = next();
    bool is_answer = end && end->kind == kernel::Envelope::Kind::response;
    EXPECT_TRUE(is_answer) << target.text() << " does not answer " << body;
    return is_answer ? std::string(end->response().body.text()) : "";
  }

  SystemClock clock;
  kernel::testing::SeededRandom random;
  kernel::testing::MemoryJournal journal;
  WaitingPrinter printer;
  std::shared_ptr<Engine> engine;
  std::unique_ptr<WorkerPool> pool;
  ComponentCache cache;
  WasmFactory factory;
  std::shared_ptr<Asker::Inbox> inbox = std::make_shared<Asker::Inbox>();
  kernel::ProcessContext* asker = nullptr;
  kernel::Kernel kernel;
};

}  // namespace kinode::wasm
