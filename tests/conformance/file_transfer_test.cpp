// Package file-transfer (packages-and-kit.md 8): real workers between two publishers' packages on one node, and an
// actor in the place of a peer that lies, falls silent, or speaks the first protocol.

#include "file_transfer_suite.h"

namespace kinode::conformance {
namespace {

const Json done = {{"Ok", nullptr}};
constexpr size_t chunk_bytes = size_t{512} << 10U;

class FileTransfer : public Suite<FileTransfer> {
 public:
  static NodeOptions node_options() {
    NodeOptions options = file_transfer_node();
    options.bootstrap.push_back(built_package("other-kit"));
    return options;
  }
  static std::vector<std::string> connected() { return {plain, second, other}; }

 protected:
  [[nodiscard]] TransferNode transfers() const { return TransferNode(node()); }
  void put(const std::string& name, const std::string& content, const std::string& process = holder) const {
    write_file(transfers().file(process, name), content);
  }
  [[nodiscard]] std::string content(const std::string& name, const std::string& process = fetcher) const {
    return read_file(transfers().file(process, name));
  }
  /// That the status says what a whole file of this content does.
  void expect_done(const Json& status, const std::string& content) const {
    EXPECT_EQ(status["state"], "done") << status;
    EXPECT_EQ(status["progress"], 100);
    EXPECT_EQ(status["size"], content.size());
    EXPECT_EQ(status["bytes"], content.size());
    EXPECT_EQ(status["sha256"], sha256_hex(content));
    EXPECT_EQ(status["error"], nullptr);
    EXPECT_TRUE(transfers().has_no_part(status["name"]));
  }
  /// That a sender's lie was noticed, and nothing is left of what it sent.
  void expect_refused(const std::string& name, const std::string& why) const {
    const Json status = transfers().end_of(name, begin_);
    EXPECT_EQ(status["state"], "failed") << status;
    EXPECT_NE(status["error"].get<std::string>().find(why), std::string::npos) << status;
    EXPECT_FALSE(transfers().is_there(name));
    EXPECT_TRUE(transfers().has_no_part(name));
  }
};

// ---- whole files -----------------------------------------------------------------------------------

TEST_F(FileTransfer, FilesOfAllSizesArriveWhole) {
  for (const size_t size : {size_t{0}, size_t{1}, chunk_bytes - 1, chunk_bytes, chunk_bytes + 1, size_t{20} << 20U}) {
    const std::string bytes = noise(size);
    const std::string name = "of " + std::to_string(size);
    put(name, bytes);
    const Json status = transfers().fetch(name);
    expect_done(status, bytes);
    EXPECT_EQ(content(name), bytes);
    EXPECT_EQ(status["peer"], address(holder));
    EXPECT_EQ(status["direction"], "download");
    EXPECT_EQ(status["rate"] > 0, size > 0);
  }
}

TEST_F(FileTransfer, TheSenderKnowsToo) {
  put("sent", "some bytes");
  expect_done(transfers().fetch("sent"), "some bytes");
  wait_for("hold.os: upload of sent, ");
  const Json status = transfers().status("sent", holder).at(0);
  expect_done(status, "some bytes");
  EXPECT_EQ(status["direction"], "upload");
}

TEST_F(FileTransfer, ALongerFileIsReplaced) {
  put("replaced", std::string(3'000'000, 'x'), fetcher);
  put("replaced", "short");
  expect_done(transfers().fetch("replaced"), "short");
  EXPECT_EQ(content("replaced"), "short");
  put("replaced", "");
  expect_done(transfers().fetch("replaced"), "");
  EXPECT_EQ(content("replaced"), "");
}

TEST_F(FileTransfer, OneFileGoesToManyAtATime) {
  const std::string bytes = noise(size_t{16} << 20U, 7);
  put("shared", bytes);
  EXPECT_EQ(transfers().download("shared", holder, fetcher), done);
  EXPECT_EQ(transfers().download("shared", holder, second_fetcher), done);
  expect_done(transfers().end_of("shared", begin_, fetcher), bytes);
  expect_done(transfers().end_of("shared", begin_, second_fetcher), bytes);
  EXPECT_EQ(content("shared", fetcher), bytes);
  EXPECT_EQ(content("shared", second_fetcher), bytes);
}

TEST_F(FileTransfer, FilesAreListed) {
  put("listed", "four");
  const Json list = node().ask(holder, "\"ListFiles\"").json().at("ListFiles");
  const Json expected = {{"name", TransferNode::drive(holder, "files") + "/listed"}, {"size", 4}};
  EXPECT_NE(std::find(list.begin(), list.end(), expected), list.end()) << list;
}

// ---- what is refused -------------------------------------------------------------------------------

TEST_F(FileTransfer, AFileThatIsNotThereIsAnErrorAndIsNotMade) {
  const Json answer = transfers().download("nowhere");
  EXPECT_EQ(answer, Json({{"Err", "there is no file nowhere"}}));
  EXPECT_FALSE(transfers().is_there("nowhere", holder));
  EXPECT_FALSE(transfers().is_there("nowhere", fetcher));
  EXPECT_TRUE(transfers().has_no_part("nowhere"));
  EXPECT_EQ(transfers().status("nowhere").at(0)["state"], "failed");
}

TEST_F(FileTransfer, NamesThatLeadElsewhereAreRefusedAtBothEnds) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("../pkg/manifest.json"), std::string("/a"),
        std::string("a/b"), std::string("a\nb"), std::string(300, 'a')}) {
    EXPECT_TRUE(transfers().download(name).contains("Err")) << name;
    const Json wanted = {{"name", name}, {"target", address(holder)}, {"is_requestor", false}};
    const Json event = one(plain, await(holder, {{"Download", wanted}}));
    EXPECT_NE(event["body"].get<std::string>().find("Err"), std::string::npos) << event;
  }
}

