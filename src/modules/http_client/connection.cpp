#include "modules/http_client/connection.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace kinode::modules::http_client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using beast::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// What one process asks for may be read by another program on the way, so it says what must be in the manifest.
constexpr std::string_view how_to_reach_local =
    "what listens there trusts who can reach it. A package that is to reach it asks for that in its manifest.json, "
    "with "
    R"({"process":"http-client:distro:sys","params":{"local":true}} in request_capabilities)";

/// What the certificate must be for.
bool expect_host(SSL* tls, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls);
  error_code not_numeric;
  asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
  }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

}  // namespace

std::string text_of(const error_code& error) {
  if (error == beast::error::timeout) {
    return "it did not answer in time";
  }
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return "it was given up";
  }
  if (error == asio::ssl::error::stream_truncated || error == asio::error::eof) {
    return "it closed the connection";
  }
  return error.message();
}

Connection::Connection(std::shared_ptr<asio::io_context> io, Shared& shared)
    : stream(io->get_executor()), io_(std::move(io)), shared_(shared), lookup_timer_(*io_) {}

Connection::~Connection() { close(); }

void Connection::close() {
  closed_ = true;
  lookup_timer_.cancel();
  stream.close();
}

bool Connection::is_quiet() {
  char byte = 0;
  const ssize_t size = ::recv(stream.tcp().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Awaitable<Result<void>> Connection::open(Url url, Caller caller, Deadline deadline) {
  Result<Addresses> found = co_await look_up(url.host(), caller, deadline);
  if (!found) {
    co_return std::unexpected(found.error());
  }
  Result<Addresses> addresses = allowed(std::move(*found), url, caller);
  if (!addresses) {
    co_return std::unexpected(addresses.error());
  }
  Result<void> connected = co_await connect(*addresses, url, deadline);
  if (connected && url.is_secure()) {
    connected = co_await shake_hands(url, deadline);
  }
  co_return connected;
}

Awaitable<Result<Addresses>> Connection::look_up(const std::string& host, const Caller& caller, Deadline deadline) {
  error_code not_numeric;
  const asio::ip::address address = asio::ip::make_address(host, not_numeric);
  if (!not_numeric) {
    co_return Addresses{address};
  }
  const std::weak_ptr<Connection> weak = weak_from_this();
  shared_.resolver.resolve(caller.owner, host, weak, [weak, io = io_](Result<Addresses> addresses) {
    asio::post(*io, [weak, addresses = std::move(addresses)]() mutable {
      if (const auto self = weak.lock()) {
        self->looked_up_ = std::move(addresses);
        self->lookup_timer_.cancel();
      }
    });
  });
  lookup_timer_.expires_at(deadline);
  co_await lookup_timer_.async_wait(as_result);
  if (!looked_up_) {
    co_return fail("the lookup of the name {} {}", host, closed_ ? "was given up" : "was not answered in time");
  }
  co_return std::move(*looked_up_);
}

Result<Addresses> Connection::allowed(Addresses addresses, const Url& url, const Caller& caller) const {
  if (addresses.empty()) {
    return fail("the name {} has no address", url.host());
  }
  if (caller.may_reach_local || shared_.settings.local_for_all) {
    return addresses;
  }
  const std::string first = addresses.front().to_string();
  std::erase_if(addresses, shared_.settings.is_local);
  if (addresses.empty()) {
    return fail("{} is {}, an address of this machine or next to it: {}", url.host(), first, how_to_reach_local);
  }
  return addresses;
}

Awaitable<Result<void>> Connection::connect(const Addresses& addresses, const Url& url, Deadline deadline) {
  std::string tried;
  for (const asio::ip::address& address : addresses) {
    if (closed_ || std::chrono::steady_clock::now() >= deadline) {
      break;
    }
    const tcp::endpoint endpoint(address, url.port());
    error_code error;
    stream.tcp().socket().close(error);
    stream.tcp().socket().open(endpoint.protocol(), error);
    if (error) {
      co_return fail("no socket can be had: {}", error.message());
    }
    ::fcntl(stream.tcp().socket().native_handle(), F_SETFD, FD_CLOEXEC);
    stream.tcp().expires_at(std::min(deadline, std::chrono::steady_clock::now() + shared_.settings.connect_time));
    const auto [connect_error] = co_await stream.tcp().async_connect(endpoint, as_result);
    if (!connect_error && !closed_) {
      stream.tcp().socket().set_option(tcp::no_delay(true), error);
      stream.tcp().expires_at(deadline);
      co_return Result<void>();
    }
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", address.to_string(), text_of(connect_error));
  }
  co_return fail("{} was not reached at port {} ({})", url.host(), url.port(),
                 tried.empty() ? "there was no time left" : tried);
}

Awaitable<Result<void>> Connection::shake_hands(const Url& url, Deadline deadline) {
  SSL* tls = stream.begin_tls(shared_.tls).native_handle();
  if (!expect_host(tls, url.host())) {
    co_return fail("`{}` cannot be the name of a TLS server", url.host());
  }
  SSL_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  stream.tcp().expires_at(deadline);
  const auto [error] = co_await stream.tls().async_handshake(asio::ssl::stream_base::client, as_result);
  if (!error) {
    co_return Result<void>();
  }
  if (const auto verdict = SSL_get_verify_result(tls); verdict != X509_V_OK) {
    co_return fail("the certificate of {} is not trusted: {}", url.host(), X509_verify_cert_error_string(verdict));
  }
  co_return fail("the TLS handshake with {} failed: {}", url.host(), text_of(error));
}

}  // namespace kinode::modules::http_client
