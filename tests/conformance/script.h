// Steps for the actor (tests/guests/README.md), and the processes that tests talk to.
#pragma once

#include <string>
#include <utility>

#include "rpc_client.h"

namespace kinode::conformance {

// package test-kit
inline const std::string actor = "actor:test-kit:test.os";
inline const std::string plain = "plain:test-kit:test.os";
inline const std::string second = "second:test-kit:test.os";
inline const std::string closed = "closed:test-kit:test.os";
inline const std::string echo = "echo:test-kit:test.os";
inline const std::string counter = "counter:test-kit:test.os";
inline const std::string forwarder = "forwarder:test-kit:test.os";
inline const std::string looper = "looper:test-kit:test.os";
inline const std::string memory_eater = "memory-eater:test-kit:test.os";
// package other-kit
inline const std::string other = "actor:other-kit:test.os";

inline const std::string kernel_id = "kernel:distro:sys";
inline const std::string vfs_id = "vfs:distro:sys";
inline const std::string kv_id = "kv:distro:sys";
inline const std::string sqlite_id = "sqlite:distro:sys";
inline const std::string state_id = "state:distro:sys";
inline const std::string timer_id = "timer:distro:sys";
inline const std::string store_id = "main:app-store:sys";

inline const std::string messaging = "\"messaging\"";
inline const std::string network = "\"network\"";

/// A list of steps.
template <class... Steps>
Json steps(Steps&&... each) {
  Json list = Json::array();
  (list.push_back(Json(std::forward<Steps>(each))), ...);
  return list;
}

/// The body of a request that is a script.
template <class... Steps>
Json script(Steps&&... each) {
  return {{"steps", steps(std::forward<Steps>(each)...)}};
}

/// A script whose sender is answered although it did not ask for it: who asked stands at the chain's start.
template <class... Steps>
Json answering_script(Steps&&... each) {
  return {{"answer", true}, {"steps", steps(std::forward<Steps>(each)...)}};
}

/// A step with its arguments.
inline Json step(const std::string& name, Json arguments = Json::object()) {
  arguments["do"] = name;
  return arguments;
}

inline Json send(const std::string& to, Json body, Json more = Json::object()) {
  more["to"] = to;
  more["body"] = std::move(body);
  return step("send", std::move(more));
}

/// Sends, and waits for the response or the error, which is the result.
inline Json await(const std::string& to, Json body, Json more = Json::object()) {
  more["to"] = to;
  more["body"] = std::move(body);
  return step("send_and_await", std::move(more));
}

inline Json respond(Json body, Json more = Json::object()) {
  more["body"] = std::move(body);
  return step("respond", std::move(more));
}

inline Json repeat(size_t times, Json list) { return step("repeat", {{"times", times}, {"steps", std::move(list)}}); }

/// Waits for one message.
inline Json receive() { return "receive"; }
/// The script is not answered at its end.
inline Json hold() { return "hold"; }

inline Json set_timer(uint64_t milliseconds) { return {{"SetTimer", milliseconds}}; }

/// An action of the vfs.
inline Json vfs(const std::string& path, Json action) { return {{"path", path}, {"action", std::move(action)}}; }
inline Json await_vfs(const std::string& path, Json action, Json more = Json::object()) {
  return await(vfs_id, vfs(path, std::move(action)), std::move(more));
}

/// A capability, for scripts and for kernel commands; `issuer` is an address.
inline Json capability(const std::string& issuer, const std::string& params) {
  return {{"issuer", issuer}, {"params", params}};
}

/// The file of the kit that a spawn starts.
inline std::string kit_file(const std::string& name) { return "/test-kit:test.os/pkg/" + name + ".wasm"; }

}  // namespace kinode::conformance
