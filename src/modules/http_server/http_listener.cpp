#include "modules/http_server/http_listener.h"

#include <fcntl.h>
#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "modules/http_server/http_connection.h"
#include "modules/http_server/http_shared.h"
#include "modules/http_server/websocket_connection.h"

namespace kinode::modules {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr uint16_t first_port = 8080;
constexpr uint16_t last_port = 8999;
/// How long nothing is accepted when the machine has no descriptor or memory for a connection.
constexpr std::chrono::milliseconds accept_pause{100};

void close_on_exec(int descriptor) { ::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

error_code listen_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    close_on_exec(acceptor.native_handle());
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

Result<void> listen(tcp::acceptor& acceptor, const HttpSettings& settings) {
  error_code error;
  const auto address = asio::ip::make_address(settings.bind_address, error);
  if (error) {
    return fail("`{}` is no address to listen on: {}", settings.bind_address, error.message());
  }
  if (settings.port) {
    error = listen_on(acceptor, {address, *settings.port});
    if (error == asio::error::address_in_use) {
      return fail("port {} is in use by another program: end that one, or give another port with --port",
                  *settings.port);
    }
    if (error) {
      return fail("cannot listen on {}:{}: {}", settings.bind_address, *settings.port, error.message());
    }
    return {};
  }
  for (uint16_t port = first_port; port <= last_port; ++port) {
    error = listen_on(acceptor, {address, port});
    if (!error) {
      return {};
    }
    if (error != asio::error::address_in_use) {
      return fail("cannot listen on {}:{}: {}", settings.bind_address, port, error.message());
    }
  }
  return fail("no port from {} to {} is free: give another with --port", first_port, last_port);
}

asio::awaitable<void> accept_clients(HttpShared& shared) {
  constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
  asio::steady_timer pause(shared.acceptor.get_executor());
  while (shared.acceptor.is_open()) {
    const asio::any_io_executor strand = asio::make_strand(shared.io);
    auto [error, socket] = co_await shared.acceptor.async_accept(strand, as_result);
    if (error) {
      if (shared.acceptor.is_open() && error != asio::error::connection_aborted) {
        pause.expires_after(accept_pause);
        co_await pause.async_wait(as_result);
      }
      continue;
    }
    close_on_exec(socket.native_handle());
    error_code gone;
    const tcp::endpoint peer = socket.remote_endpoint(gone);
    if (gone) {
      continue;
    }
    socket.set_option(tcp::no_delay(true), gone);
    auto connection = std::make_shared<HttpConnection>(shared, std::move(socket), peer);
    if (shared.add(connection)) {
      HttpConnection::start(std::move(connection));
    }
  }
}

}  // namespace

// ---- HttpShared -----------------------------------------------------------------------------------

HttpShared::HttpShared(HttpSettings with)
    : settings(std::move(with)),
      io(static_cast<int>(settings.threads)),
      acceptor(asio::any_io_executor(asio::make_strand(io))),
      body_room(settings.all_body_bytes),
      frame_room(settings.all_websocket_bytes) {}

bool HttpShared::add(const std::shared_ptr<HttpConnection>& connection) {
  std::lock_guard lock(mutex_);
  const size_t kept = connection->peer().address().is_loopback() ? 0 : settings.connections_kept_for_loopback;
  if (closed_ || connections_.size() + kept >= settings.connections) {
    return false;
  }
  connections_.emplace(connection.get(), connection);
  return true;
}

void HttpShared::remove(const HttpConnection& connection) {
  std::lock_guard lock(mutex_);
  connections_.erase(&connection);
}

bool HttpShared::add(const std::shared_ptr<WebSocketConnection>& connection) {
  std::lock_guard lock(mutex_);
  if (!closed_) {
    websockets_.emplace(connection.get(), connection);
  }
  return !closed_;
}

void HttpShared::remove(const WebSocketConnection& connection) {
  std::lock_guard lock(mutex_);
  websockets_.erase(&connection);
}

size_t HttpShared::count() const {
  std::lock_guard lock(mutex_);
  return connections_.size();
}

void HttpShared::close_all() {
  std::vector<std::shared_ptr<HttpConnection>> open;
  std::vector<std::shared_ptr<WebSocketConnection>> open_websockets;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& [key, weak] : connections_) {
      if (auto connection = weak.lock()) {
        open.push_back(std::move(connection));
      }
    }
    for (const auto& [key, weak] : websockets_) {
      if (auto connection = weak.lock()) {
        open_websockets.push_back(std::move(connection));
      }
    }
  }
  for (const auto& connection : open) {
    connection->close();
  }
  for (const auto& connection : open_websockets) {
    connection->stop();
  }
}

// ---- HttpListener ---------------------------------------------------------------------------------

Result<std::shared_ptr<HttpListener>> HttpListener::open(HttpSettings settings) {
  auto shared = std::make_shared<HttpShared>(std::move(settings));
  if (auto listening = listen(shared->acceptor, shared->settings); !listening) {
    return std::unexpected(listening.error());
  }
  return std::shared_ptr<HttpListener>(new HttpListener(std::move(shared)));
}

HttpListener::HttpListener(std::shared_ptr<HttpShared> shared)
    : shared_(std::move(shared)), port_(shared_->acceptor.local_endpoint().port()) {}

HttpListener::~HttpListener() { stop(); }

const HttpSettings& HttpListener::settings() const { return shared_->settings; }

size_t HttpListener::connections() const { return shared_->count(); }

void HttpListener::start(HttpSite& site) {
  shared_->site = &site;
  asio::co_spawn(shared_->acceptor.get_executor(), accept_clients(*shared_), asio::detached);
  for (size_t i = 0; i < shared_->settings.threads; ++i) {
    threads_.emplace_back([&io = shared_->io] {
      ::pthread_setname_np(::pthread_self(), "http");
      for (bool done = false; !done;) {
        try {
          io.run();
          done = true;
        } catch (const std::exception&) {
          // No memory for a step of one connection: its time-out ends it.
        }
      }
    });
  }
}

void HttpListener::post(std::function<void()> work) { asio::post(shared_->io, std::move(work)); }

void HttpListener::stop() {
  if (threads_.empty()) {
    error_code ignored;
    shared_->acceptor.close(ignored);
    return;
  }
  asio::post(shared_->acceptor.get_executor(), [&shared = *shared_] {
    error_code ignored;
    shared.acceptor.close(ignored);
    shared.close_all();
  });
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

}  // namespace kinode::modules
