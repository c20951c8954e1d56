#include "modules/http_server/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "kernel/testing/test_node.h"
#include "modules/http_server/rpc/rpc_message.h"
#include "modules/http_server/test_client.h"

namespace kinode::modules {
namespace {

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
      auto module = std::make_unique<HttpServer>(context, listener, [] { return "metric 1\n"; });
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
      ASSERT_TRUE(node->executor.wait_ready(10s)) << "nothing happened";
      node->run();
    }
  }
  std::unique_ptr<Envelope> received(Puppet& puppet) {
    run_until([&] { return puppet.received() > 0; });
    return puppet.take();
  }

  std::shared_ptr<HttpListener> listener;
  std::optional<TestNode> node;
  std::optional<Address> server;
  uint16_t port = 0;
};

TEST_F(HttpServerTest, ARequestIsAnsweredByItsProcess) {
  start();
  Puppet& puppet = add_friend("echo:test:sys");
  auto c = client();
  c.send(post(
      R"({"process":"echo:test:sys","expects_response":3,"body":"{\"a\":1}","metadata":"m","mime":"x/y","data":"AP8="})"));
  auto request = received(puppet);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->source, *server);
  EXPECT_EQ(request->request().body.text(), R"({"a":1})");
  EXPECT_EQ(request->request().metadata, "m");
  EXPECT_EQ(request->request().expects_response, 15U);
  EXPECT_FALSE(request->request().inherit);
  EXPECT_EQ(request->blob, (Blob{"x/y", Bytes::copy_of(std::string_view("\0\xff", 2))}));

  puppet.respond(*request, "hi", Blob{"text/plain", Bytes::copy_of("hi")});
  node->run();
  auto response = c.read();
  EXPECT_EQ(response.result_int(), 200U);
  EXPECT_EQ(response[field::content_type], "text/html");
  EXPECT_EQ(response.body(), R"({"body":[104,105],"lazy_load_blob":{"mime":"text/plain","bytes":[97,71,107,61]}})");
}

TEST_F(HttpServerTest, AnyMethodATrailingSlashAndAQueryAreTheSame) {
  start();
  Puppet& puppet = add_friend("echo:test:sys");
  auto c = client();
  EXPECT_EQ(c.ask("PUT /rpc:distro:sys/message/?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 27\r\n\r\n"
                  R"({"process":"echo:test:sys"})")
                .result_int(),
            200U);
  EXPECT_TRUE(received(puppet));
  EXPECT_EQ(c.ask("GET /rpc:distro:sys/message HTTP/1.1\r\nHost: localhost\r\n\r\n").result_int(), 400U);
}

TEST_F(HttpServerTest, WithoutAResponseWantedTheAnswerIsEmptyAndAtOnce) {
  start();
  Puppet& puppet = add_friend("echo:test:sys");
  auto response = ask(post(R"({"process":"echo:test:sys","expects_response":null,"body":"x"})"));
  EXPECT_EQ(response.result_int(), 200U);
  EXPECT_EQ(response.body(), "");
  auto request = received(puppet);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->request().expects_response, std::nullopt);
  EXPECT_EQ(request->blob, std::nullopt);
}

TEST_F(HttpServerTest, NoResponseIn15Seconds) {
  start();
  Puppet& puppet = add_friend("silent:test:sys");
  auto c = client();
  c.send(post(R"({"process":"silent:test:sys","expects_response":1})"));
  auto request = received(puppet);
  ASSERT_TRUE(request);
  node->advance(14s);
  // Not yet: a second client is served while the first waits.
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").result_int(), 404U);
  node->advance(2s);
  auto response = c.read();
  EXPECT_EQ(response.result_int(), 408U);
  EXPECT_THAT(response.body(), HasSubstr("node.os@silent:test:sys"));
  // A late response is for nobody; the next request of the connection has its own.
  puppet.respond(*request, "late");
  node->run();
  c.send(post(R"({"process":"silent:test:sys","expects_response":1})"));
  request = received(puppet);
  ASSERT_TRUE(request);
  puppet.respond(*request, "in time");
  node->run();
  EXPECT_EQ(rpc::parse_reply(c.read().body())->body.text(), "in time");
}

TEST_F(HttpServerTest, TheWaitIsASetting) {
  start({.rpc_timeout = 600s});
  Puppet& puppet = add_friend("silent:test:sys");
  auto c = client();
  c.send(post(R"({"process":"silent:test:sys","expects_response":15})"));
  auto request = received(puppet);
  ASSERT_TRUE(request);
  node->advance(599s);
  puppet.respond(*request, "slow");
  node->run();
  EXPECT_EQ(c.read().result_int(), 200U);
}

TEST_F(HttpServerTest, WhatCannotBeDeliveredIsToldAtOnce) {
  start();
  node->add_puppet("stranger:test:sys");
  for (const std::string_view process : {"nobody:test:sys", "stranger:test:sys"}) {
    auto c = client();
    c.send(post(fmt::format(R"({{"process":"{}","expects_response":15}})", process)));
    ASSERT_TRUE(node->executor.wait_ready(10s));
    node->run();
    auto response = c.read();
    EXPECT_EQ(response.result_int(), 408U);
    EXPECT_THAT(response.body(), HasSubstr(process));
  }
}

