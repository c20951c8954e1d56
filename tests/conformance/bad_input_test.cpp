// What a person or a disk can do wrong when a node is started: each has a message that says what to do, and a
// status; and nothing is lost.

#include <fcntl.h>
#include <rocksdb/db.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <thread>

#include "packages_suite.h"

namespace kinode::conformance {
namespace {

class BadInput : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  /// A command line of the node, with this home.
  [[nodiscard]] static std::vector<std::string> node_with(const std::string& home, std::vector<std::string> more = {}) {
    std::vector<std::string> command = {kinode_program(), home, "--detached", "--component-cache", component_cache()};
    if (std::find(more.begin(), more.end(), "--port") == more.end()) {
      command.insert(command.end(), {"--port", "0"});
    }
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  /// That it ends with this status and says all these.
  static void expect_end(const std::vector<std::string>& command, int status, const std::vector<std::string>& texts) {
    const Ended ended = run_to_end(command);
    EXPECT_EQ(ended.status, status) << ended.output;
    for (const std::string& text : texts) {
      EXPECT_NE(ended.output.find(text), std::string::npos) << "not said: " << text << "\n" << ended.output;
    }
  }
  /// A node that has counted to 1 and was stopped, on a home of this case.
  [[nodiscard]] std::unique_ptr<NodeProcess> stopped_node() const {
    auto node = std::make_unique<NodeProcess>(NodeOptions{.home = path("home")});
    node->connect(counter);
    EXPECT_EQ(node->ask(counter, "").body, "1");
    node->stop();
    return node;
  }
  /// That the home is as it was.
  static void expect_goes_on(NodeProcess& node) {
    node.start();
    EXPECT_EQ(node.ask(counter, "").body, "2");
  }

 private:
  TempFolder folder_;
};

/// Every file below a folder, with its content.
std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      found[entry.path().lexically_relative(folder)] = read_file(entry.path());
    }
  }
  return found;
}

// ---- the command line ------------------------------------------------------------------------------

TEST_F(BadInput, WrongFlagsAreStatus2AndMakeNoHome) {
  const std::string home = path("home");
  expect_end({kinode_program()}, 2, {"HOME is required", "--help"});
  expect_end(node_with(home, {"--no-such-flag"}), 2, {"--no-such-flag"});
  expect_end(node_with(home, {"--port", "many"}), 2, {"--port"});
  expect_end(node_with(home, {"--port", "70000"}), 2, {"--port"});
  expect_end(node_with(home, {"--port"}), 2, {"--port"});
  expect_end(node_with(home, {"--verbosity", "9"}), 2, {"--verbosity"});
  expect_end(node_with(home, {"--fake-node-name", "Not A Name"}), 2, {"--fake-node-name", "a-z, 0-9"});
  expect_end(node_with(home, {"another home"}), 2, {"another home"});
  EXPECT_FALSE(std::filesystem::exists(home));
  expect_end({kinode_program(), "--help"}, 0, {"HOME", "--bootstrap", "--port"});
  expect_end({kinode_program(), "--version"}, 0, {"kinode "});
}

TEST_F(BadInput, PackagesThatCannotBeReadAreToldWithTheirPath) {
  const auto node = stopped_node();
  const std::string good = version_zip("one");
  write_file(path("text.zip"), "this is no zip");
  write_file(path("cut.zip"), good.substr(0, good.size() / 2));
  write_file(path("cut.metadata.json"), metadata("made", "test.os").dump());
  write_file(path("alone/no-metadata.zip"), good);
  write_file(path("damaged-index.zip"), zip({{"file_to_metadata.json", "{"}}));
  std::filesystem::create_directories(path("empty"));
  PackageFolder wrong{.folder = path("wrong"), .manifest = Json{{"no", "list"}}, .files = {}};
  (void)wrong.write();
  for (const std::string& name :
       {std::string("nowhere"), std::string("text.zip"), std::string("cut.zip"), std::string("alone/no-metadata.zip"),
        std::string("damaged-index.zip"), std::string("empty"), std::string("wrong")}) {
    expect_end(node_with(path("home"), {"--bootstrap", path(name)}), 1, {"kinode: --bootstrap: ", path(name)});
  }
  expect_goes_on(*node);
}

// ---- the home --------------------------------------------------------------------------------------

TEST_F(BadInput, ASecondNodeOnAHomeIsRefusedAndTheFirstGoesOn) {
  const NodeProcess node;
  node.connect(counter);
  EXPECT_EQ(node.ask(counter, "").body, "1");
  expect_end(node_with(node.home().string()), 1,
             {"kinode: ", node.home().string() + " is in use by another node", std::to_string(node.pid()),
              "a home of its own"});
  EXPECT_EQ(node.ask(counter, "").body, "2");
}

