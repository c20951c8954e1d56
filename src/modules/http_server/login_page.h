// The login page: a plain form, which works without scripts and loads nothing from anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "modules/http_server/http_exchange.h"
#include "types/address.h"

namespace kinode::modules {

struct LoginForm {
  std::string node;
  /// Whose secure bindings the login is for, if any.
  std::optional<ProcessId> secure;
  /// Where the browser goes then: a path of this host, with its query.
  std::string redirect = "/";
  /// What was wrong with the last try.
  std::string_view error;
};

HttpAnswer login_page(const LoginForm& form, HttpStatus status = HttpStatus::ok);

}  // namespace kinode::modules
