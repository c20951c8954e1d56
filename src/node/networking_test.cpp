// Where a node says that it is reached: of the command line, the keyfile and the ports that it got.
#include "node/networking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/manual_executor.h"
#include "kernel/testing/temp_folder.h"

namespace kinode::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NetworkingTest : public testing::Test {
 protected:
  Identity opened(std::vector<std::string> keyfile_routers = {}) {
    OwnIdentity ours{"node.dev", std::make_shared<const crypto::SigningKey>(crypto::SigningKey::generate()),
                     std::move(keyfile_routers)};
    auto networking = Networking::open(options_, std::move(ours), workers_, [](const std::string&) {});
    EXPECT_TRUE(networking) << networking.error().message;
    Identity identity = (*networking)->network().ours();
    (*networking)->stop();
    return identity;
  }

  const kernel::testing::TempFolder folder_;
  kernel::testing::ManualExecutor workers_;
  Options options_{.home = folder_.path()};
};

TEST_F(NetworkingTest, IsReachedOnThisMachineUnlessToldOtherwise) {
  const Identity identity = opened();
  EXPECT_EQ(identity.direct.ip, "127.0.0.1");
  EXPECT_EQ(identity.direct.ports.size(), 2U);
  EXPECT_THAT(identity.routers, IsEmpty());
}

TEST_F(NetworkingTest, OpensNoPortBehindRouters) {
  EXPECT_THAT(opened({"r.os"}).routers, ElementsAre("r.os"));
  EXPECT_FALSE(opened({"r.os"}).is_direct());
  EXPECT_THAT(opened({"r.os"}).direct.ports, IsEmpty());
  options_.routers = {"s.os"};
  EXPECT_THAT(opened({"r.os"}).routers, ElementsAre("s.os"));
}

TEST_F(NetworkingTest, AnAddressCountsForMoreThanTheKeyfilesRouters) {
  options_.ip = "192.0.2.7";
  options_.tcp_port = 0;
  const Identity identity = opened({"r.os"});
  EXPECT_EQ(identity.direct.ip, "192.0.2.7");
  EXPECT_EQ(identity.direct.ports.count("tcp"), 0U);
  EXPECT_EQ(identity.direct.ports.count("ws"), 1U);
  EXPECT_THAT(identity.routers, IsEmpty());
}

}  // namespace
}  // namespace kinode::node
