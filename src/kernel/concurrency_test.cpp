// Many processes on many threads that talk, are killed, start again, are given rights and lose them. Meant
// for the thread sanitizer; what is asserted holds whatever order the threads take.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <thread>
#include <unordered_map>

#include "kernel/conversation.h"
#include "kernel/testing/crowd.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::Crowd;
using testing::NativeFactory;

constexpr size_t crowd_size = 12;
constexpr size_t threads = 3;
constexpr int disturbances = 1500;  // by each thread: seconds with the thread sanitizer

/// Some number below `bound`, of a process's own generator.
class Dice {
 public:
  explicit Dice(Crowd& crowd) : engine_(static_cast<uint32_t>(crowd.random.next())) {}
  uint32_t below(uint32_t bound) { return std::uniform_int_distribution<uint32_t>(0, bound - 1)(engine_); }
  bool one_in(uint32_t count) { return below(count) == 0; }

 private:
  std::minstd_rand engine_;
};

/// Sends this and that to everybody, answers most of what it gets, and never waits for anything.
class Chatter final : public Process {
 public:
  Chatter(ProcessContext& context, Crowd& crowd) : context_(context), crowd_(crowd), dice_(crowd) {
    crowd_.enter(context_);
  }
  ~Chatter() override {
    crowd_.open.add(-static_cast<int64_t>(open_.size()));
    crowd_.stalled.add(stalled_ ? -1 : 0);
    crowd_.leave(context_);
  }
  Chatter(const Chatter&) = delete;
  Chatter& operator=(const Chatter&) = delete;

  Poll poll() override {
    while (std::unique_ptr<Envelope> envelope = context_.receive()) {
      take(*envelope);
    }
    if (stalled_ && context_.send(*stalled_) == SendStatus::sent) {
      stalled_.reset();
      crowd_.stalled.add(-1);
    }
    if (crowd_.calm) {
      return {};
    }
    if (dice_.one_in(40)) {
      return {Status::exited, {dice_.one_in(2), "on purpose"}};
    }
    for (int i = 0; i < 4 && left_ > 0 && !stalled_; ++i) {
      talk();
    }
    return {left_ > 0 && !stalled_ ? Status::yielded : Status::waiting, {}};
  }

 private:
  void take(const Envelope& envelope) {
    if (envelope.kind != Envelope::Kind::request) {
      end(envelope);
      return;
    }
    if (!envelope.rsvp) {
      return;
    }
    auto prompting = std::make_shared<const Prompting>(prompting_of(envelope));
    uint32_t choice = dice_.below(10);
    if (choice < 6) {
      context_.respond(*prompting, {.body = Bytes::copy_of("yes")}, std::nullopt);
    }
    if (choice == 5) {
      context_.respond(*prompting, {.body = Bytes::copy_of("yes, again")}, std::nullopt);
    }
    if (choice == 7 || choice == 8) {
      handled_ = prompting;  // somebody inherits it
    }
  }

  void end(const Envelope& envelope) {
    if (!envelope.context) {
      return;  // of a response of ours
    }
    ++crowd_.ended;
    if (open_.erase(std::string(envelope.context->text())) == 0) {
      ++crowd_.ended_twice;
    }
    crowd_.open.add(-1);
  }

  void talk() {
    --left_;
    Outgoing outgoing{.target = crowd_.somebody(crowd_size), .request = {.body = Bytes::copy_of("hello?")}};
    outgoing.request.capabilities = {{Capability::messaging(context_.our()), {}}};
    outgoing.prompting = handled_;
    outgoing.request.inherit = dice_.one_in(2);
    if (dice_.one_in(2)) {
      outgoing.request.expects_response = dice_.below(4);
      std::string name = std::to_string(left_);
      outgoing.context = Bytes::copy_of(name);
      open_.insert(name);
      crowd_.open.add(1);
    }
    if (context_.send(outgoing) == SendStatus::full) {
      stalled_ = std::move(outgoing);
      crowd_.stalled.add(1);
    }
  }

