#include "backup/password.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace kinode::backup {
namespace {

TEST(BackupPassword, IsThatOfItsKeyForEver) {
  std::array<uint8_t, 32> seed{};
  for (size_t i = 0; i < seed.size(); ++i) {
    seed[i] = static_cast<uint8_t>(i);
  }
  const crypto::Secret password = node_password(crypto::SigningKey::from_seed(seed));
  // Of another implementation: hmac.new(bytes(range(32)), b"kinode backup repository 1", hashlib.blake2s).
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(password.data()), password.size()),
            "74361d64db7951521a9acebb1be09305fee715390aee33c1d047611f93b589a7");
  seed[0] = 1;
  const crypto::Secret other = node_password(crypto::SigningKey::from_seed(seed));
  EXPECT_FALSE(crypto::equal_in_constant_time(password.span(), other.span()));
}

}  // namespace
}  // namespace kinode::backup
