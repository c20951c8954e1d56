// Nodes that talk with each other: real nodes in a development network of their own. N: networking.md 6 and 7, B: the
// first client's defects in its section 9.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>

#include "suite.h"

namespace kinode::conformance {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string net_id = "net:distro:sys";

/// A body as its bytes, whichever way the actor shows them.
std::string bytes_of(const Json& body) {
  if (body.is_string()) {
    return body.get<std::string>();
  }
  const std::string hex = body.at("hex").get<std::string>();
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

class Network : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = std::make_unique<TempFolder>();
    a_node = make("a.dev");
    b_node = make("b.dev");
  }
  static void TearDownTestSuite() {
    a_node.reset();
    b_node.reset();
    folder.reset();
  }

  static std::unique_ptr<NodeProcess> make(const std::string& name, std::vector<std::string> more = {}) {
    NodeOptions options;
    options.name = name;
    options.verbosity = 2;
    options.more = {"--devnet", folder->path().string()};
    options.more.insert(options.more.end(), more.begin(), more.end());
    auto node = std::make_unique<NodeProcess>(options);
    for (const std::string& process : {plain, second, echo}) {
      node->connect(process);
    }
    return node;
  }

  static NodeProcess& a() { return *a_node; }
  static NodeProcess& b() { return *b_node; }
  static std::string at_a(const std::string& process) { return a().address(process); }
  static std::string at_b(const std::string& process) { return b().address(process); }

  void TearDown() override {
    if (HasFailure()) {
      std::cerr << "a.dev said:\n" << a().output() << "\nb.dev said:\n" << b().output() << "\n";
    }
  }

  static std::unique_ptr<TempFolder> folder;
  static std::unique_ptr<NodeProcess> a_node;
  static std::unique_ptr<NodeProcess> b_node;
};
std::unique_ptr<TempFolder> Network::folder;
std::unique_ptr<NodeProcess> Network::a_node;
std::unique_ptr<NodeProcess> Network::b_node;

// ---- requests and responses -----------------------------------------------------------------------

TEST_F(Network, ARequestIsAnsweredByAProcessOfAnotherNode) {
  const Json event = a().step(actor, await(at_b(actor), script("our")));
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["source"], at_b(actor));
  EXPECT_THAT(event["body"].dump(), HasSubstr(at_b(actor)));
}

TEST_F(Network, TheContextStaysAtHomeAndComesBackWithTheResponse) {
  const Json event =
      a().act(actor, steps(send(at_b(echo), "hi", {{"expects", 20}, {"context", "mine"}}), receive())).back();
  EXPECT_EQ(event["kind"], "response");
  EXPECT_EQ(event["body"], "hi");
  EXPECT_EQ(event["context"], "mine");
}

TEST_F(Network, BlobsOfAllBytesPassUnharmed) {
  std::string bytes(300'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 7 + i / 256);
  }
  const Reply reply = a().rpc().send({.process = echo, .body = "x", .blob = Blob{"text/x", bytes}, .node = "b.dev"});
  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(reply.blob->bytes, bytes);
}

TEST_F(Network, MessagesOfOneProcessArriveInTheirOrder) {
  b().step(actor, step("events"));
  Json list = steps();
  for (int i = 0; i < 1'000; ++i) {
    list.push_back(send(at_b(actor), std::to_string(i)));
  }
  list.push_back(await(at_b(actor), script("our"), {{"expects", 60}}));
  a().act(actor, list);
  const Json events = b().step(actor, step("events"));
  ASSERT_EQ(events.size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(events[i]["body"], std::to_string(i));
    ASSERT_EQ(events[i]["source"], at_a(actor));
  }
}

TEST_F(Network, AChainThatInheritsOverThreeNodesIsAnsweredByItsEnd) {
  auto c = make("c.dev");
  const Json last = answering_script(respond("from the end"));
  const Json middle = script(send(c->address(actor), last, {{"inherit", true}}), hold());
  const Json event = a().step(actor, await(at_b(actor), middle, {{"expects", 20}}));
  EXPECT_EQ(event["kind"], "response") << event;
  EXPECT_EQ(event["source"], c->address(actor));
  EXPECT_EQ(event["body"], "from the end");
}

