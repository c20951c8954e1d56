// Bound paths: what processes bind, who may have it, and what they and their clients see (modules.md 6.1-6.5).
#include "modules/http_server/http_server_test.h"

namespace kinode::modules {
namespace {

const std::string ok = R"({"Ok":null})";
const std::string malformed = R"({"Err":"MalformedRequest"})";

class Pages : public HttpServerTest {
 protected:
  /// Asks, has the process answer with `response`, and returns what the client gets.
  TestClient::Response served(Puppet& app, const std::string& request, std::string_view response,
                              std::optional<Blob> blob = {}) {
    auto c = client();
    c.send(request);
    auto got = received(app);
    if (!got) {
      return {};
    }
    app.respond(*got, response, std::move(blob));
    node->run();
    return c.read(request.starts_with("HEAD"));
  }
  unsigned status_of(const std::string& request) { return ask(request).result_int(); }
};

TEST_F(Pages, TheProcessGetsTheRequestAndAnswersIt) {
  start();
  Puppet& app = add_app();
  EXPECT_EQ(bind(app, "/item/:id"), ok);
  auto c = client();
  c.send(
      "POST /app:test:sys/item/a%20b/?x=1&y=%C3%A4+b&x=2&flag HTTP/1.1\r\nHost: Node.example:8080\r\nX-Two: a\r\n"
      "x-two: b\r\nX-Odd: caf\xc3\xa9\r\nContent-Length: 2\r\n\r\nhi");
  auto request = received(app);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->source, *server);
  EXPECT_EQ(request->request().expects_response, 15U);
  EXPECT_EQ(request->blob, (Blob{std::nullopt, Bytes::copy_of("hi")}));
  const auto http = http_of(*request);
  EXPECT_EQ(http["method"], "POST");
  EXPECT_EQ(http["url"], "http://node.example/app:test:sys/item/a%20b");
  EXPECT_EQ(http["bound_path"], "/app:test:sys/item/:id");
  EXPECT_EQ(http["url_params"], (nlohmann::json{{"id", "a%20b"}}));
  EXPECT_EQ(http["query_params"], (nlohmann::json{{"x", "2"}, {"y", "ä b"}, {"flag", ""}}));
  EXPECT_EQ(http["headers"]["x-two"], "a, b");
  EXPECT_EQ(http["headers"]["x-odd"], "");
  EXPECT_THAT(http["source_socket_addr"].get<std::string>(), testing::StartsWith("127.0.0.1:"));