TEST_F(FileTransfer, OrdersThatMakeNoSenseAreRefused) {
  EXPECT_TRUE(transfers().download("a", fetcher).contains("Err"));
  EXPECT_EQ(transfers().download("a", "nobody:nothing:nowhere.os"), Json({{"Err", "test.os gives no answer"}}));
  const Json elsewhere = {{"name", "a"}, {"target", "away.os@" + holder}, {"is_requestor", true}};
  EXPECT_EQ(node().ask(fetcher, {{"Download", elsewhere}}).json()["Download"], Json({{"Err", "away.os is offline"}}));
  for (const Json& order :
       {Json(), Json{{"name", "a"}}, Json{{"name", "a"}, {"target", "x"}, {"is_requestor", true}}}) {
    EXPECT_TRUE(node().ask(fetcher, {{"Download", order}}).json().at("Download").contains("Err")) << order;
  }
}

TEST_F(FileTransfer, OfOneNameOneIsFetchedAtATimeUntilItIsCancelled) {
  FakeSender sender(node(), "slow");
  sender.be_asked();
  EXPECT_EQ(transfers().download("slow"), Json({{"Err", "slow is being fetched already"}}));
  EXPECT_EQ(node().ask(fetcher, {{"Cancel", {{"name", "slow"}}}}).json(), Json({{"Cancel", done}}));
  EXPECT_EQ(transfers().end_of("slow", begin_)["state"], "cancelled");
}

// ---- senders that lie ------------------------------------------------------------------------------

TEST_F(FileTransfer, AWrongHashIsNoticed) {
  FakeSender sender(node(), "forged");
  sender.be_asked();
  EXPECT_EQ(sender.offer(4, sha256_hex("true")), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 4, "fals"), Json({{"Ok", 4}}));
  EXPECT_TRUE(sender.finish().contains("Err"));
  expect_refused("forged", "not the one offered");
}

TEST_F(FileTransfer, AChunkOutsideOfTheFileIsRefused) {
  const std::vector<std::pair<size_t, size_t>> outside = {{0, 5}, {4, 1}, {5, 4}, {SIZE_MAX, 2}};
  for (const auto& [offset, length] : outside) {
    const std::string name = "outside " + std::to_string(offset);
    FakeSender sender(node(), name);
    sender.be_asked();
    EXPECT_EQ(sender.offer(4, sha256_hex("true")), Json({{"Ok", {{"offset", 0}}}}));
    EXPECT_TRUE(sender.chunk(offset, length, "true").contains("Err"));
    expect_refused(name, "outside");
  }
}

TEST_F(FileTransfer, MoreBytesThanAChunkSaysAreRefused) {
  FakeSender sender(node(), "swollen");
  sender.be_asked();
  EXPECT_EQ(sender.offer(8, sha256_hex("eight by")), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_TRUE(sender.chunk(0, 4, "eight by").contains("Err"));
  expect_refused("swollen", "another number of bytes");
}

TEST_F(FileTransfer, AChunkTwiceIsRefusedAndHarmsNothing) {
  FakeSender sender(node(), "twice");
  sender.be_asked();
  EXPECT_EQ(sender.offer(4, sha256_hex("true")), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 2, "tr"), Json({{"Ok", 2}}));
  EXPECT_TRUE(sender.chunk(0, 2, "tr").contains("Err"));
  EXPECT_TRUE(sender.finish().contains("Err"));
  EXPECT_EQ(sender.chunk(2, 2, "ue"), Json({{"Ok", 4}}));
  EXPECT_EQ(sender.finish(), done);
  expect_done(transfers().end_of("twice", begin_), "true");
}

