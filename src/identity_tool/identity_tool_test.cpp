// The commands, as a person gives them. Opening a keyfile takes a moment: so few tests do more than they must.
#include "identity_tool/identity_tool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <list>
#include <sstream>

#include "codec/base64.h"
#include "crypto/hex.h"
#include "identity/keyfile_store.h"
#include "identity/sealed_keyfile.h"
#include "identity/sealing.h"
#include "kernel/testing/temp_folder.h"
#include "modules/state/home_lock.h"
#include "registry/record.h"

namespace kinode::identity_tool {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* secret = "correct horse battery";

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class IdentityTool : public testing::Test {
 protected:
  IdentityTool() { ::unsetenv("KINODE_PASSWORD"); }

  /// `answers` is what the person types.
  int run(const std::vector<std::string>& arguments, std::list<std::string> answers = {}) {
    std::ostringstream out;
    std::ostringstream err;
    const int status =
        identity_tool::run(arguments, out, err, [&](const std::string& prompt) -> Result<crypto::Secret> {
          prompts_.push_back(prompt);
          if (answers.empty()) {
            return fail("there is no terminal");
          }
          crypto::Secret answer = crypto::Secret::copy_of(answers.front());
          answers.pop_front();
          return answer;
        });
    out_ = out.str();
    err_ = err.str();
    EXPECT_THAT(out_ + err_, Not(HasSubstr(secret)));
    EXPECT_EQ(status == 0, err_.empty()) << err_;
    return status;
  }
  int create(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"create", home_, name, "--password", secret};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  /// A keyfile in the home, in less time than `create` takes.
  identity::Keyfile put(const std::string& name, std::vector<std::string> routers = {}) const {
    identity::Keyfile keyfile = identity::make_keyfile(name, std::move(routers));
    fs::create_directory(home_);
    const Bytes file = identity::seal(keyfile, secret, identity::Sealing::simulation).value();
    EXPECT_TRUE(identity::write_keyfile(home_, file));
    return keyfile;
  }
  [[nodiscard]] identity::Unsealed opened(const fs::path& home) const {
    return identity::unseal(identity::read_keyfile(home).value().value(), secret).value();
  }
  static std::string key_text(const identity::Keyfile& keyfile) {
    return crypto::format_public_key(keyfile.networking_key.public_key());
  }

  const kernel::testing::TempFolder folder_;
  const std::string home_ = folder_.path() / "home";
  const std::string file_ = folder_.path() / "file";
  const std::string other_ = folder_.path() / "other";
  std::string out_;
  std::string err_;
  std::vector<std::string> prompts_;
};

TEST_F(IdentityTool, CreatesAHomeForItsOwnerAlone) {
  ASSERT_EQ(create("node.dev", {"--router", "r.os", "--router", "s.os"}), 0) << err_;
  EXPECT_EQ(fs::status(home_).permissions(), fs::perms(0700));
  EXPECT_EQ(fs::status(home_ + "/.keys").permissions(), fs::perms(0600));
  const identity::Unsealed made = opened(home_);
  EXPECT_EQ(made.sealing, identity::Sealing::normal);
  EXPECT_EQ(made.keyfile.routers, (std::vector<std::string>{"r.os", "s.os"}));
  EXPECT_THAT(out_, AllOf(HasSubstr("node.dev"), HasSubstr(key_text(made.keyfile)), HasSubstr("s.os"),
                          HasSubstr("normal builds"), HasSubstr("kinode identity record")));
  const std::string before = content_of(home_ + "/.keys");
  EXPECT_EQ(create("node.dev"), 1);
  EXPECT_THAT(err_, HasSubstr("has a keyfile already"));
  EXPECT_EQ(content_of(home_ + "/.keys"), before);
}

TEST_F(IdentityTool, CreatesWithTheRawPasswordForSimulation) {
  ASSERT_EQ(create("a.dev", {"--simulation"}), 0) << err_;
  EXPECT_EQ(opened(home_).sealing, identity::Sealing::simulation);
  EXPECT_THAT(out_, HasSubstr("simulation builds"));
}

TEST_F(IdentityTool, AsksTwiceForANewPassword) {
  EXPECT_EQ(run({"create", home_, "a.dev", "--simulation"}, {secret, "another"}), 1);
  EXPECT_THAT(err_, HasSubstr("differ"));
  EXPECT_EQ(run({"create", home_, "a.dev", "--simulation"}, {"", ""}), 1);
  EXPECT_THAT(err_, HasSubstr("empty"));
  EXPECT_EQ(run({"create", home_, "a.dev", "--simulation"}), 1);
  EXPECT_FALSE(fs::exists(home_)) << "nothing is made without a password";
  prompts_.clear();
  EXPECT_EQ(run({"create", home_, "a.dev", "--simulation"}, {secret, secret}), 0) << err_;
  EXPECT_EQ(prompts_.size(), 2U);
  EXPECT_EQ(opened(home_).keyfile.name, "a.dev");
}

TEST_F(IdentityTool, TakesThePasswordFromTheEnvironment) {
  const identity::Keyfile made = put("a.dev");
  ::setenv("KINODE_PASSWORD", secret, 1);
  EXPECT_EQ(run({"show", home_}), 0) << err_;
  ::unsetenv("KINODE_PASSWORD");
  EXPECT_THAT(out_, HasSubstr(key_text(made)));
  EXPECT_TRUE(prompts_.empty());
}

TEST_F(IdentityTool, RefusesNamesThatNoNodeCanHave) {
  for (const std::string name : {"our", "A.os", "a_b.os", ""}) {
    EXPECT_EQ(create(name, {"--simulation"}), 1) << name;
    EXPECT_THAT(err_, HasSubstr("cannot be a node's name")) << name;
  }
  EXPECT_EQ(create("a.dev", {"--simulation", "--router", "R"}), 1);
  EXPECT_THAT(err_, HasSubstr("--router"));
  EXPECT_EQ(create("a.dev"), 1) << "too short for a normal keyfile";
  EXPECT_THAT(err_, HasSubstr("simulation"));
  EXPECT_EQ(create(std::string(300, 'a')), 1);
  EXPECT_FALSE(fs::exists(home_));
}

TEST_F(IdentityTool, RefusesAHomeThatANodeHasUsed) {
  fs::create_directory(home_);
  std::ofstream(home_ + "/.development-key") << std::string(32, 'k');
  EXPECT_EQ(create("a.dev", {"--simulation"}), 1);
  EXPECT_THAT(err_, HasSubstr("node that ran"));
  fs::remove(home_ + "/.development-key");
  fs::create_directory(home_ + "/kernel");
  EXPECT_EQ(create("a.dev", {"--simulation"}), 1);
  EXPECT_THAT(err_, HasSubstr("node that ran"));
}

TEST_F(IdentityTool, ShowsTheKeyOnlyWithThePassword) {
  const identity::Keyfile made = put("a.dev", {"r.os"});
  EXPECT_EQ(run({"show", home_}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("a.dev"), HasSubstr("r.os"), Not(HasSubstr("0x"))));
  EXPECT_TRUE(prompts_.empty());
  EXPECT_EQ(run({"show", home_, "--password", secret}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr(key_text(made)), HasSubstr("simulation")));
  EXPECT_EQ(run({"show", home_, "--password", "wrong horse"}), 1);
  EXPECT_THAT(err_, AllOf(HasSubstr("does not open"), HasSubstr(".keys"), Not(HasSubstr("wrong horse"))));
  EXPECT_EQ(run({"show", other_}), 1);
  EXPECT_THAT(err_, HasSubstr("no keyfile"));
  EXPECT_FALSE(fs::exists(other_));
}

TEST_F(IdentityTool, GoesToEitherClientAndBack) {
  const identity::Keyfile made = put("node.dev", {"r.os"});
  ASSERT_EQ(run({"export", home_, file_, "--password", secret}), 0) << err_;
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0600));
  EXPECT_EQ(run({"export", home_, file_, "--password", secret}), 1);
  EXPECT_THAT(err_, HasSubstr("--replace"));

  ASSERT_EQ(run({"import", other_, file_, "--password", secret}), 0) << err_;
  EXPECT_EQ(fs::status(other_).permissions(), fs::perms(0700));
  EXPECT_EQ(opened(other_).sealing, identity::Sealing::normal);

  ASSERT_EQ(run({"export", other_, file_, "--simulation", "--base64", "--replace", "--password", secret}), 0) << err_;
  EXPECT_THAT(content_of(file_), StartsWith("W"));  // of [
  EXPECT_EQ(run({"import", home_, file_, "--password", secret}), 1);
  EXPECT_THAT(err_, HasSubstr("--replace"));
  ASSERT_EQ(run({"import", home_, file_, "--replace", "--password", secret}), 0) << err_;
  const identity::Unsealed back = opened(home_);
  EXPECT_EQ(back.sealing, identity::Sealing::simulation);
  EXPECT_EQ(key_text(back.keyfile), key_text(made));
  EXPECT_EQ(back.keyfile.routers, made.routers);
  EXPECT_EQ(crypto::to_hex(back.keyfile.token_secret.span()), crypto::to_hex(made.token_secret.span()));
  EXPECT_EQ(crypto::to_hex(back.keyfile.file_key.span()), crypto::to_hex(made.file_key.span()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 3) << "no drafts are left";
}

