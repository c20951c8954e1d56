// Keyfile: a node's name and secrets, under a password (networking.md 2.1). It is what an owner keeps: with it and the
// password the node can be moved to another machine, and to the first client and back.
//
// Encoding and decoding take about a second of one core, so that passwords cannot be tried by the million: not for a
// thread that others wait for, and whoever offers it to strangers must slow them down. Values; functions of any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "crypto/secret.h"

namespace kinode::identity {

struct Keyfile {
  std::string name;
  std::vector<std::string> routers;
  crypto::SigningKey networking_key;
  /// Signs login tokens.
  crypto::Secret token_secret;
  /// 32 bytes that nothing uses yet.
  crypto::Secret file_key;
  /// The file's token secret could be guessed (defect B1: it has two bytes) and was replaced. The file should be
  /// written anew; tokens given out before are void.
  bool rekeyed = false;
};

/// One with new keys.
Keyfile make_keyfile(std::string name, std::vector<std::string> routers);

/// `password_hash` is what login.h makes of the password; in simulation mode it is the password itself.
Result<Bytes> encode(const Keyfile& keyfile, std::string_view password_hash);
/// The error of a wrong password is told from that of a damaged file by is_incorrect_password.
Result<Keyfile> decode(const Bytes& file, std::string_view password_hash);
bool is_incorrect_password(const Error& error);

struct KeyfileNames {
  std::string name;
  std::vector<std::string> routers;

  friend bool operator==(const KeyfileNames&, const KeyfileNames&) = default;
};

/// What can be read without the password. Nothing proves it until the file is decoded, nor then: names are not
/// authenticated.
Result<KeyfileNames> read_names(const Bytes& file);

}  // namespace kinode::identity