  ProcessContext& context_;
  Crowd& crowd_;
  Dice dice_;
  int left_ = 150;
  std::set<std::string> open_;
  std::shared_ptr<const Prompting> handled_;
  std::optional<Outgoing> stalled_;
};

/// A guest as components are: it does one thing after the other, and waits where it must.
class Caller final : public Process {
 public:
  Caller(ProcessContext& context, Crowd& crowd)
      : context_(context), crowd_(crowd), dice_(crowd), conversation_(context) {
    crowd_.enter(context_);
  }
  ~Caller() override {
    crowd_.open.add(doing_ == Doing::awaiting ? -1 : 0);
    crowd_.leave(context_);
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  Poll poll() override {
    while (true) {
      if (doing_ != Doing::nothing && !go_on()) {
        return {};
      }
      while (doing_ == Doing::nothing) {
        const Envelope* envelope = conversation_.receive();
        if (envelope == nullptr) {
          break;
        }
        handle(*envelope);
      }
      if (doing_ != Doing::nothing) {
        return {};
      }
      if (crowd_.calm || left_ == 0) {
        return {};
      }
      --left_;
      if (dice_.one_in(50)) {
        return {Status::exited, {dice_.one_in(2), "on purpose"}};
      }
      begin();
      if (dice_.one_in(5)) {
        return {Status::yielded, {}};
      }
    }
  }

 private:
  enum class Doing : uint8_t { nothing, sending, awaiting, reading, spawning };

  void start(Doing what, const Progress& progress) {
    doing_ = progress.kind == Progress::Kind::pending ? what : Doing::nothing;
  }
  // False while it must wait.
  bool go_on() {
    const Envelope* end = nullptr;
    Progress progress;
    switch (doing_) {
      case Doing::nothing:
        break;
      case Doing::sending:
        progress = conversation_.resume_send();
        break;
      case Doing::awaiting:
        progress = conversation_.resume_await(end);
        count(progress);
        break;
      case Doing::reading:
        progress = conversation_.resume_get_state(state_);
        break;
      case Doing::spawning:
        progress = conversation_.resume_spawn(spawned_);
        break;
    }
    start(doing_, progress);
    return doing_ == Doing::nothing;
  }
  void count(const Progress& progress) {
    if (progress.kind != Progress::Kind::pending) {
      ++crowd_.ended;
      crowd_.open.add(-1);
    }
  }
  GuestRequest request(std::optional<uint64_t> expects_response, bool inherit) {
    return {.target = crowd_.somebody(crowd_size),
            .request = {.inherit = inherit,
                        .expects_response = expects_response,
                        .body = Bytes::copy_of("hello?"),
                        .capabilities = {{Capability::messaging(context_.our()), {}}}},
            .context = std::nullopt,
            .blob = Blob{std::nullopt, Bytes::copy_of("blob")}};
  }
  void send(GuestRequest request) {
    std::vector<GuestRequest> requests;
    requests.push_back(std::move(request));
    start(Doing::sending, conversation_.send(std::move(requests)));
  }
  void await(GuestRequest request) {
    if (request.target == context_.our()) {
      return;
    }
    crowd_.open.add(1);
    const Envelope* end = nullptr;
    Progress progress = conversation_.send_and_await(std::move(request), end);
    count(progress);
    start(Doing::awaiting, progress);
  }

  void handle(const Envelope& envelope) {
    if (envelope.kind == Envelope::Kind::request && envelope.rsvp && !dice_.one_in(6)) {
      if (dice_.one_in(4) && !crowd_.calm) {
        send(request(std::nullopt, /*inherit=*/true));
      } else {
        conversation_.respond({.inherit = true, .body = Bytes::copy_of("yes")}, std::nullopt);
      }
    }
  }

  void begin() {
    const Address other = crowd_.somebody(crowd_size);
    switch (dice_.below(8)) {
      case 0:
        send(request(std::nullopt, dice_.one_in(2)));
        break;
      case 1:
        (void)conversation_.set_state(Bytes::copy_of("state"));
        break;
      case 2:
        start(Doing::reading, conversation_.get_state(state_));
        break;
      case 3:
        conversation_.save_capabilities({Capability::messaging(other), *Capability::make(context_.our(), "1")});
        break;
      case 4:
        conversation_.drop_capabilities({Capability::messaging(other)});
        break;
      case 5:
        start(Doing::spawning, conversation_.spawn({.name = std::string(other.process().process()),
                                                    .wasm_path = "/x",
                                                    .on_exit = dice_.one_in(2) ? OnExit::restart() : OnExit::none(),
                                                    .request_capabilities = conversation_.capabilities(),
                                                    .grant_capabilities = {{other.process(), "1"}},
                                                    .is_public = true},
                                                   spawned_));
        break;
      default:
        await(request(dice_.below(4), dice_.one_in(2)));
    }
  }

  ProcessContext& context_;
  Crowd& crowd_;
  Dice dice_;
  Conversation conversation_;
  Doing doing_ = Doing::nothing;
  std::optional<Bytes> state_;
  std::optional<Conversation::Spawned> spawned_;
  int left_ = 100;
};

Limits small_limits() {
  Limits limits;
  limits.mailbox_messages = 6;
  limits.outstanding_requests = 40;
  limits.restart_delay = 2s;
  return limits;
}

template <class Kind>
testing::MakeNative maker(Crowd& crowd) {
  return
      [&crowd](ProcessContext& context) -> std::unique_ptr<Process> { return std::make_unique<Kind>(context, crowd); };
}

/// Lets threads of their own disturb the crowd until each has done so `times`.
void disturb(Crowd& crowd, const Program& program, int times) {
  std::vector<std::thread> disturbing;
  for (size_t i = 0; i < threads; ++i) {
    disturbing.emplace_back([&] {
      for (int k = 0; k < times; ++k) {
        crowd.disturb(crowd_size, program);
      }
    });
  }
  for (std::thread& thread : disturbing) {
    thread.join();
  }
  crowd.calm = true;
}

void let_time_pass_until_all_ended(Crowd& crowd) {
  while (crowd.open.get() != 0) {
    crowd.advance(1min);
    std::this_thread::yield();
  }
}

TEST(Concurrency, EveryRequestEndsOnceAndNobodyStandsBeforeAMailboxThatHasRoom) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    Crowd crowd(4, small_limits(), seed);
    crowd.factory.add("chatter", maker<Chatter>(crowd));
    disturb(crowd, NativeFactory::program("chatter"), disturbances);
    // The time stands still: only room wakes those who stand.
    crowd.stalled.wait_for_zero();
    let_time_pass_until_all_ended(crowd);
    crowd.stop();
    EXPECT_EQ(crowd.ended_twice, 0U);
    EXPECT_GT(crowd.ended, 500U);
    EXPECT_EQ(crowd.asked(), 0U);
    // Those that are not there take what was promised to them.
    for (size_t i = 0; i < crowd_size; ++i) {
      (void)crowd.kernel.initialize({.id = ProcessId("p" + std::to_string(i), "test", "sys"),
                                     .program = NativeFactory::program("chatter"),
                                     .on_exit = OnExit::restart(),
                                     .capabilities = {}});
    }
    EXPECT_EQ(crowd.differences(), std::vector<std::string>());
  }
}

TEST(Concurrency, GuestsThatAwaitSpawnAndSaveEndEveryAwaitOnce) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    Crowd crowd(4, small_limits(), seed);
    crowd.factory.add("caller", maker<Caller>(crowd));
    crowd.kernel.add_module(ProcessId("vfs", "distro", "sys"), /*is_public=*/true,
                            testing::on_envelope([](ProcessContext& context, std::unique_ptr<Envelope> envelope) {
                              context.respond(prompting_of(*envelope), {.body = Bytes::copy_of("\"Read\"")},
                                              Blob{std::nullopt, Bytes::copy_of("caller")});
                            }));
    disturb(crowd, NativeFactory::program("caller"), disturbances);
    let_time_pass_until_all_ended(crowd);
    crowd.stop();
    EXPECT_GT(crowd.ended, 100U);
    EXPECT_EQ(crowd.asked(), 0U);
  }
}

}  // namespace
}  // namespace kinode::kernel
