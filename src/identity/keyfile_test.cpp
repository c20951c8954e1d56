// Whoever decodes pays for a million rounds: so few tests do.
#include "identity/keyfile.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "crypto/random.h"
#include "identity/golden_test.h"
#include "identity/login.h"
#include "identity/pkcs8.h"

namespace kinode::identity {
namespace {

using crypto::from_hex;
using crypto::to_hex;

std::string bincode_length(uint64_t length) {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += static_cast<char>(length >> (8 * i));
  }
  return text;
}

std::string bincode(std::string_view bytes) { return bincode_length(bytes.size()) + std::string(bytes); }

template <class Octets>
std::string bincode_octets(const Octets& bytes) {
  return bincode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

/// As early versions wrote it.
Bytes bincode_of(const SealedKeyfile& keyfile) {
  std::string text = bincode(keyfile.name) + bincode_length(keyfile.routers.size());
  for (const std::string& router : keyfile.routers) {
    text += bincode(router);
  }
  return Bytes::from(text + bincode_octets(keyfile.salt) + bincode_octets(keyfile.networking_key) +
                     bincode_octets(keyfile.token_secret) + bincode_octets(keyfile.file_key));
}

std::string ascending(uint8_t first) {
  std::vector<uint8_t> bytes(32);
  for (uint8_t& byte : bytes) {
    byte = first++;
  }
  return to_hex(bytes);
}

TEST(Keyfile, OneThatAnotherImplementationMade) {
  Result<Keyfile> keyfile = decode(encode_sealed(golden::sealed()), "secret");
  ASSERT_TRUE(keyfile) << keyfile.error().message;
  EXPECT_EQ(keyfile->name, "a.dev");
  EXPECT_EQ(keyfile->routers, std::vector<std::string>{"r.os"});
  EXPECT_EQ(to_hex(keyfile->networking_key.seed().span()), ascending(0));
  EXPECT_EQ(to_hex(keyfile->token_secret.span()), ascending(0x60));
  EXPECT_EQ(to_hex(keyfile->file_key.span()), ascending(0x80));
  EXPECT_FALSE(keyfile->rekeyed);
}

TEST(Keyfile, DefectB1AShortTokenSecretIsReplaced) {
  SealedKeyfile sealed = golden::sealed();
  sealed.token_secret = from_hex(golden::short_secret).value();
  Result<Keyfile> keyfile = decode(bincode_of(sealed), "secret");
  ASSERT_TRUE(keyfile) << keyfile.error().message;
  EXPECT_TRUE(keyfile->rekeyed);
  EXPECT_EQ(keyfile->token_secret.size(), 32U);
  EXPECT_EQ(to_hex(keyfile->networking_key.seed().span()), ascending(0));
}

TEST(Keyfile, GoesThereAndBackAndNeedsItsPassword) {
  const Keyfile made = make_keyfile("node.os", {"a.os", "b.os"});
  const Bytes file = encode(made, "password").value();
  EXPECT_EQ(read_names(file), (KeyfileNames{"node.os", {"a.os", "b.os"}}));
  Result<Keyfile> back = decode(file, "password");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->name, made.name);
  EXPECT_EQ(back->routers, made.routers);
  EXPECT_EQ(back->networking_key.public_key(), made.networking_key.public_key());
  EXPECT_EQ(to_hex(back->token_secret.span()), to_hex(made.token_secret.span()));
  EXPECT_EQ(to_hex(back->file_key.span()), to_hex(made.file_key.span()));

  Result<Keyfile> wrong = decode(file, "Password");
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(is_incorrect_password(wrong.error()));
  EXPECT_EQ(wrong.error().message, "Incorrect password");
}

TEST(Keyfile, DamageIsToldFromAWrongPassword) {
  SealedKeyfile sealed = golden::sealed();
  sealed.networking_key.back() ^= 1;
  Result<Keyfile> keyfile = decode(encode_sealed(sealed), "secret");
  ASSERT_FALSE(keyfile);
  EXPECT_FALSE(is_incorrect_password(keyfile.error()));
}

TEST(Keyfile, OneThatCouldNotBeReadIsNotWritten) { EXPECT_FALSE(encode(make_keyfile("Node", {}), "password")); }

// ---- structure, for which nobody pays -----------------------------------------------------------------

TEST(SealedKeyfile, BothFormsAreRead) {
  const SealedKeyfile sealed = golden::sealed();
  EXPECT_EQ(decode_sealed(encode_sealed(sealed)), sealed);
  EXPECT_EQ(decode_sealed(bincode_of(sealed)), sealed);
  const std::string json(encode_sealed(sealed).text());
  EXPECT_TRUE(json.starts_with(R"(["a.dev",["r.os"],[64,65,66,)")) << json;
}

TEST(SealedKeyfile, DefectB38LengthsAreChecked) {
  auto refused = [](auto change) {
    SealedKeyfile sealed = golden::sealed();
    change(sealed);
    return !decode_sealed(encode_sealed(sealed)) && !decode_sealed(bincode_of(sealed)) &&
           !decode(encode_sealed(sealed), "secret");
  };
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.networking_key.resize(27); }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.token_secret.resize(11); }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.file_key.clear(); }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.name.clear(); }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.name = "\x1b[31m"; }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.name.assign(254, 'a'); }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.routers.assign(65, "r.os"); }));
  EXPECT_TRUE(refused([](SealedKeyfile& keyfile) { keyfile.routers = {""}; }));
}

