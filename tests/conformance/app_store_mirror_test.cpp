// Mirrors that are of the first kind, or hostile: b.dev fetches from c.dev, whose store is an actor, which says what
// the test has it say (packages-and-kit.md 3.3).
#include <gmock/gmock.h>

#include "app_store_network_suite.h"

namespace kinode::conformance {
namespace {

using testing::HasSubstr;

class StoreMirror : public ::testing::Test {
 protected:
  StoreMirror() {
    NodeOptions options{.name = "b.dev", .verbosity = 2};
    options.more = {"--devnet", folder_.path().string()};
    b_ = std::make_unique<NodeProcess>(options);
    b_->connect(downloads_id);
    c_ = fake_store_node("c.dev", folder_.path());
    const Json answer = steps(respond(R"("Success")"), step("print", {{"message", "the mirror was asked"}}));
    c_->act(downloads_id, steps(step("when", {{"event", "request"}, {"steps", answer}})));
  }
  void TearDown() override {
    if (HasFailure()) {
      std::cerr << "b.dev said:\n" << b_->output() << "\nc.dev said:\n" << c_->output() << "\n";
    }
  }

  [[nodiscard]] NodeStore at_b() const { return NodeStore(*b_); }

  /// Has b.dev fetch a zip from c.dev; returns when c.dev was asked for it.
  void be_asked(const std::string& bytes, Json more = Json::object()) {
    hash_ = sha256_hex(bytes);
    before_ = b_->mark();
    const size_t asked = c_->mark();
    ASSERT_EQ(at_b().begin_download(hash_, "c.dev", std::move(more)), "Success");
    c_->wait_for("the mirror was asked", asked);
    for (const Json& event : c_->step(downloads_id, "events")) {
      if (event["kind"] == "request" && event["body"].get<std::string>().find("RemoteDownload") != std::string::npos) {
        const Json asked_for = Json::parse(event["body"].get<std::string>())["RemoteDownload"];
        EXPECT_EQ(asked_for["package_id"], id_of(chat));
        EXPECT_EQ(asked_for["desired_version_hash"], hash_);
        worker_ = asked_for["worker_address"];
      }
    }
    ASSERT_THAT(worker_, HasSubstr("b.dev@"));
  }
  /// To the worker of b.dev that fetches.
  void tell(const Json& message, Json more = Json::object(), const std::string& by = downloads_id) const {
    c_->act(by, steps(send(worker_, message, std::move(more))));
  }
  void tell_size(uint64_t size, const std::string& by = downloads_id) const {
    tell({{"Size", {{"package_id", id_of(chat)}, {"size", size}}}}, Json::object(), by);
  }
  void tell_chunk(uint64_t offset, const std::string& bytes, const std::string& by = downloads_id) const {
    Json chunk = chat_version(hash_);
    chunk["offset"] = offset;
    chunk["length"] = bytes.size();
    tell({{"Chunk", chunk}}, {{"blob", {{"hex", hex(bytes)}}}}, by);
  }
  [[nodiscard]] std::string end() const { return at_b().end_of_download(hash_, before_); }
  void expect_nothing_kept() const {
    EXPECT_FALSE(std::filesystem::exists(at_b().kept(hash_)));
    EXPECT_TRUE(at_b().has_nothing_incoming());
  }

