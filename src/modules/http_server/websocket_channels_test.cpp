// WebSockets of processes, both ways (modules.md 6.7, 6.8).
#include "modules/http_server/websocket_channels.h"

#include "codec/msgpack.h"
#include "modules/http_server/extension_frames.h"
#include "modules/http_server/http_server_test.h"
#include "modules/http_server/test_websocket.h"

namespace kinode::modules {
namespace {

const std::string ok = R"({"Ok":null})";
const std::string not_found = R"({"Err":"WsChannelNotFound"})";

class WebSockets : public HttpServerTest {
 protected:
  std::string bind_socket(Puppet& app, std::string_view path, bool authenticated = false, bool extension = false) {
    return act(app, fmt::format(R"({{"WebSocketBind":{{"path":"{}","authenticated":{},"extension":{}}}}})", path,
                                authenticated, extension));
  }
  TestWebSocket connect(const std::string& path, const std::vector<std::pair<std::string, std::string>>& headers = {},
                        const std::string& host = "localhost") {
    return {port, path, host, headers};
  }
  /// What the app is told next.
  nlohmann::json told(Puppet& app, std::string* blob = nullptr) {
    auto request = received(app);
    if (!request) {
      return {};
    }
    if (blob != nullptr) {
      *blob = request->blob ? request->blob->bytes.text() : "no blob";
    }
    EXPECT_EQ(request->request().expects_response, std::nullopt);
    return nlohmann::json::parse(request->request().body.text());
  }
  uint32_t opened(Puppet& app) {
    const auto open = told(app);
    return open.contains("WebSocketOpen") ? open["WebSocketOpen"]["channel_id"].get<uint32_t>() : 0;
  }
  static nlohmann::json pushed(uint32_t channel, const char* type) {
    return {{"WebSocketPush", {{"channel_id", channel}, {"message_type", type}}}};
  }
  std::string push(Puppet& app, uint32_t channel, const char* type, std::optional<Blob> blob) {
    return act(app, pushed(channel, type).dump(), std::move(blob));
  }
  static Blob blob(std::string_view text) { return {std::nullopt, Bytes::copy_of(text)}; }
};

TEST_F(WebSockets, OpenedPushedBothWaysAndClosed) {
  start();
  Puppet& app = add_app();
  EXPECT_EQ(bind_socket(app, "/live"), ok);
  TestWebSocket socket = connect("/app:test:sys/live?x=y");
  ASSERT_EQ(socket.status(), 101U);
  const auto open = told(app);
  EXPECT_EQ(open["WebSocketOpen"]["path"], "/live");
  const uint32_t channel = open["WebSocketOpen"]["channel_id"];
  std::string payload;
  socket.send("hello");
  EXPECT_EQ(told(app, &payload), pushed(channel, "Text"));
  EXPECT_EQ(payload, "hello");
  socket.send(std::string("\0\xff", 2), true);
  EXPECT_EQ(told(app, &payload), pushed(channel, "Binary"));
  EXPECT_EQ(payload, std::string("\0\xff", 2));
  socket.ping("p");
  EXPECT_EQ(told(app, &payload), pushed(channel, "Ping"));
  EXPECT_EQ(payload, "p");
  socket.pong("q");
  EXPECT_EQ(told(app), pushed(channel, "Pong"));

  EXPECT_EQ(push(app, channel, "Text", blob("caf\xe9")), ok);
  EXPECT_EQ(socket.read(), "caf\xef\xbf\xbd") << "made UTF-8";
  EXPECT_TRUE(socket.got_text());
  EXPECT_EQ(push(app, channel, "Ping", blob("up?")), ok);
  EXPECT_EQ(push(app, channel, "Binary", blob("\xff")), ok);
  EXPECT_EQ(socket.read(), "\xff");
  EXPECT_THAT(socket.control(), testing::ElementsAre("pong:p", "ping:up?"));
  EXPECT_EQ(told(app, &payload), pushed(channel, "Pong"));
  EXPECT_EQ(payload, "up?");

  socket.close("bye");
  EXPECT_EQ(told(app, &payload), pushed(channel, "Close"));
  EXPECT_EQ(payload, "bye");
  EXPECT_EQ(told(app), (nlohmann::json{{"WebSocketClose", channel}}));
  EXPECT_EQ(push(app, channel, "Text", blob("late")), not_found);
}

TEST_F(WebSockets, PathsAndWhoMay) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/");
  bind_socket(app, "/private", true);
  act(app, R"({"WebSocketSecureBind":{"path":"/secure","extension":false}})");
  EXPECT_EQ(connect("/app:test:sys/other").status(), 404U) << "no single-page app";
  EXPECT_EQ(connect("/app:test:sys/private").status(), 401U);
  TestWebSocket root = connect("/app:test:sys/");
  EXPECT_EQ(root.status(), 101U);
  EXPECT_EQ(told(app)["WebSocketOpen"]["path"], "/");
  const auto general = cookie().substr(8, cookie().size() - 10);
  EXPECT_EQ(connect("/app:test:sys/private", {{"Cookie", general}}).status(), 101U);
  EXPECT_EQ(connect("/app:test:sys/secure", {{"Cookie", general}}, "test-sys.localhost").status(), 401U);
  const std::string own = cookie(app.address().process());
  const auto secure = own.substr(8, own.size() - 10);
  EXPECT_EQ(connect("/app:test:sys/secure", {{"Cookie", secure}}).status(), 403U);
  EXPECT_EQ(connect("/app:test:sys/secure", {{"Cookie", secure}}, "test-sys.localhost").status(), 101U);
}

TEST_F(WebSockets, Unbound) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/");
  EXPECT_EQ(act(app, R"({"WebSocketUnbind":{"path":"/"}})"), ok);
  EXPECT_EQ(connect("/app:test:sys").status(), 404U);
}

