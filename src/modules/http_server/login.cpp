#include "modules/http_server/login.h"

#include <span>
#include <utility>

#include "codec/json.h"
#include "crypto/hex.h"
#include "crypto/password.h"
#include "modules/http_server/cookies.h"
#include "modules/http_server/local_guard.h"
#include "modules/http_server/login_page.h"
#include "modules/http_server/query.h"

namespace kinode::modules {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

constexpr size_t longest_body = size_t{16} << 10;
constexpr size_t shortest_salt = 8;
/// Tries that wait for the login thread.
constexpr size_t most_under_way = 16;
constexpr size_t addresses_share_of_all = 10;

std::span<const uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

HttpAnswer json_text(HttpStatus status, std::string_view text) {
  return {.status = status, .content_type = "application/json", .body = Bytes::from(codec::to_text(text))};
}

bool is_form(const HttpHead& head) {
  return std::string_view(head[field::content_type]).starts_with("application/x-www-form-urlencoded");
}

}  // namespace

/// One try, as the body says.
struct Login::Attempt {
  bool by_form = false;
  std::optional<std::string> password;
  std::optional<std::string> hash;
  std::optional<ProcessId> secure;
  /// Checked to be local.
  std::optional<std::string> redirect;

  static Result<Attempt> read(const HttpRequest& request) {
    Attempt attempt{.by_form = is_form(request)};
    std::optional<std::string> subdomain;
    Result<void> done =
        attempt.by_form ? attempt.read_form(request.body(), subdomain) : attempt.read_json(request.body(), subdomain);
    if (!done) {
      return std::unexpected(done.error());
    }
    if (!attempt.by_form) {
      const auto query = parse_query(query_of(request));
      if (const auto found = query.find("redirect"); found != query.end()) {
        attempt.redirect = found->second;
      }
    }
    if (attempt.redirect && !is_local_target(*attempt.redirect)) {
      return fail("the redirect must be a path of this host");
    }
    if (subdomain && !subdomain->empty()) {
      Result<ProcessId> process = ProcessId::parse(*subdomain);
      if (!process || !process->is_name_safe()) {
        return fail("the subdomain must be the id of a process, or empty");
      }
      attempt.secure = std::move(*process);
    }
    return attempt;
  }

 private:
  Result<void> read_json(std::string_view body, std::optional<std::string>& subdomain_read) {
    const Result<nlohmann::json> json = codec::parse_json(body);
    if (!json) {
      return std::unexpected(json.error());
    }
    const auto fields = codec::JsonReader(*json).fields({"password_hash", "subdomain", "password"});
    if (!fields) {
      return std::unexpected(fields.error());
    }
    auto hash_read = (*fields)["password_hash"].optional(&codec::JsonReader::string);
    auto subdomain = (*fields)["subdomain"].optional(&codec::JsonReader::string);
    auto password_read = (*fields)["password"].optional(&codec::JsonReader::string);
    if (auto error = codec::first_error(hash_read, subdomain, password_read)) {
      return std::unexpected(*error);
    }
    if (!*hash_read && !*password_read) {
      return fail("a login needs `password_hash` or `password`");
    }
    hash = std::move(*hash_read);
    password = std::move(*password_read);
    subdomain_read = std::move(*subdomain);
    return {};
  }

  Result<void> read_form(std::string_view body, std::optional<std::string>& subdomain_read) {
    auto form = parse_query(body);
    if (!form.contains("password")) {
      return fail("a login needs a password");
    }
    password = form["password"];
    subdomain_read = form["subdomain"];
    redirect = form["redirect"].empty() ? "/" : form["redirect"];
    return {};
  }
};

