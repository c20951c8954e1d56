#include "modules/http_server/login_page.h"

#include <fmt/format.h>

#include "codec/base64.h"
#include "crypto/sha256.h"

namespace kinode::modules {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; padding: 1rem; display: grid; place-items: center;
  font: 1.0625rem/1.5 system-ui, sans-serif; color: #1d1d1f; background: #f4f4f6;
}
main { width: 100%; max-width: 24rem; padding: 2rem; border-radius: .75rem; background: #fff; box-shadow: 0 1px 4px #0003; }
h1 { margin: 0 0 .25rem; font-size: 1.375rem; overflow-wrap: anywhere; }
p { margin: 0 0 1.25rem; overflow-wrap: anywhere; }
label { display: block; font-weight: 600; margin-bottom: .375rem; }
input, button { width: 100%; min-height: 2.75rem; padding: 0 .75rem; font: inherit; border-radius: .5rem; }
input { border: 1px solid #77777d; color: inherit; background: transparent; }
button { margin-top: 1rem; border: 0; font-weight: 600; color: #fff; background: #b3470f; cursor: pointer; }
button:hover { background: #943a0b; }
:focus-visible { outline: 3px solid #2a6fdb; outline-offset: 2px; }
.error { padding: .5rem .75rem; border-left: 4px solid #c42b1c; color: #a1160a; background: #fdeceb; }
@media (prefers-color-scheme: dark) {
  body { color: #ececf0; background: #161618; }
  main { background: #232327; }
  input { border-color: #97979f; }
  :focus-visible { outline-color: #7db0ff; }
  .error { color: #ffb4ab; background: #3b1f1d; }
}
)";

// Node, style, purpose, error, secure process, redirect, what marks the field.
constexpr std::string_view page = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log in to {0}</title>
<style>{1}</style>
</head>
<body>
<main>
<h1>{0}</h1>
<p>{2}</p>
{3}<form method="post" action="/login">
<input type="hidden" name="username" value="{0}" autocomplete="username">
<input type="hidden" name="subdomain" value="{4}">
<input type="hidden" name="redirect" value="{5}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus{6}>
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// Nothing may be loaded or run; the one style may apply.
std::string content_policy() {
  const auto hash = crypto::sha256({reinterpret_cast<const uint8_t*>(style.data()), style.size()});
  return fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      codec::encode_base64(hash));
}

}  // namespace

HttpAnswer login_page(const LoginForm& form, HttpStatus status) {
  static const std::string policy = content_policy();
  const std::string purpose =
      form.secure ? fmt::format("Log in to use {}.", escaped(form.secure->text())) : "Log in to use this node.";
  const std::string error =
      form.error.empty() ? ""
                         : fmt::format("<p class=\"error\" role=\"alert\" id=\"error\">{}</p>\n", escaped(form.error));
  const std::string text =
      fmt::format(page, escaped(form.node), style, purpose, error, form.secure ? escaped(form.secure->text()) : "",
                  escaped(form.redirect), form.error.empty() ? "" : R"( aria-invalid="true" aria-describedby="error")");
  return {.status = status,
          .content_type = "text/html; charset=utf-8",
          .body = Bytes::from(text),
          .headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy", policy},
                      {"X-Frame-Options", "DENY"},
                      {"Referrer-Policy", "same-origin"}}};
}

}  // namespace kinode::modules
