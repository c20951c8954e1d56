#include <future>

#include "modules/http_client/http_client_test.h"

namespace kinode::modules::http_client {
namespace {

std::string event(const std::string& type, uint32_t channel = 1) {
  return fmt::format(R"({{"WebSocketPush":{{"channel_id":{},"message_type":"{}"}}}})", channel, type);
}
std::string closed(uint32_t channel = 1) { return fmt::format(R"({{"WebSocketClose":{{"channel_id":{}}}}})", channel); }

/// Sends each frame back.
void echo(TestConnection& connection) {
  connection.accept(connection.read());
  while (true) {
    connection.write_frame(connection.read_frame());
  }
}

class WebSocketTest : public HttpClientTest {};

TEST_F(WebSocketTest, FramesBothWays) {
  std::promise<TestRequest> asked;
  const TestServer server([&](TestConnection& connection) {
    const TestRequest request = connection.read();
    asked.set_value(request);
    connection.accept(request);
    connection.ping();
    while (true) {
      connection.write_frame(connection.read_frame());
    }
  });
  EXPECT_EQ(ask(alice(), open(server.url("ws", "/a?b"), 1, {{"X-Mine", "v"}, {"Upgrade", "x"}})), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Ping"));
  EXPECT_EQ(blob(), "no blob");
  const TestRequest request = asked.get_future().get();
  EXPECT_EQ(request.target, "/a?b");
  EXPECT_EQ(request.headers.at("x-mine"), "v");
  EXPECT_EQ(ask(alice(), push("Text"), "h\xc3\xa4llo"), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Text"));
  EXPECT_EQ(blob(), "h\xc3\xa4llo");
  EXPECT_EQ(blob_->mime, "text/plain");
  const std::string large(1'000'000, '\0');
  EXPECT_EQ(ask(alice(), push("Binary"), large), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Binary"));
  EXPECT_EQ(blob(), large);
  EXPECT_EQ(blob_->mime, "application/octet-stream");
  EXPECT_EQ(ask(alice(), push("Ping")), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Pong"));
  EXPECT_EQ(ask(alice(), close()), acknowledged);
  EXPECT_EQ(next_body(alice()), closed());
}

TEST_F(WebSocketTest, ErrorsToTheLetter) {
  const TestServer server(echo);
  const TestServer no_socket([](TestConnection& connection) {
    (void)connection.read();
    connection.reply(404, "");
  });
  const std::string unknown = R"({"Err":{"WsPushUnknownChannel":{"channel_id":1}}})";
  EXPECT_EQ(ask(alice(), push("Text"), "x"), unknown);
  EXPECT_EQ(ask(alice(), close()), R"({"Err":{"WsCloseFailed":{"channel_id":1}}})");
  EXPECT_EQ(ask(alice(), open("http://a/")), R"({"Err":{"BadUrl":{"url":"http://a/"}}})");
  EXPECT_EQ(ask(alice(), open(no_socket.url("ws"))),
            R"({"Err":{"WsOpenFailed":{"url":")" + no_socket.url("ws") + R"("}}})");
  EXPECT_EQ(ask(bob(), open(server.url("ws"))), R"({"Err":{"WsOpenFailed":{"url":")" + server.url("ws") + R"("}}})")
      << "of this machine";
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  EXPECT_EQ(ask(alice(), push("Text")), R"({"Err":"WsPushNoBlob"})");
  EXPECT_EQ(ask(alice(), push("Text"), "\xff"), R"({"Err":"WsPushBadText"})");
  EXPECT_EQ(ask(alice(), push("Nonsense"), "x"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(ask(bob(), push("Text"), "x"), unknown) << "of another process";
  EXPECT_EQ(ask(alice(), push("Close")), acknowledged);
  EXPECT_EQ(next_body(alice()), closed());
  EXPECT_EQ(ask(alice(), push("Text"), "x"), unknown);
}

TEST_F(WebSocketTest, OverTls) {
  const TestServer server(echo, authority().issue("DNS:localhost"));
  EXPECT_EQ(ask(alice(), open(server.url("wss", "/", "localhost"))), acknowledged);
  EXPECT_EQ(ask(alice(), push("Text"), "x"), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Text"));
  EXPECT_EQ(ask(alice(), open(server.url("wss"), 2)),
            R"({"Err":{"WsOpenFailed":{"url":")" + server.url("wss") + R"("}}})")
      << "the certificate is for another host";
  EXPECT_EQ(ask(alice(), close()), acknowledged);
  EXPECT_EQ(next_body(alice()), closed());
}

TEST_F(WebSocketTest, C1_ASocketThatDoesNotOpenHoldsUpNobody) {
  const TestServer dead([](TestConnection& connection) { connection.wait_for_end(); });
  const TestServer server(echo);
  settings_.open_time = 5s;
  start();
  send(alice(), open(dead.url("ws"), 7));
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  EXPECT_EQ(ask(alice(), push("Text"), "x"), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Text"));
  EXPECT_THAT(next_body(alice()), HasSubstr("WsOpenFailed"));
}

TEST_F(WebSocketTest, WhatIsPushedBeforeTheSocketIsOpenWaitsForIt) {
  const TestServer server(echo);
  start();
  send(alice(), open(server.url("ws")), {}, std::nullopt);
  send(alice(), push("Text"), "early", std::nullopt);
  EXPECT_EQ(next_body(alice()), event("Text"));
  EXPECT_EQ(blob(), "early");
}

TEST_F(WebSocketTest, C2_AReopenedChannelIsTheNewSocketsAlone) {
  std::promise<void> ended;
  const TestServer first([&](TestConnection& connection) {
    connection.accept(connection.read());
    connection.wait_for_end();
    ended.set_value();
  });
  const TestServer second(echo);
  EXPECT_EQ(ask(alice(), open(first.url("ws"))), acknowledged);
  EXPECT_EQ(ask(alice(), open(second.url("ws"))), acknowledged);
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(ask(alice(), push("Text"), "to the second"), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Text")) << "and no WebSocketClose of the first";
  EXPECT_EQ(blob(), "to the second");
}

TEST_F(WebSocketTest, C4_APushToASocketThatEndedIsAnError) {
  std::promise<void> go;
  const TestServer server([&](TestConnection& connection) {
    connection.accept(connection.read());
    connection.cut();
  });
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  EXPECT_EQ(next_body(alice()), closed());
  EXPECT_EQ(ask(alice(), push("Text"), "x"), R"({"Err":{"WsPushUnknownChannel":{"channel_id":1}}})");
}

TEST_F(WebSocketTest, TwoProcessesMayUseOneChannelId) {
  const TestServer server(echo);
  start();
  Puppet& carol = add("carol:chat:a.os", true);
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  EXPECT_EQ(ask(carol, open(server.url("ws"))), acknowledged);
  EXPECT_EQ(ask(alice(), push("Text"), "alice"), acknowledged);
  EXPECT_EQ(ask(carol, push("Text"), "carol"), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Text"));
  EXPECT_EQ(blob(), "alice");
  EXPECT_EQ(next_body(carol), event("Text"));
  EXPECT_EQ(blob(), "carol");
}

TEST_F(WebSocketTest, AServersCloseIsTold) {
  const TestServer server([](TestConnection& connection) {
    connection.accept(connection.read());
    connection.write_frame({true, "last"});
    connection.close_socket();
  });
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  EXPECT_EQ(next_body(alice()), event("Text"));
  EXPECT_EQ(next_body(alice()), closed());
}

TEST_F(WebSocketTest, TheEndOfAProcessEndsItsSockets) {
  std::promise<void> ended;
  const TestServer server([&](TestConnection& connection) {
    connection.accept(connection.read());
    connection.wait_for_end();
    ended.set_value();
  });
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  EXPECT_TRUE(node_->kernel.kill(alice().address().process(), false));
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
}

TEST_F(WebSocketTest, AProcessThatIsSlowHoldsBackItsServerAndLosesNothing) {
  constexpr int frames = 300;
  const TestServer server([&](TestConnection& connection) {
    connection.accept(connection.read());
    for (int i = 0; i < frames; ++i) {
      connection.write_frame({true, std::to_string(i)});
    }
    connection.close_socket();
  });
  TestNode::Options options;
  options.limits.mailbox_messages = 8;
  start(std::move(options));
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  for (int i = 0; i < frames; ++i) {
    ASSERT_EQ(next_body(alice()), event("Text")) << i;
    ASSERT_EQ(blob(), std::to_string(i));
  }
  EXPECT_EQ(next_body(alice()), closed());
}

TEST_F(WebSocketTest, WhatWaitsForASlowServerIsBounded) {
  settings_.unsent_bytes = size_t{8} << 20U;
  const TestServer server([](TestConnection& connection) {
    connection.accept(connection.read());
    connection.read();  // not a frame, and never there
  });
  const std::string frame(size_t{3} << 20U, 'x');
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  for (int i = 0; i < 8; ++i) {
    send(alice(), push("Binary"), frame);
  }
  EXPECT_THAT(next_body(alice()),
              AnyOf(acknowledged, HasSubstr("takes them too slowly"), HasSubstr("WsPushUnknownChannel")));
  for (int i = 0; i < 8; ++i) {
    send(alice(), push("Binary"), frame, std::nullopt);  // nobody is told: the socket ends
  }
  std::string last;
  for (int i = 0; i < 8 && last != closed(); ++i) {
    last = next_body(alice());
  }
  EXPECT_EQ(last, closed());
}

TEST_F(WebSocketTest, SocketsAreCounted) {
  settings_.sockets_of_one = 2;
  const TestServer server(echo);
  EXPECT_EQ(ask(alice(), open(server.url("ws"), 1)), acknowledged);
  EXPECT_EQ(ask(alice(), open(server.url("ws"), 2)), acknowledged);
  EXPECT_THAT(ask(alice(), open(server.url("ws"), 3)), HasSubstr("WsOpenFailed"));
  EXPECT_EQ(ask(alice(), close(1)), acknowledged);
  EXPECT_EQ(next_body(alice()), closed(1));
  EXPECT_EQ(ask(alice(), open(server.url("ws"), 3)), acknowledged);
}

TEST_F(WebSocketTest, AStopWaitsForNoServer) {
  const TestServer server([](TestConnection& connection) {
    connection.accept(connection.read());
    connection.wait_for_end();
  });
  EXPECT_EQ(ask(alice(), open(server.url("ws"))), acknowledged);
  const auto before = std::chrono::steady_clock::now();
  client_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

}  // namespace
}  // namespace kinode::modules::http_client