TEST_F(WebSockets, S14_PagesOfOtherSitesOpenNone) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/private", true);
  bind_socket(app, "/open");
  const auto general = cookie().substr(8, cookie().size() - 10);
  const auto status = [&](const char* origin) {
    return connect("/app:test:sys/private", {{"Cookie", general}, {"Origin", origin}}, "node.example").status();
  };
  EXPECT_EQ(status("https://evil.example"), 403U);
  EXPECT_EQ(status("null"), 403U);
  EXPECT_EQ(status("http://node.example"), 101U);
  EXPECT_EQ(connect("/app:test:sys/open", {{"Origin", "https://evil.example"}}, "node.example").status(), 101U);
}

TEST_F(WebSockets, WhatAProcessMayNotPush) {
  start();
  Puppet& app = add_app();
  Puppet& other = add_app("other:test:sys");
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  EXPECT_EQ(push(app, channel, "Text", std::nullopt), R"({"Err":"NoBlob"})");
  EXPECT_EQ(push(app, channel, "Ping", blob(std::string(126, 'x'))), R"({"Err":"WsPingPongTooLong"})");
  EXPECT_EQ(push(app, channel + 1, "Text", blob("x")), not_found);
  EXPECT_EQ(push(other, channel, "Text", blob("x")), not_found);
  EXPECT_EQ(act(other, fmt::format(R"({{"WebSocketClose":{}}})", channel)), not_found);
  EXPECT_EQ(act(app, fmt::format(R"({{"WebSocketClose":{}}})", channel + 1)), ok) << "an unknown one";
  EXPECT_EQ(push(app, channel, "Text", blob("still there")), ok);
  EXPECT_EQ(socket.read(), "still there");
}

TEST_F(WebSockets, H1_H2_AProcessClosesItsOwn) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/");
  for (const bool by_push : {true, false}) {
    TestWebSocket socket = connect("/app:test:sys");
    const uint32_t channel = opened(app);
    EXPECT_EQ(push(app, channel, "Text", blob("last")), ok);
    EXPECT_EQ(by_push ? push(app, channel, "Close", blob("reason"))
                      : act(app, fmt::format(R"({{"WebSocketClose":{}}})", channel)),
              ok);
    EXPECT_EQ(push(app, channel, "Text", blob("late")), not_found) << "forgotten at once";
    EXPECT_EQ(socket.read(), "last") << "what was sent before comes";
    EXPECT_TRUE(socket.closed());
    EXPECT_THAT(socket.control(), testing::ElementsAre(by_push ? "close:reason" : "close:"));
    EXPECT_EQ(told(app), pushed(channel, "Close"));
    EXPECT_EQ(told(app), (nlohmann::json{{"WebSocketClose", channel}}));
  }
}

