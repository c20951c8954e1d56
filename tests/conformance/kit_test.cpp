// The real kit against the real node (packages-and-kit.md 6.2): its commands, flags and messages are those of the
// first client's; wrong use has an exit status and a text that helps. Pkg_P: 7.3 there.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packages_suite.h"

namespace kinode::conformance {
namespace {

/// A port that nobody uses.
uint16_t free_port() {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof address;
  if (bind(file, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    close(file);
    throw Failure("no free port");
  }
  close(file);
  return ntohs(address.sin_port);
}

/// Runs kit, in a folder if one is given.
Ended kit(std::vector<std::string> arguments, const std::string& folder = "") {
  arguments.insert(arguments.begin(), kit_program());
  if (!folder.empty()) {
    arguments.insert(arguments.begin(), {"/usr/bin/env", "-C", folder});
  }
  return run_to_end(arguments);
}

/// That kit ends with this status and says this.
void expect_kit(const std::vector<std::string>& arguments, int status, const std::string& text,
                const std::string& folder = "") {
  const Ended ended = kit(arguments, folder);
  EXPECT_EQ(ended.status, status) << Json(arguments) << ended.output;
  EXPECT_NE(ended.output.find(text), std::string::npos) << Json(arguments) << ended.output;
}

class Kit : public Suite<Kit> {
 protected:
  [[nodiscard]] std::string port() const { return std::to_string(node().port()); }
  [[nodiscard]] Store store() const { return Store(node()); }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  /// The folder of package `made`, built, in a version.
  [[nodiscard]] std::string write(const std::string& version) const {
    const PackageFolder package{.folder = folder_.path() / version,
                                .manifest = Json::array({manifest_entry("main", "/actor.wasm")}),
                                .files = files_of(version)};
    return package.write();
  }
  void TearDown() override {
    if (store().installed().contains(made)) {
      EXPECT_EQ(store().uninstall(made), "Success");
    }
    Suite::TearDown();
  }

 private:
  TempFolder folder_;
};

// ---- start-package ---------------------------------------------------------------------------------

TEST_F(Kit, StartPackageInstallsAndStarts) {
  const std::string folder = write("one");
  expect_kit({"start-package", folder, "--port", port()}, 0, made);
  EXPECT_EQ(one(made_process, "our")["our"], address(made_process));
  EXPECT_EQ(read_file(pkg_of(node(), made) / "version"), "one");
  // By its short name, in the folder, and again.
  expect_kit({"s", "-p", port()}, 0, made, write("two"));
  EXPECT_EQ(read_file(pkg_of(node(), made) / "version"), "two");
  EXPECT_FALSE(std::filesystem::exists(pkg_of(node(), made) / "only-in-one"));
  expect_kit({"s", "-p", port()}, 0, made, write("two"));
}

TEST_F(Kit, Pkg_P6_TheHashIsThatOfTheZipAndTheZipDependsOnTheContentAlone) {
  expect_kit({"start-package", write("one"), "-p", port()}, 0, made);
  const std::string first = read_file(pkg_of(node(), made) / (made + ".zip"));
  EXPECT_EQ(store().installed()[made], sha256_hex(first));
  EXPECT_EQ(store().uninstall(made), "Success");
  const TempFolder elsewhere;
  std::filesystem::copy(write("one"), elsewhere.path() / "copied", std::filesystem::copy_options::recursive);
  expect_kit({"start-package", (elsewhere.path() / "copied").string(), "-p", port()}, 0, made);
  EXPECT_EQ(read_file(pkg_of(node(), made) / (made + ".zip")), first);
}

TEST_F(Kit, StartPackageSaysWhatIsWrongWithThePackage) {
  expect_kit({"start-package", path("nowhere"), "-p", port()}, 1, "metadata.json is missing");
  const std::string folder = write("one");
  auto with_manifest = [&](const Json& manifest) { write_file(folder + "/pkg/manifest.json", manifest.dump()); };
  with_manifest(Json::array({manifest_entry("main", "/nothing.wasm")}));
  expect_kit({"start-package", folder, "-p", port()}, 1, "there is no pkg/nothing.wasm; is the package built?");
  with_manifest(Json::array({manifest_entry("Not_Safe", "/actor.wasm")}));
  expect_kit({"start-package", folder, "-p", port()}, 1, "Not_Safe");
  with_manifest(Json::array({manifest_entry("main", "/version")}));
  expect_kit({"start-package", folder, "-p", port()}, 1, "must end in .wasm");
  with_manifest(Json::array({manifest_entry("main", "/actor.wasm"), manifest_entry("main", "/actor.wasm")}));
  expect_kit({"start-package", folder, "-p", port()}, 1, "stands twice");
  Json without_field = manifest_entry("main", "/actor.wasm");
  without_field.erase("public");
  with_manifest(Json::array({without_field}));
  expect_kit({"start-package", folder, "-p", port()}, 1, "public");
  write_file(folder + "/pkg/manifest.json", "[{");
  expect_kit({"start-package", folder, "-p", port()}, 1, "manifest.json");
  std::filesystem::remove(folder + "/pkg/manifest.json");
  expect_kit({"start-package", folder, "-p", port()}, 1, "manifest.json is missing");
  write_file(folder + "/metadata.json", "{}");
  with_manifest(Json::array({manifest_entry("main", "/actor.wasm")}));
  expect_kit({"start-package", folder, "-p", port()}, 1, "metadata.json");
  EXPECT_FALSE(store().installed().contains(made));
}

TEST_F(Kit, WhatTheNodeRefusesIsAFailureThatPointsToItsTerminal) {
  const std::string folder = write("one");
  write_file(folder + "/pkg/actor.wasm", "this is text");
  expect_kit({"start-package", folder, "-p", port()}, 1, "terminal shows why");
}

TEST_F(Kit, WhereNoNodeIsItSaysSo) {
  const std::string nobody = std::to_string(free_port());
  expect_kit({"start-package", write("one"), "-p", nobody}, 1, "no node answers");
  expect_kit({"remove-package", "-a", "made", "-u", "test.os", "-p", nobody}, 1, "Is it running?");
  expect_kit({"inject-message", echo, "x", "-p", nobody}, 1, nobody);
}

// ---- remove-package --------------------------------------------------------------------------------

TEST_F(Kit, RemovePackageUninstalls) {
  const std::string folder = write("one");
  expect_kit({"start-package", folder, "-p", port()}, 0, made);
  expect_kit({"remove-package", folder, "--port", port()}, 0, made);
  EXPECT_FALSE(node().has_process(made_process));
  EXPECT_FALSE(store().installed().contains(made));
  expect_kit({"start-package", folder, "-p", port()}, 0, made);
  expect_kit({"r", "-p", port()}, 0, made, folder);
  expect_kit({"start-package", folder, "-p", port()}, 0, made);
  expect_kit({"remove-package", "--package", "made", "--publisher", "test.os", "-p", port()}, 0, made);
  EXPECT_FALSE(store().installed().contains(made));
}

TEST_F(Kit, RemovePackageSaysWhatIsWrong) {
  expect_kit({"remove-package", "-a", "made", "-u", "test.os", "-p", port()}, 1, "cannot remove made:test.os");
  expect_kit({"remove-package", path("nowhere"), "-p", port()}, 1, "--package and --publisher");
  expect_kit({"remove-package", "-a", "made", "-p", port()}, 1, "metadata.json", "/");
  expect_kit({"remove-package", "-a", "a:b", "-u", "test.os", "-p", port()}, 1, "colons");
}

// ---- inject-message --------------------------------------------------------------------------------

TEST_F(Kit, InjectMessagePrintsTheAnswer) {
  EXPECT_EQ(kit({"inject-message", echo, "{\"a\": 1}", "--port", port()}).output, "{\"a\": 1}\n");
  EXPECT_EQ(kit({"i", echo, "text", "-p", port(), "--node", node().name()}).output, "text\n");
}

TEST_F(Kit, InjectMessageSendsAFileAsTheBlob) {
  write_file(path("blob"), "the blob");
  const Ended ended = kit({"inject-message", echo, "body", "-p", port(), "--blob", path("blob")});
  EXPECT_EQ(ended.status, 0);
  EXPECT_NE(ended.output.find("body\n"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("the blob\n"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("application/octet-stream"), std::string::npos) << ended.output;
  write_file(path("binary"), std::string("\0\xff", 2));
  expect_kit({"i", echo, "body", "-p", port(), "-b", path("binary")}, 0, "2 bytes that are not text");
  expect_kit({"i", echo, "body", "-p", port(), "-b", path("nowhere")}, 1, path("nowhere"));
}

TEST_F(Kit, InjectMessageDoesNotWaitIfToldSo) {
  act(plain, steps("events"));
  const Ended ended = kit({"inject-message", plain, "told", "-p", port(), "--non-block"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, "");
  EXPECT_EQ(kit({"inject-message", plain, "told again", "-p", port(), "-l"}).status, 0);
  const Json events = one(plain, "events");
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0]["body"], "told");
  EXPECT_EQ(events[0]["expects"], nullptr);
}

TEST_F(Kit, InjectMessageSaysWhatIsWrong) {
  expect_kit({"inject-message", "nobody:at:all", "x", "-p", port()}, 1, "nobody:at:all did not answer");
  expect_kit({"inject-message", echo, "x", "-p", port(), "-n", "nowhere.os"}, 1, "nowhere.os");
  expect_kit({"inject-message", "not-a-process", "x", "-p", port()}, 1, "Error: ");
  expect_kit({"inject-message", echo, "\xff", "-p", port()}, 1, "UTF-8");
}

// ---- wrong use -------------------------------------------------------------------------------------

TEST_F(Kit, WrongUseIsStatus2AndShowsWhatThereIs) {
  expect_kit({}, 2, "--help");
  expect_kit({"fly"}, 2, "--help");
  expect_kit({"inject-message"}, 2, "process is required");
  expect_kit({"inject-message", echo}, 2, "body is required");
  expect_kit({"inject-message", echo, "x", "--no-such-flag"}, 2, "--no-such-flag");
  expect_kit({"inject-message", echo, "x", "-p", "0"}, 2, "port");
  expect_kit({"inject-message", echo, "x", "-p", "seven"}, 2, "port");
  expect_kit({"start-package", "a", "b"}, 2, "b");
}

TEST_F(Kit, HelpAndVersionAreThere) {
  expect_kit({"--help"}, 0, "boot-fake-node");
  for (const char* command : {"start-package", "remove-package", "inject-message", "boot-fake-node"}) {
    expect_kit({command, "--help"}, 0, "--port");
  }
  // The last word of the first line is the version, which tools read.
  const Ended ended = kit({"--version"});
  EXPECT_EQ(ended.status, 0);
  const std::string line = ended.output.substr(0, ended.output.find('\n'));
  EXPECT_EQ(line.find_first_not_of("0123456789.", line.rfind(' ') + 1), std::string::npos) << line;
}

// ---- boot-fake-node --------------------------------------------------------------------------------

/// kit boot-fake-node with these flags beside port, home and component cache.
class FakeNode {
 public:
  FakeNode(const std::string& home, std::vector<std::string> flags) : port_(free_port()) {
    std::vector<std::string> command = {"/usr/bin/env",   "KINODE_COMPONENT_CACHE=" + component_cache(),
                                        kit_program(),    "boot-fake-node",
                                        "--runtime-path", kinode_program(),
                                        "--port",         std::to_string(port_),
                                        "--home",         home};
    command.insert(command.end(), flags.begin(), flags.end());
    child_ = std::make_unique<ChildProcess>(command);
  }
  void wait_until_ready() const { child_->wait_for("is ready at http://localhost:" + std::to_string(port_)); }
  [[nodiscard]] ChildProcess& child() const { return *child_; }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  uint16_t port_;
  std::unique_ptr<ChildProcess> child_;
};

TEST_F(Kit, BootFakeNodeRunsANodeWhoseHomeGoesWithIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const FakeNode fake(path("home"), {"--fake-node-name", "own.os"});
    fake.wait_until_ready();
    EXPECT_NE(fake.child().output().find("own.os is ready"), std::string::npos) << fake.child().output();
    EXPECT_TRUE(std::filesystem::is_directory(path("home")));
    expect_kit({"inject-message", store_id, "\"Installed\"", "-p", fake.port()}, 0, "InstalledResponse");
    fake.child().signal(signal);
    EXPECT_EQ(fake.child().wait_for_end(), 0);
    EXPECT_FALSE(std::filesystem::exists(path("home")));
  }
}

TEST_F(Kit, BootFakeNodeKeepsAHomeIfToldSo) {
  for (const char* version : {"one", "two"}) {
    const FakeNode fake(path("home"), {"--persist"});
    fake.wait_until_ready();
    expect_kit({"start-package", write(version), "-p", fake.port()}, 0, made);
    fake.child().signal(SIGTERM);
    EXPECT_EQ(fake.child().wait_for_end(), 0);
    EXPECT_EQ(read_file(path("home/vfs/made:test.os/pkg/version")), version);
  }
}

TEST_F(Kit, BootFakeNodeRemovesNoFolderOfOthers) {
  write_file(path("precious/file"), "kept");
  const FakeNode fake(path("precious"), {});
  EXPECT_EQ(fake.child().wait_for_end(), 1);
  fake.child().wait_for("--persist");
  EXPECT_EQ(read_file(path("precious/file")), "kept");
}

TEST_F(Kit, BootFakeNodeSharesNoHome) {
  const FakeNode first(path("home"), {});
  first.wait_until_ready();
  const FakeNode second_one(path("home"), {});
  EXPECT_EQ(second_one.child().wait_for_end(), 1);
  second_one.child().wait_for("another fake node uses");
  expect_kit({"inject-message", store_id, "\"Installed\"", "-p", first.port()}, 0, "InstalledResponse");
}

TEST_F(Kit, ANodeThatDoesNotStartIsToldWithItsStatus) {
  const FakeNode fake(path("home"), {"--fake-node-name", "Not_A_Name"});
  EXPECT_EQ(fake.child().wait_for_end(), 2);
  fake.child().wait_for("Not_A_Name");
  EXPECT_FALSE(std::filesystem::exists(path("home")));
  expect_kit({"boot-fake-node", "--runtime-path", path("nowhere"), "--home", path("home")}, 1, "there is no program");
}

TEST_F(Kit, ANodeEndsWithAKitThatIsKilled) {
  const FakeNode fake(path("home"), {});
  fake.wait_until_ready();
  fake.child().signal(SIGKILL);
  EXPECT_EQ(fake.child().wait_for_end(), 128 + SIGKILL);
  fake.child().wait_for("stopping");
  // The home that is left over is taken, and the node starts on it.
  const FakeNode again(path("home"), {});
  again.child().wait_for("is ready at");
}

}  // namespace
}  // namespace kinode::conformance
