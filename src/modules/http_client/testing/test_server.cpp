#include "modules/http_client/testing/test_server.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cctype>
#include <list>
#include <mutex>
#include <thread>

namespace kinode::modules::http_client::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;

/// A socket with TLS or without, for Beast's synchronous functions.
class ServerStream {
 public:
  using executor_type = tcp::socket::executor_type;
  ServerStream(tcp::socket& socket, asio::ssl::context* tls) : socket_(socket) {
    if (tls != nullptr) {
      tls_.emplace(socket_, *tls);
    }
  }

  void shake_hands() {
    if (tls_) {
      tls_->handshake(asio::ssl::stream_base::server);
    }
  }
  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers>
  size_t read_some(const Buffers& buffers, error_code& error) {
    return tls_ ? tls_->read_some(buffers, error) : socket_.read_some(buffers, error);
  }
  template <class Buffers>
  size_t read_some(const Buffers& buffers) {
    error_code error;
    const size_t size = read_some(buffers, error);
    if (error) {
      throw boost::system::system_error(error);
    }
    return size;
  }
  template <class Buffers>
  size_t write_some(const Buffers& buffers, error_code& error) {
    return tls_ ? tls_->write_some(buffers, error) : socket_.write_some(buffers, error);
  }
  template <class Buffers>
  size_t write_some(const Buffers& buffers) {
    error_code error;
    const size_t size = write_some(buffers, error);
    if (error) {
      throw boost::system::system_error(error);
    }
    return size;
  }
  void end_tls() {
    if (tls_) {
      error_code ignored;
      tls_->shutdown(ignored);
    }
  }

  friend void teardown(beast::role_type /*role*/, ServerStream& stream, error_code& error) {
    stream.end_tls();
    stream.socket_.shutdown(tcp::socket::shutdown_both, error);
    error = {};
  }
  friend void beast_close_socket(ServerStream& stream) {
    error_code ignored;
    stream.socket_.shutdown(tcp::socket::shutdown_both, ignored);
  }

 private:
  tcp::socket& socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
};

class Connection final : public TestConnection {
 public:
  Connection(tcp::socket& socket, asio::ssl::context* tls) : socket_(socket), stream_(socket, tls) {}

  void shake_hands() { stream_.shake_hands(); }
  void end() {
    if (!is_cut_) {
      stream_.end_tls();
    }
  }

  TestRequest read() override {
    http::request_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    http::read(stream_, buffer_, parser);
    last_ = parser.release();
    TestRequest request{std::string(last_.method_string()),
                        std::string(last_.target()),
                        static_cast<int>(last_.version()),
                        {},
                        last_.body()};
    for (const auto& field : last_) {
      std::string name(field.name_string());
      for (char& letter : name) {
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
      }
      request.headers[name] = std::string(field.value());
    }
    return request;
  }
  void write(std::string_view bytes) override { asio::write(stream_, asio::buffer(bytes)); }
  void wait_for_end() override {
    char byte = 0;
    error_code error;
    while (!error) {
      stream_.read_some(asio::buffer(&byte, 1), error);
    }
  }
  void cut() override {
    is_cut_ = true;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
  }

  void accept(const TestRequest& /*request*/) override {
    websocket_.emplace(stream_);
    websocket_->read_message_max(0);
    websocket_->accept(last_);
  }
  TestFrame read_frame() override {
    beast::flat_buffer buffer;
    websocket_->read(buffer);
    const auto bytes = buffer.cdata();
    return {websocket_->got_text(), std::string(static_cast<const char*>(bytes.data()), bytes.size())};
  }
  void write_frame(const TestFrame& frame) override {
    websocket_->text(frame.is_text);
    websocket_->write(asio::buffer(frame.payload));
  }
  void ping() override { websocket_->ping({}); }
  void close_socket() override { websocket_->close(beast::websocket::close_code::normal); }

 private:
  tcp::socket& socket_;
  ServerStream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> last_;
  std::optional<beast::websocket::stream<ServerStream&>> websocket_;
  bool is_cut_ = false;
};

}  // namespace

void TestConnection::reply(int status, std::string_view body, std::string_view more_headers) {
  write(fmt::format("HTTP/1.1 {} Status\r\ncontent-length: {}\r\n{}\r\n{}", status, body.size(), more_headers, body));
}

struct TestServer::State {
  State(Serve with, const std::optional<Certificate>& certificate, const std::string& address)
      : serve(std::move(with)), acceptor(io, {asio::ip::make_address(address), 0}) {
    if (certificate) {
      tls.emplace(asio::ssl::context::tls_server);
      tls->use_certificate_chain(asio::buffer(certificate->certificate));
      tls->use_private_key(asio::buffer(certificate->key), asio::ssl::context::pem);
    }
    accepting = std::thread([this] { accept(); });
  }

  void accept() {
    while (true) {
      tcp::socket socket(io);
      error_code error;
      acceptor.accept(socket, error);
      const std::lock_guard lock(mutex);
      if (stopped || error) {
        return;
      }
      ++accepted;
      tcp::socket& kept = sockets.emplace_back(std::move(socket));
      threads.emplace_back([this, &kept] { run(kept); });
    }
  }

  void run(tcp::socket& socket) {
    Connection connection(socket, tls ? &*tls : nullptr);
    try {
      connection.shake_hands();
      serve(connection);
      connection.end();
    } catch (const boost::system::system_error&) {
      // The client has gone.
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }

  const Serve serve;
  asio::io_context io;
  tcp::acceptor acceptor;
  std::optional<asio::ssl::context> tls;
  std::atomic<int> accepted = 0;
  std::mutex mutex;
  bool stopped = false;
  std::list<tcp::socket> sockets;
  std::list<std::thread> threads;
  std::thread accepting;
};

TestServer::TestServer(Serve serve, std::optional<Certificate> certificate, const std::string& address)
    : state_(std::make_unique<State>(std::move(serve), certificate, address)) {}

TestServer::~TestServer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    for (tcp::socket& socket : state_->sockets) {
      error_code ignored;
      socket.shutdown(tcp::socket::shutdown_both, ignored);
    }
  }
  {
    // Wakes who accepts.
    tcp::socket last(state_->io);
    error_code ignored;
    last.connect(state_->acceptor.local_endpoint(), ignored);
  }
  state_->accepting.join();
  for (std::thread& thread : state_->threads) {
    thread.join();
  }
}

uint16_t TestServer::port() const { return state_->acceptor.local_endpoint().port(); }

std::string TestServer::url(std::string_view scheme, std::string_view path, std::string_view host) const {
  return fmt::format("{}://{}:{}{}", scheme, host, port(), path);
}

int TestServer::accepted() const { return state_->accepted; }

}  // namespace kinode::modules::http_client::testing
