// Whoever opens a keyfile pays for a million rounds: so few tests do.
#include "identity/sealing.h"

#include <gtest/gtest.h>

#include "identity/golden_test.h"
#include "identity/login.h"

namespace kinode::identity {
namespace {

TEST(Sealing, TellsWhichKindOpened) {
  const Keyfile made = make_keyfile("node.dev", {"r.os"});
  for (const Sealing sealing : {Sealing::normal, Sealing::simulation}) {
    const Bytes file = seal(made, "secret", sealing).value();
    Result<Unsealed> opened = unseal(file, "secret");
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->sealing, sealing);
    EXPECT_EQ(opened->keyfile.networking_key.public_key(), made.networking_key.public_key());
    EXPECT_EQ(opened->keyfile.routers, made.routers);
    Result<Unsealed> wrong = unseal(file, "Secret");
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(is_incorrect_password(wrong.error()));
  }
}

TEST(Sealing, ANormalOneIsLockedWithTheLoginHash) {
  const Bytes file = seal(make_keyfile("node.dev", {}), "secret", Sealing::normal).value();
  EXPECT_TRUE(decode(file, login_hash("secret", "node.dev").value()));
  EXPECT_FALSE(decode(file, "secret"));
}

TEST(Sealing, AShortNameHasNoNormalKeyfile) {
  EXPECT_FALSE(seal(make_keyfile("a.dev", {}), "secret", Sealing::normal));
  Result<Unsealed> wrong = unseal(encode_sealed(golden::sealed()), "Secret");
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(is_incorrect_password(wrong.error())) << "not that the name is short: " << wrong.error().message;
}

TEST(Sealing, WhatIsDamagedIsNoWrongPassword) {
  SealedKeyfile sealed = golden::sealed();
  sealed.token_secret.back() ^= 1U;
  Result<Unsealed> opened = unseal(encode_sealed(sealed), "secret");
  ASSERT_FALSE(opened);
  EXPECT_FALSE(is_incorrect_password(opened.error())) << opened.error().message;
}

}  // namespace
}  // namespace kinode::identity
