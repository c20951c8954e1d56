#include "messages.h"

#include <gtest/gtest.h>

#include <string>

namespace app_store {
namespace {

using kinode::Json;

const std::string hash(64, 'a');
const Json package = {{"package_name", "chat"}, {"publisher_node", "a.os"}};

Version version() { return {{"chat", "a.os"}, hash}; }

TEST(Messages, ANameAloneOrWithArguments) {
  EXPECT_EQ(named_of("\"GetApps\"")->name, "GetApps");
  EXPECT_TRUE(named_of("\"GetApps\"")->arguments.is_null());
  EXPECT_EQ(named_of(R"({"GetApp":5})")->arguments, 5);
  for (const char* odd : {"", "no json", "[]", "5", "{}", R"({"A":1,"B":2})", "null"})
    EXPECT_FALSE(named_of(odd)) << odd;
  EXPECT_FALSE(named_of('"' + std::string(70'000, 'x') + '"'));
}

TEST(Messages, OnlySafeNamesAndHashesAreAVersion) {
  EXPECT_EQ(version_of({{"package_id", package}, {"version_hash", hash}}), version());
  EXPECT_EQ(version_of({{"package_id", package}, {"desired_version_hash", hash}}, "desired_version_hash"), version());
  for (const std::string& odd : {std::string(), std::string("../../x"), std::string(63, 'a'), std::string(65, 'a'),
                                 std::string(64, 'A'), "../" + std::string(61, 'a')}) {
    EXPECT_FALSE(version_of({{"package_id", package}, {"version_hash", odd}})) << odd;
  }
  for (const Json& odd : {Json(), Json("chat:a.os"), Json{{"package_name", "../x"}, {"publisher_node", "a.os"}},
                          Json{{"package_name", "distro"}, {"publisher_node", "sys"}},
                          Json{{"package_name", "app-store"}, {"publisher_node", "sys"}}}) {
    EXPECT_FALSE(version_of({{"package_id", odd}, {"version_hash", hash}})) << kinode::dump(odd);
  }
}

TEST(Messages, TheErrorInAnAnswer) {
  EXPECT_FALSE(error_of("\"Success\""));
  EXPECT_EQ(error_of(R"({"Err":"NotMirroring"})"), Json("NotMirroring"));
  EXPECT_EQ(error_of(R"({"Err":{"HashMismatch":{"desired":"a","actual":"b"}}})"), hash_mismatch("a", "b"));
  for (const std::string& odd :
       {std::string(), std::string("x"), std::string("{}"), R"({"Err":")" + std::string(2000, 'x') + "\"}"}) {
    EXPECT_TRUE(error_of(odd)->contains("HandlingError")) << odd;
  }
}

Json size_of(Json size) { return {{"package_id", package}, {"size", std::move(size)}}; }
Json chunk(Json offset, Json length) {
  Json json = to_json(version());
  json["offset"] = std::move(offset);
  json["length"] = std::move(length);
  return json;
}

TEST(Arrival, ChunksThatFollowEachOtherMakeTheZip) {
  Arrival arrival(version());
  EXPECT_FALSE(arrival.is_whole());
  ASSERT_TRUE(arrival.begin(size_of(10)));
  ASSERT_TRUE(arrival.take(chunk(0, 6), 6));
  EXPECT_FALSE(arrival.is_whole());
  EXPECT_EQ(arrival.progress()["downloaded"], 6);
  ASSERT_TRUE(arrival.take(chunk(6, 4), 4));
  EXPECT_TRUE(arrival.is_whole());
  EXPECT_EQ(arrival.progress()["total"], 10);
}

TEST(Arrival, AZipOfNoBytesIsWholeAtOnce) {
  Arrival arrival(version());
  ASSERT_TRUE(arrival.begin(size_of(0)));
  EXPECT_TRUE(arrival.is_whole());
  EXPECT_FALSE(arrival.take(chunk(0, 0), 0));
}

TEST(Arrival, SizesThatAreNone) {
  for (const Json& odd : {Json(), Json(-1), Json("10"), Json(longest_zip + 1), Json(1.5)}) {
    EXPECT_FALSE(Arrival(version()).begin(size_of(odd))) << kinode::dump(odd);
  }
  EXPECT_FALSE(Arrival(version()).begin({{"size", 10}}));
  EXPECT_TRUE(Arrival(version()).begin(size_of(longest_zip)));
  Arrival twice(version());
  EXPECT_TRUE(twice.begin(size_of(10)));
  EXPECT_FALSE(twice.begin(size_of(10)));
}

TEST(Arrival, ChunksThatDoNotFit) {
  Arrival arrival(version());
  EXPECT_FALSE(arrival.take(chunk(0, 5), 5)) << "before the size";
  ASSERT_TRUE(arrival.begin(size_of(10)));
  ASSERT_TRUE(arrival.take(chunk(0, 5), 5));
  EXPECT_FALSE(arrival.take(chunk(0, 5), 5)) << "again";
  EXPECT_FALSE(arrival.take(chunk(6, 4), 4)) << "a gap";
  EXPECT_FALSE(arrival.take(chunk(5, 6), 6)) << "beyond the end";
  EXPECT_FALSE(arrival.take(chunk(5, 5), 4)) << "other bytes than it says";
  EXPECT_FALSE(arrival.take(chunk(5, UINT64_MAX), 5)) << "a length that overflows";
  EXPECT_FALSE(arrival.take(chunk(-1, 5), 5));
  Json other = chunk(5, 5);
  other["version_hash"] = std::string(64, 'b');
  EXPECT_FALSE(arrival.take(other, 5)) << "of another version";
  EXPECT_TRUE(arrival.take(chunk(5, 5), 5)) << "what was refused changed nothing";
}

}  // namespace
}  // namespace app_store