TEST_F(BadInput, AHomeThatIsAFileOrCannotBeMadeIsTold) {
  write_file(path("file"), "kept");
  expect_end(node_with(path("file")), 1, {"kinode: ", path("file")});
  expect_end(node_with(path("file/below")), 1, {"kinode: ", path("file/below")});
  EXPECT_EQ(read_file(path("file")), "kept");
  // Not even root makes a folder there.
  expect_end(node_with("/proc/kinode-home"), 1, {"cannot make the home /proc/kinode-home", "may write to"});
}

TEST_F(BadInput, AHomeThatMayNotBeWrittenIsTold) {
  const auto node = stopped_node();
  if (getuid() == 0) {
    // Root may write everywhere, but not where nobody can.
    const std::string home = path("home");
    if (mount(home.c_str(), home.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
        mount(nullptr, home.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
      std::cout << "note: a home on a file system that is read-only was not tried: this user may not mount\n";
      return;
    }
    expect_end(node_with(home), 1, {"cannot open " + home + "/.lock", "Read-only file system", "may write to"});
    ASSERT_EQ(umount(home.c_str()), 0);
  } else {
    std::filesystem::permissions(path("home"), std::filesystem::perms(0500));
    std::filesystem::remove(path("home/.lock"));
    expect_end(node_with(path("home")), 1, {"may write to"});
    std::filesystem::permissions(path("home"), std::filesystem::perms(0700));
  }
  expect_goes_on(*node);
}

TEST_F(BadInput, AHomeHasOneName) {
  const auto node = stopped_node();
  expect_end(node_with(path("home"), {"--fake-node-name", "another.os"}), 1,
             {"is the home of test.os, not of another.os", "use another home"});
  expect_goes_on(*node);
  // Without the flag it keeps its name.
  node->stop();
  ChildProcess without(node_with(path("home")));
  without.wait_for("test.os is ready at");
}

/// Writes one key into the store of a home, which it makes if need be.
void put(const std::string& home, const std::string& key, const std::string& value) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  std::filesystem::create_directories(home + "/kernel");
  const rocksdb::Status status = rocksdb::DB::Open(options, home + "/kernel", &opened);
  const std::unique_ptr<rocksdb::DB> database(opened);
  if (!status.ok() || !database->Put({}, key, value).ok()) {
    throw Failure("the store cannot be written: " + status.ToString());
  }
}

TEST_F(BadInput, AHomeOfANewerNodeIsNotTouched) {
  const auto node = stopped_node();
  put(path("home"), "meta/version", "2");
  const auto before = content_of(path("home/vfs"));
  expect_end(node_with(path("home")), 1, {"was written by a newer node", "start the newer node, or restore a backup"});
  EXPECT_EQ(content_of(path("home/vfs")), before);
  put(path("home"), "meta/version", "nonsense");
  expect_end(node_with(path("home")), 1, {"is damaged", "from a backup"});
  put(path("home"), "meta/version", "1");
  expect_goes_on(*node);
}

TEST_F(BadInput, AHomeOfAnotherProgramIsNotTouched) {
  put(path("home"), "kernel:distro:sys", "the first client's process map");
  expect_end(node_with(path("home")), 1, {"a store that this node did not write", "another home"});
  expect_end(node_with(path("home")), 1, {"a store that this node did not write"});
}

TEST_F(BadInput, ADamagedStoreIsTold) {
  const auto node = stopped_node();
  const std::string current = read_file(path("home/kernel/CURRENT"));
  write_file(path("home/kernel/CURRENT"), "nonsense");
  expect_end(node_with(path("home")), 1, {"kinode: cannot open " + path("home/kernel")});
  write_file(path("home/kernel/CURRENT"), current);
  expect_goes_on(*node);
}

TEST_F(BadInput, APortInUseIsToldAndAnotherIsFine) {
  const auto node = stopped_node();
  const NodeProcess with_port;
  expect_end(node_with(path("home"), {"--port", std::to_string(with_port.port())}), 1,
             {"port " + std::to_string(with_port.port()) + " is in use", "--port"});
  expect_goes_on(*node);
}

// ---- the disk --------------------------------------------------------------------------------------

/// A file system of a few megabytes, if this user may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& folder, const std::string& size) : folder_(folder) {
    std::filesystem::create_directories(folder);
    mounted_ = mount("kinode-test", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!mounted_) {
      std::cout << "note: a full disk was not tried: this user may not mount one\n";
    }
  }
  ~SmallDisk() {
    if (mounted_) {
      umount2(folder_.c_str(), MNT_DETACH);
    }
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  /// Takes all room but so many bytes.
  void fill(uint64_t but_for) const {
    const int file = open((folder_ + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string part(1 << 16, 'f');
    off_t size = 0;
    for (ssize_t written = 0; (written = write(file, part.data(), part.size())) > 0;) {
      size += written;
    }
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(ftruncate(file, std::max<off_t>(size - static_cast<off_t>(but_for), 0)), 0);
    close(file);
  }
  void make_room() const { std::filesystem::remove(folder_ + "/filler"); }

 private:
  std::string folder_;
  bool mounted_;
};

/// The packages that come with the node have made their databases once this has answered.
void expect_settled(const NodeProcess& node) {
  node.connect("chain:app-store:sys");
  EXPECT_EQ(node.ask("chain:app-store:sys", R"("GetApps")").status, 200U);
}

TEST_F(BadInput, M10_OnAFullDiskNothingIsToldThatIsNotKeptAndItGoesOnWhenThereIsRoom) {
  const SmallDisk disk(path("disk"), "128m");
  if (!disk.mounted()) {
    return;
  }
  NodeProcess node({.home = path("disk/home")});
  node.connect(counter);
  node.connect(plain);
  uint64_t told = 0;
  for (int i = 0; i < 5; ++i) {
    told = std::stoull(node.ask(counter, "").body);
  }
  ASSERT_EQ(told, 5);
  expect_settled(node);
  disk.fill(100'000);
  const size_t full = node.mark();
  // More and more, until it is refused. What is refused is an error to who wanted it kept, not silence.
  node.begin(plain,
             steps(repeat(100'000, steps(step("set_state", {{"bytes", {{"size", 3'000'000}, {"fill", "s"}}}})))));
  node.wait_for("the disk is full", full);
  node.wait_for("Writes are refused until the disk takes them again", full);
  const size_t refused = node.wait_for("process " + plain + " ended with error", full);
  EXPECT_NE(node.output().substr(full, refused - full).find("set-state"), std::string::npos);
  // Nor is one who asks from outside told what might be forgotten: it waits.
  Reply reply;
  {
    const std::jthread asking([&] { reply = node.ask(counter, ""); });
    node.wait_for("process " + counter + " ended with error", full);
    disk.make_room();
  }
  EXPECT_EQ(reply.status, 408);  // the counter has crashed over it
  node.wait_for("takes writes again; all that was accepted is on disk", full);
  do {
    reply = node.ask(counter, "");  // it starts again after its crashes
  } while (reply.status != 200);
  EXPECT_EQ(std::stoull(reply.body), told + 1);
  node.kill9();
  node.start();
  EXPECT_EQ(node.ask(counter, "").body, std::to_string(told + 2));
  node.connect(plain);
  EXPECT_EQ(node.step(plain, "get_state")["size"], 3'000'000);
}

TEST_F(BadInput, OnAFullDiskAFileThatIsReplacedStaysWhatItWas) {
  const SmallDisk disk(path("disk"), "128m");
  if (!disk.mounted()) {
    return;
  }
  NodeProcess node({.home = path("disk/home")});
  node.connect(plain);
  const std::string file = "/test-kit:test.os/tmp/file";
  EXPECT_EQ(node.step(plain, await_vfs(file, "Write", {{"blob", "before"}}))["body"], R"("Ok")");
  expect_settled(node);
  disk.fill(100'000);
  const Json large = {{"blob", {{"size", 3'000'000}, {"fill", "x"}}}};
  const std::string no_space = R"x({"Err":{"IOError":"No space left on device (os error 28)"}})x";
  EXPECT_EQ(node.step(plain, await_vfs(file, "Write", large))["body"], no_space);
  EXPECT_EQ(node.step(plain, await_vfs("/test-kit:test.os/tmp/other", "Write", large))["body"], no_space);
  EXPECT_EQ(node.step(plain, await_vfs(file, "Read"))["blob"]["bytes"], "before");
  EXPECT_TRUE(std::filesystem::is_empty(node.home() / "vfs/.staging"));
}

TEST_F(BadInput, ANodeOnADiskThatIsFullSaysSoAndStartsWhenThereIsRoom) {
  const SmallDisk disk(path("disk"), "128m");
  if (!disk.mounted()) {
    return;
  }
  NodeProcess node({.home = path("disk/home")});
  node.connect(counter);
  EXPECT_EQ(node.ask(counter, "").body, "1");
  node.kill9();
  disk.fill(0);
  expect_end(node_with(path("disk/home")), 1, {"disk is full", "Make room"});
  disk.make_room();
  expect_goes_on(node);
}

}  // namespace
}  // namespace kinode::conformance
