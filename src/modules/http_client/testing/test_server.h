// TestServer: a real server on 127.0.0.1 that does what the test says, with TLS or without.
//
//   TestServer server([](TestConnection& connection) {
//     const TestRequest request = connection.read();
//     connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
//   });
//   ... server.url("http", "/path") ...
//
// Threads: one for each connection, on which the function runs; its end, by an exception too, closes the connection.
// The server's end closes all of them and waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "modules/http_client/testing/certificates.h"

namespace kinode::modules::http_client::testing {

struct TestRequest {
  std::string method;
  std::string target;
  int version = 0;
  /// Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct TestFrame {
  bool is_text = false;
  std::string payload;
};

class TestConnection {
 public:
  virtual ~TestConnection() = default;

  /// The next request; throws when the client has gone.
  virtual TestRequest read() = 0;
  /// Bytes as they are.
  virtual void write(std::string_view bytes) = 0;
  /// Returns when the client has closed the connection.
  virtual void wait_for_end() = 0;
  /// Ends the TCP connection with no word of TLS.
  virtual void cut() = 0;

  // A WebSocket:
  virtual void accept(const TestRequest& request) = 0;
  virtual TestFrame read_frame() = 0;
  virtual void write_frame(const TestFrame& frame) = 0;
  virtual void ping() = 0;
  virtual void close_socket() = 0;

  /// An answer of a usual form.
  void reply(int status, std::string_view body, std::string_view more_headers = "");
};

class TestServer {
 public:
  using Serve = std::function<void(TestConnection&)>;
  explicit TestServer(Serve serve, std::optional<Certificate> certificate = std::nullopt,
                      const std::string& address = "127.0.0.1");
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] uint16_t port() const;
  [[nodiscard]] std::string url(std::string_view scheme, std::string_view path = "/",
                                std::string_view host = "127.0.0.1") const;
  /// Connections so far.
  [[nodiscard]] int accepted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinode::modules::http_client::testing