TEST_F(Network, AChainThatInheritsAndComesHomeIsAnsweredThere) {
  const Json last = answering_script(respond("from home"));
  const Json middle = script(send(at_a(echo), last, {{"inherit", true}}), hold());
  const Json event = a().step(actor, await(at_b(actor), middle, {{"expects", 20}}));
  EXPECT_EQ(event["kind"], "response") << event;
  EXPECT_EQ(event["source"], at_a(echo));
}

TEST_F(Network, ACapabilityGivenToAnotherNodeComesBackProved) {
  const Json mine = capability(at_a(actor), messaging);
  const Json back = answering_script(step("save_capabilities", {{"capabilities", "$received"}}),
                                     send(at_a(actor), "back", {{"capabilities", "$received"}}));
  a().step(actor, step("events"));
  a().act(actor, steps(await(at_b(actor), back, {{"capabilities", Json::array({mine})}, {"expects", 20}})));
  const Json events = a().step(actor, step("events"));
  ASSERT_EQ(events.size(), 1U) << events;
  EXPECT_EQ(events[0]["capabilities"], Json::array({mine})) << events;
}

TEST_F(Network, ACapabilityThatWasNotGivenIsLeftOut) {
  // b.dev's actor holds nothing of a.dev, so it can only claim to.
  const Json forged = capability(at_a(kernel_id), network);
  a().step(actor, step("events"));
  b().act(actor, steps(await(at_a(actor), script("our"), {{"capabilities", Json::array({forged})}, {"expects", 20}}),
                       send(at_a(actor), "forged", {{"capabilities", Json::array({forged})}}),
                       await(at_a(actor), script("our"), {{"expects", 20}})));
  const Json events = a().step(actor, step("events"));
  ASSERT_EQ(events.size(), 1U) << events;
  EXPECT_EQ(events[0]["capabilities"], Json::array());
}

// ---- what does not arrive -------------------------------------------------------------------------

TEST_F(Network, AProcessThatIsNotThereIsToldAtOnce) {
  const Json event = a().step(actor, await("b.dev@nobody:test-kit:test.os", "hi", {{"expects", 600}}));
  EXPECT_EQ(event["error"], "Timeout");
}

TEST_F(Network, N7_1_AProcessWithoutTheNetworkCapabilityGetsNothing) {
  const size_t mark = b().mark();
  const Json event = a().step(actor, await(at_b(plain), script("our"), {{"expects", 1}}));
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_TRUE(b().said("request_networking", mark));
}

TEST_F(Network, N7_2_AProcessWithoutTheNetworkCapabilitySendsNothing) {
  const size_t mark = a().mark();
  const Json event = a().step(plain, await(at_b(echo), "hi", {{"expects", 600}}));
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_TRUE(a().said("request_networking", mark));
}

TEST_F(Network, ANodeThatIsNotKnownIsOffline) {
  const Json event = a().step(actor, await("nowhere.dev@echo:test-kit:test.os", "hi", {{"expects", 600}}));
  EXPECT_EQ(event["error"], "Offline");
}

TEST_F(Network, AMessageTooBigForTheWireFailsAtOnce) {
  const size_t mark = a().mark();
  const Json event = a().step(actor, await(at_b(echo), "hi", {{"blob", {{"size", 10'485'800}}}, {"expects", 600}}));
  EXPECT_EQ(event["error"], "Timeout");
  EXPECT_TRUE(a().said("10485800", mark));
  EXPECT_EQ(a().step(actor, await(at_b(echo), "hi", {{"blob", {{"size", 10'485'000}}}, {"expects", 60}}))["kind"],
            "response");
}

