// Handshake: Noise_XX_25519_ChaChaPoly_BLAKE2s (Noise revision 34), which makes two strangers on a socket share keys
// that nobody else knows. It does no input or output.
//
//   1  initiator to responder   e                payload in clear
//   2  responder to initiator   e, ee, s, es     payload encrypted; its sender may yet be anybody
//   3  initiator to responder   s, se            payload encrypted
//
// Who the other is the handshake does not say: the payloads carry a signature of the static key by the node's
// networking key, which whoever drives the handshake must check (wire/handshake_payload.h).
//
//   Handshake handshake(Handshake::Role::initiator);
//   send(*handshake.write({}));
//   payload = handshake.read(received);
//   send(*handshake.write(our_payload));
//   Ciphers ciphers = std::move(handshake).split();
//
// After a message that is wrong the handshake is over: every later call fails. A call out of turn changes nothing.
// Private keys are wiped as soon as the last message is through. Movable; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "crypto/x25519.h"
#include "noise/cipher_state.h"
#include "noise/symmetric_state.h"

namespace kinode::noise {

/// The two directions of a connection.
struct Ciphers {
  CipherState send;
  CipherState receive;
};

class Handshake {
 public:
  enum class Role : uint8_t { initiator, responder };

  /// With fresh keys.
  explicit Handshake(Role role);
  /// With given ones, for tests. Peers use an empty prologue.
  Handshake(Role role, crypto::X25519Key static_key, crypto::X25519Key ephemeral,
            std::span<const uint8_t> prologue = {});

  /// Our next message. An error where it is the other's turn, or the message would be over 65535 bytes.
  Result<std::vector<uint8_t>> write(std::span<const uint8_t> payload);
  /// Takes the other's message, and gives the payload in it. An error where it is our turn, or where the message was
  /// altered, is cut, over 65535 bytes or made with a key of low order.
  Result<std::vector<uint8_t>> read(std::span<const uint8_t> message);

  /// All three messages are through.
  [[nodiscard]] bool is_finished() const { return next_ == message_count && !failed_; }
  /// Our public one.
  [[nodiscard]] const std::array<uint8_t, 32>& static_key() const { return static_public_; }
  /// The other's, once it is known: for the initiator after message 2, for the responder after message 3.
  [[nodiscard]] std::span<const uint8_t, 32> remote_static() const;
  /// Of all that was said, once finished: the same on both sides, and of no other handshake.
  [[nodiscard]] std::span<const uint8_t, 32> hash() const { return symmetric_.hash(); }
  /// Once finished.
  Ciphers split() &&;

 private:
  using PublicKey = std::array<uint8_t, 32>;
  static constexpr unsigned message_count = 3;

  [[nodiscard]] Result<void> check_turn(bool writing) const;
  Result<void> write_tokens(std::vector<uint8_t>& out);
  Result<void> read_tokens(std::span<const uint8_t>& rest);
  Result<void> mix_agreed(const std::optional<crypto::X25519Key>& key, const std::optional<PublicKey>& remote);
  Result<void> mix_es();
  Result<void> mix_se();
  [[nodiscard]] size_t token_size() const;
  void advance();

  Role role_;
  unsigned next_ = 0;  // of the three messages
  bool failed_ = false;
  SymmetricState symmetric_;
  std::optional<crypto::X25519Key> static_key_;
  std::optional<crypto::X25519Key> ephemeral_;
  PublicKey static_public_;
  std::optional<PublicKey> remote_static_;
  std::optional<PublicKey> remote_ephemeral_;
};

}  // namespace kinode::noise
