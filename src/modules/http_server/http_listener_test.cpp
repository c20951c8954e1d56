#include "modules/http_server/http_listener.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "modules/http_server/test_client.h"

namespace kinode::modules {
namespace {

using boost::beast::http::field;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr size_t body_limit = 1000;

/// Admits anything but /none; the test answers.
class FakeSite final : public HttpSite {
 public:
  std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer&) override {
    if (path_of(head) == "/none") {
      return std::unexpected(text_answer(HttpStatus::not_found, "nothing here"));
    }
    return body_limit;
  }
  void handle(std::shared_ptr<HttpExchange> exchange) override {
    std::lock_guard lock(mutex_);
    exchanges_.push_back(std::move(exchange));
    came_.notify_all();
  }

  std::shared_ptr<HttpExchange> next() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, 10s, [&] { return !exchanges_.empty(); })) {
      ADD_FAILURE() << "no request came";
      return nullptr;
    }
    auto exchange = std::move(exchanges_.front());
    exchanges_.pop_front();
    return exchange;
  }
  size_t waiting() {
    std::lock_guard lock(mutex_);
    return exchanges_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::shared_ptr<HttpExchange>> exchanges_;
};

class HttpListenerTest : public testing::Test {
 protected:
  void start(HttpSettings settings = {}) {
    settings.bind_address = "127.0.0.1";
    settings.port = 0;
    auto opened = HttpListener::open(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    listener = *opened;
    listener->start(site);
  }
  TestClient client() { return TestClient(listener->port()); }
  unsigned status_of(std::string_view request) { return client().ask(request).result_int(); }

  FakeSite site;
  std::shared_ptr<HttpListener> listener;
};

HttpAnswer ok(std::string body) {
  return {.status = HttpStatus::ok, .content_type = "text/html", .body = Bytes::from(std::move(body))};
}

constexpr std::string_view get_a = "GET /a?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view post_a = "POST /a/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(HttpListenerTest, AnswersSeveralRequestsOfOneConnection) {
  start();
  auto c = client();
  for (int i = 0; i < 3; ++i) {
    c.send(post_a);
    auto exchange = site.next();
    ASSERT_TRUE(exchange);
    EXPECT_EQ(exchange->request.body(), "hello");
    EXPECT_EQ(path_of(exchange->request.base()), "/a");
    EXPECT_TRUE(exchange->peer.address().is_loopback());
    exchange->answer(ok("answer"));
    exchange->answer(ok("a second one does not count"));
    auto response = c.read();
    EXPECT_EQ(response.result_int(), 200U);
    EXPECT_EQ(response[field::content_type], "text/html");
    EXPECT_EQ(response.body(), "answer");
    EXPECT_TRUE(response.keep_alive());
  }
  EXPECT_EQ(listener->connections(), 1U);
}

TEST_F(HttpListenerTest, RequestsSentAheadAreTakenOneByOne) {
  start();
  auto c = client();
  c.send(std::string(post_a) + std::string(get_a));
  auto first = site.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(site.waiting(), 0U);
  first->answer(ok("first"));
  auto second = site.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(path_of(second->request.base()), "/a");
  second->answer(ok("second"));
  EXPECT_EQ(c.read().body(), "first");
  EXPECT_EQ(c.read().body(), "second");
}

TEST_F(HttpListenerTest, TheClientMayEndKeepAlive) {
  start();
  for (const auto* request :
       {"GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET /none HTTP/1.0\r\n\r\n"}) {
    auto c = client();
    EXPECT_EQ(c.ask(request).result_int(), 404U);
    EXPECT_TRUE(c.closed());
  }
}

TEST_F(HttpListenerTest, HeadGetsHeadersAlone) {
  start();
  auto c = client();
  c.send("HEAD /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto response = c.read(true);
  EXPECT_EQ(response.result_int(), 404U);
  EXPECT_EQ(response[field::content_length], "13");
  EXPECT_EQ(c.ask("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n").result_int(), 404U);
}

TEST_F(HttpListenerTest, RefusedRequestWithABodyStillGetsItsAnswer) {
  start();
  auto c = client();
  c.send("POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'x'));
  auto response = c.read();
  EXPECT_EQ(response.result_int(), 404U);
  EXPECT_FALSE(response.keep_alive());
}

TEST_F(HttpListenerTest, BodiesMayComeInChunks) {
  start();
  auto c = client();
  c.send("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  auto exchange = site.next();
  ASSERT_TRUE(exchange);
  EXPECT_EQ(exchange->request.body(), "hello");
}

TEST_F(HttpListenerTest, AClientMayAskBeforeItSendsABody) {
  start();
  auto c = client();
  c.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(c.read_raw(25), "HTTP/1.1 100 Continue\r\n\r\n");
  c.send("hello");
  auto exchange = site.next();
  ASSERT_TRUE(exchange);
  exchange->answer(ok("answer"));
  EXPECT_EQ(c.read().body(), "answer");

  c.send("POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(c.read().result_int(), 404U);
}

TEST_F(HttpListenerTest, LimitsOfSize) {
  start();
  const std::string head = "POST /a HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(status_of(head + "X: " + std::string(17'000, 'x') + "\r\n\r\n"), 431U);
  EXPECT_EQ(status_of("GET /" + std::string(17'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), 431U);
  EXPECT_EQ(status_of(head + "Content-Length: 1001\r\n\r\n"), 413U);
  EXPECT_EQ(status_of(head + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(0x400, 'x') + "\r\n0\r\n\r\n"),
            413U);
  EXPECT_EQ(status_of(head + "Content-Length: 18446744073709551615\r\n\r\n"), 413U);
  EXPECT_EQ(status_of(head + "Content-Length: 99999999999999999999999\r\n\r\n"), 400U);
  EXPECT_EQ(site.waiting(), 0U);
}

TEST_F(HttpListenerTest, RefusesWhatIsNotPlainHttp) {
  start();
  const std::string head = "POST /a HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(status_of("\x16\x03\x01\x02 a TLS hello\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET /a HTTP/2.0\r\nHost: localhost\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET /a HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET /a HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("GET http://localhost/a HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400U);
  EXPECT_EQ(status_of("CONNECT evil.com:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(head + "X : y\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), 400U);
  EXPECT_EQ(status_of(head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400U);
  EXPECT_EQ(status_of(head + "Transfer-Encoding: gzip\r\n\r\n"), 501U);
  EXPECT_EQ(status_of(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400U);
  EXPECT_EQ(status_of(head + "Expect: a miracle\r\n\r\n"), 417U);
  EXPECT_EQ(site.waiting(), 0U);
}

TEST_F(HttpListenerTest, NothingIsSmuggledBehindABodyOfTwoLengths) {
  start();
  const std::string smuggled = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::string headers :
       {"Content-Length: 5\r\nContent-Length: 5, 6\r\n", "Content-Length: +5\r\n", "Content-Length: 0x5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding : chunked\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding:\x0b"
        "chunked\r\n",
        "Content-Length: -1\r\n", "Content-Length: 5 5\r\n", "X: y\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nX\0: y\r\n"}) {
    auto c = client();
    auto response = c.ask("POST /a HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n0\r\n\r\n" + smuggled);
    EXPECT_GE(response.result_int(), 400U) << headers;
    EXPECT_TRUE(c.closed()) << headers;
  }
  for (const std::string chunk : {"-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", " 1\r\nx\r\n", "1\r\nxy\r\n", "0x1\r\nx\r\n"}) {
    auto c = client();
    auto response =
        c.ask("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + smuggled);
    EXPECT_GE(response.result_int(), 400U) << chunk;
    EXPECT_TRUE(c.closed()) << chunk;
  }
  EXPECT_EQ(site.waiting(), 0U);
}

TEST_F(HttpListenerTest, AFoldedHeaderIsOneHeader) {
  start();
  auto c = client();
  c.send("GET /a HTTP/1.1\r\nHost: localhost\r\nX: a\r\n Content-Length: 5\r\n\r\n");
  auto exchange = site.next();
  ASSERT_TRUE(exchange);
  EXPECT_EQ(exchange->request.count(field::content_length), 0U);
  EXPECT_EQ(exchange->request["X"], "a Content-Length: 5");
}

TEST_F(HttpListenerTest, AHostThatIsNone) {
  start();
  for (const char* host : {"", "a b", "a/b", "user@host", "a:b", "[::1", "a,b"}) {
    EXPECT_EQ(status_of(fmt::format("GET /a HTTP/1.1\r\nHost: {}\r\n\r\n", host)), 400U) << host;
  }
}

TEST_F(HttpListenerTest, SlowClientsAreLeft) {
  start({.header_timeout = 50ms, .idle_timeout = 50ms, .body_timeout = 50ms});
  auto silent = client();
  EXPECT_TRUE(silent.closed());
  auto slow_head = client();
  slow_head.send("GET /a HTTP/1.1\r\nHos");
  EXPECT_TRUE(slow_head.closed());
  auto slow_body = client();
  slow_body.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_TRUE(slow_body.closed());
  auto idle = client();
  EXPECT_EQ(idle.ask("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n").result_int(), 404U);
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(site.waiting(), 0U);
}

TEST_F(HttpListenerTest, AnAnswerThatNeverComes) {
  start({.answer_timeout = 50ms});
  auto c = client();
  c.send(get_a);
  auto exchange = site.next();
  EXPECT_EQ(c.read().result_int(), 500U);
  // Late for this request, and not taken for the next one's.
  exchange->answer(ok("late"));
  c.send(get_a);
  auto next = site.next();
  ASSERT_TRUE(next);
  next->answer(ok("in time"));
  EXPECT_EQ(c.read().body(), "in time");
}

TEST_F(HttpListenerTest, AnExchangeGivenUpIsAnswered500) {
  start();
  auto c = client();
  c.send(get_a);
  site.next().reset();
  EXPECT_EQ(c.read().result_int(), 500U);
}

TEST_F(HttpListenerTest, AnAnswerThatCannotBeMadeIs500) {
  start();
  auto c = client();
  c.send(get_a);
  site.next()->answer_with([]() -> HttpAnswer { throw std::bad_alloc(); });
  EXPECT_EQ(c.read().result_int(), 500U);
}

TEST_F(HttpListenerTest, AClientThatLeavesFreesItsConnection) {
  start({.connections = 1, .connections_kept_for_loopback = 0});
  auto leaver = client();
  leaver.send(get_a);
  auto exchange = site.next();
  leaver.close();
  // There is room for the next client as soon as the first one's end was seen.
  for (unsigned status = 0; status != 404U;) {
    status = status_of("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  exchange->answer(ok("for nobody"));
}

TEST_F(HttpListenerTest, OneConnectionTooManyIsClosed) {
  start({.connections = 1, .connections_kept_for_loopback = 0});
  auto first = client();
  first.send(get_a);
  auto exchange = site.next();
  auto second = client();
  EXPECT_TRUE(second.closed());
  exchange->answer(ok("answer"));
  EXPECT_EQ(first.read().body(), "answer");
}

TEST_F(HttpListenerTest, BodiesTogetherAreBounded) {
  start({.all_body_bytes = 7});
  auto first = client();
  first.send(post_a);
  auto exchange = site.next();
  EXPECT_EQ(status_of(post_a), 503U);
  exchange->answer(ok("answer"));
  EXPECT_EQ(first.read().body(), "answer");
  auto second = client();
  second.send(post_a);
  ASSERT_TRUE(site.next());
}

TEST_F(HttpListenerTest, LargeAnswers) {
  start();
  auto c = client();
  c.send(get_a);
  site.next()->answer(ok(std::string(size_t{20} << 20, 'x')));
  EXPECT_EQ(c.read().body().size(), size_t{20} << 20);
}

TEST_F(HttpListenerTest, StopsWithClientsInEveryState) {
  start();
  auto silent = client();
  auto in_head = client();
  in_head.send("GET /a HT");
  auto in_body = client();
  in_body.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel");
  auto waiting = client();
  waiting.send(get_a);
  auto exchange = site.next();
  ASSERT_TRUE(exchange);
  auto late = client();
  late.send(get_a);
  auto held = site.next();
  listener->stop();
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(in_head.closed());
  EXPECT_TRUE(in_body.closed());
  EXPECT_TRUE(waiting.closed());
  EXPECT_EQ(listener->connections(), 0U);
  listener->stop();
  exchange->answer(ok("too late"));
  listener.reset();
  held->answer(ok("later still"));
}

TEST(HttpListener, SaysThatAPortIsInUse) {
  auto first = HttpListener::open({.bind_address = "127.0.0.1", .port = 0});
  ASSERT_TRUE(first);
  auto second = HttpListener::open({.bind_address = "127.0.0.1", .port = (*first)->port()});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string((*first)->port())));
  EXPECT_THAT(second.error().message, HasSubstr("--port"));
  (*first)->stop();
  EXPECT_TRUE(HttpListener::open({.bind_address = "127.0.0.1", .port = (*first)->port()}));
}

TEST(HttpListener, TakesTheFirstFreePort) {
  auto first = HttpListener::open({});
  ASSERT_TRUE(first) << first.error().message;
  auto second = HttpListener::open({});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GE((*first)->port(), 8080);
  EXPECT_LE((*second)->port(), 8999);
  EXPECT_NE((*first)->port(), (*second)->port());
}

TEST(HttpListener, SaysThatAnAddressIsNone) {
  auto listener = HttpListener::open({.bind_address = "not an address"});
  ASSERT_FALSE(listener);
  EXPECT_THAT(listener.error().message, HasSubstr("not an address"));
}

}  // namespace
}  // namespace kinode::modules