TEST_F(WebSockets, AClientThatVanishes) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  socket.vanish();
  EXPECT_EQ(told(app), (nlohmann::json{{"WebSocketClose", channel}}));
}

TEST_F(WebSockets, H3_ASlowClientIsCutOffAndHoldsUpNobody) {
  start({.websocket_frames_waiting = 8});
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket slow = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  TestWebSocket other = connect("/app:test:sys");
  const uint32_t other_channel = opened(app);
  // More than the system's buffers take: at last no place is free.
  const Blob large = blob(std::string(4 << 20, 'x'));
  int sent = 0;
  while (push(app, channel, "Binary", large) == ok) {
    ASSERT_LT(++sent, 1000);
  }
  EXPECT_EQ(push(app, other_channel, "Text", blob("quick")), ok);
  EXPECT_EQ(other.read(), "quick");
  EXPECT_EQ(told(app), (nlohmann::json{{"WebSocketClose", channel}}));
}

TEST_F(WebSockets, H11_TheLimitIsNotOneProcesssAlone) {
  start({.websockets = 8});
  Puppet& app = add_app();
  Puppet& other = add_app("other:test:sys");
  bind_socket(app, "/");
  bind_socket(other, "/", true);
  TestWebSocket first = connect("/app:test:sys");
  TestWebSocket second = connect("/app:test:sys");
  EXPECT_EQ(connect("/app:test:sys").status(), 503U);
  const auto general = cookie().substr(8, cookie().size() - 10);
  std::vector<std::unique_ptr<TestWebSocket>> sockets;
  const std::vector<std::pair<std::string, std::string>> headers{{"Cookie", general}};
  for (int i = 0; i < 6; ++i) {
    sockets.push_back(std::make_unique<TestWebSocket>(port, "/other:test:sys", "localhost", headers));
    EXPECT_EQ(sockets.back()->status(), 101U);
  }
  EXPECT_EQ(connect("/other:test:sys", headers).status(), 503U);
  // A place is free again when one is closed.
  opened(app);
  opened(app);
  first.close("");
  told(app);
  told(app);
  while (connect("/app:test:sys").status() != 101U) {
    node->run();
  }
}

TEST_F(WebSockets, TheyEndWithTheLifeOfTheirProcess) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  opened(app);
  node->kernel.kill(app.address().process(), true);
  EXPECT_TRUE(socket.closed());
  EXPECT_THAT(socket.control(), testing::ElementsAre("close:the process behind this WebSocket has ended"));
}

TEST_F(WebSockets, APushWaitsForTheDisk) {
  start({}, {}, false);
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  node->journal.flush();
  kernel::Batch batch;
  batch.put("test/saved", Bytes::copy_of("value"));
  ASSERT_TRUE(node->journal.write(batch));
  EXPECT_EQ(push(app, channel, "Text", blob("saved")), ok);
  TestWebSocket other = connect("/app:test:sys");
  ASSERT_NE(opened(app), 0U) << "the I/O threads had time for it";
  node->journal.flush();
  EXPECT_EQ(socket.read(), "saved");
}

TEST_F(WebSockets, AFullMailboxSlowsItsClientsAlone) {
  kernel::Limits limits;
  limits.mailbox_messages = 1;
  start({}, {.limits = limits});
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  for (int i = 0; i < 20; ++i) {
    socket.send(std::to_string(i));
  }
  for (int i = 0; i < 20; ++i) {
    std::string payload;
    EXPECT_EQ(told(app, &payload), pushed(channel, "Text"));
    EXPECT_EQ(payload, std::to_string(i)) << "in order";
  }
}