TEST_F(Network, B2_B3_B5_RuntimeModulesRefuseOtherNodes) {
  for (const std::string module : {"http-server", "vfs", "state", "timer", "kernel"}) {
    const size_t mark = a().mark();
    const Json event = b().step(actor, await("a.dev@" + module + ":distro:sys", R"("GetState")", {{"expects", 1}}));
    EXPECT_EQ(event["error"], "Timeout") << module;
    EXPECT_TRUE(a().said("b.dev@actor", mark)) << module;
  }
}

// ---- nodes that go and come -----------------------------------------------------------------------

TEST_F(Network, AStoppedNodeIsOfflineAndAnswersAgainWhenItIsBack) {
  auto c = make("c.dev");
  EXPECT_EQ(a().step(actor, await(c->address(echo), "1", {{"expects", 20}}))["kind"], "response");
  size_t mark = a().mark();
  c->kill9();
  a().wait_for("connection with c.dev ended", mark);
  EXPECT_EQ(a().step(actor, await("c.dev@" + echo, "2", {{"expects", 600}}))["error"], "Offline");
  c->start();
  // What is sent before a.dev has seen its new address, or a moment after it was not reached, is Offline still.
  Json event;
  do {
    event = a().step(actor, await("c.dev@" + echo, "3", {{"expects", 20}}));
  } while (event["kind"] != "response" && c->running());
  EXPECT_EQ(event["body"], "3");
}

TEST_F(Network, OfMessagesThatWaitForANodeEachIsGivenBack) {
  auto c = make("c.dev");
  c->signal(SIGSTOP);  // it accepts connections by way of its system, and says nothing
  Json list = steps();
  for (int i = 0; i < 20; ++i) {
    list.push_back(send("c.dev@" + echo, std::to_string(i), {{"expects", 600}, {"context", std::to_string(i)}}));
  }
  for (int i = 0; i < 20; ++i) {
    list.push_back(receive());
  }
  const Json results = a().act(actor, list);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(results[20 + i]["error"], "Offline");
    EXPECT_EQ(results[20 + i]["context"], std::to_string(i));
  }
  c->signal(SIGCONT);
}

TEST_F(Network, ANodeKeepsItsKeyOverARestart) {
  const std::string before = read_file(folder->path() / "b.dev.toml");
  b().restart();
  const std::string after = read_file(folder->path() / "b.dev.toml");
  const auto key = [](const std::string& record) { return record.substr(record.find("key"), 74); };
  EXPECT_EQ(key(before), key(after));
  EXPECT_EQ(a().step(actor, await(at_b(kernel_id), "x", {{"expects", 1}}))["error"], "Timeout");
}

TEST_F(Network, TwoNodesThatDialAtOnceGoOnTalking) {
  auto c = make("c.dev");
  auto d = make("d.dev");
  const auto fifty = [](const NodeProcess& node, const std::string& other) {
    Json list = steps();
    for (int i = 0; i < 50; ++i) {
      list.push_back(send(other + "@" + echo, std::to_string(i), {{"expects", 60}}));
    }
    for (int i = 0; i < 50; ++i) {
      list.push_back(receive());
    }
    return node.act(actor, list);
  };
  auto from_d = std::async(std::launch::async, fifty, std::cref(*d), "c.dev");
  const Json from_c = fifty(*c, "d.dev");
  for (const Json& results : {from_c, from_d.get()}) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(results[50 + i]["body"], std::to_string(i)) << results[50 + i];
    }
  }
}

// ---- net:distro:sys -------------------------------------------------------------------------------

TEST_F(Network, AGreetingIsShownAndAcknowledged) {
  const size_t mark = b().mark();
  const Reply reply = a().rpc().send({.process = net_id, .body = "hello there", .node = "b.dev"});
  EXPECT_EQ(reply.body, "ack");
  b().wait_for("a.dev: hello there", mark);
}