TEST_F(IdentityTool, ImportReadsBase64InQuotesAndBincode) {
  const identity::Keyfile made = put("a.dev");
  const Bytes sealed = identity::read_keyfile(home_).value().value();
  std::ofstream(file_) << '"' << codec::encode_base64(sealed.span()) << "\"\n";
  ASSERT_EQ(run({"import", other_, file_, "--password", secret}), 0) << err_;
  EXPECT_EQ(content_of(other_ + "/.keys"), sealed.text()) << "it keeps its sealing";

  const identity::SealedKeyfile parts = identity::decode_sealed(sealed).value();
  std::string bincode;
  auto add = [&](const auto& bytes) {
    for (unsigned i = 0; i < 8; ++i) {
      bincode += static_cast<char>(uint64_t{bytes.size()} >> (8 * i));
    }
    bincode.append(bytes.begin(), bytes.end());
  };
  add(parts.name);
  add(std::string());  // no routers
  add(parts.salt);
  add(parts.networking_key);
  add(parts.token_secret);
  add(parts.file_key);
  std::ofstream(file_, std::ios::binary) << bincode;
  ASSERT_EQ(run({"import", other_, file_, "--replace", "--password", secret}), 0) << err_;
  EXPECT_EQ(content_of(other_ + "/.keys"), sealed.text()) << "in the form of today";
}

