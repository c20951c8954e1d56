// ClientThread: an I/O thread of the client, and all that it does for the processes that are served by it.
//
// Each process is served by one thread: its requests, sockets and kept connections are there, so nothing of it needs a
// lock, and what it sends is begun in its order. A request that finds as many of its process under way as there may be
// waits for its turn.
//
// Threads: `take`, `end_of`, `retry` and `stop` are for any; all else is on the thread itself.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>

#include "modules/http_client/fetch.h"
#include "modules/http_client/web_socket.h"
#include "modules/module.h"

namespace kinode::modules::http_client {

class ClientThread {
 public:
  explicit ClientThread(Shared& shared);
  ~ClientThread();
  ClientThread(const ClientThread&) = delete;
  ClientThread& operator=(const ClientThread&) = delete;

  void start();
  /// Ends all that is under way, without answers, and the thread; returns when it has ended.
  void stop();

  /// A request of `owner`; `seen` is called when the thread has begun with it.
  void take(Call call, Address owner, std::function<void()> seen);
  /// A process has ended: its sockets, and the requests whose answers it waits for, end too.
  void end_of(const ProcessId& owner);
  /// A mailbox may have room again.
  void retry();

 private:
  struct Work {
    std::shared_ptr<Call> call;
    Caller caller;
    HttpAction action;
    Connection::Deadline deadline;
    ByteRoom::Share share;
    /// Who asked has its answer or is gone: then nobody needs it.
    bool ends_with_owner = false;
  };
  struct Running {
    std::shared_ptr<Fetch> fetch;
    bool ends_with_owner = false;
  };
  struct Owner {
    std::deque<Work> waiting;
    std::map<Fetch*, Running> running;
    /// Those that can be pushed to.
    std::map<uint32_t, std::shared_ptr<WebSocket>> channels;
    /// These, and those that have ended but not told all yet.
    std::set<std::shared_ptr<WebSocket>> sockets;
  };

  void begin(Call call, const Address& owner);
  void act(std::shared_ptr<Call> call, const Address& owner, HttpAction action);
  void act(const std::shared_ptr<Call>& call, const Address& owner, OpenAction action);
  void act(std::shared_ptr<Call> call, const Address& owner, PushAction action);
  void act(const std::shared_ptr<Call>& call, const Address& owner, CloseAction action);
  /// Begins what waits, as far as there is room.
  void begin_waiting(const ProcessId& id);
  void fetch(const ProcessId& id, Work work);
  [[nodiscard]] WebSocket::Host host_of(const ProcessId& id);
  void close_all();
  void forget_if_idle(const ProcessId& id);
  [[nodiscard]] Caller caller_of(const Call& call, const Address& owner) const;
  [[nodiscard]] Connection::Deadline deadline_of(const Call& call, std::chrono::milliseconds otherwise) const;
  void respond(const Call& call, std::string body, std::optional<Blob> blob = std::nullopt) const;
  void refuse(const Call& call, const ActionError& error) const;
  [[nodiscard]] WebSocket::Answer answer_to(std::shared_ptr<Call> call) const;

  Shared& shared_;
  const std::shared_ptr<boost::asio::io_context> io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_;
  IdleConnections idle_;
  std::unordered_map<ProcessId, Owner> owners_;
  std::atomic<bool> is_refused_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace kinode::modules::http_client