TEST(SealedKeyfile, OtherFilesAreRefused) {
  for (std::string_view text :
       {"", "[]", "null", "{}", "[1,2,3,4,5,6]", R"(["a",[],[],[],[],[]])", "hello", R"(["a",[],[256],[],[],[]])"}) {
    Result<SealedKeyfile> keyfile = decode_sealed(Bytes::copy_of(text));
    ASSERT_FALSE(keyfile) << text;
    EXPECT_TRUE(keyfile.error().message.starts_with("the keyfile is damaged, put a copy in its place: "));
  }
  const Bytes whole = bincode_of(golden::sealed());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_sealed(whole.slice(0, size))) << size;
  }
  EXPECT_FALSE(decode_sealed(Bytes::from(std::string(8, '\xff')))) << "a length beyond the end";
  EXPECT_FALSE(decode_sealed(Bytes::from(bincode("a") + std::string(8, '\xff'))));
  EXPECT_FALSE(decode_sealed(Bytes::from(std::string(max_keyfile_size + 1, ' '))));
}

// ---- PKCS#8 -------------------------------------------------------------------------------------------

const std::string seed_hex = ascending(0);
const std::string public_hex = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
const std::string document_hex = "3051020101300506032b657004220420" + seed_hex + "812100" + public_hex;

TEST(Pkcs8, HasTheFormOfRing) {
  const crypto::SigningKey key = decode_pkcs8(from_hex(document_hex).value()).value();
  EXPECT_EQ(to_hex(key.public_key()), public_hex);
  EXPECT_EQ(to_hex(encode_pkcs8(key).span()), document_hex);
  EXPECT_EQ(encode_pkcs8(key).size(), 83U);
}

TEST(Pkcs8, ReadsTheOlderWrapping) {
  const std::string older = "3053020101300506032b657004220420" + seed_hex + "a123032100" + public_hex;
  EXPECT_EQ(to_hex(decode_pkcs8(from_hex(older).value())->seed().span()), seed_hex);
}

TEST(Pkcs8, AnyOtherByteIsRefused) {
  const std::vector<uint8_t> document = from_hex(document_hex).value();
  for (size_t i = 0; i < document.size(); ++i) {
    std::vector<uint8_t> altered = document;
    altered[i] ^= 1;
    EXPECT_FALSE(decode_pkcs8(altered)) << i;
    EXPECT_FALSE(decode_pkcs8(std::span(document).first(i))) << i;
  }
  EXPECT_FALSE(decode_pkcs8(from_hex("302e020100300506032b657004220420" + seed_hex).value())) << "of version 1";
}

// ---- login --------------------------------------------------------------------------------------------

TEST(Login, HashesAsTheRegistrationPageDoes) {
  // Made with another implementation (Python's cryptography): names of 8 and of 40 bytes.
  EXPECT_EQ(login_hash("secret", "node.dev"), "0x7e91e88777f7b32008c44d8b46e7bb17a39bc55557892459ce2da205cedbc1f3");
  EXPECT_EQ(login_hash("secret", "a-node-with-a-name-of-forty-bytes.kinode"),
            "0x82ea85ea8882df18f3ecb34edb18f40bb31f5316ad828f118d6fe3d8b20b7cf7");
}

TEST(Login, AShortNameIsNoSalt) {
  Result<std::string> hash = login_hash("secret", "nod.dev");
  ASSERT_FALSE(hash);
  EXPECT_NE(hash.error().message.find("take a longer name"), std::string::npos);
}

}  // namespace
}  // namespace kinode::identity
