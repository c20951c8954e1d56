#pragma once

#include <kinode/json.h>
#include <kinode/process.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

/// Requests of the workers whose answers come by `receive`. What an answer is for stands in its context.

namespace file_transfer {

/// What a request was for. `transfer` names the attempt: an answer that belongs to one given up is known by it.
struct Tag {
  enum class What : uint8_t {
    tick,
    ask_again,
    download,
    size,
    hash,
    sync,
    read,
    write,
    place,
    offer,
    chunk,
    finish,
    probe
  };
  What what;
  uint64_t transfer = 0;
  /// Of `read`: the length; of `place`: where the cursor has to be.
  uint64_t number = 0;
};
kinode::Bytes encode(const Tag& tag);
std::optional<Tag> tag_of(const std::optional<kinode::Bytes>& context);

/// An answer to one of our requests, or the reason why there is none.
struct Reply {
  Tag tag;
  /// `Offline` or `Timeout`; nothing: there is an answer, in `body`.
  std::optional<std::string> lost;
  std::string body;
};
/// Nothing if the message is no answer to a request that had a tag.
std::optional<Reply> reply_of(const std::expected<kinode::Message, kinode::SendError>& event);

/// An action of the vfs whose answer is to be received.
struct FileCall {
  std::string path;
  kinode::Json action;
  Tag tag;
  /// The blob of the message received last goes along; it does not enter our memory.
  bool with_blob = false;
};
void call_vfs(const FileCall& call);
/// The same without an answer.
void tell_vfs(const std::string& path, const kinode::Json& action);
/// The same, awaited. The answer, or the error's text.
std::expected<kinode::Json, std::string> await_vfs(const std::string& path, const kinode::Json& action);
/// The answer in a reply of the vfs.
std::expected<kinode::Json, std::string> vfs_answer(const Reply& reply);
/// SHA-256 in hex, from the answer to `Hash`.
std::expected<std::string, std::string> sha256_of(const std::expected<kinode::Json, std::string>& answer);

/// A message to a peer. With a tag it expects an answer in so many seconds.
void tell(const kinode::Address& peer, const kinode::Json& message);
void ask(const kinode::Address& peer, const kinode::Json& message, const Tag& tag, uint64_t seconds,
         bool with_blob = false);

void set_tick(std::chrono::milliseconds wait, const Tag& tag);

}  // namespace file_transfer
