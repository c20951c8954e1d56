// Messages at random, for the properties of both codecs.
#pragma once

#include <rapidcheck.h>

#include "types/message.h"

namespace kinode::codec {

inline std::string any_text() { return *rc::gen::container<std::string>(rc::gen::inRange('\x01', '\x7f')); }

inline std::optional<std::string> maybe_text() {
  return *rc::gen::arbitrary<bool>() ? std::optional(any_text()) : std::nullopt;
}

inline Bytes any_bytes() { return Bytes::from(*rc::gen::arbitrary<std::vector<uint8_t>>()); }

inline Address any_address() {
  auto part = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab0-. A"))));
  std::string node = *part;
  std::string process = *part;
  std::string package = *part;
  return {node, ProcessId(process, package, *part)};
}

inline std::vector<AttachedCapability> any_capabilities() {
  std::vector<AttachedCapability> capabilities;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    std::string params = *rc::gen::element<std::string>("\"messaging\"", "{ \"a\": [1, 2.0] }", "null", "\"x\"");
    Address issuer = any_address();
    capabilities.push_back({*Capability::make(issuer, params), any_bytes()});
  }
  return capabilities;
}

inline Request any_request() {
  Request request;
  request.inherit = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    request.expects_response = *rc::gen::arbitrary<uint64_t>();
  }
  request.body = any_bytes();
  request.metadata = maybe_text();
  request.capabilities = any_capabilities();
  return request;
}

inline std::optional<Blob> maybe_blob() {
  if (!*rc::gen::arbitrary<bool>()) {
    return std::nullopt;
  }
  return Blob{maybe_text(), any_bytes()};
}

inline KernelMessage any_message() {
  uint64_t id = *rc::gen::arbitrary<uint64_t>();
  Address source = any_address();
  Address target = any_address();
  KernelMessage message{id, source, target, {}, {}, {}, maybe_blob()};
  if (*rc::gen::arbitrary<bool>()) {
    message.rsvp = any_address();
  }
  if (*rc::gen::arbitrary<bool>()) {
    message.message = any_request();
  } else {
    Request request = any_request();
    message.message = Response{request.inherit, request.body, request.metadata, request.capabilities};
  }
  return message;
}

}  // namespace kinode::codec