/// A try that is under way, from its making to its end.
class Login::Turn {
 public:
  explicit Turn(std::atomic<size_t>& under_way) : under_way_(under_way) { ++under_way_; }
  ~Turn() { --under_way_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic<size_t>& under_way_;
};

Result<std::string> password_hash(std::string_view password, std::string_view node) {
  std::string salt(node);
  while (salt.size() < shortest_salt) {
    salt += node;
  }
  auto key = crypto::argon2id(password, octets(salt));
  return key ? Result<std::string>("0x" + crypto::to_hex(key->span())) : std::unexpected(key.error());
}

Login::Login(const Tokens& tokens, const Bindings& bindings, Owner owner, const Clock& clock,
             const HttpSettings& settings)
    : tokens_(tokens),
      bindings_(bindings),
      owner_(std::move(owner)),
      limiter_(clock, {.of_address = settings.login_attempts,
                       .of_all = settings.login_attempts * addresses_share_of_all,
                       .interval = settings.login_interval}) {}

Login::~Login() = default;

std::expected<size_t, HttpAnswer> Login::admit(const HttpHead& head, const HttpPeer& peer) const {
  const bool is_login = path_of(head) == path;
  if (is_login && (head.method() == verb::get || head.method() == verb::head)) {
    auto query = parse_query(query_of(head));
    LoginForm form{.node = tokens_.node()};
    if (is_local_target(query["redirect"])) {
      form.redirect = query["redirect"];
    }
    return std::unexpected(login_page(form));
  }
  if (head.method() != verb::post) {
    auto answer = text_answer(HttpStatus::method_not_allowed, "use POST");
    answer.headers.emplace_back("Allow", is_login ? "GET, HEAD, POST" : "POST");
    return std::unexpected(std::move(answer));
  }
  if (auto same = check_same_origin(head, front_of(head, peer)); !same) {
    return std::unexpected(text_answer(HttpStatus::forbidden, same.error().message));
  }
  return longest_body;
}

void Login::handle(std::shared_ptr<HttpExchange> exchange) {
  if (path_of(exchange->request) == path) {
    log_in(std::move(exchange));
  } else {
    exchange->answer(log_out(*exchange));
  }
}

void Login::log_in(std::shared_ptr<HttpExchange> exchange) {
  Result<Attempt> attempt = Attempt::read(exchange->request);
  if (!attempt) {
    exchange->answer(text_answer(HttpStatus::bad_request, attempt.error().message));
    return;
  }
  Front front = front_of(exchange->request, exchange->peer);
  if (auto refusal = check_subdomain(*attempt, front)) {
    exchange->answer(std::move(*refusal));
    return;
  }
  if (under_way_ >= most_under_way || !limiter_.take(front.client)) {
    exchange->answer(
        refused(*attempt, HttpStatus::too_many_requests, "Too many tries. Wait a minute, then try again."));
    return;
  }
  auto turn = std::make_shared<Turn>(under_way_);
  thread_.submit([this, turn = std::move(turn), exchange = std::move(exchange), attempt = std::move(*attempt),
                  front = std::move(front)] { exchange->answer(decide(attempt, *exchange, front)); });
}

std::optional<HttpAnswer> Login::check_subdomain(const Attempt& attempt, const Front& front) const {
  const std::string_view label = front.host.first_label();
  const bool wanted = attempt.secure && subdomain_of(*attempt.secure) == label;
  if (!wanted && bindings_.is_secure_subdomain(label)) {
    // Else a process that serves this host would get what opens all others.
    return refused(attempt, HttpStatus::forbidden,
                   "This host is for one package alone. Log in on its own page, or on the node's main host.");
  }
  return std::nullopt;
}

HttpAnswer Login::decide(const Attempt& attempt, const HttpExchange& exchange, const Front& front) {
  if (!is_right(attempt, check_this_machine(exchange.request, exchange.peer).has_value())) {
    return refused(attempt, HttpStatus::unauthorized, "That is not the password.");
  }
  limiter_.forgive(front.client);
  return logged_in(attempt, front);
}

bool Login::is_right(const Attempt& attempt, bool from_this_machine) {
  if (owner_.is_for_development && from_this_machine) {
    return true;
  }
  if (!owner_.password) {
    return false;
  }
  if (!owner_hash_) {
    if (auto hash = password_hash(*owner_.password, tokens_.node())) {
      owner_hash_ = std::move(*hash);
    }
  }
  std::optional<std::string> hash = attempt.hash;
  if (attempt.password) {
    auto hashed = password_hash(*attempt.password, tokens_.node());
    hash = hashed ? std::optional(std::move(*hashed)) : std::nullopt;
  }
  return owner_hash_ && hash && crypto::equal_in_constant_time(octets(*hash), octets(*owner_hash_));
}

HttpAnswer Login::logged_in(const Attempt& attempt, const Front& front) const {
  HttpAnswer answer = json_text(HttpStatus::ok, "ok");
  answer.headers = {{"Set-Cookie", set_cookie(tokens_.cookie_name(attempt.secure), tokens_.make(attempt.secure),
                                              Tokens::lifetime, front.https)},
                    {"Cache-Control", "no-store"}};
  if (attempt.redirect) {
    answer.status = HttpStatus::see_other;
    answer.content_type.clear();
    answer.body = {};
    answer.headers.emplace_back("Location", *attempt.redirect);
  }
  return answer;
}

HttpAnswer Login::refused(const Attempt& attempt, HttpStatus status, std::string_view why) const {
  if (!attempt.by_form) {
    return json_text(status, why);
  }
  return login_page({.node = tokens_.node(), .secure = attempt.secure, .redirect = *attempt.redirect, .error = why},
                    status);
}

HttpAnswer Login::log_out(const HttpExchange& exchange) const {
  const Front front = front_of(exchange.request, exchange.peer);
  HttpAnswer answer{.status = HttpStatus::see_other, .headers = {{"Location", "/"}, {"Cache-Control", "no-store"}}};
  const std::string own = std::string(node_cookie_prefix) + tokens_.node();
  for (const Cookie& cookie : cookies_of(exchange.request)) {
    if (cookie.name == own || cookie.name.starts_with(own + "@")) {
      answer.headers.emplace_back("Set-Cookie", set_cookie(cookie.name, "", std::chrono::seconds(0), front.https));
    }
  }
  return answer;
}

}  // namespace kinode::modules
