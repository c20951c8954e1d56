#include "modules/http_client/client_thread.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "base/utf8.h"

namespace kinode::modules::http_client {
namespace {

namespace asio = boost::asio;

constexpr std::string_view local_params = R"({"local":true})";

}  // namespace

ClientThread::ClientThread(Shared& shared)
    : shared_(shared),
      io_(std::make_shared<asio::io_context>(1)),
      busy_(io_->get_executor()),
      idle_(*io_, shared.settings) {}

ClientThread::~ClientThread() { stop(); }

void ClientThread::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "http-client");
    for (bool done = false; !done;) {
      try {
        io_->run();
        done = true;
      } catch (const std::exception&) {
        // No memory for a step of one request: its time ends it.
      }
    }
  });
}

void ClientThread::stop() {
  if (!thread_.joinable()) {
    return;
  }
  asio::post(*io_, [this] { close_all(); });
  thread_.join();
}

void ClientThread::close_all() {
  stopped_ = true;
  busy_.reset();
  idle_.close_all();
  for (auto& [id, owner] : owners_) {
    owner.waiting.clear();
    for (auto& [key, running] : owner.running) {
      running.fetch->cancel();
    }
  }
  // They leave the owner as they end.
  std::vector<std::shared_ptr<WebSocket>> sockets;
  for (auto& [id, owner] : owners_) {
    sockets.insert(sockets.end(), owner.sockets.begin(), owner.sockets.end());
  }
  for (const std::shared_ptr<WebSocket>& socket : sockets) {
    socket->abandon();
  }
}

void ClientThread::take(Call call, Address owner, std::function<void()> seen) {
  asio::post(*io_, [this, call = std::move(call), owner = std::move(owner), seen = std::move(seen)]() mutable {
    seen();
    if (!stopped_) {
      begin(std::move(call), owner);
    }
  });
}

void ClientThread::end_of(const ProcessId& id) {
  asio::post(*io_, [this, id] {
    const auto found = owners_.find(id);
    idle_.close_of(id.text());
    if (found == owners_.end()) {
      return;
    }
    Owner& owner = found->second;
    std::erase_if(owner.waiting, [](const Work& work) { return work.ends_with_owner; });
    for (auto& [key, running] : owner.running) {
      if (running.ends_with_owner) {
        running.fetch->cancel();
      }
    }
    for (const std::shared_ptr<WebSocket>& socket : std::vector(owner.sockets.begin(), owner.sockets.end())) {
      socket->abandon();
    }
    forget_if_idle(id);
  });
}

void ClientThread::retry() {
  if (!is_refused_.exchange(false)) {
    return;
  }
  asio::post(*io_, [this] {
    std::vector<std::shared_ptr<WebSocket>> sockets;
    for (auto& [id, owner] : owners_) {
      sockets.insert(sockets.end(), owner.sockets.begin(), owner.sockets.end());
    }
    for (const std::shared_ptr<WebSocket>& socket : sockets) {
      socket->deliver();
    }
  });
}

// ---- one request ----------------------------------------------------------------------------------

void ClientThread::begin(Call given, const Address& owner) {
  auto call = std::make_shared<Call>(std::move(given));
  ActionResult<Action> action = read_action(call->body(), shared_.settings);
  if (!action) {
    refuse(*call, action.error());
    return;
  }
  try {
    std::visit([&](auto& known) { act(call, owner, std::move(known)); }, *action);
  } catch (const std::exception& exception) {  // above all std::bad_alloc
    refuse(*call, errors::execute_failed(fmt::format("the node could not carry this out: {}", exception.what())));
  }
  forget_if_idle(owner.process());
}

void ClientThread::act(std::shared_ptr<Call> call, const Address& owner, HttpAction action) {
  Owner& mine = owners_[owner.process()];
  ByteRoom::Share share(shared_.room);
  const size_t bytes = call->request.body.size() + (call->blob ? call->blob->bytes.size() : 0);
  if (mine.waiting.size() >= shared_.settings.waiting_of_one || !share.resize(bytes)) {
    refuse(*call, errors::execute_failed(
                      fmt::format("{} requests of this process wait already, or too many bytes of all: wait "
                                  "for some of their answers",
                                  mine.waiting.size())));
    return;
  }
  const Caller caller = caller_of(*call, owner);
  const Connection::Deadline deadline = deadline_of(*call, shared_.settings.default_time);
  const bool ends_with_owner = call->wants_answer() && call->prompting.answer_to() == owner;
  mine.waiting.push_back({std::move(call), caller, std::move(action), deadline, std::move(share), ends_with_owner});
  begin_waiting(owner.process());
}

