// The query of a URL and the body of a plain form: pairs of percent-encoded text.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "modules/http_server/http_exchange.h"

namespace kinode::modules {

/// Decoded, as UTF-8; of a name that stands twice the last counts. What has no `=` has an empty value.
std::map<std::string, std::string> parse_query(std::string_view query);

/// What stands behind the `?` of a request's target.
std::string_view query_of(const HttpHead& head);

/// `+` is a space; a `%` that no two digits follow stays. Any bytes.
std::string percent_decode(std::string_view text);

/// Whether a browser that is sent there stays on this host: a path, and nothing that browsers take for more.
bool is_local_target(std::string_view target);

}  // namespace kinode::modules