  app.respond(*request, R"({"status":201,"headers":{"X-Answer":"yes","Content-Type":"text/css"}})",
              Blob{std::nullopt, Bytes::copy_of("body")});
  node->run();
  auto response = c.read();
  EXPECT_EQ(response.result_int(), 201U);
  EXPECT_EQ(response["X-Answer"], "yes");
  EXPECT_EQ(response[field::content_type], "text/css");
  EXPECT_EQ(response.body(), "body");
}

TEST_F(Pages, AResponseIsWhatHttpAllows) {
  start();
  Puppet& app = add_app();
  bind(app, "/");
  const std::string request = get("/app:test:sys");
  auto plain = served(app, request, R"({"status":200,"headers":{}})");
  EXPECT_EQ(plain[field::content_type], "application/octet-stream");
  EXPECT_EQ(plain.body(), "");
  // What would break the framing, or is no header, is left out.
  auto odd = served(app, request,
                    R"({"status":299,"headers":{"Content-Length":"1000","Transfer-Encoding":"chunked","Bad Name":"x",)"
                    R"("X-Split":"a\r\nSet-Cookie: b=c","connection":"close","X-Good":"1"}})",
                    Blob{std::nullopt, Bytes::copy_of("whole")});
  EXPECT_EQ(odd.result_int(), 299U);
  EXPECT_EQ(odd.body(), "whole");
  EXPECT_EQ(odd["X-Good"], "1");
  for (const char* name : {"Transfer-Encoding", "Bad Name", "X-Split", "Set-Cookie", "connection"}) {
    EXPECT_EQ(odd.count(name), 0U) << name;
  }
  EXPECT_EQ(served(app, request, R"({"status":204,"headers":{}})", Blob{std::nullopt, Bytes::copy_of("x")}).body(), "");
  for (const char* bad : {"no json", "{}", R"({"status":101,"headers":{}})", R"({"status":70000,"headers":{}})",
                          R"({"status":200,"headers":[]})", R"({"status":200,"headers":{"a":1}})"}) {
    EXPECT_EQ(served(app, request, bad).result_int(), 500U) << bad;
  }
}

TEST_F(Pages, H7_SeveralCookiesOfAProcess) {
  start();
  Puppet& app = add_app();
  bind(app, "/");
  auto response =
      served(app, get("/app:test:sys"),
             R"({"status":200,"headers":{"set-cookie":["a=1; Path=/","b=2","kinode-auth_node.os=forged"]}})");
  EXPECT_EQ(response.count(field::set_cookie), 2U);
  EXPECT_EQ(response.find(field::set_cookie)->value(), "a=1; Path=/");
}

TEST_F(Pages, NoProcessGetsTheTokensOfItsOwner) {
  start();
  Puppet& app = add_app();
  bind(app, "/", true);
  auto c = client();
  std::string cookies = cookie();
  cookies.insert(cookies.size() - 2, "; theme=dark; kinode-auth_node.os@app:test:sys=x; a=b=c");
  c.send(get("/app:test:sys", cookies));
  auto request = received(app);
  ASSERT_TRUE(request);
  EXPECT_EQ(http_of(*request)["headers"]["cookie"], "theme=dark; a=b=c");
}

TEST_F(Pages, Routing) {
  start();
  Puppet& app = add_app();
  bind(app, "/");
  bind(app, "/new");
  bind(app, "list/");
  bind(app, "/files/*rest");
  const auto bound_by = [&](const std::string& path) {
    auto c = client();
    c.send(get(path));
    auto request = received(app);
    return request ? http_of(*request)["bound_path"].get<std::string>() : "";
  };
  EXPECT_EQ(bound_by("/app:test:sys"), "/app:test:sys");
  EXPECT_EQ(bound_by("/app:test:sys/"), "/app:test:sys");
  EXPECT_EQ(bound_by("/app:test:sys/new/"), "/app:test:sys/new");
  EXPECT_EQ(bound_by("/app:test:sys/list"), "/app:test:sys/list");
  EXPECT_EQ(bound_by("/app:test:sys/files/a/b.c"), "/app:test:sys/files/*rest");
  EXPECT_EQ(bound_by("/app:test:sys/a/route/of/the/page"), "/app:test:sys") << "a single-page app";
  EXPECT_EQ(bound_by("/app:test:sys/../../etc/passwd"), "/app:test:sys") << "no path leads anywhere else";
  EXPECT_EQ(status_of(get("/app:test:sy")), 404U);
  EXPECT_EQ(status_of(get("/")), 404U);
}

TEST_F(Pages, TheHomepageIsAtTheRoot) {
  start();
  Puppet& home = add_app("homepage:homepage:sys");
  Puppet& app = add_app();
  bind_content(home, "/", {"text/html", Bytes::copy_of("home")});
  bind_content(home, "/our", {"text/html", Bytes::copy_of("node.os")});
  bind_content(home, "/:any/:thing", {"text/html", Bytes::copy_of("any")});
  bind_content(app, "/thing", {"text/html", Bytes::copy_of("app")});
  EXPECT_EQ(ask(get("/")).body(), "home");
  EXPECT_EQ(ask(get("/our/")).body(), "node.os");
  EXPECT_EQ(ask(get("/our/deeper/still")).body(), "node.os");
  EXPECT_EQ(ask(get("/x/y")).body(), "any");
  EXPECT_EQ(ask(get("/app:test:sys/thing")).body(), "app") << "the better match";
  EXPECT_EQ(status_of(get("/login")), 200U);
  bind_content(home, "/login", {"text/html", Bytes::copy_of("phishing")});
  EXPECT_THAT(ask(get("/login")).body(), HasSubstr("<form")) << "no process owns it";
}

TEST_F(Pages, Unbound404AndBoundAgain) {
  start();
  Puppet& app = add_app();
  const std::string unbind = R"({"Unbind":{"path":"/x"}})";
  EXPECT_EQ(act(app, unbind), ok) << "nothing is bound";
  bind_content(app, "/", {"text/html", Bytes::copy_of("root")});
  bind_content(app, "/x", {"text/html", Bytes::copy_of("x")});
  EXPECT_EQ(ask(get("/app:test:sys/x")).body(), "x");
  EXPECT_EQ(act(app, unbind), ok);
  EXPECT_EQ(status_of(get("/app:test:sys/x")), 404U);
  bind_content(app, "/x", {"text/html", Bytes::copy_of("again")});
  EXPECT_EQ(ask(get("/app:test:sys/x")).body(), "again");
}

TEST_F(Pages, MalformedActions) {
  start();
  Puppet& app = add_app();
  for (const char* action :
       {"", "x", "{}", R"("Bind")", R"({"Bind":{"path":"/"}})", R"({"Bind":{"path":1,"authenticated":true}})",
        R"({"WebSocketOpen":{"path":"/","channel_id":1}})", R"({"WebSocketExtPushData":{}})",
        R"({"WebSocketPush":{"channel_id":-1,"message_type":"Text"}})",
        R"({"WebSocketPush":{"channel_id":1,"message_type":"Huge"}})", R"({"WebSocketClose":4294967296})"}) {
    EXPECT_EQ(act(app, action), malformed) << action;
  }
  EXPECT_EQ(act(app, R"({"Bind":{"path":"/","authenticated":true,"local_only":false,"cache":true}})"),
            R"({"Err":"NoBlob"})");
}

TEST_F(Pages, S1_ProcessesOfOtherNodesBindNothing) {
  start();
  add_app();
  KernelMessage message{
      .id = 7,
      .source = *Address::parse("evil.os@homepage:homepage:sys"),
      .target = *server,
      .rsvp = {},
      .message = Request{.body = Bytes::copy_of(
                             R"({"Bind":{"path":"/","authenticated":false,"local_only":false,"cache":false}})")},
      .context = {},
      .blob = {}};
  EXPECT_EQ(node->kernel.arrive(message, nullptr), kernel::Kernel::Arrival::denied);
  node->run();
  EXPECT_EQ(status_of(get("/")), 404U);
}

TEST_F(Pages, CachedContent) {
  start();
  Puppet& app = add_app();
  bind_content(app, "/page", {"text/html", Bytes::copy_of("<p>")});
  auto page = ask(get("/app:test:sys/page"));
  EXPECT_EQ(page.result_int(), 200U);
  EXPECT_EQ(page[field::content_type], "text/html");
  EXPECT_EQ(page.body(), "<p>");
  const std::string tag(page[field::etag]);
  EXPECT_FALSE(tag.empty());
  auto same = ask(get("/app:test:sys/page", "If-None-Match: \"x\", W/" + tag + "\r\n"));
  EXPECT_EQ(same.result_int(), 304U);
  EXPECT_EQ(same.body(), "");
  EXPECT_EQ(same[field::etag], tag);
  auto c = client();
  c.send("HEAD /app:test:sys/page HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto head = c.read(true);
  EXPECT_EQ(head.result_int(), 200U);
  EXPECT_EQ(head[field::content_length], "3");
  bind_content(app, "/page", {"text/html", Bytes::copy_of("<b>")});
  auto changed = ask(get("/app:test:sys/page", "If-None-Match: " + tag + "\r\n"));
  EXPECT_EQ(changed.body(), "<b>");
  // Other methods are the process's.
  EXPECT_EQ(served(app, post("x", "Host: localhost\r\n", "/app:test:sys/page"), R"({"status":202,"headers":{}})")
                .result_int(),
            202U);
  bind_content(app, "/style.css", {std::nullopt, Bytes::copy_of("a{}")});
  EXPECT_EQ(ask(get("/app:test:sys/style.css"))[field::content_type], "text/css");
  bind_content(app, "/plain", {std::nullopt, Bytes::copy_of("a")});
  EXPECT_EQ(ask(get("/app:test:sys/plain"))[field::content_type], "text/plain");
}

TEST_F(Pages, LimitsOfBindings) {
  start({.bindings_of_process = 4,
         .patterns_of_process = 1,
         .bound_path_bytes = 40,
         .bound_path_parameters = 2,
         .content_bytes_of_process = 10,
         .all_content_bytes = 15});
  Puppet& app = add_app();
  Puppet& other = add_app("other:test:sys");
  EXPECT_EQ(bind(app, "/" + std::string(40, 'x')), malformed);
  EXPECT_TRUE(node->printer.has("40 are possible", 1));
  EXPECT_EQ(bind(app, "/:a/:b/:c"), malformed);
  EXPECT_EQ(bind(app, "/:a"), ok);
  EXPECT_EQ(bind(app, "/:b/x"), malformed) << "a second pattern";
  EXPECT_EQ(bind(app, "/:a"), ok) << "again";
  EXPECT_EQ(bind_content(app, "/1", {std::nullopt, Bytes::copy_of("12345678")}), ok);
  EXPECT_EQ(bind_content(app, "/2", {std::nullopt, Bytes::copy_of("123")}), malformed);
  EXPECT_EQ(bind_content(app, "/1", {std::nullopt, Bytes::copy_of("1234567890")}), ok) << "in its place";
  EXPECT_EQ(bind_content(other, "/1", {std::nullopt, Bytes::copy_of("123456")}), malformed) << "of all";
  EXPECT_EQ(act(app, R"({"Unbind":{"path":"/1"}})"), ok);
  EXPECT_EQ(bind_content(other, "/1", {std::nullopt, Bytes::copy_of("123456")}), ok);
  EXPECT_EQ(bind(app, "/3"), ok);
  EXPECT_EQ(bind(app, "/4"), ok);
  EXPECT_EQ(bind(app, "/5"), malformed) << "what was unbound counts";
}

TEST_F(Pages, H4_NoResponseInTimeIsForgotten) {
  start({.waiting_of_process = 1});
  Puppet& app = add_app();
  bind(app, "/");
  auto c = client();
  c.send(get("/app:test:sys"));
  ASSERT_TRUE(received(app));
  EXPECT_EQ(status_of(get("/app:test:sys")), 503U) << "one waits already";
  node->advance(16s);
  EXPECT_EQ(c.read().result_int(), 408U);
  c.send(get("/app:test:sys"));
  EXPECT_TRUE(received(app)) << "nothing waits any more";
}

TEST_F(Pages, WhatAProcessBoundGoesWithIt) {
  start();
  Puppet& app = add_app();
  bind_content(app, "/", {"text/html", Bytes::copy_of("page")});
  EXPECT_EQ(ask(get("/app:test:sys")).body(), "page");
  ASSERT_TRUE(node->kernel.kill(app.address().process(), true));
  node->run();
  // The I/O threads are told of it; they serve requests meanwhile.
  while (status_of(get("/app:test:sys")) != 404U) {
  }
}

TEST_F(Pages, AnAnswerAndWhatIsCachedWaitForTheDisk) {
  start({}, {}, false);
  Puppet& app = add_app();
  node->journal.flush();
  kernel::Batch batch;
  batch.put("test/saved", Bytes::copy_of("value"));
  ASSERT_TRUE(node->journal.write(batch));
  bind_content(app, "/", {"text/html", Bytes::copy_of("saved")});
  bind(app, "/dynamic");
  auto cached = client();
  cached.send(get("/app:test:sys"));
  auto dynamic = client();
  dynamic.send(get("/app:test:sys/dynamic"));
  auto request = received(app);
  ASSERT_TRUE(request);
  app.respond(*request, R"({"status":200,"headers":{}})");
  node->run();
  EXPECT_EQ(status_of(get("/nothing")), 404U) << "the I/O threads had time for it";
  EXPECT_TRUE(cached.nothing_came());
  EXPECT_TRUE(dynamic.nothing_came());
  node->journal.flush();
  EXPECT_EQ(cached.read().body(), "saved");
  EXPECT_EQ(dynamic.read().result_int(), 200U);
}

TEST_F(Pages, ABodyTooLong) {
  start({.body_bytes = 10});
  Puppet& app = add_app();
  bind(app, "/");
  EXPECT_EQ(status_of(post("12345678901", "Host: localhost\r\n", "/app:test:sys")), 413U);
}

// ---- who may have it --------------------------------------------------------------------------------

TEST_F(Pages, WithoutALoginThePersonGetsTheLoginPage) {
  start();
  Puppet& app = add_app();
  bind_content(app, "/", {"text/html", Bytes::copy_of("private")}, true);
  auto page = ask(get("/app:test:sys?x=%22>", "Accept: text/html,*/*\r\n"));
  EXPECT_EQ(page.result_int(), 200U);
  EXPECT_THAT(page.body(), HasSubstr("type=\"password\""));
  EXPECT_THAT(page.body(), HasSubstr(R"(name="redirect" value="/app:test:sys?x=%22&gt;")"));
  EXPECT_THAT(std::string(page["Content-Security-Policy"]), HasSubstr("default-src 'none'"));
  EXPECT_EQ(page[field::cache_control], "no-store");
  EXPECT_EQ(ask(get("/app:test:sys", cookie())).body(), "private");
  EXPECT_EQ(ask(get("/app:test:sys", cookie()))[field::cache_control], "private, no-cache");
}

TEST_F(Pages, H8_WithoutALoginAProgramGets401) {
  start();
  Puppet& app = add_app();
  bind(app, "/", true);
  EXPECT_EQ(status_of(get("/app:test:sys", "Accept: application/json\r\n")), 401U);
  EXPECT_EQ(status_of(get("/app:test:sys", "Accept: text/html\r\nSec-Fetch-Dest: empty\r\n")), 401U);
  EXPECT_EQ(status_of(post("{}", "Host: localhost\r\n", "/app:test:sys")), 401U);
}

TEST_F(Pages, TokensThatAreNone) {
  start();
  Puppet& app = add_app();
  bind(app, "/", true);
  const auto refused = [&](const std::string& cookies) {
    return status_of(get("/app:test:sys", "Accept: */*\r\n" + cookies)) == 401U;
  };
  EXPECT_TRUE(refused(cookie(app.address().process()))) << "of a secure binding";
  std::string altered = cookie();
  altered[altered.size() - 10] = altered[altered.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_TRUE(refused(altered));
  for (const char* token : {"", ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30."}) {
    EXPECT_TRUE(refused(fmt::format("Cookie: kinode-auth_node.os={}\r\n", token))) << token;
  }
  const std::string old = cookie();
  time += std::chrono::weeks(26);
  EXPECT_TRUE(refused(old));
}

TEST_F(Pages, LocalPagesAreOfThisMachineAlone) {
  start();
  Puppet& app = add_app();
  bind(app, "/", false, true);
  const auto refused = [&](std::string_view headers, std::string_view host = "localhost") {
    return status_of(get("/app:test:sys", headers, host)) == 403U;
  };
  EXPECT_TRUE(refused("X-Forwarded-For: 1.2.3.4\r\n"));
  EXPECT_TRUE(refused("", "rebound.example"));
  EXPECT_EQ(status_of(post("", "Host: localhost\r\nOrigin: https://evil.example\r\n", "/app:test:sys")), 403U);
  auto c = client();
  c.send(get("/app:test:sys"));
  EXPECT_TRUE(received(app));
}

TEST_F(Pages, PagesOfOtherSitesChangeNothing) {
  start();
  Puppet& app = add_app();
  bind(app, "/", true);
  bind(app, "/open");
  const auto status = [&](std::string_view headers) {
    return status_of(post("", cookie() + std::string(headers), "/app:test:sys"));
  };
  EXPECT_EQ(status("Host: node.example\r\nOrigin: https://evil.example\r\n"), 403U);
  EXPECT_EQ(status("Host: node.example\r\nOrigin: null\r\n"), 403U);
  EXPECT_EQ(status("Host: node.example:8080\r\nOrigin: http://node.example:9090\r\n"), 403U);
  EXPECT_EQ(status("Host: node.example\r\nOrigin: http://other.node.example\r\n"), 403U);
  EXPECT_EQ(status("Host: node.example\r\nSec-Fetch-Site: cross-site\r\n"), 403U);
  for (const std::string headers :
       {"Host: node.example:8080\r\nOrigin: http://node.example:8080\r\n", "Host: node.example\r\n",
        "Host: localhost:8080\r\nOrigin: http://localhost:3000\r\n",
        "Host: node.example\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n",
        "Host: localhost:8080\r\nX-Forwarded-Host: node.example\r\nOrigin: https://node.example\r\n"}) {
    EXPECT_EQ(served(app, post("", cookie() + headers, "/app:test:sys"), R"({"status":200,"headers":{}})").result_int(),
              200U)
        << headers;
  }
  // What anybody may do, other sites' pages may too.
  EXPECT_EQ(served(app, post("", "Host: node.example\r\nOrigin: https://evil.example\r\n", "/app:test:sys/open"),
                   R"({"status":200,"headers":{}})")
                .result_int(),
            200U);
}

TEST_F(Pages, SecurePagesAreOnAHostOfTheirOwn) {
  start();
  Puppet& app = add_app("page:my-app:test.os");
  EXPECT_EQ(act(app, R"({"SecureBind":{"path":"/","cache":true}})", Blob{"text/html", Bytes::copy_of("secure")}), ok);
  const auto location = [&](std::string_view host, std::string_view headers = "") {
    auto answer = ask(get("/page:my-app:test.os/x?a=b&c=%20", headers, host));
    EXPECT_EQ(answer.result_int(), 307U);
    return std::string(answer[field::location]);
  };
  const std::string path = "/page:my-app:test.os/x?a=b&c=%20";
  EXPECT_EQ(location("localhost:8080"), "http://my-app-test-os.localhost:8080" + path);
  EXPECT_EQ(location("node.example", "X-Forwarded-Proto: https\r\n"), "https://my-app-test-os.node.example" + path);
  EXPECT_EQ(location("127.0.0.1:8080"), "http://my-app-test-os.localhost:8080" + path);
  EXPECT_EQ(ask(get(path, "", "192.168.1.2")).result_int(), 401U);

  const std::string own = "my-app-test-os.localhost:8080";
  EXPECT_THAT(ask(get(path, "Accept: text/html\r\n", own)).body(),
              HasSubstr(R"(name="subdomain" value="page:my-app:test.os")"));
  EXPECT_EQ(ask(get(path, "Accept: */*\r\n" + cookie(), own)).result_int(), 401U) << "the general token";
  EXPECT_EQ(ask(get(path, cookie(app.address().process()), own)).body(), "secure");

  Puppet& other = add_app("page:other:sys");
  act(other, R"({"SecureBind":{"path":"/","cache":false}})");
  EXPECT_EQ(ask(get("/page:other:sys", "", own))[field::location], "http://other-sys.localhost:8080/page:other:sys")
      << "from one package's host to another's";
}

TEST_F(Pages, S11_HostsThatAreNone) {
  start();
  Puppet& app = add_app();
  act(app, R"({"SecureBind":{"path":"/","cache":false}})");
  for (const char* host : {"evil.example/x", "a@b", "a b", "a\"b", "[::1", "a:b", "a:123456", "a,b", ""}) {
    EXPECT_EQ(ask(get("/app:test:sys", "", host)).result_int(), 400U) << host;
  }
}

}  // namespace
}  // namespace kinode::modules