TEST_F(Network, B24_AGreetingCannotDriveATerminal) {
  const size_t mark = b().mark();
  (void)a().rpc().send({.process = net_id, .body = "a\x1b[2Jb\rc", .node = "b.dev"});
  b().wait_for("a.dev: a [2Jb c", mark);
}

TEST_F(Network, N6_ItTellsOfPeersAndOfItself) {
  (void)a().rpc().send({.process = net_id, .body = "hello", .node = "b.dev"});
  const auto ask = [](const std::string& hex) {
    return bytes_of(a().step(actor, await(net_id, {{"hex", hex}}, {{"expects", 20}}))["body"]);
  };
  EXPECT_THAT(ask("a84765745065657273"), HasSubstr("b.dev"));                                 // "GetPeers"
  EXPECT_THAT(ask("81a747657450656572a5622e646576"), HasSubstr("127.0.0.1"));                 // {"GetPeer": "b.dev"}
  EXPECT_THAT(ask("81a747657450656572a5612e646576"), HasSubstr("a.dev"));                     // itself
  EXPECT_EQ(ask("81a747657450656572a57a2e646576"), "\x81\xa4Peer\xc0");                       // z.dev: {"Peer": nil}
  EXPECT_THAT(ask("ae476574446961676e6f7374696373"), HasSubstr("we have connections with"));  // "GetDiagnostics"
}

TEST_F(Network, N6_WhatANodeSignsAnotherVerifies) {
  const std::string sign = "a45369676e";  // "Sign"
  const Json signed_ = a().step(actor, await(net_id, {{"hex", sign}}, {{"blob", "data"}, {"expects", 20}}));
  const std::string signature = signed_["blob"]["bytes"]["hex"].get<std::string>();
  ASSERT_EQ(signature.size(), 128U);
  const std::string from = at_a(actor);
  std::string address = "b" + std::string(1, "0123456789abcdef"[from.size() % 16]);
  ASSERT_LT(from.size(), 32U);
  address = from.size() < 16 ? "a" + address.substr(1) : address;
  for (const char letter : from) {
    address += {"0123456789abcdef"[static_cast<unsigned char>(letter) >> 4U], "0123456789abcdef"[letter & 15]};
  }
  // {"Verify": [from, signature]}
  const std::string verify = "81a656657269667992" + address + "c440" + signature;
  const auto verified = [&](const std::string& data) {
    return bytes_of(b().step(actor, await(net_id, {{"hex", verify}}, {{"blob", data}, {"expects", 20}}))["body"]);
  };
  EXPECT_THAT(verified("data"), HasSubstr("\xc3"));
  EXPECT_THAT(verified("date"), HasSubstr("\xc2"));
}

TEST_F(Network, B27_WhoMayNotCannotTellWhatNodesThereAre) {
  const size_t mark = a().mark();
  // {"KnsUpdate": ["z.dev", 64 digits, ["127.0.0.1"], {"ws": 9}, []]}
  const std::string update =
      "81a94b6e73557064617465"
      "95"
      "a57a2e646576"
      "d940" +
      [] {
        std::string key;
        for (int i = 0; i < 64; ++i) key += "61";
        return key;
      }() +
      "91a93132372e302e302e31"
      "81a2777309"
      "90";
  a().act(actor, steps(send(net_id, {{"hex", update}})));
  a().wait_for("may not tell what nodes there are", mark);
  const auto known = [] {
    return bytes_of(
        a().step(actor, await(net_id, {{"hex", "81a747657450656572a57a2e646576"}}, {{"expects", 20}}))["body"]);
  };
  EXPECT_THAT(known(), HasSubstr("\xc0"));
  a().grant(actor, Json::array({capability(at_a(net_id), R"({"root":true})")}));
  a().act(actor, steps(send(net_id, {{"hex", update}})));
  EXPECT_THAT(known(), HasSubstr("z.dev"));
}

// ---- routers --------------------------------------------------------------------------------------

