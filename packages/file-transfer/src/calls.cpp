#include "calls.h"

#include <kinode/timer.h>

#include <cstring>
#include <utility>

namespace file_transfer {

using kinode::Json;
using kinode::member;

namespace {

// A hash of the longest file takes minutes.
constexpr uint64_t vfs_timeout_s = 1800;

const kinode::Address& vfs() {
  static const kinode::Address address = kinode::Address::local("vfs:distro:sys");
  return address;
}

kinode::Bytes action_body(const std::string& path, const Json& action) {
  return kinode::dump({{"path", path}, {"action", action}});
}

const char* text_of(kinode::SendError::Kind kind) {
  return kind == kinode::SendError::Kind::offline ? "Offline" : "Timeout";
}

std::expected<Json, std::string> read_answer(std::string_view body) {
  auto json = kinode::parse_json(body);
  if (!json) return std::unexpected("the vfs gave an answer that is not understood");
  const Json& error = member(*json, "Err");
  if (error.is_null()) return std::move(*json);
  const auto reason = kinode::text_member(error, "IOError");
  return std::unexpected(reason ? *reason : kinode::dump(error));
}

}  // namespace

kinode::Bytes encode(const Tag& tag) { return {&tag, sizeof tag}; }

std::optional<Tag> tag_of(const std::optional<kinode::Bytes>& context) {
  Tag tag{};
  if (!context || context->size() != sizeof tag) return std::nullopt;
  std::memcpy(&tag, context->data(), sizeof tag);
  return tag;
}

std::optional<Reply> reply_of(const std::expected<kinode::Message, kinode::SendError>& event) {
  const auto tag = tag_of(event ? event->context : event.error().context);
  if (!tag) return std::nullopt;
  if (!event) return Reply{*tag, text_of(event.error().kind), {}};
  return Reply{*tag, std::nullopt, event->body().string()};
}

void call_vfs(const FileCall& call) {
  kinode::send({.target = vfs(),
                .request = {.inherit = call.with_blob,
                            .expects_response = vfs_timeout_s,
                            .body = action_body(call.path, call.action)},
                .context = encode(call.tag)});
}

void tell_vfs(const std::string& path, const Json& action) {
  kinode::send({.target = vfs(), .request = {.body = action_body(path, action)}});
}

std::expected<Json, std::string> await_vfs(const std::string& path, const Json& action) {
  auto answer = kinode::send_and_await(vfs(), {.expects_response = vfs_timeout_s, .body = action_body(path, action)});
  if (!answer) return std::unexpected(std::string("the vfs does not answer: ") + text_of(answer.error().kind));
  return read_answer(answer->body().text());
}

std::expected<Json, std::string> vfs_answer(const Reply& reply) {
  if (reply.lost) return std::unexpected("the vfs does not answer: " + *reply.lost);
  return read_answer(reply.body);
}

std::expected<std::string, std::string> sha256_of(const std::expected<Json, std::string>& answer) {
  if (!answer) return std::unexpected(answer.error());
  const Json& numbers = member(*answer, "Hash");
  if (!numbers.is_array() || numbers.size() != 32) return std::unexpected("the vfs gave no hash");
  std::string hex;
  for (const Json& number : numbers) {
    const auto byte = number.is_number_unsigned() ? number.get<uint8_t>() : uint8_t{0};
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

void tell(const kinode::Address& peer, const Json& message) {
  kinode::send({.target = peer, .request = {.body = kinode::dump(message)}});
}

void ask(const kinode::Address& peer, const Json& message, const Tag& tag, uint64_t seconds, bool with_blob) {
  kinode::send({.target = peer,
                .request = {.inherit = with_blob, .expects_response = seconds, .body = kinode::dump(message)},
                .context = encode(tag)});
}

void set_tick(std::chrono::milliseconds wait, const Tag& tag) {
  kinode::set_timer(static_cast<uint64_t>(wait.count()), encode(tag));
}

}  // namespace file_transfer
