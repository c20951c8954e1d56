#include "messages.h"

#include <gtest/gtest.h>

#include "progress.h"

namespace file_transfer {
namespace {

using kinode::Json;

const kinode::Address peer = {"n.os", {"p", "k", "m.os"}};
const std::string hash(64, 'a');

Json arguments(const std::string& text, const char* name) { return kinode::member(Json::parse(text), name); }

// ---- messages ------------------------------------------------------------------------------------

TEST(Messages, ADownloadIsAsTheFirstProtocolHasItAndSaysMore) {
  const std::string text = kinode::dump(to_json(Download{"f", peer, true, protocol_with_offers}));
  EXPECT_EQ(text, R"({"Download":{"is_requestor":true,"name":"f","protocol":2,"target":{"node":"n.os",)"
                  R"("process":{"package_name":"k","process_name":"p","publisher_node":"m.os"}}}})");
  const auto download = download_of(arguments(text, "Download"));
  ASSERT_TRUE(download);
  EXPECT_EQ(download->name, "f");
  EXPECT_EQ(download->target, peer);
  EXPECT_TRUE(download->is_requestor);
  EXPECT_EQ(download->protocol, 2);
}

TEST(Messages, ADownloadWithoutAProtocolIsOfTheFirst) {
  const auto download = download_of(Json::parse(R"({"name":"f","target":"n.os@p:k:m.os","is_requestor":false})"));
  ASSERT_TRUE(download);
  EXPECT_EQ(download->target, peer);
  EXPECT_EQ(download->protocol, 1);
}

TEST(Messages, WhatDoesNotFitIsNothing) {
  EXPECT_FALSE(download_of(Json::parse(R"({"name":"f","target":"n.os","is_requestor":false})")));
  EXPECT_FALSE(download_of(Json::parse(R"({"name":1,"target":"n.os@p:k:m.os","is_requestor":false})")));
  EXPECT_FALSE(download_of(nullptr));
  EXPECT_FALSE(offer_of(Json{{"name", "f"}, {"size", -1}, {"sha256", hash}}));
  EXPECT_FALSE(offer_of(Json{{"name", "f"}, {"size", 1}, {"sha256", hash + "a"}}));
  EXPECT_FALSE(offer_of(Json{{"name", "f"}, {"size", 1}, {"sha256", std::string(64, 'A')}}));
  EXPECT_FALSE(chunk_of(Json{{"name", "f"}, {"offset", 0}, {"length", 1.5}}));
  EXPECT_FALSE(message_of("{"));
  EXPECT_FALSE(message_of("[]"));
  EXPECT_FALSE(message_of(R"({"a":1,"b":2})"));
}

TEST(Messages, OffersAndChunks) {
  const auto offer = offer_of(to_json(Offer{"f", 5, hash})["Offer"]);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->size, 5);
  EXPECT_EQ(offer->sha256, hash);
  const auto chunk = chunk_of(to_json(Chunk{"f", 5, 6})["Chunk"]);
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->offset, 5);
  EXPECT_EQ(chunk->length, 6);
}

TEST(Messages, Answers) {
  EXPECT_EQ(ok("Download"), R"({"Download":{"Ok":null}})");
  EXPECT_EQ(err("Download", "why"), R"({"Download":{"Err":"why"}})");
  EXPECT_EQ(answer_of("Chunk", ok("Chunk", 7)).value, 7);
  EXPECT_FALSE(answer_of("Chunk", ok("Chunk", 7)).error);
  EXPECT_EQ(answer_of("Chunk", err("Chunk", "why")).error, "why");
  EXPECT_TRUE(answer_of("Chunk", ok("Offer", 7)).error);
  EXPECT_TRUE(answer_of("Chunk", "").error);
}

// ---- progress ------------------------------------------------------------------------------------

Progress progress(const char* name, const char* state, uint64_t bytes = 0) {
  return {.name = name, .peer = "n.os@p:k:m.os", .direction = "download", .state = state, .size = 200, .bytes = bytes};
}

TEST(ProgressTest, PercentsAreWholeAndOfAnEmptyFileToo) {
  EXPECT_EQ(progress("f", "running", 199).percent(), 99);
  EXPECT_EQ(progress("f", "running", 200).percent(), 100);
  Progress empty = progress("f", "running");
  empty.size = 0;
  EXPECT_EQ(empty.percent(), 0);
  empty.state = "done";
  EXPECT_EQ(empty.percent(), 100);
  empty.size.reset();
  EXPECT_EQ(empty.percent(), 0);
}

TEST(ProgressTest, IsReadAsItWasWritten) {
  Progress written = progress("f", "failed", 50);
  written.error = "why";
  written.resumed_from = 10;
  const auto read = progress_of(to_json(written));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(written));
  EXPECT_EQ(to_json(*read)["progress"], 25);
  EXPECT_FALSE(progress_of(Json{{"name", "f"}, {"progress", 5}}));
}

const kinode::ProcessId worker{"w", "k", "m.os"};

Json names_of(const Transfers& transfers) {
  Json names = Json::array();
  const Json status = transfers.to_json();
  for (const Json& each : status["Status"]["transfers"]) names.push_back(each["name"]);
  return names;
}

TEST(Transfers, OfOneFileFromOnePeerTheLastIsKept) {
  Transfers transfers;
  EXPECT_FALSE(transfers.update(worker, progress("a", "running")));
  EXPECT_FALSE(transfers.update(worker, progress("b", "running")));
  EXPECT_TRUE(transfers.update(worker, progress("a", "done")));
  EXPECT_EQ(names_of(transfers), Json({"b", "a"}));
  EXPECT_FALSE(transfers.update(worker, progress("a", "running")));
  const Json status = transfers.to_json("a");
  EXPECT_EQ(status["Status"]["transfers"].size(), 1);
  EXPECT_EQ(status["Status"]["transfers"][0]["state"], "running");
  EXPECT_EQ(status["Status"]["transfers"][0]["worker"], worker.text());
}

TEST(Transfers, OfAWorkerThatEndedHaveFailed) {
  Transfers transfers;
  transfers.update(worker, progress("a", "done"));
  EXPECT_FALSE(transfers.worker_ended(worker));
  transfers.update(worker, progress("b", "running"));
  EXPECT_FALSE(transfers.worker_ended({"another", "k", "m.os"}));
  EXPECT_TRUE(transfers.worker_ended(worker));
  const Json status = transfers.to_json("b");
  EXPECT_EQ(status["Status"]["transfers"][0]["state"], "failed");
}

TEST(Transfers, TheOldestThatEndedMakeRoom) {
  Transfers transfers;
  transfers.update(worker, progress("running", "running"));
  for (int i = 0; i < 1000; ++i) transfers.update(worker, progress(std::to_string(i).c_str(), "done"));
  const Json names = names_of(transfers);
  EXPECT_EQ(names.size(), 256);
  EXPECT_EQ(names[0], "running");
  EXPECT_EQ(names[255], "999");
}

}  // namespace
}  // namespace file_transfer
