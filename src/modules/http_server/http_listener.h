// HttpListener: the node's HTTP port, its connections and the I/O threads they run on.
//
//   auto listener = HttpListener::open(settings);   // before boot: fails where the port is in use
//   (*listener)->start(site);
//
// Between `open` and `start` clients can connect and wait. Plain HTTP/1.1 and 1.0 over IPv4, parsed
// strictly, with keep-alive; every size and time is bounded by HttpSettings.
//
// Threads: its own. `open`, `start`, `stop` are for the owner, not for an I/O thread. After `stop`
// exchanges still held elsewhere can be answered, to no effect.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/result.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"

namespace kinode::modules {

struct HttpShared;

class HttpListener {
 public:
  /// Fails with what to do about it when the port cannot be had.
  static Result<std::shared_ptr<HttpListener>> open(HttpSettings settings);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] const HttpSettings& settings() const;
  /// Connections that are open now. Any thread.
  [[nodiscard]] size_t connections() const;

  /// Any thread. Runs `work` on an I/O thread, soon; not at all after `stop`.
  void post(std::function<void()> work);

  /// Once. The site must outlive `stop`.
  void start(HttpSite& site);
  /// Closes the port and all connections and waits for the I/O threads, which do not wait themselves.
  /// No call of the site runs after it. Again: no effect.
  void stop();

 private:
  explicit HttpListener(std::shared_ptr<HttpShared> shared);

  std::shared_ptr<HttpShared> shared_;
  uint16_t port_;
  std::vector<std::thread> threads_;
};

}  // namespace kinode::modules
