#include <atomic>
#include <future>

#include "modules/http_client/http_client_test.h"

namespace kinode::modules::http_client {
namespace {

/// Answers each request with what `answer` makes of it, and keeps the connection.
TestServer::Serve answering(std::function<void(TestConnection&, const TestRequest&)> answer) {
  return [answer = std::move(answer)](TestConnection& connection) {
    while (true) {
      answer(connection, connection.read());
    }
  };
}

/// Sends the same to everybody, then ends the connection.
TestServer::Serve sending(std::string bytes) {
  return [bytes = std::move(bytes)](TestConnection& connection) {
    (void)connection.read();
    connection.write(bytes);
  };
}

class FetchTest : public HttpClientTest {};

TEST_F(FetchTest, WhatIsAskedAndAnsweredIsTheReferencesToTheLetter) {
  std::promise<TestRequest> seen;
  const TestServer server(answering([&](TestConnection& connection, const TestRequest& request) {
    connection.reply(201, "made", "x-some-name: v\r\nx-twice: a\r\nx-twice: b\r\nx-odd: \xe4\r\n");
    seen.set_value(request);
  }));
  const Json headers = {{"X-Mine", "value"},       {"bad name", "x"},   {"X-Bad", "a\nb"},
                        {"Content-Length", "999"}, {"Connection", "x"}, {"Transfer-Encoding", "chunked"}};
  EXPECT_EQ(
      ask(alice(), http(server.url("http", "/a b?c=[1]#f"), "POST", headers), "body"),
      R"({"Ok":{"Http":{"status":201,"headers":{"Content-Length":"4","X-Some-Name":"v","X-Twice":"b","X-Odd":""}}}})");
  EXPECT_EQ(blob(), "made");
  EXPECT_EQ(blob_->mime, std::nullopt);
  const TestRequest request = seen.get_future().get();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a%20b?c=%5B1%5D");
  EXPECT_EQ(request.version, 11);
  EXPECT_EQ(request.body, "body");
  const std::map<std::string, std::string> sent = {{"host", "127.0.0.1:" + std::to_string(server.port())},
                                                   {"x-mine", "value"},
                                                   {"accept", "*/*"},
                                                   {"content-length", "4"}};
  EXPECT_EQ(request.headers, sent);
}

TEST_F(FetchTest, MethodsVersionsAndUserNames) {
  const TestServer server(answering([](TestConnection& connection, const TestRequest& request) {
    connection.reply(
        200, fmt::format("{} {} {}", request.method, request.version,
                         request.headers.contains("authorization") ? request.headers.at("authorization") : "nobody"));
  }));
  const auto version = [&](const char* text) {
    Json action = http(server.url("http"), "FIND");
    action["Http"]["version"] = text;
    return action;
  };
  EXPECT_EQ(status(ask(alice(), version("HTTP/1.0"))), 200U);
  EXPECT_EQ(blob(), "FIND 10 nobody");
  EXPECT_EQ(status(ask(alice(), version("HTTP/1.1"))), 200U);
  EXPECT_EQ(blob(), "FIND 11 nobody");
  EXPECT_THAT(failure(alice(), version("HTTP/2.0")), HasSubstr("ask for HTTP/1.1"));
  EXPECT_EQ(ask(alice(), version("HTTP/7")), R"({"Err":{"BadVersion":{"version":"HTTP/7"}}})");
  EXPECT_EQ(ask(alice(), http(server.url("http"), "NO WAY")), R"({"Err":{"BadMethod":{"method":"NO WAY"}}})");
  EXPECT_EQ(ask(alice(), http(server.url("http"), "CONNECT")), R"({"Err":{"BadMethod":{"method":"CONNECT"}}})");
  EXPECT_EQ(ask(alice(), http("ftp://a/")), R"({"Err":{"BadUrl":{"url":"ftp://a/"}}})");
  EXPECT_EQ(ask(alice(), "Nonsense"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(status(ask(alice(), http(server.url("http", "/", "me:se%20cret@127.0.0.1")))), 200U);
  EXPECT_EQ(blob(), "GET 11 Basic bWU6c2UgY3JldA==");
}

TEST_F(FetchTest, C3_AnAnswerThatBreaksOffIsAnError) {
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "HTTP/1.1 200 OK\r\nContent-Le"}) {
    const TestServer server(sending(answer));
    EXPECT_THAT(failure(alice(), http(server.url("http"))), HasSubstr("broke off")) << answer;
  }
  // Without a length the end of TLS is the end of the answer, and nothing else is.
  const auto certificate = authority().issue("IP:127.0.0.1");
  const TestServer cutting(
      [](TestConnection& connection) {
        (void)connection.read();
        connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
        connection.cut();
      },
      certificate);
  EXPECT_THAT(failure(alice(), http(cutting.url("https"))), HasSubstr("closed the connection"));
  const TestServer ending(sending("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole"), certificate);
  EXPECT_EQ(status(ask(alice(), http(ending.url("https")))), 200U);
  EXPECT_EQ(blob(), "whole");
}

TEST_F(FetchTest, FormsOfAnswers) {
  const std::map<std::string, std::string> bodies = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n", "abcde"},
      {"HTTP/1.0 200 OK\r\n\r\nto the end", "to the end"},
      {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "x"},
      {"HTTP/1.1 204 Nothing\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""}};
  for (const auto& [answer, body] : bodies) {
    const TestServer server(sending(answer));
    EXPECT_NE(status(ask(alice(), http(server.url("http")))), 0U) << answer;
    EXPECT_EQ(blob(), body) << answer;
  }
  const TestServer head(sending("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"));
  EXPECT_EQ(status(ask(alice(), http(head.url("http"), "HEAD"))), 200U);
  EXPECT_EQ(blob(), "");
}

TEST_F(FetchTest, GarbageIsAnError) {
  for (const char* answer : {"nothing like it\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "SSH-2.0-x\r\n", ""}) {
    const TestServer server(sending(answer));
    EXPECT_THAT(failure(alice(), http(server.url("http"))), StartsWith("http://127.0.0.1")) << answer;
  }
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 10'000; ++i) {
    endless += "X-Header: something that is long enough\r\n";
  }
  const TestServer server(sending(endless));
  EXPECT_THAT(failure(alice(), http(server.url("http"))), HasSubstr("headers of the answer are larger"));
}

TEST_F(FetchTest, AnAnswerThatIsTooLargeIsAnError) {
  settings_.answer_bytes = 1'000;
  const TestServer announced(sending("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"));
  EXPECT_THAT(failure(alice(), http(announced.url("http"))), HasSubstr("larger than 1000 bytes"));
  const TestServer chunked(
      sending("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(1024, 'x')));
  EXPECT_THAT(failure(alice(), http(chunked.url("http"))), HasSubstr("larger than 1000 bytes"));
  const TestServer fits(sending("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')));
  EXPECT_EQ(status(ask(alice(), http(fits.url("http")))), 200U);
}

TEST_F(FetchTest, WhereThereIsNoRoomForAllAnswersOneIsAnError) {
  settings_.all_bytes = 1'000;
  const TestServer large(sending("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"));
  EXPECT_THAT(failure(alice(), http(large.url("http"))), HasSubstr("no room for the answer"));
  const TestServer small(sending("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
  EXPECT_EQ(status(ask(alice(), http(small.url("http")))), 200U) << "what was taken came back";
}

TEST_F(FetchTest, ASlowServerHoldsUpNobodyAndEndsAtTheTimeOfItsRequest) {
  const TestServer silent([](TestConnection& connection) { connection.wait_for_end(); });
  const TestServer quick(answering([](TestConnection& connection, const TestRequest&) { connection.reply(200, "q"); }));
  settings_.default_time = 1s;
  start();
  send(alice(), http(silent.url("http")), {}, std::nullopt);  // nobody waits for it
  send(alice(), http(silent.url("http")), {}, 5);
  EXPECT_EQ(status(ask(bob(), http(quick.url("http")))), 0U) << "bob may not";
  send(alice(), http(quick.url("http")));
  EXPECT_EQ(status(next_body(alice())), 200U) << "before the slow one";
  EXPECT_THAT(next_body(alice()), HasSubstr("did not answer in time"));
}

TEST_F(FetchTest, RedirectsAreFollowedTenTimes) {
  const TestServer server(answering([](TestConnection& connection, const TestRequest& request) {
    const int left = std::stoi(request.target.substr(1));
    connection.reply(left == 0 ? 200 : 302, request.method, fmt::format("Location: /{}\r\n", left - 1));
  }));
  EXPECT_EQ(status(ask(alice(), http(server.url("http", "/10")))), 200U);
  EXPECT_THAT(failure(alice(), http(server.url("http", "/11"))), HasSubstr("more than 10 redirects"));
  EXPECT_EQ(server.accepted(), 1) << "one connection is enough";
}

TEST_F(FetchTest, WhatARedirectKeeps) {
  const TestServer target(answering([](TestConnection& connection, const TestRequest& request) {
    std::string names;
    for (const auto& [name, value] : request.headers) {
      names += " " + name;
    }
    connection.reply(200, fmt::format("{} `{}`{}", request.method, request.body, names));
  }));
  const TestServer server(answering([&](TestConnection& connection, const TestRequest& request) {
    if (request.target == "/here") {
      connection.reply(200, request.headers.contains("authorization") ? "kept" : "lost");
      return;
    }
    const bool away = request.target.starts_with("/away");
    connection.reply(std::stoi(request.target.substr(request.target.size() - 3)), "",
                     fmt::format("Location: {}\r\n", away ? target.url("http", "/x") : "/here"));
  }));
  const Json headers = {{"Authorization", "secret"}, {"Cookie", "c"}, {"X-Other", "o"}, {"Content-Type", "t"}};
  const auto to = [&](const std::string& path, const std::string& method) {
    EXPECT_EQ(status(ask(alice(), http(server.url("http", path), method, headers), "body")), 200U);
    return blob();
  };
  EXPECT_EQ(to("/302", "GET"), "kept");
  EXPECT_EQ(to("/away/303", "PUT"), "GET `` accept host x-other");
  EXPECT_EQ(to("/away/301", "POST"), "GET `` accept host x-other");
  EXPECT_EQ(to("/away/302", "PUT"), "PUT `body` accept content-length content-type host x-other");
  EXPECT_EQ(to("/away/307", "POST"), "POST `body` accept content-length content-type host x-other");
  EXPECT_EQ(to("/away/308", "PATCH"), "PATCH `body` accept content-length content-type host x-other");
}

TEST_F(FetchTest, RedirectsThatLeadNowhereOrAreNotSafe) {
  const TestServer plain(answering([](TestConnection& connection, const TestRequest&) { connection.reply(200, ""); }));
  std::atomic<const char*> location = "";
  const TestServer server(answering([&](TestConnection& connection, const TestRequest&) {
                            connection.reply(301, "as it is", location.load());
                          }),
                          authority().issue("IP:127.0.0.1"));
  EXPECT_EQ(status(ask(alice(), http(server.url("https")))), 301U) << "no Location: it is the answer";
  EXPECT_EQ(blob(), "as it is");
  const std::string down = "Location: " + plain.url("http") + "\r\n";
  location = down.c_str();
  EXPECT_THAT(failure(alice(), http(server.url("https"))), HasSubstr("anybody on the way can read"));
  location = "Location: file:///etc/passwd\r\n";
  EXPECT_THAT(failure(alice(), http(server.url("https"))), HasSubstr("its scheme is `file`"));
  location = "Location: http://a b c:x/\r\n";
  EXPECT_THAT(failure(alice(), http(server.url("https"))), HasSubstr("redirects to"));
  EXPECT_EQ(plain.accepted(), 0);
}

TEST_F(FetchTest, CertificatesAreOfTheHostAndTrusted) {
  const auto serve = answering([](TestConnection& connection, const TestRequest&) { connection.reply(200, "safe"); });
  const TestServer good(serve, authority().issue("DNS:localhost,IP:127.0.0.1"));
  EXPECT_EQ(status(ask(alice(), http(good.url("https")))), 200U);
  EXPECT_EQ(status(ask(alice(), http(good.url("https", "/", "localhost")))), 200U);
  const TestServer expired(serve, authority().issue("IP:127.0.0.1", -1));
  EXPECT_THAT(failure(alice(), http(expired.url("https"))), HasSubstr("certificate has expired"));
  const TestServer other(serve, authority().issue("DNS:example.com"));
  EXPECT_THAT(failure(alice(), http(other.url("https", "/", "localhost"))), HasSubstr("mismatch"));
  EXPECT_THAT(failure(alice(), http(other.url("https"))), HasSubstr("mismatch"));
  const TestServer self_signed(serve, Authority::self_signed("IP:127.0.0.1"));
  EXPECT_THAT(failure(alice(), http(self_signed.url("https"))), HasSubstr("not trusted: self-signed"));
  const TestServer stranger(serve, Authority().issue("IP:127.0.0.1"));
  EXPECT_THAT(failure(alice(), http(stranger.url("https"))), HasSubstr("not trusted"));
  const TestServer plain(serve);
  EXPECT_THAT(failure(alice(), http(plain.url("https"))), HasSubstr("TLS handshake"));
}

TEST_F(FetchTest, ConnectionsAreKeptForTheSameProcessAndServer) {
  std::atomic<bool> closes = false;
  const TestServer server([&](TestConnection& connection) {
    do {
      const TestRequest request = connection.read();
      connection.reply(200, request.body);
    } while (!closes);
  });
  start();
  Puppet& carol = add("carol:chat:a.os", true);
  EXPECT_EQ(status(ask(alice(), http(server.url("http")))), 200U);
  EXPECT_EQ(status(ask(alice(), http(server.url("http"), "POST"), "x")), 200U);
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(status(ask(carol, http(server.url("http")))), 200U);
  EXPECT_EQ(server.accepted(), 2) << "another process has its own";
  closes = true;
  EXPECT_EQ(status(ask(alice(), http(server.url("http")))), 200U) << "and then it is closed by the server";
  EXPECT_EQ(status(ask(alice(), http(server.url("http")))), 200U) << "so there is a new one";
}

TEST_F(FetchTest, AKeptConnectionThatEndsUnderARequestIsReplacedOnlyWhereThatIsSafe) {
  std::atomic<int> requests = 0;
  const TestServer server([&](TestConnection& connection) {
    (void)connection.read();
    ++requests;
    connection.reply(200, "first");
    (void)connection.read();  // and ends it without an answer
    ++requests;
  });
  EXPECT_EQ(status(ask(alice(), http(server.url("http")))), 200U);
  EXPECT_EQ(status(ask(alice(), http(server.url("http")))), 200U);
  EXPECT_EQ(requests, 3) << "a GET is asked again";
  EXPECT_THAT(failure(alice(), http(server.url("http"), "POST")), HasSubstr("without an answer"));
  EXPECT_EQ(requests, 4) << "a POST is not";
}

TEST_F(FetchTest, S2_ThisMachineIsForThoseWhoMayReachIt) {
  const TestServer server(answering([](TestConnection& connection, const TestRequest&) { connection.reply(200, ""); }));
  const std::string port = ":" + std::to_string(server.port());
  for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]",
                           "0.0.0.0", "[::]", "[64:ff9b::7f00:1]", "169.254.169.254"}) {
    EXPECT_THAT(failure(bob(), http("http://" + std::string(host) + port + "/")),
                AllOf(HasSubstr("an address of this machine"), HasSubstr(R"({"local":true})")))
        << host;
  }
  EXPECT_EQ(server.accepted(), 0);
  EXPECT_EQ(status(ask(alice(), http(server.url("http", "/", "localhost")))), 200U);
}

TEST_F(FetchTest, S2_ARedirectLeadsNoFurther) {
  // 127.0.0.2 stands for this machine here, 127.0.0.1 for a server elsewhere.
  settings_.is_local = [](const boost::asio::ip::address& address) { return address.to_string() == "127.0.0.2"; };
  const TestServer inner(answering([](TestConnection& connection, const TestRequest&) { connection.reply(200, "s"); }),
                         std::nullopt, "127.0.0.2");
  const TestServer outer(answering([&](TestConnection& connection, const TestRequest&) {
    connection.reply(302, "", "Location: " + inner.url("http", "/", "127.0.0.2") + "\r\n");
  }));
  EXPECT_THAT(failure(bob(), http(outer.url("http"))), HasSubstr("an address of this machine"));
  EXPECT_EQ(status(ask(alice(), http(outer.url("http")))), 200U);
  EXPECT_EQ(inner.accepted(), 1);
}

TEST_F(FetchTest, ANodeMayLetAllReachThisMachine) {
  settings_.local_for_all = true;
  const TestServer server(answering([](TestConnection& connection, const TestRequest&) { connection.reply(200, ""); }));
  EXPECT_EQ(status(ask(bob(), http(server.url("http")))), 200U);
}

TEST_F(FetchTest, WhatOneProcessHasUnderWayIsBounded) {
  settings_.running_of_one = 2;
  settings_.waiting_of_one = 2;
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  const TestServer server(answering([&](TestConnection& connection, const TestRequest& request) {
    gone.wait();
    connection.reply(200, request.target);
  }));
  start();
  for (const char* path : {"/1", "/2", "/3", "/4", "/5"}) {
    send(alice(), http(server.url("http", path)));
  }
  EXPECT_THAT(next_body(alice()), HasSubstr("2 requests of this process wait already"));
  EXPECT_THAT(failure(bob(), http("http://127.0.0.1:1/")), HasSubstr("an address of this machine")) << "others go on";
  EXPECT_LE(server.accepted(), 2);
  go.set_value();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(status(next_body(alice())), 200U);
  }
}

TEST_F(FetchTest, TheEndOfAProcessEndsWhatItWaitedFor) {
  std::promise<void> connected;
  std::promise<void> ended;
  const TestServer server([&](TestConnection& connection) {
    (void)connection.read();
    connected.set_value();
    connection.wait_for_end();
    ended.set_value();
  });
  send(alice(), http(server.url("http")));
  node_->run();
  ASSERT_EQ(connected.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_TRUE(node_->kernel.kill(alice().address().process(), false));
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
}

TEST_F(FetchTest, WhatNobodyWaitsForIsDoneThoughItsProcessEnds) {
  settings_.local_for_all = true;  // it has no capabilities any more when its turn comes
  std::promise<std::string> came;
  const TestServer server(answering([&](TestConnection& connection, const TestRequest& request) {
    connection.reply(200, "");
    came.set_value(request.body);
  }));
  send(alice(), http(server.url("http"), "POST"), "last words", std::nullopt);
  EXPECT_TRUE(node_->kernel.kill(alice().address().process(), false));
  node_->run();
  auto words = came.get_future();
  ASSERT_EQ(words.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(words.get(), "last words");
}

TEST_F(FetchTest, AStopWaitsForNoServer) {
  std::promise<void> connected;
  const TestServer silent([&](TestConnection& connection) {
    (void)connection.read();
    connected.set_value();
    connection.wait_for_end();
  });
  send(alice(), http(silent.url("http")));
  node_->run();
  ASSERT_EQ(connected.get_future().wait_for(patience), std::future_status::ready);
  const auto before = std::chrono::steady_clock::now();
  client_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST_F(FetchTest, NamesWithoutAnAddress) {
  EXPECT_THAT(failure(alice(), http("http://no.such.host.invalid/")), HasSubstr("has no address"));
}

TEST_F(FetchTest, CertificatesThatCannotBeReadAreAnErrorAtTheStart) {
  settings_.ca_file = "/nowhere/ca.pem";
  const auto opened = HttpClient::open(settings_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace kinode::modules::http_client
