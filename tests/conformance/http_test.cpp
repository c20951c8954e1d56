// http-server:distro:sys (modules.md 6): a guest that binds paths and WebSockets, in a real node, over real sockets.
// S, H: defects of the first client that are repaired here.

#include <fmt/format.h>

#include "modules/http_server/test_client.h"
#include "modules/http_server/test_websocket.h"
#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

using boost::beast::http::field;
using modules::TestClient;
using modules::TestWebSocket;

const std::string site = "site:web-kit:test.os";
const std::string base = "/" + site;

class Http : public Suite<Http> {
 public:
  static void SetUpTestSuite() {
    folder.emplace();
    const PackageFolder package{
        .folder = folder->path() / "web-kit",
        .package = "web-kit",
        .manifest = Json::array({manifest_entry(
            "site", "web-site.wasm",
            {{"on_exit", "Restart"}, {"public", true}, {"request_capabilities", Json::array({http_id})}})}),
        .files = {{"web-site.wasm", component("web-site")}}};
    web_kit = package.write();
    Suite::SetUpTestSuite();
  }
  static void TearDownTestSuite() {
    Suite::TearDownTestSuite();
    folder.reset();
  }
  static NodeOptions node_options() {
    return {.bootstrap = {built_package("test-kit"), web_kit}, .more = {"--http-timeout", "3"}};
  }
  static std::vector<std::string> connected() { return {site, actor}; }

 protected:
  void SetUp() override {
    Suite::SetUp();
    wait_for_site();
  }
  /// It answers when it is compiled and has bound all.
  void wait_for_site() const {
    while (node().ask(site, "").status != 200) {
    }
  }

  inline static const std::string http_id = "http-server:distro:sys";

  [[nodiscard]] static std::string request(const std::string& method, const std::string& path,
                                           const std::string& headers = "", const std::string& body = "",
                                           const std::string& host = "localhost") {
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}Content-Length: {}\r\n\r\n{}", method, path, host, headers,
                       body.size(), body);
  }
  [[nodiscard]] TestClient::Response get(const std::string& path, const std::string& headers = "",
                                         const std::string& host = "localhost") const {
    return TestClient(node().port()).ask(request("GET", path, headers, "", host));
  }
  [[nodiscard]] TestClient::Response post(const std::string& path, const std::string& body = "",
                                          const std::string& headers = "",
                                          const std::string& host = "localhost") const {
    return TestClient(node().port()).ask(request("POST", path, headers, body, host));
  }
  /// The header of who has logged in.
  [[nodiscard]] std::string cookie(const std::string& subdomain = "", const std::string& host = "localhost") const {
    const auto response = post("/login", Json{{"password", "any"}, {"subdomain", subdomain}}.dump(), "", host);
    EXPECT_EQ(response.result_int(), 200U) << response.body();
    const std::string value(response[field::set_cookie]);
    return "Cookie: " + value.substr(0, value.find(';')) + "\r\n";
  }
  [[nodiscard]] TestWebSocket socket(const std::string& path = base + "/live",
                                     const std::vector<std::pair<std::string, std::string>>& headers = {}) const {
    return {node().port(), path, "localhost", headers};
  }

 private:
  static inline std::optional<TempFolder> folder;
  static inline std::string web_kit;
};

TEST_F(Http, StaticForGetAndHeadTheProcessForAllElse) {
  const auto page = get(base + "/");
  EXPECT_EQ(page.result_int(), 200U);
  EXPECT_EQ(page[field::content_type], "text/html");
  EXPECT_EQ(page.body(), "<h1>site</h1>");
  EXPECT_EQ(get(base, "If-None-Match: " + std::string(page[field::etag]) + "\r\n").result_int(), 304U);
  EXPECT_EQ(Json::parse(post(base, "data").body())["body"], "data");
  EXPECT_EQ(get(base + "/any/route/of/the/page").body(), "<h1>site</h1>") << "a single-page app";
  EXPECT_EQ(get("/nobody:is:here").result_int(), 404U);
}

TEST_F(Http, ParametersOfPathAndQuery) {
  const Json item = Json::parse(get(base + "/item/a%20b/?x=%C3%A4&x=2").body());
  EXPECT_EQ(item["path"], base + "/item/a%20b");
  EXPECT_EQ(item["bound_path"], base + "/item/:id");
  EXPECT_EQ(item["url_parameters"], (Json{{"id", "a%20b"}}));
  EXPECT_EQ(item["query_parameters"], (Json{{"x", "2"}}));
  EXPECT_EQ(item["headers"]["host"], "localhost");
  const Json file = Json::parse(get(base + "/files/a/b.txt").body());
  EXPECT_EQ(file["url_parameters"], (Json{{"rest", "a/b.txt"}}));
}

TEST_F(Http, NoAnswerIs408AndOthersAreServedMeanwhile) {
  TestClient waiting(node().port());
  waiting.send(request("GET", base + "/silent"));
  EXPECT_EQ(post(base + "/item/1").result_int(), 200U);
  EXPECT_EQ(waiting.read().result_int(), 408U);
}

TEST_F(Http, LoginOpensWhatIsTheOwners) {
  const auto page = get(base + "/private", "Accept: text/html\r\n");
  EXPECT_EQ(page.result_int(), 200U);
  EXPECT_NE(page.body().find("type=\"password\""), std::string::npos);
  EXPECT_EQ(get(base + "/private", "Accept: application/json\r\n").result_int(), 401U);
  const Json seen = Json::parse(get(base + "/private", cookie()).body());
  EXPECT_EQ(seen["path"], base + "/private");
  EXPECT_FALSE(seen["headers"].contains("cookie")) << "no process gets the token";
  EXPECT_EQ(post(base + "/private", "", cookie() + "Origin: https://evil.example\r\n").result_int(), 403U);
}

