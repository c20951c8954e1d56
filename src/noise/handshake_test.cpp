#include "noise/handshake.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "crypto/hex.h"
#include "noise/vectors_test.h"

namespace kinode::noise {
namespace {

using crypto::from_hex;
using crypto::to_hex;
using crypto::X25519Key;
using Octets = std::vector<uint8_t>;
using Role = Handshake::Role;

Octets octets(std::string_view hex) { return from_hex(hex).value(); }

X25519Key key_of(std::string_view hex) {
  const Octets bytes = octets(hex);
  return X25519Key::from_private(std::span<const uint8_t, 32>(bytes));
}

X25519Key key_of(uint8_t byte) {
  std::array<uint8_t, 32> bytes{};
  bytes.fill(byte);
  return X25519Key::from_private(bytes);
}

Octets seal(CipherState& cipher, const Octets& plain) {
  Octets sealed(plain.size() + tag_size);
  cipher.seal(plain, sealed.data());
  return sealed;
}

std::optional<Octets> open(CipherState& cipher, const Octets& sealed) {
  Octets plain(sealed.size() < tag_size ? 0 : sealed.size() - tag_size);
  return cipher.open(sealed, plain.data()) ? std::optional(plain) : std::nullopt;
}

struct Pair {
  Handshake initiator{Role::initiator};
  Handshake responder{Role::responder};

