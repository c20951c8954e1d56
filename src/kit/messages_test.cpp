// The commands that talk to a node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/fake_node.h"
#include "package/archive.h"
#include "package/hash.h"

namespace kinode::kit {
namespace {

using modules::HttpStatus;
using modules::text_answer;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view metadata = R"({"name":"chat","properties":{"package_name":"chat","publisher":"template.os",
  "current_version":"0.1.0","mirrors":[],"code_hashes":{"0.1.0":"abc"},"api_includes":["x"],"wit_version":1}})";

std::string manifest(std::string_view name, std::string_view wasm) {
  return fmt::format(R"([{{"process_name":"{}","process_wasm_path":"{}","on_exit":"Restart","request_networking":true,)"
                     R"("request_capabilities":[],"grant_capabilities":[],"public":true}}])",
                     name, wasm);
}

class KitMessages : public testing::Test {
 protected:
  Ran kit(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-p", std::to_string(node.port())});
    return run_kit(std::move(arguments));
  }
  void write_package(std::string_view manifest_text) {
    folder.write("metadata.json", metadata);
    folder.write("pkg/manifest.json", manifest_text);
    folder.write("pkg/chat.wasm", "a component");
  }

  FakeNode node;
  TestFolder folder;
};

TEST_F(KitMessages, InjectMessagePrintsTheResponse) {
  node.reply(R"({"a":1})", Blob{"text/plain", Bytes::copy_of("the blob")});
  const Ran ran = kit({"inject-message", "a:b:c", R"({"b":[1]})"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "{\"a\":1}\nthe blob\n");
  const auto requests = node.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].process.text(), "a:b:c");
  EXPECT_EQ(requests[0].body.text(), R"({"b":[1]})");
  EXPECT_EQ(requests[0].expects_response, 15U);
  EXPECT_EQ(requests[0].node, std::nullopt);
  EXPECT_EQ(requests[0].blob, std::nullopt);
}

TEST_F(KitMessages, InjectMessageTakesABlobAndANode) {
  const std::string file = folder.write("blob", std::string_view("\0\xff", 2));
  node.answer({});
  const Ran ran = kit({"i", "a:b:c", "{}", "-n", "other.os", "-b", file, "-l"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  const auto requests = node.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].node, "other.os");
  EXPECT_EQ(requests[0].expects_response, std::nullopt);
  EXPECT_EQ(requests[0].blob, (Blob{"application/octet-stream", Bytes::copy_of(std::string_view("\0\xff", 2))}));
}

TEST_F(KitMessages, ABlobThatIsNotTextIsOnlyTold) {
  node.reply("x", Blob{std::nullopt, Bytes::copy_of("\xff")});
  const Ran ran = kit({"i", "a:b:c", "{}"});
  EXPECT_EQ(ran.out, "x\n");
  EXPECT_THAT(ran.err, HasSubstr("1 bytes"));
}

TEST_F(KitMessages, FailuresSayWhatAndWhere) {
  const auto fails = [&](HttpStatus status) {
    node.answer(text_answer(status, "the reason"));
    const Ran ran = kit({"i", "a:b:c", "{}"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.out, IsEmpty());
    return ran.err;
  };
  EXPECT_THAT(fails(HttpStatus::request_timeout), HasSubstr("a:b:c did not answer: the reason"));
  EXPECT_THAT(fails(HttpStatus::bad_request), HasSubstr("the reason"));
  EXPECT_THAT(fails(HttpStatus::forbidden), HasSubstr("the reason"));
  EXPECT_THAT(fails(HttpStatus::service_unavailable), HasSubstr("503: the reason"));
  EXPECT_THAT(fails(HttpStatus::not_found), HasSubstr("--port"));
  node.answer({.content_type = "text/html", .body = Bytes::copy_of("<html>")});
  EXPECT_THAT(kit({"i", "a:b:c", "{}"}).err, HasSubstr("--port"));
  EXPECT_THAT(kit({"i", "a:b", "{}"}).err, HasSubstr("a:b"));
  EXPECT_THAT(kit({"i", "a:b:c", "{}", "-b", folder.path("none")}).err, HasSubstr(folder.path("none")));
}

TEST_F(KitMessages, AMessageTooLongIsToldEvenIfItWasNotReadToItsEnd) {
  node.limit_body(100);
  const std::string file = folder.write("blob", std::string(5'000'000, 'x'));
  const Ran ran = kit({"i", "a:b:c", "{}", "-b", file});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("too long"));
}

