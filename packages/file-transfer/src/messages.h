#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What processes of this package say to each other, in JSON: README.md has all of it. What does not fit reads as
/// nothing; numbers and texts are as the sender wrote them, to be checked by who uses them.

namespace file_transfer {

/// The number in a Download that says: offers, acknowledgements and hashes are understood. One that has none is
/// of the first protocol, which has only sizes and chunks.
inline constexpr uint64_t protocol_with_offers = 2;

/// Bytes of the chunks that we send: by how fast they are acknowledged.
inline constexpr uint64_t shortest_chunk_sent = uint64_t{64} << 10U;
inline constexpr uint64_t longest_chunk_sent = uint64_t{512} << 10U;
/// What peers of the first protocol expect.
inline constexpr uint64_t first_protocol_chunk_bytes = uint64_t{1} << 20U;
/// The longest that we take.
inline constexpr uint64_t longest_chunk = uint64_t{4} << 20U;
/// Chunks on the way that are not acknowledged, at most.
inline constexpr uint64_t most_chunks_in_flight = 16;
/// The longest file that we take: as much as the vfs can hash.
inline constexpr uint64_t longest_file = uint64_t{64} << 30U;

/// An order to a main process, and by it to a worker.
struct Download {
  std::string name;
  /// To a requestor: the main process that has the file. Else who receives it.
  kinode::Address target;
  bool is_requestor = false;
  uint64_t protocol = 1;
};

/// From sender to receiver: what is about to come.
struct Offer {
  std::string name;
  uint64_t size = 0;
  /// Of the whole file, in hex.
  std::string sha256;
};

/// From sender to receiver, its bytes beside it.
struct Chunk {
  std::string name;
  uint64_t offset = 0;
  uint64_t length = 0;
};

// An address is read as text, `node@process:package:publisher`, too.
kinode::Json to_json(const kinode::Address& address);
std::optional<kinode::Address> address_of(const kinode::Json& json);

// Each as the whole message: {"Download":{...}}.
kinode::Json to_json(const Download& download);
kinode::Json to_json(const Offer& offer);
kinode::Json to_json(const Chunk& chunk);
std::optional<Download> download_of(const kinode::Json& arguments);
std::optional<Offer> offer_of(const kinode::Json& arguments);
std::optional<Chunk> chunk_of(const kinode::Json& arguments);

/// {"Download":{"Ok":null}}, {"Chunk":{"Ok":524288}}.
std::string ok(const char* message, kinode::Json value = nullptr);
/// {"Download":{"Err":"there is no file of this name"}}
std::string err(const char* message, std::string_view why);

/// What is in an answer: its value, or the reason of a refusal. An answer to another message is a refusal too.
struct Answer {
  kinode::Json value;
  std::optional<std::string> error;
};
Answer answer_of(const char* message, std::string_view body);

/// A message is a name alone or an object of one name: {"Chunk":{...}}.
struct Named {
  std::string name;
  kinode::Json arguments;
};
std::optional<Named> message_of(std::string_view body);

}  // namespace file_transfer