TEST_F(HttpServerTest, BadRequestsSayWhere) {
  start();
  const auto refused = [&](std::string_view body) {
    auto response = ask(post(body));
    EXPECT_EQ(response.result_int(), 400U) << body;
    return response.body();
  };
  EXPECT_THAT(refused("not json"), HasSubstr("1"));
  EXPECT_THAT(refused(""), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(refused(R"({"body":"x"})"), HasSubstr("process"));
  EXPECT_THAT(refused(R"({"process":"a:b"})"), HasSubstr("process"));
  EXPECT_THAT(refused(R"({"process":"a:b:c","expects_response":"soon"})"), HasSubstr("expects_response"));
  refused(R"({"process":"a:b:c","body":")"
          "\xff"
          R"("})");
  refused(std::string(100'000, '['));
}

TEST_F(HttpServerTest, TheMetricsAreReadByProgramsOfThisMachine) {
  start();
  auto metrics = ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(metrics.result_int(), 200U);
  EXPECT_EQ(metrics[field::content_type], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics.body(), "metric 1\n");
  EXPECT_EQ(ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n").result_int(), 403U);
  EXPECT_EQ(ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").result_int(), 405U);
}

TEST_F(HttpServerTest, OnlyProgramsOfThisMachine) {
  start();
  const std::string body = R"({"process":"kernel:distro:sys","body":"\"Shutdown\""})";
  for (const std::string_view headers :
       {"Host: evil.com\r\n", "Host: localhost\r\nOrigin: https://evil.com\r\n",
        "Host: localhost\r\nX-Forwarded-For: 1.2.3.4\r\n", "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n"}) {
    auto response = ask(post(body, headers));
    EXPECT_EQ(response.result_int(), 403U) << headers;
    EXPECT_FALSE(response.body().empty());
  }
  node->run();
  EXPECT_EQ(node->shutdowns, 0);
}

TEST_F(HttpServerTest, OtherPathsAreNotThere) {
  start();
  for (const std::string_view path :
       {"/", "/rpc:distro:sys", "/rpc:distro:sys/message/x", "/rpc%3Adistro:sys/message"}) {
    EXPECT_EQ(ask(post("{}", "Host: localhost\r\n", path)).result_int(), 404U) << path;
  }
}

TEST_F(HttpServerTest, AnAnswerWaitsForTheDisk) {
  start({}, {}, false);
  Puppet& puppet = add_friend("saver:test:sys");
  node->journal.flush();
  auto with_response = client();
  with_response.send(post(R"({"process":"saver:test:sys","expects_response":15})"));
  auto request = received(puppet);
  ASSERT_TRUE(request);
  kernel::Batch batch;
  batch.put("test/saved", Bytes::copy_of("value"));
  ASSERT_TRUE(node->journal.write(batch));
  puppet.respond(*request, "saved");
  node->run();
  auto without = client();
  without.send(post(R"({"process":"saver:test:sys"})"));
  ASSERT_TRUE(received(puppet));
  // A round trip of another client: the I/O threads had time to write the answers, had there been any.
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").result_int(), 404U);
  EXPECT_TRUE(with_response.nothing_came());
  EXPECT_TRUE(without.nothing_came());
  node->journal.flush();
  EXPECT_EQ(with_response.read().result_int(), 200U);
  EXPECT_EQ(without.read().result_int(), 200U);
}

TEST_F(HttpServerTest, AResponseTooLongForThisPath) {
  start({.rpc_answer_bytes = 10});
  Puppet& puppet = add_friend("long:test:sys");
  auto c = client();
  c.send(post(R"({"process":"long:test:sys","expects_response":15})"));
  auto request = received(puppet);
  ASSERT_TRUE(request);
  puppet.respond(*request, "123456", Blob{std::nullopt, Bytes::copy_of("78901")});
  node->run();
  EXPECT_EQ(c.read().result_int(), 500U);
}

TEST_F(HttpServerTest, TooManyWaiting) {
  start({.rpc_waiting = 1});
  Puppet& puppet = add_friend("silent:test:sys");
  auto c = client();
  const std::string request = post(R"({"process":"silent:test:sys","expects_response":15})");
  c.send(request);
  ASSERT_TRUE(received(puppet));
  EXPECT_EQ(ask(request).result_int(), 503U);
  node->advance(16s);
  EXPECT_EQ(c.read().result_int(), 408U);
  c.send(request);
  EXPECT_TRUE(received(puppet));
}

TEST_F(HttpServerTest, AFullMailboxHoldsTheClientAlone) {
  kernel::Limits limits;
  limits.mailbox_messages = 1;
  start({}, {.limits = limits});
  Puppet& puppet = add_friend("full:test:sys");
  const std::string request = post(R"({"process":"full:test:sys"})");
  auto first = client();
  EXPECT_EQ(first.ask(request).result_int(), 200U);
  auto second = client();
  second.send(request);
  // The puppet has not run: http-server alone is ready, with what it put aside.
  ASSERT_TRUE(node->executor.wait_ready(10s));
  run_until([&] { return puppet.received() == 2; });
  EXPECT_EQ(second.read().result_int(), 200U);
}

TEST_F(HttpServerTest, WhatProcessesAskIsNotServedYet) {
  start();
  Puppet& puppet = node->add_puppet("app:test:sys");
  node->connect(puppet.address(), *server);
  puppet.request(*server, R"({"Bind":{"path":"/","authenticated":true,"local_only":false,"cache":false}})", 5);
  node->run();
  auto answer = puppet.take();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->response().body.text(), R"({"Err":"MalformedRequest"})");
}

TEST_F(HttpServerTest, StopsWhileClientsWait) {
  start();
  Puppet& puppet = add_friend("silent:test:sys");
  auto c = client();
  c.send(post(R"({"process":"silent:test:sys","expects_response":15})"));
  ASSERT_TRUE(received(puppet));
  listener->stop();
  EXPECT_TRUE(c.closed());
}

}  // namespace
}  // namespace kinode::modules