TEST_F(Network, ANodeBehindARouterIsReachedAndReachesOthers) {
  auto router = make("r.dev", {"--max-passthroughs", "10"});
  const size_t mark = router->mark();
  auto c = make("c.dev", {"--router", "r.dev"});
  router->wait_for("connected with c.dev", mark);
  EXPECT_THAT(read_file(folder->path() / "c.dev.toml"), Not(HasSubstr("ip =")));
  const Json there = a().step(actor, await(c->address(echo), "to c", {{"expects", 20}}));
  EXPECT_EQ(there["body"], "to c") << there;
  EXPECT_TRUE(router->said("passing on between a.dev and c.dev", mark));
  auto d = make("d.dev", {"--router", "r.dev"});
  router->wait_for("connected with d.dev", mark);
  const Json between = d->step(actor, await(c->address(echo), "to c", {{"expects", 20}}));
  EXPECT_EQ(between["body"], "to c") << between;
  const Json out = c->step(actor, await(at_b(echo), "to b", {{"expects", 20}}));
  EXPECT_EQ(out["body"], "to b") << out;
}

TEST_F(Network, ANodeThatIsNoRouterPassesNothingOn) {
  auto router = make("r.dev");
  const size_t mark = router->mark();
  auto c = make("c.dev", {"--router", "r.dev"});
  router->wait_for("connected with c.dev", mark);
  EXPECT_EQ(a().step(actor, await(c->address(echo), "to c", {{"expects", 20}}))["error"], "Offline");
  EXPECT_TRUE(router->said("--max-passthroughs", mark));
}

// ---- keyfiles and a peers file --------------------------------------------------------------------

/// A port that was free a moment ago.
uint16_t free_port() {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(file, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(file);
  return ntohs(address.sin_port);
}

TEST_F(Network, NodesWithKeyfilesKnowEachOtherByAPeersFile) {
  const std::string peers = folder->path() / "peers.toml";
  std::vector<std::unique_ptr<NodeProcess>> nodes;
  std::vector<NodeOptions> each;
  for (const std::string name : {"first-node.os", "second-node.os"}) {
    const std::string home = folder->path() / name;
    const std::string port = std::to_string(free_port());
    ASSERT_EQ(run_to_end({kinode_program(), "identity", "create", home, name, "--password", "secret"}).status, 0);
    const Ended record = run_to_end({kinode_program(), "identity", "record", home, "--ip", "127.0.0.1", "--tcp-port",
                                     port, "--password", "secret"});
    ASSERT_EQ(record.status, 0) << record.output;
    write_file(peers, (std::filesystem::exists(peers) ? read_file(peers) : "") + record.output);
    NodeOptions options;
    options.name = name;
    options.home = home;
    options.more = {"--password", "secret", "--peers", peers, "--tcp-port", port, "--ws-port", "0"};
    each.push_back(options);
  }
  for (const NodeOptions& options : each) {
    nodes.push_back(std::make_unique<NodeProcess>(options));
  }
  const Json event = nodes[0]->step(actor, await(nodes[1]->address(echo), "by file", {{"expects", 20}}));
  EXPECT_EQ(event["body"], "by file") << event << nodes[0]->output();
}

// ---- flow control ---------------------------------------------------------------------------------

TEST_F(Network, AProcessThatTakesNothingHoldsUpItsSendersNotOthers) {
  auto c = make("c.dev");
  c->begin(second, steps());
  c->grant(looper, Json::array({capability(c->address(kernel_id), network)}));
  c->tell(looper, "loop");
  // Until its mailbox here, the connection and the outbox there are full; then its sender waits.
  const Json blob = {{"size", 1'000'000}, {"fill", "x"}};
  a().begin(actor, steps(repeat(600, steps(send("c.dev@" + looper, "x", {{"blob", blob}})))));
  const Json event = b().step(actor, await("c.dev@" + echo, "others", {{"expects", 60}}));
  EXPECT_EQ(event["body"], "others");
}

}  // namespace
}  // namespace kinode::conformance
