// A Noise handshake with a stranger: the input as each of its messages, as what is inside of each, and as what happens
// to each on its way. Nothing is taken but what the peer said.
#include "noise/handshake.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "wire/handshake_payload.h"

using namespace kinode;
using noise::Handshake;

namespace {

using Octets = std::vector<uint8_t>;

crypto::X25519Key key(uint8_t byte) {
  std::array<uint8_t, 32> bytes{};
  bytes.fill(byte);
  return crypto::X25519Key::from_private(bytes);
}

/// Both ends, with keys that are always the same, so that an input does the same again.
struct Pair {
  Handshake initiator{Handshake::Role::initiator, key(2), key(1)};
  Handshake responder{Handshake::Role::responder, key(4), key(3)};

  Handshake& writer(unsigned message) { return message % 2 == 0 ? initiator : responder; }
  Handshake& reader(unsigned message) { return message % 2 == 0 ? responder : initiator; }
  void play(unsigned messages) {
    for (unsigned i = 0; i < messages; ++i) {
      Result<Octets> message = writer(i).write({});
      KINODE_CHECK(message && reader(i).read(*message), "message {}", i + 1);
    }
  }
};

/// Only the first message can be made up.
void as_message(unsigned number, std::span<const uint8_t> input) {
  Pair pair;
  pair.play(number);
  Handshake& reader = pair.reader(number);
  Result<Octets> payload = reader.read(input);
  KINODE_CHECK(payload.has_value() == (number == 0 && input.size() >= 32 && input.size() <= noise::max_message_size));
  if (payload) {
    // Nobody has the private key to this one, so the handshake ends here: with an answer, or for low order.
    Result<Octets> answer = reader.write({});
    KINODE_CHECK(answer ? answer->size() == 96 : !answer.error().message.empty());
  } else {
    KINODE_CHECK(!reader.read(input) && !reader.write({}) && !reader.is_finished());
  }
}

void as_payload(std::span<const uint8_t> input) {
  Pair pair;
  for (unsigned i = 0; i < 3; ++i) {
    Result<Octets> message = pair.writer(i).write(input);
    KINODE_CHECK(message.has_value() && pair.reader(i).read(*message) == Octets(input.begin(), input.end()));
  }
  noise::Ciphers initiator = std::move(pair.initiator).split();
  noise::Ciphers responder = std::move(pair.responder).split();
  Octets sealed(input.size() + noise::tag_size);
  Octets plain(input.size());
  initiator.send.seal(input, sealed.data());
  KINODE_CHECK(responder.receive.open(sealed, plain.data()) && std::ranges::equal(plain, input));
  KINODE_CHECK(input.size() < noise::tag_size || !initiator.receive.open(input, plain.data()));
}

/// The message with the input laid over it by exclusive or.
void as_alteration(unsigned altered, std::span<const uint8_t> input) {
  Pair pair;
  bool changed = false;
  bool failed = false;
  for (unsigned i = 0; i < 3 && !failed; ++i) {
    Result<Octets> message = pair.writer(i).write({});
    failed = !message;
    for (size_t at = 0; !failed && i == altered && at < std::min(message->size(), input.size()); ++at) {
      (*message)[at] ^= input[at];
      changed = changed || input[at] != 0;
    }
    failed = failed || !pair.reader(i).read(*message);
  }
  KINODE_CHECK(failed == changed, "message {}", altered + 1);
}

void check_payload(const Bytes& input) {
  Result<wire::HandshakePayload> payload = wire::decode_handshake_payload(input);
  if (!payload) {
    KINODE_CHECK(!payload.error().message.empty());
    return;
  }
  for (codec::ByteForm form : {codec::ByteForm::integers, codec::ByteForm::bin}) {
    KINODE_CHECK(wire::decode_handshake_payload(wire::encode_handshake_payload(*payload, form)) == *payload);
  }
  (void)wire::check_handshake(*payload, {}, key(2).public_key());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> input(data, size);
  check_payload(Bytes::copy_of(input));
  const unsigned way = input.empty() ? 0 : input.back() % 7;
  const std::span<const uint8_t> rest = input.first(input.empty() ? 0 : size - 1);
  if (way < 3) {
    as_message(way, rest);
  } else if (way < 6) {
    as_alteration(way - 3, rest);
  } else {
    as_payload(rest.first(std::min<size_t>(rest.size(), 4096)));
  }
  return 0;
}
