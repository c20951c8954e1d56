#include "modules/http_server/page_access.h"

#include "modules/http_server/local_guard.h"
#include "modules/http_server/login_page.h"
#include "modules/http_server/query.h"

namespace kinode::modules {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

HttpAnswer forbidden(const Error& error) { return text_answer(HttpStatus::forbidden, error.message); }

/// Whether a person sees the answer as a page: not one that a script or a program asked for.
bool is_for_a_person(const HttpHead& head) {
  const std::string_view accept = head[field::accept];
  const std::string_view destination = head["Sec-Fetch-Dest"];
  return (head.method() == verb::get || head.method() == verb::head) &&
         (accept.empty() || accept.contains("text/html")) &&
         (destination.empty() || destination == "document" || destination == "iframe" || destination == "frame");
}

std::optional<ProcessId> secure_part(bool secure, const ProcessId& process) {
  return secure ? std::optional(process) : std::nullopt;
}

}  // namespace

std::optional<HttpAnswer> PageAccess::refusal(const HttpHead& head, const HttpPeer& peer,
                                              const Bound<PageBinding>& bound) const {
  const PageBinding& binding = bound.binding;
  const Front front = front_of(head, peer);
  if (binding.secure && front.host.first_label() != subdomain_of(bound.process)) {
    return to_own_host(head, front, bound.process);
  }
  const auto secure = secure_part(binding.secure, bound.process);
  if (binding.authenticated && !tokens_.is_logged_in(head, secure)) {
    return ask_to_log_in(head, secure);
  }
  if (binding.local_only) {
    if (auto here = check_this_machine(head, peer); !here) {
      return forbidden(here.error());
    }
  }
  if ((binding.authenticated || binding.local_only) && changes_state(head)) {
    if (auto same = check_same_origin(head, front); !same) {
      return forbidden(same.error());
    }
  }
  return std::nullopt;
}

std::optional<HttpAnswer> PageAccess::refusal(const HttpHead& head, const HttpPeer& peer,
                                              const Bound<SocketBinding>& bound) const {
  const SocketBinding& binding = bound.binding;
  const Front front = front_of(head, peer);
  if (binding.secure && front.host.first_label() != subdomain_of(bound.process)) {
    return text_answer(HttpStatus::forbidden,
                       "this WebSocket is on the host whose first label is " + subdomain_of(bound.process));
  }
  if (binding.authenticated && !tokens_.is_logged_in(head, secure_part(binding.secure, bound.process))) {
    return text_answer(HttpStatus::unauthorized, "log in first: this WebSocket is for the node's owner");
  }
  if (binding.extension) {
    if (auto local = check_local_program(head, peer); !local) {
      return forbidden(local.error());
    }
  }
  if (binding.authenticated) {
    if (auto same = check_same_origin(head, front); !same) {
      return forbidden(same.error());
    }
  }
  return std::nullopt;
}

HttpAnswer PageAccess::to_own_host(const HttpHead& head, const Front& front, const ProcessId& process) const {
  std::string_view host = front.host.name;
  if (front.host.is_address()) {
    if (!front.host.is_loopback()) {
      return text_answer(HttpStatus::unauthorized,
                         "this page is on a host of its own below the node's: open the node by its name, not by its "
                         "address");
    }
    host = "localhost";
  } else if (const std::string_view label = front.host.first_label(); bindings_.is_secure_subdomain(label)) {
    host.remove_prefix(std::min(label.size() + 1, host.size()));  // that of another package
  }
  HttpAnswer answer{.status = HttpStatus::temporary_redirect};
  answer.headers = {{"Location", fmt::format("{}://{}.{}{}{}", front.https ? "https" : "http", subdomain_of(process),
                                             host, front.host.port, std::string_view(head.target()))},
                    {"Cache-Control", "no-store"}};
  return answer;
}

HttpAnswer PageAccess::ask_to_log_in(const HttpHead& head, const std::optional<ProcessId>& secure) const {
  if (!is_for_a_person(head)) {
    HttpAnswer answer = text_answer(HttpStatus::unauthorized, "log in first: this path is for the node's owner");
    answer.headers = {{"Cache-Control", "no-store"}};
    return answer;
  }
  const std::string_view target = head.target();
  return login_page({.node = tokens_.node(),
                     .secure = secure,
                     .redirect = std::string(is_local_target(target) ? target : "/"),
                     .error = {}});
}

}  // namespace kinode::modules
