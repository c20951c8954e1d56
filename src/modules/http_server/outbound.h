// Outbound: the messages that http-server:distro:sys sends for its clients.
//
// They are sent by the I/O thread that has them. One that stands before a full mailbox is put aside, and sent by the
// polling thread when there is room; those put aside have no order among each other. The kernel ends each: a request
// that expects a response within its time, one that does not after some seconds.
//
// What a client is told waits until everything it rests on is on disk: the output gate.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "kernel/process_context.h"
#include "modules/http_server/http_exchange.h"

namespace kinode::modules {

class Outbound {
 public:
  /// Makes the answer of a response or a send error; on the polling thread. What it returns runs on an I/O thread.
  using ReadEnd = std::function<HttpExchange::MakeAnswer(kernel::Envelope)>;

  /// The context outlives it. At most so many requests wait for the response of one process.
  Outbound(kernel::ProcessContext& context, size_t waiting_of_process);

  // Any thread:
  /// Sends a request that expects a response, which then answers the exchange; 503 where too many wait.
  void ask(kernel::Outgoing outgoing, std::shared_ptr<HttpExchange> exchange, ReadEnd read_end);
  /// Sends a request that expects none. `sent` is called when it is on its way or was dropped, by any thread.
  void tell(kernel::Outgoing outgoing, std::function<void()> sent);
  /// Answers when what was written until now is on disk. `make` may outlive this.
  void answer_when_durable(std::shared_ptr<HttpExchange> exchange, HttpExchange::MakeAnswer make);

  // The polling thread:
  /// A response or send error of ours. Those of nobody are dropped.
  void take(kernel::Envelope envelope);
  /// At each poll.
  void send_again();

  /// Requests whose end is still to come. Any thread.
  [[nodiscard]] size_t waiting() const;

 private:
  struct Sending {
    kernel::Outgoing outgoing;
    std::function<void()> sent;
  };
  struct Waiting {
    ProcessId target;
    std::shared_ptr<HttpExchange> exchange;
    ReadEnd read_end;
  };
  void send(Sending sending);
  /// False where the mailbox is full: then it is still the caller's.
  bool try_to_send(Sending& sending);

  kernel::ProcessContext& context_;
  const size_t waiting_of_process_;
  mutable std::mutex mutex_;
  uint64_t next_number_ = 1;
  std::unordered_map<uint64_t, Waiting> waiting_;
  std::unordered_map<ProcessId, size_t> waiting_of_;
  std::vector<Sending> before_full_mailbox_;
};

}  // namespace kinode::modules
