// http-client:distro:sys: HTTP requests and WebSockets of processes to the outside (modules.md 7). What it is asked and
// answers stands in actions.h.
//
// Requests of this node only (defect S2). Each runs beside all others, but what one process sends about one socket
// keeps its order. Addresses of this machine, and of what stands next to it, are for those that hold {"local":true},
// issued by this module. Answers: success and failure when somebody waits for them.
//
// What belongs to a process is ended with its life: its sockets, and the requests whose answers it waits for.
//
// Threads: `poll` on the kernel's workers; it only hands on. The client is stopped before the kernel ends.
#pragma once

#include <memory>

#include "kernel/process.h"
#include "kernel/process_context.h"
#include "modules/http_client/http_client.h"

namespace kinode::modules::http_client {

class HttpClientModule final : public kernel::Process {
 public:
  static ProcessId id() { return {"http-client", "distro", "sys"}; }

  /// `client` outlives it, is its alone, and is started by it.
  HttpClientModule(kernel::ProcessContext& context, HttpClient& client);
  /// Stops the client.
  ~HttpClientModule() override;

  Poll poll() override;

 private:
  struct Lives;
  void take(kernel::Envelope&& envelope);
  /// Has what belongs to a process end with its life. False where it is over.
  bool watch(const ProcessId& owner);

  kernel::ProcessContext& context_;
  HttpClient& client_;
  /// Shared with the kernel, which may tell of a life's end when the module is gone.
  std::shared_ptr<Lives> lives_;
};

}  // namespace kinode::modules::http_client