  Handshake& writer(size_t message) { return message % 2 == 0 ? initiator : responder; }
  Handshake& reader(size_t message) { return message % 2 == 0 ? responder : initiator; }
  /// Passes the messages before `end` on.
  void play(size_t end, const Octets& payload = {}) {
    for (size_t i = 0; i < end; ++i) {
      ASSERT_EQ(reader(i).read(writer(i).write(payload).value()).value(), payload);
    }
  }
};

class PublishedVector : public testing::TestWithParam<NoiseVector> {};
INSTANTIATE_TEST_SUITE_P(NoiseXX, PublishedVector, testing::ValuesIn(published_vectors),
                         [](const auto& each) { return each.index == 0 ? "cacophony" : "snow"; });

TEST_P(PublishedVector, IsMadeByteForByte) {
  const NoiseVector& vector = GetParam();
  const Octets prologue = octets(vector.prologue);
  Pair pair{{Role::initiator, key_of(vector.initiator_static), key_of(vector.initiator_ephemeral), prologue},
            {Role::responder, key_of(vector.responder_static), key_of(vector.responder_ephemeral), prologue}};
  ASSERT_GT(vector.messages.size(), 4U);
  for (size_t i = 0; i < 3; ++i) {
    const auto& [payload, ciphertext] = vector.messages[i];
    const Octets message = pair.writer(i).write(octets(payload)).value();
    EXPECT_EQ(to_hex(message), ciphertext);
    EXPECT_EQ(to_hex(pair.reader(i).read(message).value()), payload);
  }
  if (!vector.hash.empty()) {
    EXPECT_EQ(to_hex(pair.initiator.hash()), vector.hash);
  }
  EXPECT_EQ(to_hex(pair.initiator.hash()), to_hex(pair.responder.hash()));
  Ciphers initiator = std::move(pair.initiator).split();
  Ciphers responder = std::move(pair.responder).split();
  for (size_t i = 3; i < vector.messages.size(); ++i) {
    const auto& [payload, ciphertext] = vector.messages[i];
    // The files go on in turns, so after message 3 of the initiator the responder speaks.
    const bool from_initiator = i % 2 == 0;
    const Octets sealed = seal(from_initiator ? initiator.send : responder.send, octets(payload));
    EXPECT_EQ(to_hex(sealed), ciphertext);
    EXPECT_EQ(open(from_initiator ? responder.receive : initiator.receive, sealed), octets(payload));
  }
}

TEST(Handshake, TheFirstMessageIsTheEphemeralKeyAlone) {
  Handshake initiator(Role::initiator, key_of(2), key_of(1));
  EXPECT_EQ(to_hex(initiator.write({}).value()), "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209");
}

TEST(Handshake, AnyTwoFreshOnesAgree) {
  EXPECT_TRUE(rc::check("payloads of any kind", [](const Octets& first, const Octets& second, const Octets& third) {
    Pair pair;
    RC_ASSERT(*pair.responder.read(*pair.initiator.write(first)) == first);
    RC_ASSERT(*pair.initiator.read(*pair.responder.write(second)) == second);
    RC_ASSERT(!pair.initiator.is_finished());
    RC_ASSERT(*pair.responder.read(*pair.initiator.write(third)) == third);
    RC_ASSERT(pair.initiator.is_finished() && pair.responder.is_finished());
    RC_ASSERT(std::ranges::equal(pair.initiator.hash(), pair.responder.hash()));
    RC_ASSERT(std::ranges::equal(pair.initiator.remote_static(), pair.responder.static_key()));
    RC_ASSERT(std::ranges::equal(pair.responder.remote_static(), pair.initiator.static_key()));
    Ciphers initiator = std::move(pair.initiator).split();
    Ciphers responder = std::move(pair.responder).split();
    for (const Octets& text : {first, second, third}) {
      RC_ASSERT(open(responder.receive, seal(initiator.send, text)) == text);
      RC_ASSERT(open(initiator.receive, seal(responder.send, text)) == text);
    }
  }));
}

/// A flipped bit in message 1 may first show when message 2 is read, or 3; but then it does.
TEST(Handshake, AnyFlippedBitBreaksIt) {
  EXPECT_TRUE(rc::check("in any message", [] {
    Pair pair;
    const size_t altered = *rc::gen::inRange<size_t>(0, 3);
    bool failed = false;
    for (size_t i = 0; i < 3 && !failed; ++i) {
      Result<Octets> message = pair.writer(i).write(Octets(10, 'p'));
      RC_ASSERT(message.has_value());
      if (i == altered) {
        // The top bit of a key counts too, though X25519 ignores it: the hash has it.
        const size_t bit = *rc::gen::inRange<size_t>(0, 8 * message->size());
        (*message)[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
      }
      failed = !pair.reader(i).read(*message);
    }
    RC_ASSERT(failed);
    RC_ASSERT(!pair.initiator.is_finished() || !pair.responder.is_finished());
  }));
}

TEST(Handshake, NobodySpeaksOutOfTurn) {
  Pair pair;
  EXPECT_FALSE(pair.responder.write({}));
  EXPECT_FALSE(pair.initiator.read(Octets(32, 1)));
  EXPECT_FALSE(pair.initiator.is_finished());
  pair.play(1);
  EXPECT_EQ(pair.initiator.write({}).error().message, "handshake: message 2 is for the responder to send");
  EXPECT_FALSE(pair.responder.read(Octets(32, 1)));
  ASSERT_TRUE(pair.initiator.read(pair.responder.write({}).value())) << "a call out of turn changes nothing";
  ASSERT_TRUE(pair.responder.read(pair.initiator.write({}).value()));
  EXPECT_FALSE(pair.initiator.write({}));
  EXPECT_FALSE(pair.responder.write({}));
  EXPECT_FALSE(pair.initiator.read({}));
  EXPECT_TRUE(pair.initiator.is_finished()) << "nor does one after the end";
}

TEST(Handshake, ShortMessagesAreErrors) {
  constexpr size_t shortest[] = {32, 96, 64};
  for (size_t message = 0; message < 3; ++message) {
    for (size_t size : {size_t{0}, size_t{1}, shortest[message] - 1}) {
      Pair pair;
      pair.play(message);
      EXPECT_FALSE(pair.reader(message).read(Octets(size, 9))) << message << " " << size;
      EXPECT_FALSE(pair.reader(message).read(Octets(shortest[message], 9))) << "it is over after an error";
    }
  }
}

TEST(Handshake, MessagesHaveAtMost65535Bytes) {
  constexpr size_t overhead[] = {32, 96, 64};
  for (size_t message = 0; message < 3; ++message) {
    Pair pair;
    pair.play(message);
    EXPECT_FALSE(pair.writer(message).write(Octets(65536 - overhead[message])));
    Result<Octets> longest = pair.writer(message).write(Octets(65535 - overhead[message]));
    ASSERT_TRUE(longest);
    EXPECT_EQ(longest->size(), 65535U);
    EXPECT_TRUE(pair.reader(message).read(*longest));
  }
  Pair pair;
  EXPECT_FALSE(pair.responder.read(Octets(65536, 9)));
}

TEST(Handshake, KeysOfLowOrderAreRefused) {
  // networking.md 4.2: the first client answers an ephemeral key of zeros.
  Handshake responder(Role::responder);
  ASSERT_TRUE(responder.read(Octets(32, 0)));
  Result<Octets> answer = responder.write({});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("low order"), std::string::npos) << answer.error().message;
  EXPECT_FALSE(responder.write({}));

  Handshake initiator(Role::initiator);
  ASSERT_TRUE(initiator.write({}));
  EXPECT_FALSE(initiator.read(Octets(200, 0)));
}

TEST(CipherState, AFailureIsForGood) {
  Pair pair;
  pair.play(3);
  Ciphers initiator = std::move(pair.initiator).split();
  Ciphers responder = std::move(pair.responder).split();
  const Octets first = seal(initiator.send, {1});
  const Octets second = seal(initiator.send, {2});
  const Octets third = seal(initiator.send, {3});
  EXPECT_EQ(initiator.send.count(), 3U);
  EXPECT_EQ(open(responder.receive, first), Octets{1});
  EXPECT_FALSE(open(responder.receive, first)) << "replayed";
  EXPECT_FALSE(open(responder.receive, second)) << "it would have been in order";
  EXPECT_EQ(responder.receive.count(), 1U);

  Pair other;
  other.play(3);
  Ciphers receiver = std::move(other.responder).split();
  EXPECT_FALSE(open(receiver.receive, third)) << "of another connection";
}

}  // namespace
}  // namespace kinode::noise