TEST_F(IdentityTool, ImportChangesNothingWhenItFails) {
  put("a.dev");
  std::ofstream(file_) << content_of(home_ + "/.keys");
  EXPECT_EQ(run({"import", other_, file_, "--password", "wrong"}), 1);
  EXPECT_THAT(err_, AllOf(HasSubstr("does not open"), HasSubstr(file_)));
  std::ofstream(other_) << "no keyfile";
  EXPECT_EQ(run({"import", other_ + "-home", other_, "--password", secret}), 1);
  EXPECT_THAT(err_, HasSubstr(other_));
  EXPECT_EQ(run({"import", other_ + "-home", folder_.path() / "none", "--password", secret}), 1);
  EXPECT_THAT(err_, HasSubstr("there is no file"));
  EXPECT_FALSE(fs::exists(other_ + "-home"));
}

TEST_F(IdentityTool, ImportDoesNotGiveAHomeAnotherName) {
  put("b.dev");
  fs::rename(home_ + "/.keys", file_);
  put("a.dev");
  EXPECT_EQ(run({"import", home_, file_, "--replace", "--password", secret}), 1);
  EXPECT_THAT(err_, AllOf(HasSubstr("home of a.dev"), HasSubstr("keyfile of b.dev")));
}

TEST_F(IdentityTool, LeavesARunningNodesHomeAlone) {
  put("a.dev");
  const auto lock = modules::HomeLock::take(home_);
  ASSERT_TRUE(lock);
  EXPECT_EQ(run({"export", home_, file_, "--simulation", "--password", secret}), 1);
  EXPECT_THAT(err_, HasSubstr("in use"));
  EXPECT_FALSE(fs::exists(file_));
  std::ofstream(file_) << content_of(home_ + "/.keys");
  EXPECT_EQ(run({"import", home_, file_, "--replace", "--password", secret}), 1);
  EXPECT_THAT(err_, HasSubstr("in use"));
  EXPECT_EQ(run({"show", home_}), 0) << "what changes nothing may be asked";
}

