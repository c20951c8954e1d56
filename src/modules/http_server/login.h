// Login and logout (modules.md 6.6).
//
//   POST /login[?redirect=/path]
//     {"password_hash":"0x...","subdomain":""|"p:k:n"|null}   as clients of the first client send it: the hash is
//     {"password":"...","subdomain":...}                      Argon2id of the password, with the node's name as salt
//     password=...&subdomain=...&redirect=...                 as the login page sends it
//
//   200  logged in: a cookie (tokens.h), and "ok"           303  the same, where there is a redirect
//   400  not such a body                                    401  not the password: the reason, or the page again
//   403  from a page of another origin, or on the host of a secure subdomain without its process
//   413  longer than 16 KiB                                 429  too many tries, of this address or of all
//
//   POST /logout: the browser forgets its cookies of the node.
//
// Passwords are hashed on a thread of its own, one after another.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/blocking_pool.h"
#include "base/clock.h"
#include "crypto/secret.h"
#include "modules/http_server/attempt_limiter.h"
#include "modules/http_server/bindings.h"
#include "modules/http_server/front.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"
#include "modules/http_server/tokens.h"

namespace kinode::modules {

/// Who may log in.
struct Owner {
  /// Signs the tokens.
  crypto::Secret token_secret;
  /// None: a node for development without one.
  std::optional<std::string> password;
  /// From this machine any password is right, as in simulation builds of the first client.
  bool is_for_development = false;
};

class Login {
 public:
  static constexpr std::string_view path = "/login";
  static constexpr std::string_view logout_path = "/logout";

  /// All but `owner` outlive it.
  Login(const Tokens& tokens, const Bindings& bindings, Owner owner, const Clock& clock, const HttpSettings& settings);
  /// Waits for the login that is being checked.
  ~Login();
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

  // For requests to both paths. Any thread. See HttpSite.
  [[nodiscard]] std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) const;
  void handle(std::shared_ptr<HttpExchange> exchange);

 private:
  struct Attempt;
  class Turn;
  void log_in(std::shared_ptr<HttpExchange> exchange);
  [[nodiscard]] HttpAnswer log_out(const HttpExchange& exchange) const;
  [[nodiscard]] std::optional<HttpAnswer> check_subdomain(const Attempt& attempt, const Front& front) const;
  // On the login thread:
  [[nodiscard]] HttpAnswer decide(const Attempt& attempt, const HttpExchange& exchange, const Front& front);
  [[nodiscard]] bool is_right(const Attempt& attempt, bool from_this_machine);
  [[nodiscard]] HttpAnswer logged_in(const Attempt& attempt, const Front& front) const;
  [[nodiscard]] HttpAnswer refused(const Attempt& attempt, HttpStatus status, std::string_view why) const;

  const Tokens& tokens_;
  const Bindings& bindings_;
  const Owner owner_;
  AttemptLimiter limiter_;
  std::atomic<size_t> under_way_ = 0;
  /// Of the owner's password; made at the first login.
  std::optional<std::string> owner_hash_;
  BlockingPool thread_{"login", 1};
};

/// As the login pages of the first client and of registration make it. A name of less than 8 bytes, which is no salt,
/// is repeated. An error where there is no memory.
Result<std::string> password_hash(std::string_view password, std::string_view node);

}  // namespace kinode::modules
