// Login, logout, and what other sites, guessers and proxies can do about it (modules.md 6.6).
#include "modules/http_server/login.h"

#include "modules/http_server/attempt_limiter.h"
#include "modules/http_server/cookies.h"
#include "modules/http_server/http_server_test.h"

namespace kinode::modules {
namespace {

class LoginTest : public HttpServerTest {
 protected:
  TestClient::Response log_in(std::string_view body, std::string_view headers = "Host: node.example\r\n",
                              std::string_view path = "/login") {
    return ask(post(body, headers, path));
  }
  TestClient::Response log_in_by_form(std::string_view form) {
    return log_in(form, "Host: node.example\r\nContent-Type: application/x-www-form-urlencoded\r\n");
  }
};

TEST_F(LoginTest, ByPasswordAndByHash) {
  start();
  auto response = log_in(R"({"password":"correct horse","subdomain":""})");
  EXPECT_EQ(response.result_int(), 200U);
  EXPECT_EQ(response.body(), R"("ok")");
  const std::string cookie(response[field::set_cookie]);
  EXPECT_THAT(cookie, testing::StartsWith("kinode-auth_node.os="));
  EXPECT_THAT(cookie, testing::EndsWith("; Path=/; Max-Age=15724800; HttpOnly; SameSite=Lax"));
  Puppet& app = add_app();
  bind_content(app, "/", {"text/html", Bytes::copy_of("private")}, true);
  EXPECT_EQ(ask(get("/app:test:sys", "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n")).body(), "private");

  const std::string hash = *password_hash("correct horse", "node.os");
  EXPECT_EQ(log_in(fmt::format(R"({{"password_hash":"{}","subdomain":null}})", hash)).result_int(), 200U);
}

TEST_F(LoginTest, TheHashIsThatOfTheFirstClient) {
  // For a name that is long enough for a salt (identity/login.h has the same).
  EXPECT_EQ(password_hash("password", "testnode.os")->size(), 66U);
  EXPECT_NE(*password_hash("password", "testnode.os"), *password_hash("password", "othernode.os"));
}

TEST_F(LoginTest, WrongOnes) {
  start({.login_attempts = 100});
  for (const char* body : {R"({"password":"wrong"})", R"({"password_hash":"0x00"})", R"({"password":""})"}) {
    auto response = log_in(body);
    EXPECT_EQ(response.result_int(), 401U) << body;
    EXPECT_EQ(response.count(field::set_cookie), 0U);
  }
  for (const char* body : {"", "{}", "[]", R"({"subdomain":""})", R"({"password":"correct horse","subdomain":"a b"})",
                           R"({"password":1})"}) {
    EXPECT_EQ(log_in(body).result_int(), 400U) << body;
  }
  EXPECT_EQ(log_in(std::string((16 << 10) + 1, 'x')).result_int(), 413U);
  EXPECT_EQ(ask("PUT /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").result_int(), 405U);
}

TEST_F(LoginTest, BehindHttpsTheCookieIsSecure) {
  start();
  EXPECT_THAT(std::string(log_in(R"({"password":"correct horse"})",
                                 "Host: node.example\r\nX-Forwarded-Proto: https\r\n")[field::set_cookie]),
              testing::EndsWith("; SameSite=Lax; Secure"));
}

TEST_F(LoginTest, TheFormLeadsBack) {
  start();
  auto response = log_in_by_form("password=correct+horse&subdomain=&redirect=%2Fapp%3Atest%3Asys%3Fa%3Db");
  EXPECT_EQ(response.result_int(), 303U);
  EXPECT_EQ(response[field::location], "/app:test:sys?a=b");
  auto wrong = log_in_by_form("password=wrong&redirect=%2Fback");
  EXPECT_EQ(wrong.result_int(), 401U);
  EXPECT_THAT(wrong.body(), HasSubstr(R"(role="alert")"));
  EXPECT_THAT(wrong.body(), HasSubstr(R"(name="redirect" value="/back")"));
  EXPECT_THAT(ask(get("/login?redirect=/there")).body(), HasSubstr(R"(name="redirect" value="/there")"));
}

TEST_F(LoginTest, S11_NoRedirectLeavesTheHost) {
  start();
  for (const char* target : {"//evil.example", "https:%2F%2Fevil.example", "%2F%5Cevil.example", "@evil.example",
                             "%2Fa%0D%0ASet-Cookie:b=c", "%2F%09%2Fevil.example"}) {
    auto response =
        log_in(R"({"password":"correct horse"})", "Host: node.example\r\n", fmt::format("/login?redirect={}", target));
    EXPECT_EQ(response.result_int(), 400U) << target;
    EXPECT_EQ(response.count(field::set_cookie), 0U);
    EXPECT_THAT(ask(get(fmt::format("/login?redirect={}", target))).body(), HasSubstr(R"(name="redirect" value="/")"));
  }
}

TEST_F(LoginTest, S12_TriesAreCounted) {
  start({.login_attempts = 3, .login_interval = 10s});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(log_in(R"({"password":"wrong"})").result_int(), 401U);
  }
  EXPECT_EQ(log_in(R"({"password":"correct horse"})").result_int(), 429U);
  node->advance(10s);
  EXPECT_EQ(log_in(R"({"password":"correct horse"})").result_int(), 200U);
  EXPECT_EQ(log_in(R"({"password":"wrong"})").result_int(), 401U) << "who proved himself has all tries again";
}

TEST_F(LoginTest, OtherSitesDoNotLogIn) {
  start();
  EXPECT_EQ(
      log_in(R"({"password":"correct horse"})", "Host: node.example\r\nOrigin: https://evil.example\r\n").result_int(),
      403U);
}

TEST_F(LoginTest, ATokenForAPackagesOwnHost) {
  start();
  Puppet& app = add_app("page:my-app:sys");
  act(app, R"({"SecureBind":{"path":"/","cache":true}})", Blob{"text/html", Bytes::copy_of("secure")});
  const std::string host = "Host: my-app-sys.node.example\r\n";
  auto response = log_in(R"({"password":"correct horse","subdomain":"page:my-app:sys"})", host);
  const std::string cookie(response[field::set_cookie]);
  EXPECT_THAT(cookie, testing::StartsWith("kinode-auth_node.os@page:my-app:sys="));
  EXPECT_EQ(
      ask(get("/page:my-app:sys", "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n", "my-app-sys.node.example"))
          .body(),
      "secure");
  // On that host nobody gets what opens all others.
  EXPECT_EQ(log_in(R"({"password":"correct horse"})", host).result_int(), 403U);
  EXPECT_EQ(log_in(R"({"password":"correct horse","subdomain":"page:other:sys"})", host).result_int(), 403U);
}

TEST_F(LoginTest, LogoutForgetsTheCookies) {
  start();
  auto response = ask(post("",
                           "Host: node.example\r\nCookie: kinode-auth_node.os=x; theme=dark; "
                           "kinode-auth_node.os@a:b:c=y; kinode-auth_node.osx=z\r\n",
                           "/logout"));
  EXPECT_EQ(response.result_int(), 303U);
  EXPECT_EQ(response.count(field::set_cookie), 2U);
  EXPECT_THAT(std::string(response[field::set_cookie]), HasSubstr("kinode-auth_node.os=; Path=/; Max-Age=0"));
  EXPECT_EQ(ask(get("/logout")).result_int(), 405U);
  EXPECT_EQ(ask(post("", "Host: node.example\r\nOrigin: https://evil.example\r\n", "/logout")).result_int(), 403U);
}

TEST_F(LoginTest, ADevelopmentNodeTakesAnyPasswordFromItsMachine) {
  is_for_development = true;
  password.reset();
  start();
  EXPECT_EQ(log_in(R"({"password":"any"})", "Host: localhost:8080\r\n").result_int(), 200U);
  EXPECT_EQ(log_in(R"({"password_hash":"0x00"})", "Host: app-sys.localhost\r\n").result_int(), 200U);
  EXPECT_EQ(log_in(R"({"password":"any"})", "Host: localhost\r\nX-Forwarded-For: 1.2.3.4\r\n").result_int(), 401U);
  EXPECT_EQ(log_in(R"({"password":"any"})", "Host: rebound.example\r\n").result_int(), 401U);
}

TEST(AttemptLimiter, ByAddressAndOfAll) {
  kernel::testing::ManualClock clock;
  AttemptLimiter limiter(clock, {.of_address = 2, .of_all = 4, .interval = 10s, .addresses = 100});
  const auto address = [](int i) { return boost::asio::ip::make_address(fmt::format("203.0.113.{}", i)); };
  EXPECT_TRUE(limiter.take(address(1)));
  EXPECT_TRUE(limiter.take(address(1)));
  EXPECT_FALSE(limiter.take(address(1)));
  EXPECT_TRUE(limiter.take(address(2)));
  EXPECT_TRUE(limiter.take(address(3)));
  EXPECT_FALSE(limiter.take(address(4))) << "all of them";
  EXPECT_TRUE(limiter.take(boost::asio::ip::address_v4::loopback()));
  clock.advance(5s);
  EXPECT_TRUE(limiter.take(address(4)));
  EXPECT_FALSE(limiter.take(address(5)));
  clock.advance(5s);
  EXPECT_TRUE(limiter.take(address(1)));
}

TEST(AttemptLimiter, RemembersSoManyAddresses) {
  kernel::testing::ManualClock clock;
  AttemptLimiter limiter(clock, {.of_address = 1, .of_all = 1'000, .interval = 10s, .addresses = 2});
  const auto address = [](int i) { return boost::asio::ip::make_address(fmt::format("203.0.113.{}", i)); };
  for (int i = 1; i <= 100; ++i) {
    EXPECT_TRUE(limiter.take(address(i)));
  }
  EXPECT_FALSE(limiter.take(address(100)));
}

TEST(Cookies, OfOthersStay) {
  EXPECT_EQ(without_node_cookies("a=1;kinode-auth_x=2 ; b=3=4;;flag"), "a=1; b=3=4");
  EXPECT_EQ(without_node_cookies("kinode-auth_x=2"), "");
}

}  // namespace
}  // namespace kinode::modules
