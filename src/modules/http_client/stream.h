// Stream: a socket to a server, with or without TLS, as one type: so what speaks HTTP and WebSocket over it exists
// once.
//
// Models Beast's AsyncStream. Its time limits are those of beast::tcp_stream. Used on the thread of its executor alone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <optional>
#include <utility>

namespace kinode::modules::http_client {

class Stream {
 public:
  using executor_type = boost::asio::any_io_executor;
  using Tls = boost::asio::ssl::stream<boost::beast::tcp_stream&>;
  using error_code = boost::beast::error_code;

  explicit Stream(const executor_type& executor) : tcp_(executor) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  executor_type get_executor() noexcept { return tcp_.get_executor(); }
  boost::beast::tcp_stream& tcp() { return tcp_; }
  /// From now on all goes through TLS; the handshake is the caller's.
  Tls& begin_tls(boost::asio::ssl::context& context) { return tls_.emplace(tcp_, context); }
  /// Once it is there.
  Tls& tls() { return *tls_; }

  void close() { tcp_.close(); }

  template <class Token>
  using Result = typename boost::asio::async_result<std::decay_t<Token>, void(error_code, size_t)>::return_type;

  template <class Buffers, class Token>
  Result<Token> async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_) {
      return tls_->async_read_some(buffers, std::forward<Token>(token));
    }
    return tcp_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  Result<Token> async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_) {
      return tls_->async_write_some(buffers, std::forward<Token>(token));
    }
    return tcp_.async_write_some(buffers, std::forward<Token>(token));
  }

  // What Beast's WebSocket asks of its socket.
  friend void beast_close_socket(Stream& stream) { stream.close(); }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, Stream& stream, Handler&& handler) {
    if (stream.tls_) {
      stream.tls_->async_shutdown(std::forward<Handler>(handler));
    } else {
      boost::beast::websocket::async_teardown(role, stream.tcp_.socket(), std::forward<Handler>(handler));
    }
  }
  friend void teardown(boost::beast::role_type /*role*/, Stream& stream, error_code& error) {
    error = {};
    stream.close();
  }

 private:
  boost::beast::tcp_stream tcp_;
  std::optional<Tls> tls_;
};

}  // namespace kinode::modules::http_client