  TempFolder folder_;
  std::unique_ptr<NodeProcess> b_;
  std::unique_ptr<NodeProcess> c_;
  std::string hash_;
  std::string worker_;
  size_t before_ = 0;
};

const std::string small = zip({{"manifest.json", "[]"}});

TEST_F(StoreMirror, AMirrorThatDoesAsTheProtocolSaysIsFetchedFrom) {
  be_asked(small);
  tell_size(small.size());
  tell_chunk(0, small.substr(0, 10));
  tell_chunk(10, small.substr(10));
  EXPECT_EQ(end(), "is complete");
  EXPECT_EQ(read_file(at_b().kept(hash_)), small);
  EXPECT_EQ(read_file(at_b().kept(hash_, ".json")), "[]");
}

TEST_F(StoreMirror, AZipOfNoBytesEnds) {
  be_asked("");
  tell_size(0);
  EXPECT_EQ(end(), R"(failed: "InvalidManifest")");
  expect_nothing_kept();
}

TEST_F(StoreMirror, AfterAMismatchNothingIsKeptAndNoSuccessFollows) {
  be_asked(small);
  const std::string other = zip({{"manifest.json", "[ ]"}});
  tell_size(other.size());
  tell_chunk(0, other);
  EXPECT_THAT(end(), HasSubstr("HashMismatch"));
  expect_nothing_kept();
  EXPECT_FALSE(b_->said("is complete", before_));
}

TEST_F(StoreMirror, ChunksThatDoNotFollowEachOtherEndIt) {
  be_asked(small);
  tell_size(small.size());
  tell_chunk(1, small.substr(1));
  EXPECT_THAT(end(), HasSubstr("does not follow"));
  expect_nothing_kept();

  be_asked(small);
  tell_size(small.size() - 1);
  tell_chunk(0, small);
  EXPECT_THAT(end(), HasSubstr("does not follow"));
  expect_nothing_kept();

  be_asked(small);
  tell_size(uint64_t{1} << 40U);
  EXPECT_THAT(end(), HasSubstr("longer than 1 GiB"));
  expect_nothing_kept();
}

TEST_F(StoreMirror, OnlyTheWorkerThatBeganIsListenedTo) {
  const std::string other = "other:app-store:sys";
  be_asked(small);
  tell_size(small.size());
  tell_chunk(0, small.substr(0, 10));
  // Another process of the mirror, and one of no store: neither spoils it.
  tell_size(5, other);
  tell_chunk(10, "wrong", other);
  tell_size(5, actor);
  tell_chunk(10, "wrong", actor);
  tell_chunk(10, small.substr(10));
  EXPECT_EQ(end(), "is complete");
  EXPECT_EQ(read_file(at_b().kept(hash_)), small);
}

TEST_F(StoreMirror, AMirrorThatFallsSilentIsGivenUp) {
  be_asked(small, {{"timeout", 1}});
  tell_size(small.size());
  EXPECT_EQ(end(), R"(failed: "Timeout")");
  expect_nothing_kept();
  // And the same can be asked for again.
  be_asked(small, {{"timeout", 60}});
  tell_size(small.size());
  tell_chunk(0, small);
  EXPECT_EQ(end(), "is complete");
}

TEST_F(StoreMirror, WhoFetchesByTheProtocolIsSentTheZip) {
  const std::string bytes = zip({{"manifest.json", "[]"}, {"filler", filler(300'000)}});
  Json added = chat_version(sha256_hex(bytes));
  added["mirror"] = true;
  ASSERT_EQ(at_b().downloads({{"AddDownload", added}}, Blob{{}, bytes}), "Success");
  Json request = chat_version(sha256_hex(bytes), "desired_version_hash");
  const std::string receiver = "other:app-store:sys";
  request["worker_address"] = c_->address(receiver);
  const Json note = steps(step("print", {{"message", "the receiver was sent something"}}));
  c_->act(receiver, steps(step("when", {{"event", "request"}, {"steps", note}})));
  size_t sent = c_->mark();
  const Json answer = c_->step(downloads_id, await(b_->address(downloads_id), {{"RemoteDownload", request}}));
  EXPECT_EQ(answer["body"], R"("Success")");

  // The worker's messages, in order, and the bytes in them.
  for (int i = 0; i < 3; ++i) {
    sent = c_->wait_for("the receiver was sent something", sent);
  }
  Json messages = Json::array();
  std::vector<size_t> blob_sizes;
  for (const Json& event : c_->step(receiver, "events")) {
    EXPECT_THAT(event["source"].get<std::string>(), HasSubstr("b.dev@"));
    messages.push_back(Json::parse(event["body"].get<std::string>()));
    blob_sizes.push_back(event["blob"].is_null() ? 0 : event["blob"]["bytes"]["size"].get<size_t>());
  }
  EXPECT_THAT(blob_sizes, testing::ElementsAre(0, 262'144, bytes.size() - 262'144));
  const auto chunk = [&](size_t offset, size_t length) {
    Json json = chat_version(sha256_hex(bytes));
    json["offset"] = offset;
    json["length"] = length;
    return Json{{"Chunk", json}};
  };
  EXPECT_EQ(messages, Json::array({Json{{"Size", {{"package_id", id_of(chat)}, {"size", bytes.size()}}}},
                                   chunk(0, 262'144), chunk(262'144, bytes.size() - 262'144)}));
}

}  // namespace
}  // namespace kinode::conformance
