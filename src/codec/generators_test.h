// Values at random, for the properties of the codecs, and of whatever rests on them.
#pragma once

#include <rapidcheck.h>

#include "types/message.h"

namespace kinode::codec {

/// UTF-8, with what JSON escapes and with characters of every length.
inline std::string any_text() {
  const std::string zero(1, '\0');
  auto part = rc::gen::element<std::string>("a", "B", " ", "\"", "\\", "/", "\n", "\x1f", "\x7f", zero, "é", "€", "😀");
  std::string text;
  for (const std::string& each : *rc::gen::container<std::vector<std::string>>(part)) {
    text += each;
  }
  return text;
}

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

inline ProcessId any_process() { return any_address().process(); }

inline Capability any_capability() {
  std::string params = *rc::gen::element<std::string>("\"messaging\"", "{ \"a\": [1, 2.0] }", "null", "\"x\"");
  return *Capability::make(any_address(), params);
}

/// Up to three of what `make` gives.
template <class Make>
auto some(Make make) {
  std::vector<decltype(make())> values;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    values.push_back(make());
  }
  return values;
}

inline AttachedCapability any_attached() {
  Capability capability = any_capability();
  return {std::move(capability), any_bytes()};
}

inline std::vector<AttachedCapability> any_capabilities() { return some(any_attached); }

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

inline Response any_response() {
  Request request = any_request();
  return {request.inherit, request.body, request.metadata, request.capabilities};
}

inline OnExit any_on_exit() {
  auto kind = *rc::gen::element(OnExit::Kind::none, OnExit::Kind::restart, OnExit::Kind::requests);
  if (kind != OnExit::Kind::requests) {
    return {kind, {}};
  }
  return {kind, some([] {
            Address target = any_address();
            Request request = any_request();
            return OnExitRequest{std::move(target), std::move(request), maybe_blob()};
          })};
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
    message.message = any_response();
  }
  return message;
}

}  // namespace kinode::codec