TEST_F(FileTransfer, ImpossibleOffersAreRefused) {
  FakeSender sender(node(), "impossible");
  sender.be_asked();
  EXPECT_TRUE(sender.offer(SIZE_MAX, sha256_hex("")).contains("Err"));
  EXPECT_TRUE(sender.offer(1, "no hash").contains("Err"));
  EXPECT_EQ(sender.offer(0, sha256_hex("")), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.finish(), done);
  expect_done(transfers().end_of("impossible", begin_), "");
}

TEST_F(FileTransfer, OthersThanTheSenderAreNotHeard) {
  FakeSender sender(node(), "guarded");
  sender.be_asked();
  EXPECT_EQ(sender.offer(4, sha256_hex("true")), Json({{"Ok", {{"offset", 0}}}}));
  const Json chunk = {{"name", "guarded"}, {"offset", 0}, {"length", 4}};
  const Json event = one(second, await(sender.receiver(), {{"Chunk", chunk}}, {{"blob", "fals"}, {"expects", 1}}));
  EXPECT_NE(event.dump().find("another sender"), std::string::npos) << event;
  EXPECT_EQ(one(other, await(sender.receiver(), {{"Chunk", chunk}}, {{"blob", "fals"}, {"expects", 1}}))["error"],
            "Timeout");
  EXPECT_EQ(sender.chunk(0, 4, "true"), Json({{"Ok", 4}}));
  EXPECT_EQ(sender.finish(), done);
  expect_done(transfers().end_of("guarded", begin_), "true");
}

// ---- going on --------------------------------------------------------------------------------------

TEST_F(FileTransfer, AfterSilenceThePeerIsAskedAgainAndGoesOn) {
  FakeSender sender(node(), "silent");
  sender.be_asked();
  const std::string hash = sha256_hex("first second");
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 6, "first "), Json({{"Ok", 6}}));
  sender.be_asked_again();
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 6}}}}));
  EXPECT_EQ(sender.chunk(6, 6, "second"), Json({{"Ok", 12}}));
  EXPECT_EQ(sender.finish(), done);
  const Json status = transfers().end_of("silent", begin_);
  expect_done(status, "first second");
  EXPECT_EQ(status["resumed_from"], 6);
  EXPECT_EQ(content("silent"), "first second");
}

TEST_F(FileTransfer, AKilledSenderIsReplacedAndTheNextGoesOn) {
  const std::string bytes = noise(size_t{64} << 20U, 3);
  put("orphaned", bytes);
  EXPECT_EQ(transfers().download("orphaned"), done);
  while (transfers().status("orphaned").at(0)["bytes"] == 0) {
  }
  // Where it is killed is up to the machine; after its last chunk there is nothing to replace.
  node().kernel({{"KillProcess", transfers().status("orphaned", holder).at(0)["worker"]}});
  expect_done(transfers().end_of("orphaned", begin_), bytes);
  EXPECT_EQ(content("orphaned"), bytes);
}

TEST_F(FileTransfer, AKilledReceiverIsNoticedAndTheNextGoesOn) {
  FakeSender sender(node(), "killed");
  sender.be_asked();
  const std::string hash = sha256_hex("first second");
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 6, "first "), Json({{"Ok", 6}}));
  const std::string receiver = sender.receiver().substr(sender.receiver().find('@') + 1);
  node().kernel({{"KillProcess", receiver}});
  wait_for(receiver + " ended in the middle");
  EXPECT_EQ(transfers().status("killed").at(0)["state"], "failed");
  sender.be_asked();
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 6}}}}));
  EXPECT_EQ(sender.chunk(6, 6, "second"), Json({{"Ok", 12}}));
  EXPECT_EQ(sender.finish(), done);
  expect_done(transfers().end_of("killed", begin_), "first second");
}

TEST_F(FileTransfer, APartOfAnotherFileIsNotGoneOnWith) {
  FakeSender sender(node(), "changed");
  sender.be_asked();
  EXPECT_EQ(sender.offer(12, sha256_hex("first second")), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 6, "first "), Json({{"Ok", 6}}));
  EXPECT_EQ(sender.offer(12, sha256_hex("something at")), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 12, "something at"), Json({{"Ok", 12}}));
  EXPECT_EQ(sender.finish(), done);
  expect_done(transfers().end_of("changed", begin_), "something at");
}

TEST_F(FileTransfer, APartThatWasSpoiledIsFetchedAnew) {
  FakeSender sender(node(), "spoiled");
  sender.be_asked();
  const std::string hash = sha256_hex("first second");
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 6, "first "), Json({{"Ok", 6}}));
  write_file(transfers().part("spoiled"), "FIRST ");
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 6}}}}));
  EXPECT_EQ(sender.chunk(6, 6, "second"), Json({{"Ok", 12}}));
  EXPECT_TRUE(sender.finish().contains("Err"));
  sender.be_asked_again();
  EXPECT_EQ(sender.offer(12, hash), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(sender.chunk(0, 12, "first second"), Json({{"Ok", 12}}));
  EXPECT_EQ(sender.finish(), done);
  expect_done(transfers().end_of("spoiled", begin_), "first second");
}

