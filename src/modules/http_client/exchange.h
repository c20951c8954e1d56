// Exchange: one HTTP request and its answer on an open connection.
//
// The answer is read as it comes and bounded as it grows; one that breaks off is an error (defect C3).
#pragma once

#include <chrono>
#include <string>

#include "base/bytes.h"
#include "modules/http_client/actions.h"
#include "modules/http_client/connection.h"
#include "modules/http_client/shared.h"

namespace kinode::modules::http_client {

/// One hop of what a process asked for.
struct HopRequest {
  std::string method;
  unsigned version = 11;
  Url url;
  Headers headers;
  Bytes body;
};

struct HopReply {
  unsigned status = 0;
  Headers headers;
  std::string body;
  /// The connection is good for another request.
  bool keeps_open = false;

  /// The last of that name, or none.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

struct ExchangeError {
  std::string text;
  /// The connection ended before a byte of an answer came: the server may not have seen the request.
  bool without_answer = false;
};

/// On the connection's thread. What is read is counted in `share`, which holds it for the reply.
Awaitable<std::expected<HopReply, ExchangeError>> exchange(Connection& connection, const HopRequest& request,
                                                           Shared& shared, ByteRoom::Share& share);

}  // namespace kinode::modules::http_client
