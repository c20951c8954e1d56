// What the runtime's own processes have in common. They talk by messages, as guests do: a module
// includes no other module.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kernel/process.h"
#include "kernel/process_context.h"

namespace kinode::modules {

/// A request that a module got, kept until it is answered, by whatever thread.
struct Call {
  kernel::Prompting prompting;
  Request request;
  std::optional<Blob> blob;

  [[nodiscard]] const Address& source() const { return prompting.source; }
  [[nodiscard]] std::string_view body() const { return request.body.text(); }
  /// Whether somebody waits for the answer: the sender, or whom it inherited the request from.
  [[nodiscard]] bool wants_answer() const { return prompting.expects_response || prompting.rsvp.has_value(); }
};

inline Call call_of(kernel::Envelope&& envelope) {
  return {kernel::prompting_of(envelope), std::get<Request>(std::move(envelope.message)), std::move(envelope.blob)};
}

/// The request in an envelope that a process of this node sent; nothing of all else, where a request of another node is
/// told.
inline std::optional<Call> own_request(kernel::ProcessContext& context, kernel::Envelope&& envelope) {
  if (envelope.kind != kernel::Envelope::Kind::request) {
    return std::nullopt;
  }
  if (envelope.source.node() != context.our().node()) {
    context.print(1, fmt::format("{}: dropped a request of {}: other nodes are not served",
                                 context.our().process().process(), envelope.source.text()));
    return std::nullopt;
  }
  return call_of(std::move(envelope));
}

/// Answers with a JSON body.
inline void answer(kernel::ProcessContext& context, const Call& call, std::string body,
                   std::optional<Blob> blob = std::nullopt, std::optional<std::string> metadata = std::nullopt) {
  Response response;
  response.body = Bytes::from(std::move(body));
  response.metadata = std::move(metadata);
  context.respond(call.prompting, std::move(response), std::move(blob));
}

}  // namespace kinode::modules
