// An HTTP request as the process behind a bound path gets it, and the response that it gives (modules.md 6.4).
//
//   request   {"Http":{"source_socket_addr":"1.2.3.4:5678","method":s,"url":"http://HOST/PATH","bound_path":s,
//              "headers":{},"url_params":{},"query_params":{}}}, with the body as the blob
//   response  {"status":u16,"headers":{name:value or [values]}}, with the body as the blob
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "modules/http_server/http_exchange.h"
#include "modules/http_server/routes.h"
#include "types/message.h"

namespace kinode::modules {

/// `host` without its port. Of a header that stands more than once the values are joined by commas.
std::string write_page_request(const HttpHead& head, const HttpPeer& peer, std::string_view host,
                               const std::string& bound_path, const RouteParameters& parameters);

/// Headers that are none, and those that only the connection sets, are left out. Fails for what is not such a response
/// or has a status that no answer can have.
Result<HttpAnswer> read_page_response(std::string_view json, const std::optional<Blob>& blob);

}  // namespace kinode::modules
