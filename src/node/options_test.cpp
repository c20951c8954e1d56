#include "node/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "node/version.h"

namespace kinode::node {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::expected<Options, EarlyExit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "kinode");
  return parse_options(static_cast<int>(words.size()), words.data());
}
Options options(std::vector<const char*> words) {
  auto parsed = parse(std::move(words));
  EXPECT_TRUE(parsed.has_value()) << parsed.error().text;
  return parsed.value_or(Options{});
}
/// What a wrong command line is answered with.
std::string refusal(std::vector<const char*> words) {
  auto parsed = parse(std::move(words));
  EXPECT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed ? 0 : parsed.error().status, 2);
  return parsed ? "" : parsed.error().text;
}

/// No variable of the person who runs the tests.
struct OptionsTest : ::testing::Test {
  OptionsTest() {
    unsetenv("KINODE_PASSWORD");
    unsetenv("KINODE_COMPONENT_CACHE");
  }
  ~OptionsTest() override {
    unsetenv("KINODE_PASSWORD");
    unsetenv("KINODE_COMPONENT_CACHE");
  }
};

TEST_F(OptionsTest, TheHomeAloneGivesTheDefaults) {
  Options given = options({"/home/it"});
  EXPECT_EQ(given.home, "/home/it");
  EXPECT_EQ(given.port, std::nullopt);
  EXPECT_EQ(given.ws_port, std::nullopt);
  EXPECT_EQ(given.tcp_port, std::nullopt);
  EXPECT_EQ(given.verbosity, 0);
  EXPECT_FALSE(given.detached);
  EXPECT_EQ(given.password, std::nullopt);
  EXPECT_EQ(given.node_name, std::nullopt);
  EXPECT_EQ(given.devnet, std::nullopt);
  EXPECT_TRUE(given.bootstrap.empty());
  EXPECT_EQ(given.component_cache, "");
  EXPECT_TRUE(given.logging);
  EXPECT_EQ(given.max_log_size, 16'000'000U);
  EXPECT_EQ(given.log_files, 4U);
  EXPECT_EQ(given.max_processes, 30'000U);
  EXPECT_EQ(given.drive_quota, 64ULL << 30U);
  EXPECT_EQ(given.ca_file, "");
  EXPECT_FALSE(given.allow_local_requests);
}

TEST_F(OptionsTest, EveryOptionIsTaken) {
  Options given = options({"--port",
                           "8123",
                           "--ws-port",
                           "9000",
                           "--tcp-port",
                           "65535",
                           "--verbosity",
                           "3",
                           "--detached",
                           "--password",
                           "secret",
                           "--fake-node-name",
                           "my-node.dev",
                           "--devnet",
                           "/net",
                           "--bootstrap",
                           "/a",
                           "--component-cache",
                           "/cache",
                           "--logging-off",
                           "--max-log-size",
                           "0",
                           "--number-log-files",
                           "1000",
                           "--max-processes",
                           "16",
                           "--drive-quota",
                           "1048576",
                           "--ca-file",
                           "/ca.pem",
                           "--allow-local-requests",
                           "--http-timeout",
                           "60",
                           "--max-websockets",
                           "100",
                           "/home/it"});
  EXPECT_EQ(given.home, "/home/it");
  EXPECT_EQ(given.port, 8123);
  EXPECT_EQ(given.ws_port, 9000);
  EXPECT_EQ(given.tcp_port, 65535);
  EXPECT_EQ(given.verbosity, 3);
  EXPECT_TRUE(given.detached);
  EXPECT_EQ(given.password, "secret");
  EXPECT_EQ(given.node_name, "my-node.dev");
  EXPECT_EQ(given.devnet, "/net");
  EXPECT_THAT(given.bootstrap, ElementsAre("/a"));
  EXPECT_EQ(given.component_cache, "/cache");
  EXPECT_FALSE(given.logging);
  EXPECT_EQ(given.max_log_size, 0U);
  EXPECT_EQ(given.log_files, 1000U);
  EXPECT_EQ(given.max_processes, 16U);
  EXPECT_EQ(given.drive_quota, 1'048'576U);
  EXPECT_EQ(given.ca_file, "/ca.pem");
  EXPECT_TRUE(given.allow_local_requests);
  EXPECT_EQ(given.http_timeout, 60U);
  EXPECT_EQ(given.max_websockets, 100U);
}

TEST_F(OptionsTest, ShortFormsMeanTheSame) {
  Options given = options({"/h", "-p", "0", "-v", "2", "-d", "-l"});
  EXPECT_EQ(given.port, 0);
  EXPECT_EQ(given.verbosity, 2);
  EXPECT_TRUE(given.detached);
  EXPECT_FALSE(given.logging);
}

TEST_F(OptionsTest, SingleProcessesAreShownAsTheirSettingsSay) {
  const ProcessId process("a", "b", "c");
  EXPECT_EQ(options({"h", "--process-verbosity", R"({"a:b:c":{"U8":3}})"}).process_verbosity.at(process).verbosity, 3);
  EXPECT_TRUE(options({"h", "--process-verbosity", R"({"a:b:c":"Muted"})"}).process_verbosity.at(process).is_muted);
  EXPECT_THAT(refusal({"h", "--process-verbosity", "a:b:c 3"}), HasSubstr("--process-verbosity: must be JSON as"));
}

// modules.md 13: there, the fourth press of Ctrl-V ends the node.
TEST_F(OptionsTest, M1_ThereIsNoVerbosityAboveThree) { refusal({"h", "--verbosity", "4"}); }

TEST_F(OptionsTest, BootstrapMayBeRepeatedAndTakesOnePathEach) {
  EXPECT_THAT(options({"--bootstrap", "/a", "--bootstrap=/b", "/h"}).bootstrap, ElementsAre("/a", "/b"));
  EXPECT_EQ(options({"--bootstrap", "/a", "/h"}).home, "/h");
}

TEST_F(OptionsTest, OptionsOfTheFirstClientsToolsAreAccepted) {
  Options given = options({"/h", "--fakechain-port", "8545", "--rpc", "ws://localhost:8545", "--rpc-config", "/c"});
  EXPECT_EQ(given.home, "/h");
}

TEST_F(OptionsTest, VariablesStandForOptionsThatAreNotGiven) {
  setenv("KINODE_PASSWORD", "of the variable", 1);
  setenv("KINODE_COMPONENT_CACHE", "/of/the/variable", 1);
  EXPECT_EQ(options({"/h"}).password, "of the variable");
  EXPECT_EQ(options({"/h"}).component_cache, "/of/the/variable");
  Options given = options({"/h", "--password", "given", "--component-cache", "/given"});
  EXPECT_EQ(given.password, "given");
  EXPECT_EQ(given.component_cache, "/given");
}

TEST_F(OptionsTest, HelpAndVersionArePrintedAndAreNoFailure) {
  auto version_text = parse({"--version"});
  ASSERT_FALSE(version_text.has_value());
  EXPECT_EQ(version_text.error().status, 0);
  EXPECT_EQ(version_text.error().text, "kinode " + std::string(version) + "\n");
  for (const char* flag : {"-h", "--help"}) {
    auto help = parse({flag});
    ASSERT_FALSE(help.has_value());
    EXPECT_EQ(help.error().status, 0);
    for (const char* option : {"HOME",
                               "--port",
                               "--ws-port",
                               "--tcp-port",
                               "--verbosity",
                               "--detached",
                               "--password",
                               "--fake-node-name",
                               "--devnet",
                               "--bootstrap",
                               "--component-cache",
                               "--logging-off",
                               "--max-log-size",
                               "--number-log-files",
                               "--max-processes",
                               "--drive-quota",
                               "--http-timeout",
                               "--max-websockets",
                               "--fakechain-port",
                               "--rpc",
                               "--rpc-config",
                               "--version"}) {
      EXPECT_THAT(help.error().text, HasSubstr(option));
    }
  }
}

TEST_F(OptionsTest, AWrongCommandLineIsToldWithWhatToDo) {
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("HOME is required"), HasSubstr("--help")));
  EXPECT_THAT(refusal({"/h", "--nonsense"}), AllOf(HasSubstr("--nonsense"), HasSubstr("--help")));
  EXPECT_THAT(refusal({"/h", "/other"}), AllOf(HasSubstr("/other"), HasSubstr("--help")));
  for (const char* option : {"--port", "--ws-port", "--tcp-port"}) {
    for (const char* value : {"65536", "-1", "http", "80.5", ""}) {
      EXPECT_THAT(refusal({"/h", option, value}), AllOf(HasSubstr(option), HasSubstr("range 0 to 65535"))) << value;
    }
  }
  for (const char* value : {"4", "-1", "loud"}) {
    EXPECT_THAT(refusal({"/h", "-v", value}), AllOf(HasSubstr("--verbosity"), HasSubstr("range 0 to 3")));
  }
  for (const char* value : {"0", "1001", "-4"}) {
    EXPECT_THAT(refusal({"/h", "--number-log-files", value}), HasSubstr("range 1 to 1000"));
  }
  for (const char* value : {"15", "10000001", "-1"}) {
    EXPECT_THAT(refusal({"/h", "--max-processes", value}), HasSubstr("range 16 to 10000000"));
  }
  for (const char* value : {"-5", "much", "99999999999999999999999"}) {
    EXPECT_THAT(refusal({"/h", "--max-log-size", value}), AllOf(HasSubstr("--max-log-size"), HasSubstr("range 0 to")));
  }
  for (const char* value : {"1048575", "-1", "64G"}) {
    EXPECT_THAT(refusal({"/h", "--drive-quota", value}), AllOf(HasSubstr("--drive-quota"), HasSubstr("range 1048576")));
  }
  for (const char* option : {"--port", "--bootstrap", "--fake-node-name"}) {
    EXPECT_THAT(refusal({"/h", option}), AllOf(HasSubstr(option), HasSubstr("required")));
  }
}

TEST_F(OptionsTest, ANameThatNoNodeCanHaveIsRefused) {
  for (const char* name : {"Upper", "with space", "a_b", "a@b", "a:b", "our", ""}) {
    EXPECT_THAT(refusal({"/h", "--fake-node-name", name}), AllOf(HasSubstr("--fake-node-name"), HasSubstr("a-z")))
        << name;
  }
}

TEST_F(OptionsTest, ANodeIsReachedAtAnAddressOrThroughRouters) {
  EXPECT_THAT(options({"home", "--router", "r.os", "--router", "s.os"}).routers, ElementsAre("r.os", "s.os"));
  EXPECT_EQ(options({"home", "--ip", "192.0.2.7"}).ip, "192.0.2.7");
  EXPECT_THAT(refusal({"home", "--ip", "192.0.2.7", "--router", "r.os"}), HasSubstr("--router"));
  EXPECT_THAT(refusal({"home", "--ip", "host.example"}), HasSubstr("--ip"));
}

}  // namespace
}  // namespace kinode::node
