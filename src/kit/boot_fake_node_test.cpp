#include "kit/boot_fake_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "kit/child_program.h"
#include "kit/fake_node.h"
#include "kit/node_home.h"

namespace kinode::kit {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

Result<int> shell(const std::string& script) { return run_program({"/bin/sh", "-c", script}); }

TEST(RunProgram, GivesTheStatusBack) {
  EXPECT_EQ(*shell("exit 0"), 0);
  EXPECT_EQ(*shell("exit 7"), 7);
  EXPECT_EQ(*shell("kill -KILL $$"), 128 + SIGKILL);
}

TEST(RunProgram, SaysThatItCannotStart) {
  auto status = run_program({"/no/such/program"});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("/no/such/program"));
}

TEST(RunProgram, LeavesTheSignalsAsTheyWere) {
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  ASSERT_TRUE(shell("exit 0"));
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 32; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

TEST(RunProgram, HandsSignalsOn) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    // A process in kit's place, which this one can signal.
    const pid_t kit = ::fork();
    if (kit == 0) {
      ::dup2(pipe[1], STDOUT_FILENO);
      auto status = shell("trap 'exit 9' TERM INT HUP; echo ready; while :; do sleep 0.01; done");
      ::_exit(status ? *status : 1);
    }
    ::close(pipe[1]);
    char byte = 0;
    ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
    ::kill(kit, signal);
    int status = 0;
    ASSERT_EQ(::waitpid(kit, &status, 0), kit);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 9);
    ::close(pipe[0]);
  }
}

TEST(NodeHome, ATemporaryOneGoesAtTheEnd) {
  const TestFolder folder;
  const std::string path = folder.path("deep/home");
  {
    auto home = NodeHome::take(path, false);
    ASSERT_TRUE(home) << home.error().message;
    EXPECT_EQ(home->path(), path);
    folder.write("deep/home/vfs/file", "data");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(NodeHome, APersistentOneStays) {
  const TestFolder folder;
  folder.write("home/file", "data");
  {
    ASSERT_TRUE(NodeHome::take(folder.path("home"), true));
  }
  EXPECT_TRUE(fs::exists(folder.path("home/file")));
}

TEST(NodeHome, NeverRemovesWhatIsNotItsOwn) {
  const TestFolder folder;
  folder.write("mine/file", "data");
  {
    auto home = NodeHome::take(folder.path("mine"), false);
    ASSERT_FALSE(home);
    EXPECT_THAT(home.error().message, HasSubstr("--home"));
  }
  EXPECT_TRUE(fs::exists(folder.path("mine/file")));
  fs::create_symlink(folder.path("mine"), folder.path("link"));
  EXPECT_FALSE(NodeHome::take(folder.path("link"), false));
  EXPECT_FALSE(NodeHome::take(folder.path("mine/file"), false));
  EXPECT_TRUE(fs::exists(folder.path("mine/file")));
}

TEST(NodeHome, OneThatAKilledRunLeftIsMadeAnew) {
  const TestFolder folder;
  folder.write("home/.kit-temporary", "");
  folder.write("home/old", "data");
  auto home = NodeHome::take(folder.path("home"), false);
  ASSERT_TRUE(home) << home.error().message;
  EXPECT_FALSE(fs::exists(folder.path("home/old")));
}

TEST(NodeHome, OneThatIsKeptIsNotRemovedLater) {
  const TestFolder folder;
  folder.write("home/.kit-temporary", "");
  folder.write("home/file", "data");
  {
    ASSERT_TRUE(NodeHome::take(folder.path("home"), true));
  }
  EXPECT_FALSE(NodeHome::take(folder.path("home"), false));
  EXPECT_TRUE(fs::exists(folder.path("home/file")));
}

TEST(NodeHome, TwoRunsDoNotShareOne) {
  const TestFolder folder;
  auto first = NodeHome::take(folder.path("home"), false);
  ASSERT_TRUE(first);
  for (const bool persistent : {false, true}) {
    auto second = NodeHome::take(folder.path("home"), persistent);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("another fake node"));
  }
  EXPECT_TRUE(fs::exists(folder.path("home")));
}

TEST(BootFakeNode, TheNodesCommandLine) {
  EXPECT_THAT(node_command({}, "/bin/kinode", "/home"),
              ElementsAre("/bin/kinode", "/home", "--port", "8080", "--verbosity", "0", "--password", "secret",
                          "--fake-node-name", "fake.dev", "--fakechain-port", "8545"));
  BootFakeNode options;
  options.rpc = "ws://x";
  EXPECT_THAT(node_command(options, "k", "h"), testing::IsSupersetOf({"--rpc", "ws://x"}));
}

TEST(BootFakeNode, FindsTheProgram) {
  const TestFolder folder;
  const std::string program = folder.write("build/bin/kinode", "");
  EXPECT_THAT(find_node(folder.path()).error().message, HasSubstr("not a program"));
  fs::permissions(program, fs::perms::owner_all);
  EXPECT_EQ(*find_node(folder.path()), program);
  EXPECT_EQ(*find_node(program), program);
  EXPECT_THAT(find_node(folder.path("none")).error().message, HasSubstr(folder.path("none")));
}

TEST(BootFakeNode, RunsItWithAHomeThatGoesAtTheEnd) {
  const TestFolder folder;
  const std::string program =
      folder.write("node", "#!/bin/sh\necho \"$@\" > \"" + folder.path("arguments") + "\"\ntest -d \"$1\" && exit 5\n");
  fs::permissions(program, fs::perms::owner_all);
  const Ran ran = run_kit({"boot-fake-node", "-r", program, "-o", folder.path("home"), "-f", "my.dev", "-p", "9000",
                           "--verbosity", "2", "--password", "w"});
  EXPECT_EQ(ran.status, 5) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("http://localhost:9000"));
  std::ifstream file(folder.path("arguments"));
  std::string arguments;
  std::getline(file, arguments);
  EXPECT_EQ(arguments, folder.path("home") +
                           " --port 9000 --verbosity 2 --password w --fake-node-name my.dev --fakechain-port 8545");
  EXPECT_FALSE(fs::exists(folder.path("home")));
  EXPECT_EQ(run_kit({"f", "-r", program, "-o", folder.path("home"), "--persist"}).status, 5);
  EXPECT_TRUE(fs::exists(folder.path("home")));
}

}  // namespace
}  // namespace kinode::kit
