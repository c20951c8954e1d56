#include "modules/http_client/http_client_module.h"

#include <mutex>
#include <unordered_set>
#include <utility>

#include "kernel/kernel.h"

namespace kinode::modules::http_client {
namespace {

/// After so many envelopes others get their turn.
constexpr int envelopes_of_one_poll = 256;

}  // namespace

/// Whose lives are watched. Guards what the kernel calls against the module's end.
struct HttpClientModule::Lives {
  std::mutex mutex;
  HttpClient* client = nullptr;
  std::unordered_set<ProcessId> watched;
};

HttpClientModule::HttpClientModule(kernel::ProcessContext& context, HttpClient& client)
    : context_(context), client_(client), lives_(std::make_shared<Lives>()) {
  lives_->client = &client;
  client_.start(context, [&context] { context.wake(); });
}

HttpClientModule::~HttpClientModule() {
  client_.stop();
  const std::lock_guard lock(lives_->mutex);
  lives_->client = nullptr;
}

kernel::Process::Poll HttpClientModule::poll() {
  client_.retry();
  for (int i = 0; i < envelopes_of_one_poll; ++i) {
    if (!client_.has_room()) {
      return {};
    }
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (envelope == nullptr) {
      return {};
    }
    take(std::move(*envelope));
  }
  return {.status = Status::yielded, .exit = {}};
}

void HttpClientModule::take(kernel::Envelope&& envelope) {
  std::optional<Call> call = own_request(context_, std::move(envelope));
  if (!call) {
    return;
  }
  // Where a request was inherited, the process at its beginning has the answer, and so the socket.
  const Address& asker = call->prompting.answer_to();
  const Address owner = asker.node() == context_.our().node() ? asker : call->source();
  client_.take(std::move(*call), owner);
  // After it, so that no end comes too early to be heeded.
  if (!watch(owner.process())) {
    client_.end_of(owner.process());
  }
}

bool HttpClientModule::watch(const ProcessId& owner) {
  {
    const std::lock_guard lock(lives_->mutex);
    if (!lives_->watched.insert(owner).second) {
      return true;
    }
  }
  auto ended = [weak = std::weak_ptr(lives_), owner] {
    const std::shared_ptr<Lives> lives = weak.lock();
    if (!lives) {
      return;
    }
    const std::lock_guard lock(lives->mutex);
    lives->watched.erase(owner);
    if (lives->client != nullptr) {
      lives->client->end_of(owner);  // before what its next life sends
    }
  };
  const bool lives = context_.kernel().watch(owner, ended);
  if (!lives) {
    const std::lock_guard lock(lives_->mutex);
    lives_->watched.erase(owner);
  }
  return lives;
}

}  // namespace kinode::modules::http_client