// ---- the first protocol ----------------------------------------------------------------------------

TEST_F(FileTransfer, ASenderOfTheFirstProtocolIsUnderstood) {
  FakeSender sender(node(), "old");
  sender.be_asked();
  sender.tell({{"Size", 12}});
  sender.tell({{"Chunk", {{"name", "old"}, {"offset", 0}, {"length", 6}}}}, {{"blob", "first "}});
  sender.tell({{"Chunk", {{"name", "old"}, {"offset", 6}, {"length", 6}}}}, {{"blob", "second"}});
  expect_done(transfers().end_of("old", begin_), "first second");
  EXPECT_EQ(content("old"), "first second");
}

TEST_F(FileTransfer, AnEmptyFileOfTheFirstProtocolIsUnderstood) {
  FakeSender sender(node(), "old and empty");
  sender.be_asked();
  sender.tell({{"Size", 0}});
  expect_done(transfers().end_of("old and empty", begin_), "");
}

TEST_F(FileTransfer, AReceiverOfTheFirstProtocolIsServed) {
  const std::string bytes = noise((size_t{1} << 20U) + 5);
  put("for the old", bytes);
  act(plain, steps(step("events"), step("when", {{"event", "request"}, {"steps", nullptr}})));
  const Json wanted = {{"name", "for the old"}, {"target", address(holder)}, {"is_requestor", false}};
  EXPECT_EQ(one(plain, await(holder, {{"Download", wanted}}))["body"], R"({"Download":{"Ok":null}})");
  wait_for("hold.os: upload of for the old, ");
  const Json events = one(plain, "events");
  ASSERT_EQ(events.size(), 3) << events;
  EXPECT_EQ(events[0]["body"], R"({"Size":1048581})");
  EXPECT_EQ(events[1]["body"], R"({"Chunk":{"length":1048576,"name":"for the old","offset":0}})");
  EXPECT_EQ(events[2]["body"], R"({"Chunk":{"length":5,"name":"for the old","offset":1048576}})");
  EXPECT_EQ(events[1]["blob"]["bytes"]["size"], 1'048'576);
  for (const Json& event : events) {
    EXPECT_EQ(event["expects"], nullptr);
  }
}

// ---- a node that goes down -------------------------------------------------------------------------

TEST(FileTransferRestart, APartOutlivesTheNode) {
  NodeProcess node(file_transfer_node());
  const std::string hash = sha256_hex("first second");
  FakeSender before(node, "interrupted");
  before.be_asked();
  EXPECT_EQ(before.offer(12, hash), Json({{"Ok", {{"offset", 0}}}}));
  EXPECT_EQ(before.chunk(0, 6, "first "), Json({{"Ok", 6}}));
  node.kill9();
  node.start();
  const TransferNode transfers(node);
  EXPECT_FALSE(transfers.is_there("interrupted"));
  FakeSender after(node, "interrupted");
  after.be_asked();
  EXPECT_EQ(after.offer(12, hash), Json({{"Ok", {{"offset", 6}}}}));
  EXPECT_EQ(after.chunk(6, 6, "second"), Json({{"Ok", 12}}));
  EXPECT_EQ(after.finish(), done);
  EXPECT_EQ(transfers.end_of("interrupted", 0)["resumed_from"], 6);
  EXPECT_EQ(read_file(transfers.file(fetcher, "interrupted")), "first second");
}

TEST(FileTransferRestart, ALargeFileArrivesWholeThoughTheNodeIsKilledInTheMiddle) {
  NodeProcess node(file_transfer_node());
  const TransferNode transfers(node);
  const std::string bytes = noise(size_t{96} << 20U);
  write_file(transfers.file(holder, "large"), bytes);
  size_t from = 0;
  for (int kills = 0; kills < 3; ++kills) {
    ASSERT_EQ(transfers.download("large"), done);
    Json status;
    do {
      status = transfers.status("large").at(0);
    } while (status["bytes"] == status["resumed_from"] && status["state"] != "done");
    node.kill9();
    EXPECT_TRUE(!transfers.is_there("large") || read_file(transfers.file(fetcher, "large")) == bytes);
    node.start();
    from = node.mark();
  }
  ASSERT_EQ(transfers.download("large"), done);
  const Json status = transfers.end_of("large", from);
  EXPECT_EQ(status["state"], "done") << status;
  EXPECT_EQ(status["sha256"], sha256_hex(bytes));
  EXPECT_EQ(read_file(transfers.file(fetcher, "large")), bytes);
}

}  // namespace
}  // namespace kinode::conformance
