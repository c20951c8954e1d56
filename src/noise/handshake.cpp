#include "noise/handshake.h"

#include "base/check.h"

namespace kinode::noise {
namespace {

constexpr std::string_view protocol_name = "Noise_XX_25519_ChaChaPoly_BLAKE2s";
constexpr size_t key_size = 32;

std::array<uint8_t, key_size> key_of(std::span<const uint8_t> bytes) {
  std::array<uint8_t, key_size> key{};
  std::ranges::copy(bytes, key.begin());
  return key;
}

std::span<const uint8_t> take(std::span<const uint8_t>& rest, size_t size) {
  const std::span<const uint8_t> taken = rest.first(size);
  rest = rest.subspan(size);
  return taken;
}

}  // namespace

Handshake::Handshake(Role role) : Handshake(role, crypto::X25519Key::generate(), crypto::X25519Key::generate()) {}

Handshake::Handshake(Role role, crypto::X25519Key static_key, crypto::X25519Key ephemeral,
                     std::span<const uint8_t> prologue)
    : role_(role),
      symmetric_(protocol_name),
      static_key_(std::move(static_key)),
      ephemeral_(std::move(ephemeral)),
      static_public_(static_key_->public_key()) {
  symmetric_.mix_hash(prologue);
}

Result<void> Handshake::check_turn(bool writing) const {
  if (failed_) {
    return fail("handshake: it failed before; close the connection and begin anew");
  }
  if (next_ == message_count) {
    return fail("handshake: it is finished, there is no further message");
  }
  const bool ours = (next_ % 2 == 0) == (role_ == Role::initiator);
  if (ours != writing) {
    return fail("handshake: message {} is for the {} to send", next_ + 1, next_ % 2 == 0 ? "initiator" : "responder");
  }
  return {};
}

/// Of what stands before the payload in the next message, and of the payload's tag.
size_t Handshake::token_size() const {
  constexpr size_t sealed_key = key_size + tag_size;
  constexpr std::array<size_t, message_count> sizes = {key_size, key_size + sealed_key + tag_size,
                                                       sealed_key + tag_size};
  return sizes[next_];
}

Result<std::vector<uint8_t>> Handshake::write(std::span<const uint8_t> payload) {
  if (Result<void> turn = check_turn(true); !turn) {
    return std::unexpected(turn.error());
  }
  if (payload.size() > max_message_size - token_size()) {
    return fail("handshake: a payload of {} bytes is too long for message {}, which holds {}", payload.size(),
                next_ + 1, max_message_size - token_size());
  }
  std::vector<uint8_t> message;
  message.reserve(token_size() + payload.size());
  if (Result<void> written = write_tokens(message); !written) {
    failed_ = true;
    return std::unexpected(written.error());
  }
  symmetric_.encrypt_and_hash(payload, message);
  advance();
  return message;
}

Result<std::vector<uint8_t>> Handshake::read(std::span<const uint8_t> message) {
  if (Result<void> turn = check_turn(false); !turn) {
    return std::unexpected(turn.error());
  }
  failed_ = true;  // unless all goes well
  const unsigned number = next_ + 1;
  if (message.size() < token_size() || message.size() > max_message_size) {
    return fail("handshake: message {} has {} bytes, expected {} to {}: the peer speaks another protocol", number,
                message.size(), token_size(), max_message_size);
  }
  std::span<const uint8_t> rest = message;
  if (Result<void> tokens = read_tokens(rest); !tokens) {
    return std::unexpected(tokens.error().at(fmt::format("handshake, message {}", number)));
  }
  std::optional<std::vector<uint8_t>> payload = symmetric_.decrypt_and_hash(rest);
  if (!payload) {
    return fail("handshake: the payload of message {} was altered on its way", number);
  }
  failed_ = false;
  advance();
  return std::move(*payload);
}

Result<void> Handshake::write_tokens(std::vector<uint8_t>& out) {
  if (next_ < 2) {  // e
    out.insert(out.end(), ephemeral_->public_key().begin(), ephemeral_->public_key().end());
    symmetric_.mix_hash(ephemeral_->public_key());
  }
  if (next_ == 0) {
    return {};
  }
  if (next_ == 1) {  // ee
    if (Result<void> mixed = mix_agreed(ephemeral_, remote_ephemeral_); !mixed) {
      return mixed;
    }
  }
  symmetric_.encrypt_and_hash(static_public_, out);  // s
  return next_ == 1 ? mix_es() : mix_se();
}

Result<void> Handshake::read_tokens(std::span<const uint8_t>& rest) {
  if (next_ < 2) {  // e
    remote_ephemeral_ = key_of(take(rest, key_size));
    symmetric_.mix_hash(*remote_ephemeral_);
  }
  if (next_ == 0) {
    return {};
  }
  if (next_ == 1) {  // ee
    if (Result<void> mixed = mix_agreed(ephemeral_, remote_ephemeral_); !mixed) {
      return mixed;
    }
  }
  const std::optional<std::vector<uint8_t>> key = symmetric_.decrypt_and_hash(take(rest, key_size + tag_size));  // s
  if (!key) {
    return fail("the static key was altered on its way");
  }
  remote_static_ = key_of(*key);
  return next_ == 1 ? mix_es() : mix_se();
}

Result<void> Handshake::mix_agreed(const std::optional<crypto::X25519Key>& key,
                                   const std::optional<PublicKey>& remote) {
  Result<crypto::SecretArray<32>> agreed = key->agree(*remote);
  if (!agreed) {
    return std::unexpected(agreed.error());
  }
  symmetric_.mix_key(*agreed);
  return {};
}

/// The initiator's ephemeral key with the responder's static one.
Result<void> Handshake::mix_es() {
  return role_ == Role::initiator ? mix_agreed(ephemeral_, remote_static_) : mix_agreed(static_key_, remote_ephemeral_);
}

/// The initiator's static key with the responder's ephemeral one.
Result<void> Handshake::mix_se() {
  return role_ == Role::initiator ? mix_agreed(static_key_, remote_ephemeral_) : mix_agreed(ephemeral_, remote_static_);
}

void Handshake::advance() {
  if (++next_ == message_count) {
    static_key_.reset();
    ephemeral_.reset();
  }
}

std::span<const uint8_t, 32> Handshake::remote_static() const {
  KINODE_CHECK(remote_static_.has_value(), "after message {}", next_);
  return *remote_static_;
}

Ciphers Handshake::split() && {
  KINODE_CHECK(is_finished(), "after message {}", next_);
  const auto [first, second] = symmetric_.split();
  failed_ = true;  // there is but one use of the keys
  return role_ == Role::initiator ? Ciphers{CipherState(first), CipherState(second)}
                                  : Ciphers{CipherState(second), CipherState(first)};
}

}  // namespace kinode::noise