TEST_F(WebSockets, AMessageTooLong) {
  start({.websocket_message_bytes = 1'000});
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  socket.send(std::string(1'000, 'x'));
  EXPECT_EQ(told(app), pushed(channel, "Text"));
  socket.send(std::string(1'001, 'x'));
  EXPECT_TRUE(socket.closed());
  EXPECT_EQ(told(app), (nlohmann::json{{"WebSocketClose", channel}}));
}

TEST_F(WebSockets, StopsWithSocketsOpen) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/");
  TestWebSocket socket = connect("/app:test:sys");
  opened(app);
  socket.send("not taken");
  listener->stop();
  EXPECT_TRUE(socket.closed());
}

// ---- extensions -------------------------------------------------------------------------------------

std::string ext_push(uint32_t channel, const char* reply, const char* type = "Binary") {
  return nlohmann::json{
      {"WebSocketExtPushOutgoing", {{"channel_id", channel}, {"message_type", type}, {"desired_reply_type", reply}}}}
      .dump();
}

TEST_F(WebSockets, AnExtensionAnswersARequest) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/", false, true);
  TestWebSocket socket = connect("/app:test:sys");
  const uint32_t channel = opened(app);
  app.request(*server, ext_push(channel, "Response"), 5, blob("\x01\xff"));
  node->run();
  const auto frame = read_extension_frame(Bytes::from(socket.read()));
  ASSERT_EQ(frame.kind, ExtensionInput::Kind::frame);
  EXPECT_TRUE(frame.frame.is_response);
  EXPECT_EQ(frame.frame.blob.text(), "\x01\xff");
  socket.send(write_extension_frame({frame.frame.id, true, Bytes::copy_of("answer")}).text(), true);
  auto response = received(app);
  ASSERT_TRUE(response);
  ASSERT_EQ(response->kind, Envelope::Kind::response);
  EXPECT_EQ(nlohmann::json::parse(response->response().body.text()), pushed(channel, "Binary"));
  EXPECT_EQ(response->blob, blob("answer"));
  // Once.
  socket.send(write_extension_frame({frame.frame.id, true, Bytes::copy_of("again")}).text(), true);
  std::string payload;
  socket.send(write_extension_frame({7, false, Bytes::copy_of("own")}).text(), true);
  EXPECT_EQ(told(app, &payload), pushed(channel, "Binary"));
  EXPECT_EQ(payload, "own");
  socket.send("plain bytes", true);
  EXPECT_EQ(told(app, &payload), pushed(channel, "Binary"));
  EXPECT_EQ(payload, "plain bytes");
}

TEST_F(WebSockets, H12_WhatAnExtensionPushIsAnswered) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/ext", false, true);
  bind_socket(app, "/plain");
  TestWebSocket extension = connect("/app:test:sys/ext");
  const uint32_t channel = opened(app);
  TestWebSocket plain = connect("/app:test:sys/plain");
  const uint32_t plain_channel = opened(app);
  EXPECT_EQ(act(app, ext_push(channel, "Request"), blob("x")), ok);
  EXPECT_EQ(act(app, ext_push(channel, "Request")), R"({"Err":"NoBlob"})");
  EXPECT_EQ(act(app, ext_push(channel, "Request", "Text"), blob("x")), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(act(app, ext_push(plain_channel, "Request"), blob("x")), not_found);
}

TEST_F(WebSockets, S13_ExtensionsAreProgramsOfThisMachine) {
  start();
  Puppet& app = add_app();
  bind_socket(app, "/", false, true);
  EXPECT_EQ(connect("/app:test:sys", {{"X-Forwarded-For", "1.2.3.4"}}).status(), 403U);
  EXPECT_EQ(connect("/app:test:sys", {{"Origin", "http://localhost"}}).status(), 403U);
  EXPECT_EQ(connect("/app:test:sys", {}, "rebound.example").status(), 403U);
}

TEST(ExtensionFrames, ToTheByte) {
  EXPECT_EQ(write_extension_frame({1, false, Bytes::copy_of("\x01\xff")}).text(),
            std::string("\x81\xb4WebSocketExtPushData\x83\xa2id\x01\xb3kinode_message_type\xa7Request\xa4"
                        "blob\x92\x01\xcc\xff"));
}

TEST(ExtensionFrames, OthersAreToldApart) {
  const auto kind = [](std::string_view bytes) { return read_extension_frame(Bytes::copy_of(bytes)).kind; };
  EXPECT_EQ(kind("\x81\xb4WebSocketExtPushData\x93\x01\xa8Response\xc4\x01x"), ExtensionInput::Kind::frame);
  EXPECT_EQ(kind("\x81\xb4WebSocketExtPushData\x93\x01\xa3"
                 "odd\xc4\x01x"),
            ExtensionInput::Kind::other);
  EXPECT_EQ(kind("\x81\xaeWebSocketClose\x01"), ExtensionInput::Kind::refused);
  EXPECT_EQ(kind("text"), ExtensionInput::Kind::other);
  EXPECT_EQ(kind(""), ExtensionInput::Kind::other);
}

}  // namespace
}  // namespace kinode::modules
