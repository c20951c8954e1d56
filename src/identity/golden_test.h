// A keyfile of which all is known, its parts made with another implementation (Python's hashlib and cryptography): of
// the node a.dev with the router r.os, password hash "secret", salt 40..5f, networking seed 00..1f, token
// secret 60..7f, file key 80..9f, the nonces 12 bytes of 1, 2, 3 and 4.
#pragma once

#include <string_view>

#include "crypto/hex.h"
#include "identity/sealed_keyfile.h"

namespace kinode::identity::golden {

constexpr std::string_view networking_key =
    "010101010101010101010101fcdbe0821ecf6208870ef8713847433af2be6623352154107af006b3a5b7d942840baf00fda0"
    "a116b10a23de1bb8a62f9f0427dd3a82c703d0783da9815ae1a3e064cd436f249f2190a0db2021924e2a0bbe367f46e421ba"
    "8741225ff1524336e68510";
constexpr std::string_view token_secret =
    "02020202020202020202020210ba4659e9bf0a41f5dc7a64813126998e295505ec7bb2faa99a1c0dc168d1eb3a200cf72b1b"
    "0c05e047887e4f8bd125";
constexpr std::string_view file_key =
    "03030303030303030303030361ad3eb7431e43288a6797fe3dd6b7f4d9008e4adf217b3807a439144d92ea2aff0e8d21b869"
    "22a6962a7f55271f3b44";
/// Of two bytes, as the first client made them (defect B1).
constexpr std::string_view short_secret = "040404040404040404040404a18468277e7bf374adb3f14073f6d3226386";

inline SealedKeyfile sealed() {
  SealedKeyfile keyfile{.name = "a.dev", .routers = {"r.os"}};
  for (uint8_t i = 0; i < 32; ++i) {
    keyfile.salt[i] = static_cast<uint8_t>(0x40 + i);
  }
  keyfile.networking_key = crypto::from_hex(networking_key).value();
  keyfile.token_secret = crypto::from_hex(token_secret).value();
  keyfile.file_key = crypto::from_hex(file_key).value();
  return keyfile;
}

}  // namespace kinode::identity::golden
