// RpcEndpoint: POST /rpc:distro:sys/message, by which kit and other programs on this machine send messages
// from http-server:distro:sys (modules.md 6.9, packages-and-kit.md 6.1).
//
// A request is parsed and sent by the I/O thread that got it, under a number of ours as its context.
// Its response or error comes to the polling thread with that number. What the client is told waits until
// everything it rests on is on disk: the output gate.
//
//   200  no response wanted: empty, once the message is on its way; else the response as JSON, text/html
//   400  not the JSON of a request      403  not from a program on this machine (local_guard.h)
//   408  no response in time, or the message cannot be delivered, which is known at once
//   413  body too long                  500  a response too long to be sent as JSON
//   503  too many requests wait
//
// The kernel ends every request that expects a response, within rpc_timeout, so the table of those that
// wait holds no others (defect H4). What is put aside before a full mailbox ends the same way.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "kernel/process_context.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::modules {

class RpcEndpoint {
 public:
  /// Both outlive the endpoint.
  RpcEndpoint(kernel::ProcessContext& context, const HttpSettings& settings);

  /// Any thread, for requests to rpc::path. See HttpSite.
  std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) const;
  void handle(std::shared_ptr<HttpExchange> exchange);

  /// The polling thread: a response or send error of ours.
  void take(kernel::Envelope envelope);
  /// The polling thread, each time: sends what stood before a full mailbox.
  void send_again();

  /// Requests whose response is still to come. Any thread.
  [[nodiscard]] size_t waiting() const;

 private:
  /// A request on its way into a mailbox.
  struct Sending {
    kernel::Outgoing outgoing;
    std::shared_ptr<HttpExchange> exchange;  // where no response is wanted
  };

  void send(Sending sending);
  /// Answers when what was written until now is on disk.
  void answer_when_durable(std::shared_ptr<HttpExchange> exchange, HttpExchange::MakeAnswer make);
  [[nodiscard]] HttpAnswer no_response(const kernel::Envelope& error) const;

  kernel::ProcessContext& context_;
  const HttpSettings& settings_;
  mutable std::mutex mutex_;
  uint64_t next_number_ = 1;
  std::unordered_map<uint64_t, std::shared_ptr<HttpExchange>> waiting_;
  std::vector<Sending> before_full_mailbox_;
};

}  // namespace kinode::modules
