// A node with http-server and its real threads, for the tests of this room.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "kernel/testing/test_node.h"
#include "modules/http_server/http_server.h"
#include "modules/http_server/rpc/rpc_message.h"
#include "modules/http_server/test_client.h"

namespace kinode::modules {

using boost::beast::http::field;
using kernel::Envelope;
using kernel::testing::Puppet;
using kernel::testing::TestNode;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// A node of which this thread is the only worker, and http-server with its real threads.
class HttpServerTest : public testing::Test {
 protected:
  void start(HttpSettings settings = {}, TestNode::Options options = {}, bool disk_is_fast = true) {
    settings.bind_address = "127.0.0.1";
    settings.port = 0;
    auto opened = HttpListener::open(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    listener = *opened;
    port = listener->port();
    node.emplace(std::move(options));
    if (disk_is_fast) {
      node->journal.flush_always();
    }
    HttpServer* site = nullptr;
    node->kernel.add_module(HttpServer::id(), false, [&](kernel::ProcessContext& context) {
      auto module = std::make_unique<HttpServer>(
          context, listener,
          HttpServer::Parts{.owner = {.token_secret = crypto::Secret::copy_of(token_secret),
                                      .password = password,
                                      .is_for_development = is_for_development},
                            .write_metrics = [] { return "metric 1\n"; },
                            .time = [this] { return time; }});
      site = module.get();
      return module;
    });
    listener->start(*site);
    node->run();
    server.emplace(node->local(HttpServer::id().text()));
  }
  /// Its threads use the kernel: they end before it.
  void TearDown() override {
    if (listener) {
      listener->stop();
    }
  }
  /// A process that http-server may message and that may answer it.
  Puppet& add_friend(std::string_view id) {
    Puppet& puppet = node->add_puppet(id);
    node->connect(*server, puppet.address());
    node->run();
    return puppet;
  }
  TestClient client() { return TestClient(port); }

  static std::string post(std::string_view body, std::string_view headers = "Host: localhost\r\n",
                          std::string_view path = rpc::path) {
    return fmt::format("POST {} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{}", path, headers, body.size(), body);
  }
  TestClient::Response ask(std::string_view request) { return client().ask(request); }

  /// Runs the node until `done`.
  void run_until(const std::function<bool()>& done) {
    while (!done()) {
      ASSERT_TRUE(node->executor.wait_ready(60s)) << "nothing happened";
      node->run();
    }
  }
  std::unique_ptr<Envelope> received(Puppet& puppet) {
    if (std::deque<std::unique_ptr<Envelope>>& earlier = unread[&puppet]; !earlier.empty()) {
      std::unique_ptr<Envelope> first = std::move(earlier.front());
      earlier.pop_front();
      return first;
    }
    run_until([&] { return puppet.received() > 0; });
    return puppet.take();
  }

  // ---- pages ----------------------------------------------------------------------------------------

  /// A process that has bound nothing yet; it may message http-server and be messaged by it.
  Puppet& add_app(std::string_view id = "app:test:sys") {
    Puppet& puppet = add_friend(id);
    node->connect(puppet.address(), *server);
    return puppet;
  }
  /// What http-server answers to an action. What else it says meanwhile is for `received`.
  std::string act(Puppet& puppet, std::string_view action, std::optional<Blob> blob = {}) {
    puppet.request(*server, action, 5, std::move(blob));
    node->run();
    while (auto said = puppet.take()) {
      if (said->kind == Envelope::Kind::response) {
        return std::string(said->response().body.text());
      }
      unread[&puppet].push_back(std::move(said));
    }
    return "";
  }
  std::string bind(Puppet& puppet, std::string_view path, bool authenticated = false, bool local_only = false) {
    return act(puppet, fmt::format(R"({{"Bind":{{"path":"{}","authenticated":{},"local_only":{},"cache":false}}}})",
                                   path, authenticated, local_only));
  }
  std::string bind_content(Puppet& puppet, std::string_view path, Blob content, bool authenticated = false) {
    return act(puppet,
               fmt::format(R"({{"Bind":{{"path":"{}","authenticated":{},"local_only":false,"cache":true}}}})", path,
                           authenticated),
               std::move(content));
  }
  static std::string get(std::string_view path, std::string_view headers = "", std::string_view host = "localhost") {
    return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", path, host, headers);
  }
  /// Cookie header of who has logged in.
  [[nodiscard]] std::string cookie(const std::optional<ProcessId>& secure = {}) const {
    const Tokens tokens("node.os", crypto::Secret::copy_of(token_secret), [this] { return time; });
    return fmt::format("Cookie: {}={}\r\n", tokens.cookie_name(secure), tokens.make(secure));
  }
  /// The request inside the body of a message to a process.
  static nlohmann::json http_of(const Envelope& request) {
    return nlohmann::json::parse(request.request().body.text()).at("Http");
  }

  static constexpr std::string_view token_secret = "0123456789abcdef0123456789abcdef";
  std::optional<std::string> password = "correct horse";
  bool is_for_development = false;
  UnixTime time{std::chrono::days(20'000)};

  std::shared_ptr<HttpListener> listener;
  std::optional<TestNode> node;
  /// What came before an answer that was waited for.
  std::map<const Puppet*, std::deque<std::unique_ptr<Envelope>>> unread;
  std::optional<Address> server;
  uint16_t port = 0;
};

}  // namespace kinode::modules