TEST_F(IdentityTool, PrintsTheRecordThatAnotherNodeTakes) {
  const identity::Keyfile made = put("a.dev", {"r.os"});
  ASSERT_EQ(run({"record", home_, "--ip", "192.0.2.7", "--tcp-port", "10000", "--ws-port", "9000"}, {secret}), 0)
      << err_;
  const Identity direct{"a.dev", key_text(made), {"192.0.2.7", {{"tcp", 10'000}, {"ws", 9'000}}}, {}};
  EXPECT_EQ(registry::read_records(out_, "out").value().identities, std::vector{direct});

  ASSERT_EQ(run({"record", home_}, {secret}), 0) << err_;
  EXPECT_EQ(registry::read_records(out_, "out").value().identities,
            std::vector{(Identity{"a.dev", key_text(made), {}, {"r.os"}})});
  std::ofstream(home_ + "/peers.toml") << out_;
  EXPECT_EQ(run({"peers", home_}), 0) << err_;
  EXPECT_THAT(out_, AllOf(HasSubstr("a.dev"), HasSubstr(key_text(made)), HasSubstr("through r.os")));
}

TEST_F(IdentityTool, ARecordNeedsAWayToTheNode) {
  put("a.dev");
  EXPECT_EQ(run({"record", home_, "--ip", "192.0.2.7"}, {secret}), 1);
  EXPECT_THAT(err_, HasSubstr("--tcp-port"));
  EXPECT_EQ(run({"record", home_}, {secret}), 1);
  EXPECT_THAT(err_, HasSubstr("neither"));
  EXPECT_EQ(run({"record", home_, "--router", "R"}, {secret}), 1);
  EXPECT_EQ(run({"record", home_, "--ip", "host\"\nport = 1", "--ws-port", "1"}), 1);
  EXPECT_THAT(err_, HasSubstr("no IPv4 or IPv6 address"));
  EXPECT_EQ(run({"record", home_, "--ip", "1.2.3.4", "--router", "r.os"}), 2);
  EXPECT_EQ(run({"record", home_, "--tcp-port", "1"}), 2);
}

TEST_F(IdentityTool, PeersTellsTheLineOfWhatIsWrong) {
  const crypto::SigningKey key = crypto::SigningKey::generate();
  const std::string good = registry::write_record({{"b.os", "", {"192.0.2.7", {{"ws", 9'000}}}, {}}, 1}, key);
  std::ofstream(file_) << "# others\n\n" << good << "\n[[node]]\nname = \"c.os\"\n" << good;
  EXPECT_EQ(run({"peers", home_, "--peers", file_}), 1);
  EXPECT_THAT(out_, HasSubstr("192.0.2.7 ws 9000"));
  EXPECT_THAT(err_, AllOf(HasSubstr(file_ + ", line 11"), HasSubstr("1 records are good, 1 are not")));
  std::ofstream(file_) << "x = \n";
  EXPECT_EQ(run({"peers", home_, "--peers", file_}), 1);
  EXPECT_THAT(err_, HasSubstr(file_ + ", line 1"));
  EXPECT_EQ(run({"peers", home_}), 1);
  EXPECT_THAT(err_, HasSubstr("there is no file"));
}

TEST_F(IdentityTool, AWrongCommandLineSaysWhatIsRight) {
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"forge", home_}), 2);
  EXPECT_EQ(run({"create", home_}), 2);
  EXPECT_EQ(run({"show", home_, "--pasword", secret}), 2) << "and run() sees that the password is not shown";
  EXPECT_THAT(err_, HasSubstr("misspelt"));
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("create"), HasSubstr("peers")));
}

}  // namespace
}  // namespace kinode::identity_tool
