// HttpClient: the I/O side of http-client:distro:sys: its threads, its trust in certificates, its bounds.
//
//   auto client = HttpClient::open(settings);      // fails where the certificates cannot be read
//   kernel.add_module(HttpClientModule::id(), false, [&](kernel::ProcessContext& context) {
//     return std::make_unique<HttpClientModule>(context, **client);
//   });
//   (*client)->stop();                             // before the kernel and the module end
//
// Threads: `open`, `start` and `stop` are for the owner, the rest for any.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "modules/http_client/client_thread.h"

namespace kinode::modules::http_client {

class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> open(Settings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Once, by the module; `context` is in use until `stop` returns. `wake` is called when there is room for more after
  /// `has_room` said that there is none.
  void start(kernel::ProcessContext& context, std::function<void()> wake);
  /// Gives up all that is under way, without answers, in a moment: no server is waited for. Again: no effect.
  void stop();

  /// Whether the threads keep up with what they are given.
  [[nodiscard]] bool has_room();
  /// A request on behalf of `owner`, a process of this node.
  void take(Call call, const Address& owner);
  void end_of(const ProcessId& owner);
  void retry();

 private:
  explicit HttpClient(Settings settings);
  [[nodiscard]] Result<void> trust();
  [[nodiscard]] ClientThread& thread_of(const ProcessId& owner) { return *threads_[owner.hash() % threads_.size()]; }
  void seen(size_t bytes);

  Shared shared_;
  std::vector<std::unique_ptr<ClientThread>> threads_;
  std::function<void()> wake_;

  std::mutex mutex_;
  size_t unseen_calls_ = 0;
  size_t unseen_bytes_ = 0;
  bool is_refused_ = false;
};

}  // namespace kinode::modules::http_client
