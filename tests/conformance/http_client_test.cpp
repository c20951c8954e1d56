// http-client:distro:sys (modules.md 7). C, S: defects of the first client that are repaired here.

#include <future>
#include <thread>

#include "modules/http_client/testing/test_server.h"
#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

using modules::http_client::testing::Authority;
using modules::http_client::testing::TestConnection;
using modules::http_client::testing::TestRequest;
using modules::http_client::testing::TestServer;

const std::string http_client_id = "http-client:distro:sys";
/// Asked in its manifest for servers on this machine.
const std::string web_user = "web-user:web-kit:test.os";
/// The same, and did not.
const std::string outsider = "outsider:web-kit:test.os";

const Authority& authority() {
  static const Authority one;
  return one;
}

void answer(TestConnection& connection) {
  while (true) {
    const TestRequest request = connection.read();
    const auto from = request.headers.find("x-from");
    connection.reply(200, request.method + " " + request.target + " " + request.body,
                     "X-Said: " + (from == request.headers.end() ? "nobody" : from->second) + "\r\n");
  }
}

void echo(TestConnection& connection) {
  connection.accept(connection.read());
  while (true) {
    connection.write_frame(connection.read_frame());
  }
}

class HttpClient : public Suite<HttpClient> {
 public:
  static void SetUpTestSuite() {
    folder.emplace();
    write_file(folder->path() / "ca.pem", authority().certificate());
    const Json local = {{"process", http_client_id}, {"params", {{"local", true}}}};
    const auto entry = [](const std::string& name, Json capabilities) {
      return manifest_entry(
          name, "web-user.wasm",
          {{"on_exit", "Restart"}, {"public", true}, {"request_capabilities", std::move(capabilities)}});
    };
    const PackageFolder package{.folder = folder->path() / "web-kit",
                                .package = "web-kit",
                                .manifest = Json::array({entry("web-user", Json::array({http_client_id, local})),
                                                         entry("outsider", Json::array({http_client_id}))}),
                                .files = {{"web-user.wasm", component("web-user")}}};
    web_kit = package.write();
    Suite::SetUpTestSuite();
  }
  static void TearDownTestSuite() {
    Suite::TearDownTestSuite();
    folder.reset();
  }
  static NodeOptions node_options() {
    return {.bootstrap = {built_package("test-kit"), web_kit},
            .more = {"--ca-file", (folder->path() / "ca.pem").string()}};
  }
  static std::vector<std::string> connected() { return {web_user, outsider}; }

 protected:
  [[nodiscard]] std::string say(const std::string& process, const std::string& command) const {
    return node().ask(process, command).body;
  }
  /// A request in JSON by the actor, which may not reach this machine; its answer.
  [[nodiscard]] std::string raw(const Json& action) const {
    return one(actor, await(http_client_id, action))["body"].get<std::string>();
  }
  static Json http(const std::string& url) {
    return {{"Http", {{"method", "GET"}, {"version", nullptr}, {"url", url}, {"headers", Json::object()}}}};
  }

  static inline std::optional<TempFolder> folder;

 private:
  static inline std::string web_kit;
};

TEST_F(HttpClient, AGuestFetchesByTheLibrary) {
  const TestServer server(answer);
  EXPECT_EQ(say(web_user, "get " + server.url("http", "/a")), "200 guest GET /a ");
  const TestServer safe(answer, authority().issue("DNS:localhost"));
  EXPECT_EQ(say(web_user, "get " + safe.url("https", "/b", "localhost")), "200 guest GET /b ");
  const TestServer unsafe(answer, Authority::self_signed("DNS:localhost"));
  EXPECT_NE(say(web_user, "get " + unsafe.url("https", "/b", "localhost")).find("is not trusted"), std::string::npos);
}

TEST_F(HttpClient, AGuestHasASocketByTheLibrary) {
  const TestServer server(echo);
  EXPECT_EQ(say(web_user, "open " + server.url("ws")), "ok");
  EXPECT_EQ(say(web_user, "push hello"), "ok");
  wait_for("heard Text hello");
  EXPECT_EQ(say(web_user, "close"), "ok");
  wait_for("heard the end");
  EXPECT_EQ(say(web_user, "push more"), R"(error: WsPushUnknownChannel: {"channel_id":7})");
}

TEST_F(HttpClient, S2_ThisMachineAndTheNodeItselfAreForThoseWhoAsked) {
  const TestServer server(answer);
  const std::string refused = say(outsider, "get " + server.url("http"));
  EXPECT_NE(refused.find("request_capabilities"), std::string::npos) << refused;
  EXPECT_EQ(say(outsider, "open " + server.url("ws")), R"(error: WsOpenFailed: {"url":")" + server.url("ws") + R"("})");
  wait_for("no socket for " + address(outsider));
  const std::string rpc = "http://localhost:" + std::to_string(node().port()) + "/rpc:distro:sys/message";
  EXPECT_NE(raw(http(rpc)).find("an address of this machine"), std::string::npos);
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(HttpClient, ErrorsToTheLetter) {
  EXPECT_EQ(raw("Nonsense"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(raw(http("no url")), R"({"Err":{"BadUrl":{"url":"no url"}}})");
  EXPECT_EQ(raw({{"WebSocketClose", {{"channel_id", 3}}}}), R"({"Err":{"WsCloseFailed":{"channel_id":3}}})");
}

TEST_F(HttpClient, ANodeStopsBesideServersThatAreSilent) {
  NodeProcess own(node_options());
  own.connect(web_user);
  std::promise<void> connected;
  const TestServer silent([&](TestConnection& connection) {
    (void)connection.read();
    connected.set_value();
    connection.wait_for_end();
  });
  const RpcClient rpc = own.rpc();
  std::jthread asking([&] {
    try {
      (void)rpc.send({.process = web_user, .body = "get " + silent.url("http")});
    } catch (const Failure&) {
      // The node has gone, as it should.
    }
  });
  ASSERT_EQ(connected.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(own.stop(std::chrono::seconds(10)), 0);
}

TEST_F(HttpClient, CertificatesThatCannotBeReadEndTheStart) {
  const TempFolder home;
  const Ended ended = run_to_end({kinode_program(), (home.path() / "home").string(), "--ca-file", "/nowhere/ca.pem"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.output.find("/nowhere/ca.pem cannot be used for certificates"), std::string::npos) << ended.output;
}

}  // namespace
}  // namespace kinode::conformance