void ClientThread::begin_waiting(const ProcessId& id) {
  Owner& owner = owners_[id];
  while (!stopped_ && !owner.waiting.empty() && owner.running.size() < shared_.settings.running_of_one) {
    Work work = std::move(owner.waiting.front());
    owner.waiting.pop_front();
    if (std::chrono::steady_clock::now() < work.deadline) {
      fetch(id, std::move(work));
    } else {
      refuse(*work.call, errors::execute_failed("its time was over before its turn came"));
    }
  }
}

void ClientThread::fetch(const ProcessId& id, Work work) {
  std::shared_ptr<Seat> seat = Seat::take(shared_.running, shared_.settings.running_of_all);
  if (!seat) {
    refuse(*work.call, errors::execute_failed("the node is busy with requests of other processes: try again later"));
    return;
  }
  Bytes body = work.call->blob ? work.call->blob->bytes : Bytes();
  auto fetch = std::make_shared<Fetch>(io_, shared_, idle_, std::move(work.caller), std::move(work.action),
                                       std::move(body), work.deadline);
  owners_[id].running.emplace(fetch.get(), Running{fetch, work.ends_with_owner});
  auto share = std::make_shared<ByteRoom::Share>(std::move(work.share));
  fetch->start([this, id, key = fetch.get(), call = std::move(work.call), seat = std::move(seat),
                share = std::move(share)](Result<FetchReply>& reply) {
    if (!reply) {
      refuse(*call, errors::execute_failed(reply.error().message));
    } else {
      respond(*call, answers::http(reply->status, reply->headers), Blob{std::nullopt, std::move(reply->body)});
    }
    owners_[id].running.erase(key);
    // Later: one that fails at once ends in the midst of `begin_waiting`.
    asio::post(*io_, [this, id] {
      begin_waiting(id);
      forget_if_idle(id);
    });
  });
}

void ClientThread::act(const std::shared_ptr<Call>& call, const Address& owner, OpenAction action) {
  Owner& mine = owners_[owner.process()];
  // One of the same number is replaced, and the process hears nothing more of it (defect C2).
  for (const std::shared_ptr<WebSocket>& socket : std::vector(mine.sockets.begin(), mine.sockets.end())) {
    if (socket->channel() == action.channel) {
      socket->abandon();
    }
  }
  std::unique_ptr<Seat> seat = mine.sockets.size() < shared_.settings.sockets_of_one
                                   ? Seat::take(shared_.sockets, shared_.settings.sockets_of_all)
                                   : nullptr;
  if (!seat) {
    refuse(*call, errors::open_failed(action.url_text, "too many sockets are open: close some first"));
    return;
  }
  const uint32_t channel = action.channel;
  auto socket = std::make_shared<WebSocket>(io_, shared_, std::move(seat), caller_of(*call, owner), owner,
                                            std::move(action), host_of(owner.process()));
  mine.channels[channel] = socket;
  mine.sockets.insert(socket);
  const Connection::Deadline deadline = std::min(deadline_of(*call, shared_.settings.open_time),
                                                 std::chrono::steady_clock::now() + shared_.settings.open_time);
  socket->start(
      [this, call, answer = answer_to(call)](const ActionResult<void>& opened) {
        if (!opened && !stopped_) {  // the answer has no room for the reason
          shared_.context->print(
              1, fmt::format("http-client: no socket for {}: {}", call->source().text(), opened.error().reason));
        }
        answer(opened);
      },
      deadline);
}