TEST_F(KitMessages, StartPackageHandsOverAndInstalls) {
  write_package(manifest("chat", "/chat.wasm"));
  node.reply(R"({"NewPackageResponse":"Success"})");
  node.reply(R"({"InstallResponse":"Success"})");
  const Ran ran = kit({"start-package", folder.path()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("chat:template.os"));
  const auto requests = node.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].process.text(), "main:app-store:sys");
  EXPECT_EQ(requests[0].body.text(),
            R"({"NewPackage":{"package_id":{"package_name":"chat","publisher_node":"template.os"},"mirror":true}})");
  ASSERT_TRUE(requests[0].blob);
  auto archive = package::Archive::open(requests[0].blob->bytes);
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_TRUE(archive->contains("chat.wasm"));
  EXPECT_FALSE(archive->contains("metadata.json"));
  EXPECT_EQ(requests[1].body.text(),
            R"({"Install":{"package_id":{"package_name":"chat","publisher_node":"template.os"},"version_hash":")" +
                package::sha256_hex(requests[0].blob->bytes.span()) +
                R"(","metadata":{"name":"chat","properties":{"package_name":"chat","publisher":"template.os",)"
                R"("current_version":"0.1.0","mirrors":[],"code_hashes":[["0.1.0","abc"]],"wit_version":1}}}})");
  EXPECT_EQ(requests[1].blob, std::nullopt);
}

TEST_F(KitMessages, StartPackageSaysThatTheStoreRefused) {
  write_package(manifest("chat", "chat.wasm"));
  node.reply(R"({"NewPackageResponse":"Success"})");
  node.reply(R"({"InstallResponse":"Failure"})");
  const Ran ran = kit({"s", folder.path()});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr(R"({"InstallResponse":"Failure"})"));
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST_F(KitMessages, StartPackageChecksTheFolderFirst) {
  EXPECT_THAT(kit({"s", folder.path()}).err, HasSubstr("metadata.json is missing"));
  const auto refused = [&](std::string_view manifest_text) {
    write_package(manifest_text);
    const Ran ran = kit({"s", folder.path()});
    EXPECT_EQ(ran.status, 1);
    return ran.err;
  };
  EXPECT_THAT(refused(manifest("chat", "/other.wasm")), HasSubstr("pkg/other.wasm"));
  EXPECT_THAT(refused(manifest("chat", "/../chat.wasm")), HasSubstr("process chat"));
  EXPECT_THAT(refused(manifest("Chat", "/chat.wasm")), HasSubstr("process Chat"));
  EXPECT_THAT(refused(manifest("chat", "/manifest.json")), HasSubstr(".wasm"));
  EXPECT_THAT(refused("[{}]"), HasSubstr("manifest"));
  EXPECT_THAT(node.requests(), IsEmpty());
}

TEST_F(KitMessages, RemovePackageNamesItByMetadataOrByFlags) {
  folder.write("metadata.json", metadata);
  for (int i = 0; i < 3; ++i) {
    node.reply(R"({"UninstallResponse":"Success"})");
  }
  EXPECT_EQ(kit({"remove-package", folder.path()}).status, 0);
  EXPECT_EQ(kit({"r", folder.path(), "-u", "other.os"}).status, 0);
  EXPECT_EQ(kit({"r", "-a", "p", "-u", "q.os"}).status, 0);
  const auto requests = node.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].body.text(), R"({"Uninstall":{"package_name":"chat","publisher_node":"template.os"}})");
  EXPECT_EQ(requests[1].body.text(), R"({"Uninstall":{"package_name":"chat","publisher_node":"other.os"}})");
  EXPECT_EQ(requests[2].body.text(), R"({"Uninstall":{"package_name":"p","publisher_node":"q.os"}})");
  node.reply(R"({"UninstallResponse":"Failure"})");
  EXPECT_EQ(kit({"r", folder.path()}).status, 1);
  EXPECT_THAT(kit({"r", folder.path("none")}).err, HasSubstr("--package"));
}

TEST(Kit, NoNodeThere) {
  uint16_t port = 0;
  {
    const FakeNode gone;
    port = gone.port();
  }
  const Ran ran = run_kit({"i", "a:b:c", "{}", "-p", std::to_string(port)});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr(fmt::format("http://localhost:{}", port)));
  EXPECT_THAT(ran.err, HasSubstr("boot-fake-node"));
}

TEST(Kit, CommandLine) {
  EXPECT_THAT(run_kit({"--version"}).out, testing::MatchesRegex("kit [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(run_kit({"--help"}).status, 0);
  EXPECT_EQ(run_kit({"s", "--help"}).status, 0);
  EXPECT_EQ(run_kit({}).status, 2);
  EXPECT_EQ(run_kit({"dance"}).status, 2);
  EXPECT_EQ(run_kit({"i", "a:b:c"}).status, 2);
  EXPECT_EQ(run_kit({"i", "a:b:c", "{}", "-p", "0"}).status, 2);
  EXPECT_EQ(run_kit({"i", "a:b:c", "{}", "-p", "65537"}).status, 2);
}

}  // namespace
}  // namespace kinode::kit
