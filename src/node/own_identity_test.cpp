// Opening a keyfile takes a moment: so few tests do more than they must.
#include "node/own_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "identity/keyfile.h"
#include "identity/keyfile_store.h"
#include "identity/sealed_keyfile.h"
#include "identity/sealing.h"
#include "kernel/testing/memory_journal.h"
#include "kernel/testing/temp_folder.h"

namespace kinode::node {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OwnIdentityTest : public testing::Test {
 protected:
  /// A keyfile in the home.
  identity::Keyfile put(const std::string& name, identity::Sealing sealing) {
    identity::Keyfile keyfile = identity::make_keyfile(name, {"r.os"});
    EXPECT_TRUE(identity::write_keyfile(options_.home, identity::seal(keyfile, "secret", sealing).value()));
    return keyfile;
  }
  [[nodiscard]] Result<OwnIdentity> settle() { return settle_identity(journal_, options_); }
  [[nodiscard]] std::string keyfile_text() const {
    std::ifstream file(options_.home + "/.keys", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::optional<std::string> known_name() {
    const std::optional<Bytes> name = journal_.read("meta/node").value();
    return name ? std::optional(std::string(name->text())) : std::nullopt;
  }

  const kernel::testing::TempFolder folder_;
  kernel::testing::MemoryJournal journal_;
  Options options_{.home = folder_.path()};
};

TEST_F(OwnIdentityTest, RunsUnderTheKeyfilesNameWithItsRouters) {
  for (const identity::Sealing sealing : {identity::Sealing::normal, identity::Sealing::simulation}) {
    const identity::Keyfile made = put("node.dev", sealing);
    const std::string before = keyfile_text();
    options_.password = "secret";
    Result<OwnIdentity> ours = settle();
    ASSERT_TRUE(ours) << ours.error().message;
    EXPECT_EQ(ours->name, "node.dev");
    EXPECT_EQ(ours->key->public_key(), made.networking_key.public_key());
    EXPECT_EQ(ours->routers, made.routers);
    EXPECT_TRUE(crypto::equal_in_constant_time(ours->token_secret.span(), made.token_secret.span()));
    EXPECT_EQ(ours->is_for_development, sealing == identity::Sealing::simulation);
    EXPECT_EQ(known_name(), "node.dev");
    EXPECT_EQ(keyfile_text(), before);
  }
  EXPECT_FALSE(fs::exists(options_.home + "/.development-key"));
}

TEST_F(OwnIdentityTest, AWrongPasswordChangesNothing) {
  put("node.dev", identity::Sealing::normal);
  const std::string before = keyfile_text();
  options_.password = "wrong horse";
  Result<OwnIdentity> ours = settle();
  ASSERT_FALSE(ours);
  EXPECT_THAT(ours.error().message,
              AllOf(HasSubstr("the password does not open the keys of node.dev"), Not(HasSubstr("wrong horse"))));
  EXPECT_EQ(keyfile_text(), before);
  EXPECT_EQ(known_name(), std::nullopt);
  EXPECT_EQ(std::distance(fs::directory_iterator(options_.home), fs::directory_iterator()), 1);
}

TEST_F(OwnIdentityTest, WithoutAPasswordItSaysHowToGiveOne) {
  put("node.dev", identity::Sealing::simulation);
  Result<OwnIdentity> ours = settle();
  ASSERT_FALSE(ours);
  EXPECT_THAT(ours.error().message, AllOf(HasSubstr("node.dev"), HasSubstr("KINODE_PASSWORD")));
  EXPECT_EQ(known_name(), std::nullopt);
  EXPECT_FALSE(fs::exists(options_.home + "/.development-key"));
}

TEST_F(OwnIdentityTest, AnotherNameThanTheKeyfilesIsRefused) {
  put("node.dev", identity::Sealing::simulation);
  options_.password = "secret";
  options_.node_name = "other.dev";
  EXPECT_THAT(settle().error().message, AllOf(HasSubstr("node.dev"), HasSubstr("other.dev")));
  EXPECT_EQ(known_name(), std::nullopt);
  options_.node_name = "node.dev";
  EXPECT_EQ(settle().value().name, "node.dev");
}

TEST_F(OwnIdentityTest, AKeyfileOfAnotherThanTheHomesNodeIsRefusedAsItIs) {
  kernel::Batch batch;
  batch.put("meta/node", Bytes::copy_of("first.dev"));
  ASSERT_TRUE(journal_.write(batch));
  put("second.dev", identity::Sealing::simulation);
  options_.password = "secret";
  EXPECT_THAT(settle().error().message, AllOf(HasSubstr("home of first.dev"), HasSubstr("second.dev")));
  EXPECT_EQ(known_name(), "first.dev");
}

TEST_F(OwnIdentityTest, ADamagedKeyfileIsNoWrongPassword) {
  std::ofstream(options_.home + "/.keys") << "[1, 2";
  options_.password = "secret";
  EXPECT_THAT(settle().error().message, AllOf(HasSubstr(".keys"), HasSubstr("damaged")));
}

TEST_F(OwnIdentityTest, ADevelopmentNodeKeepsItsNameAndKey) {
  const OwnIdentity first = settle().value();
  EXPECT_EQ(first.name, "node.dev");
  const OwnIdentity again = settle().value();
  EXPECT_EQ(again.key->public_key(), first.key->public_key());
  EXPECT_TRUE(first.is_for_development);
  EXPECT_EQ(first.token_secret.size(), 32U);
  EXPECT_TRUE(crypto::equal_in_constant_time(again.token_secret.span(), first.token_secret.span()))
      << "logins outlast a restart";
  options_.node_name = "other.dev";
  EXPECT_THAT(settle().error().message, AllOf(HasSubstr("home of node.dev"), HasSubstr("other.dev")));
}

TEST_F(OwnIdentityTest, APasswordLocksTheKeyThatADevelopmentNodeHad) {
  const OwnIdentity open = settle().value();
  options_.password = "secret";
  const OwnIdentity locked = settle().value();
  EXPECT_EQ(locked.key->public_key(), open.key->public_key());
  EXPECT_EQ(locked.name, open.name);
  EXPECT_FALSE(fs::exists(options_.home + "/.development-key"));
  EXPECT_EQ(fs::status(options_.home + "/.keys").permissions(), fs::perms(0600));
  EXPECT_EQ(settle().value().key->public_key(), open.key->public_key());
  options_.password.reset();
  EXPECT_FALSE(settle()) << "it stays locked";
}

TEST_F(OwnIdentityTest, B1_AShortTokenSecretIsReplacedInTheFile) {
  identity::Keyfile keyfile = identity::make_keyfile("node.dev", {});
  const crypto::PublicKey key = keyfile.networking_key.public_key();
  keyfile.token_secret = crypto::Secret(2);
  ASSERT_TRUE(
      identity::write_keyfile(options_.home, identity::seal(keyfile, "secret", identity::Sealing::normal).value()));
  options_.password = "secret";
  EXPECT_EQ(settle().value().key->public_key(), key);
  const identity::Unsealed again =
      identity::unseal(identity::read_keyfile(options_.home).value().value(), "secret").value();
  EXPECT_FALSE(again.keyfile.rekeyed);
  EXPECT_EQ(again.sealing, identity::Sealing::normal);
  EXPECT_EQ(again.keyfile.networking_key.public_key(), key);
}

}  // namespace
}  // namespace kinode::node