void ClientThread::act(std::shared_ptr<Call> call, const Address& owner, PushAction action) {
  Owner& mine = owners_[owner.process()];
  const auto found = mine.channels.find(action.channel);
  if (found == mine.channels.end()) {
    refuse(*call, errors::unknown_channel(action.channel));
    return;
  }
  const std::shared_ptr<WebSocket> socket = found->second;
  Bytes payload;
  if (action.type == FrameType::text || action.type == FrameType::binary) {
    if (!call->blob) {
      refuse(*call, errors::no_blob());
      return;
    }
    payload = call->blob->bytes;
    if (action.type == FrameType::text && !is_utf8(payload.text())) {
      refuse(*call, errors::bad_text());
      return;
    }
  }
  const bool wants_answer = call->wants_answer();
  if (action.type == FrameType::close) {
    socket->close(answer_to(std::move(call)));
  } else {
    call->blob = std::nullopt;
    socket->push(action.type, std::move(payload), wants_answer, answer_to(std::move(call)));
  }
}

void ClientThread::act(const std::shared_ptr<Call>& call, const Address& owner, CloseAction action) {
  Owner& mine = owners_[owner.process()];
  const auto found = mine.channels.find(action.channel);
  if (found == mine.channels.end()) {
    refuse(*call, errors::close_failed(action.channel));
    return;
  }
  const std::shared_ptr<WebSocket> socket = std::move(found->second);
  mine.channels.erase(found);
  respond(*call, answers::acknowledged());
  socket->close([](const ActionResult<void>&) {});
}

WebSocket::Host ClientThread::host_of(const ProcessId& id) {
  return {.send =
              [this](kernel::Outgoing& outgoing) {
                if (shared_.context->send(outgoing) == kernel::SendStatus::sent) {
                  return true;
                }
                // There may be room, and `retry` be called, between these two: so once more, with the wish known.
                is_refused_ = true;
                return shared_.context->send(outgoing) == kernel::SendStatus::sent;
              },
          .ended =
              [this, id](const WebSocket& socket) {
                const auto owner = owners_.find(id);
                if (owner == owners_.end()) {
                  return;
                }
                const auto entry = owner->second.channels.find(socket.channel());
                if (entry != owner->second.channels.end() && entry->second.get() == &socket) {
                  owner->second.channels.erase(entry);
                }
              },
          .finished =
              [this, id](WebSocket& socket) {
                const auto owner = owners_.find(id);
                if (owner != owners_.end()) {
                  owner->second.sockets.erase(socket.shared_from_this());
                  asio::post(*io_, [this, id] { forget_if_idle(id); });  // the owner is in use here
                }
              }};
}

void ClientThread::forget_if_idle(const ProcessId& id) {
  const auto found = owners_.find(id);
  if (found != owners_.end() && found->second.waiting.empty() && found->second.running.empty() &&
      found->second.sockets.empty()) {
    owners_.erase(found);
  }
}

// ---- answers --------------------------------------------------------------------------------------

Caller ClientThread::caller_of(const Call& call, const Address& owner) const {
  kernel::ProcessContext& context = *shared_.context;
  const Result<Capability> local = Capability::make(context.our(), std::string(local_params));
  return {owner.process().text(), local && context.holds(call.source().process(), *local)};
}

Connection::Deadline ClientThread::deadline_of(const Call& call, std::chrono::milliseconds otherwise) const {
  std::chrono::milliseconds time = otherwise;
  if (call.request.expects_response) {
    const auto most = static_cast<uint64_t>(shared_.settings.longest_time.count());
    time = std::chrono::seconds(std::min(*call.request.expects_response, most));
  }
  return std::chrono::steady_clock::now() + time;
}

void ClientThread::respond(const Call& call, std::string body, std::optional<Blob> blob) const {
  if (!stopped_ && call.wants_answer()) {
    answer(*shared_.context, call, std::move(body), std::move(blob));
  }
}

void ClientThread::refuse(const Call& call, const ActionError& error) const {
  if (stopped_) {
    return;
  }
  shared_.context->print(2, fmt::format("http-client: {} to {}: {}", error.body, call.source().text(), error.reason));
  respond(call, error.body);
}

WebSocket::Answer ClientThread::answer_to(std::shared_ptr<Call> call) const {
  return [this, call = std::move(call)](const ActionResult<void>& done) {
    if (done) {
      respond(*call, answers::acknowledged());
    } else {
      refuse(*call, done.error());
    }
  };
}

}  // namespace kinode::modules::http_client