TEST_F(Http, SecurePagesHaveAHostAndATokenOfTheirOwn) {
  const std::string port = ":" + std::to_string(node().port());
  const auto away = get(base + "/vault?a=b", "", "localhost" + port);
  EXPECT_EQ(away.result_int(), 307U);
  EXPECT_EQ(away[field::location], "http://web-kit-test-os.localhost" + port + base + "/vault?a=b");
  const std::string own = "web-kit-test-os.localhost" + port;
  EXPECT_EQ(get(base + "/vault", "Accept: */*\r\n" + cookie(), own).result_int(), 401U);
  EXPECT_EQ(Json::parse(get(base + "/vault", cookie(site, own), own).body())["path"], base + "/vault");
}

TEST_F(Http, S13_LocalPagesAndProxies) {
  EXPECT_EQ(get(base + "/local").result_int(), 200U);
  EXPECT_EQ(get(base + "/local", "X-Forwarded-For: 203.0.113.7\r\n").result_int(), 403U);
  EXPECT_EQ(get(base + "/local", "", "rebound.example").result_int(), 403U);
}

TEST_F(Http, LoginsOutlastTheNode) {
  const std::string before = cookie();
  node().restart();
  wait_for_site();
  EXPECT_EQ(get(base + "/private", before).result_int(), 200U);
}

TEST_F(Http, ARestartedProcessServesAgain) {
  EXPECT_EQ(post(base + "/crash").result_int(), 408U) << "nobody answers for a life that ended";
  EXPECT_EQ(Json::parse(post(base + "/item/2").body())["url_parameters"]["id"], "2");
}

TEST_F(Http, WhatWasCountedIsNotForgotten) {
  uint64_t told = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) {
      told = std::stoull(post(base + "/count").body());
    }
    node().kill9();
    node().start();
    wait_for_site();
    EXPECT_EQ(std::stoull(post(base + "/count").body()), told + 1);
  }
}

TEST_F(Http, WebSocketsBothWays) {
  TestWebSocket live = socket();
  ASSERT_EQ(live.status(), 101U);
  live.send("hello");
  EXPECT_EQ(live.read(), "hello");
  EXPECT_TRUE(live.got_text());
  live.send(std::string("\0\xff", 2), true);
  EXPECT_EQ(live.read(), std::string("\0\xff", 2));
  EXPECT_FALSE(live.got_text());
  live.send("burst 100");
  for (int i = 100; i > 0; --i) {
    EXPECT_EQ(live.read(), std::to_string(i));
  }
  const std::string large(8 << 20, 'x');
  live.send(large, true);
  EXPECT_EQ(live.read().size(), large.size());
  live.send("close");
  EXPECT_TRUE(live.closed());
  EXPECT_EQ(socket(base + "/owner").status(), 401U);
  const std::string token = cookie();
  EXPECT_EQ(socket(base + "/owner", {{"Cookie", token.substr(8, token.size() - 10)}}).status(), 101U);
}

TEST_F(Http, WebSocketsEndWithAProcesssLife) {
  TestWebSocket live = socket();
  EXPECT_EQ(post(base + "/crash").result_int(), 408U);
  EXPECT_TRUE(live.closed());
  // Its next life takes new ones.
  wait_for_site();
  TestWebSocket next = socket();
  next.send("again");
  EXPECT_EQ(next.read(), "again");
}

TEST_F(Http, H1_AProcessCannotEndTheNodeByAClose) {
  EXPECT_EQ(one(actor, await(http_id, Json{{"WebSocketPush", {{"channel_id", 1}, {"message_type", "Close"}}}},
                             {{"blob", "x"}}))["body"],
            R"({"Ok":null})");
  EXPECT_EQ(get(base).result_int(), 200U);
}

TEST_F(Http, S1_OnlyItsOwnPathsAndChannels) {
  EXPECT_EQ(one(actor, await(http_id, Json{{"Unbind", {{"path", base}}}}))["body"], R"({"Ok":null})");
  EXPECT_EQ(get(base).result_int(), 200U) << "the path is below the actor's own id";
}

TEST_F(Http, ThousandIdleWebSockets) {
  std::vector<std::unique_ptr<TestWebSocket>> sockets;
  for (int i = 0; i < 1'000; ++i) {
    sockets.push_back(std::make_unique<TestWebSocket>(node().port(), base + "/live", "localhost",
                                                      std::vector<std::pair<std::string, std::string>>{}));
    ASSERT_EQ(sockets.back()->status(), 101U) << i;
  }
  for (const size_t i : {size_t{0}, size_t{500}, size_t{999}}) {
    sockets[i]->send("still here");
    EXPECT_EQ(sockets[i]->read(), "still here");
  }
}

TEST_F(Http, Z_UnboundIsNotFound) {
  EXPECT_EQ(post(base + "/unbind").result_int(), 200U);
  EXPECT_EQ(get(base).result_int(), 404U);
  EXPECT_EQ(get(base + "/any/route").result_int(), 404U);
  EXPECT_EQ(post(base + "/item/3").result_int(), 200U);
}

}  // namespace
}  // namespace kinode::conformance
