#include "registry/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

crypto::SigningKey key_of(uint8_t first) {
  std::array<uint8_t, 32> seed{};
  seed[0] = first;
  return crypto::SigningKey::from_seed(seed);
}

Record record_of(std::string name, uint64_t issued = 1) {
  return {{std::move(name), "", {"127.0.0.1", {{"tcp", 10'000}, {"ws", 9'000}}}, {}}, issued};
}

TEST(Record, IsReadAsItWasWritten) {
  const crypto::SigningKey key = key_of(1);
  Record direct = record_of("a.dev");
  Record routed{{"b.dev", "", {}, {"r.dev", "s.dev"}}, 2};
  Result<Records> records = read_records(write_record(direct, key) + write_record(routed, key), "peers");
  ASSERT_TRUE(records);
  EXPECT_THAT(records->errors, IsEmpty());
  direct.identity.networking_key = routed.identity.networking_key = crypto::format_public_key(key.public_key());
  EXPECT_THAT(records->identities, ElementsAre(direct.identity, routed.identity));
}

TEST(Record, OfTwoTheLaterOneCounts) {
  const crypto::SigningKey key = key_of(1);
  Record late = record_of("a.dev", 7);
  late.identity.direct.ports = {{"ws", 9'007}};
  const std::string text = write_record(late, key) + write_record(record_of("a.dev", 6), key);
  EXPECT_EQ(read_records(text, "peers")->identities.at(0).direct.ports.at("ws"), 9'007);
}

TEST(Record, AnyChangeMakesTheSignatureWrong) {
  const std::string text = write_record(record_of("a.dev"), key_of(1));
  const std::vector<std::pair<std::string, std::string>> changes = {{"a.dev", "b.dev"},
                                                                    {"127.0.0.1", "127.0.0.2"},
                                                                    {"tcp = 10000", "tcp = 10001"},
                                                                    {"ws = 9000", "ws = 9001"},
                                                                    {"ws = 9000\n", ""},
                                                                    {"issued = 1", "issued = 2"},
                                                                    {"ip =", "routers = [\"r.dev\"]\nip ="},
                                                                    {"signature = \"", "signature = \"00"}};
  for (const auto& [from, to] : changes) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    Result<Records> records = read_records(changed, "peers");
    ASSERT_TRUE(records) << changed;
    EXPECT_THAT(records->identities, IsEmpty()) << changed;
    ASSERT_EQ(records->errors.size(), 1U) << changed;
    EXPECT_THAT(records->errors[0].message, HasSubstr("peers, line 1")) << changed;
  }
}

TEST(Record, ForAnotherKeyCannotBeTaken) {
  std::string text = write_record(record_of("a.dev"), key_of(1));
  const std::string mine = crypto::format_public_key(key_of(1).public_key());
  text.replace(text.find(mine), mine.size(), crypto::format_public_key(key_of(2).public_key()));
  EXPECT_THAT(read_records(text, "peers")->identities, IsEmpty());
}

TEST(Record, WhatIsWrongIsLeftOutWithItsPlace) {
  const std::string good = write_record(record_of("a.dev"), key_of(1));
  for (const std::string bad :
       {"[[node]]\nname = 3\n", "[[node]]\n", "[[node]]\nname = \"b\"\nkey = \"00\"\n", "[[node]]\ntcp = 70000\n",
        "[[node]]\nrouters = [1]\n", "[[node]]\nrouters = 1\n", "[[node]]\nname = \"\"\"x\ny\"\"\"\n"}) {
    Result<Records> records = read_records(good + bad, "peers");
    ASSERT_TRUE(records) << bad;
    EXPECT_EQ(records->identities.size(), 1U) << bad;
    ASSERT_EQ(records->errors.size(), 1U) << bad;
    EXPECT_THAT(records->errors[0].message, HasSubstr("peers, line 9")) << bad;
  }
}

TEST(Record, WhatIsNoRecordIsToldWithItsLine) {
  for (const std::string text : {"\n[[nodes]]\nname = \"a.dev\"\n", "\n[node]\nname = \"a.dev\"\n", "\nnode = 1\n"}) {
    Result<Records> records = read_records(text, "peers");
    ASSERT_TRUE(records) << text;
    ASSERT_EQ(records->errors.size(), 1U) << text;
    EXPECT_THAT(records->errors[0].message, HasSubstr("peers, line 2")) << text;
  }
}

TEST(Record, AnAddressIsOneOfTheInternet) {
  for (const std::string ip : {"192.0.2.7", "2001:db8::7"}) {
    Record record = record_of("a.dev");
    record.identity.direct.ip = ip;
    EXPECT_EQ(read_records(write_record(record, key_of(1)), "peers")->identities.at(0).direct.ip, ip);
  }
  for (const std::string ip : {"host.example", "1.2.3", " 1.2.3.4", "1.2.3.4:80", "[::1]"}) {
    Record record = record_of("a.dev");
    record.identity.direct.ip = ip;
    Result<Records> records = read_records(write_record(record, key_of(1)), "peers");
    EXPECT_THAT(records->identities, IsEmpty()) << ip;
    EXPECT_THAT(records->errors.at(0).message, HasSubstr("`ip` must be")) << ip;
  }
}

TEST(Record, AZeroByteDoesNotEndAnAddress) { EXPECT_FALSE(is_address(std::string("1.2.3.4\0x", 9))); }

TEST(Record, ATextThatIsNoTomlSaysWhere) {
  EXPECT_THAT(read_records("\n[[node", "peers").error().message, HasSubstr("peers, line 2"));
}

}  // namespace
}  // namespace kinode::registry
