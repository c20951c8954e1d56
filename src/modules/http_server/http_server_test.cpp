#include "modules/http_server/http_server_test.h"

namespace kinode::modules {
namespace {

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
  start({.response_timeout = 600s});
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
    ASSERT_TRUE(node->executor.wait_ready(60s));
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
  start({.waiting_of_process = 1});
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
  ASSERT_TRUE(node->executor.wait_ready(60s));
  run_until([&] { return puppet.received() == 2; });
  EXPECT_EQ(second.read().result_int(), 200U);
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
