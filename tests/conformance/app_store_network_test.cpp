// The app store between nodes (packages-and-kit.md 3): what a.dev publishes and mirrors, b.dev finds, fetches, installs
// and updates. Store_S: 7.3 there.
#include <gmock/gmock.h>

#include "app_store_network_suite.h"

namespace kinode::conformance {
namespace {

using testing::HasSubstr;

class StoreNetwork : public ::testing::Test {
 protected:
  /// Each case has nodes of its own: what one publishes, another would see.
  StoreNetwork() : a_(make("a.dev")), b_(make("b.dev")) {}

  std::unique_ptr<NodeProcess> make(const std::string& name) const {
    NodeOptions options{.name = name, .verbosity = 2};
    options.more = {"--devnet", folder_.path().string()};
    auto node = std::make_unique<NodeProcess>(options);
    for (const std::string& process : {downloads_id, chain_id}) {
      node->connect(process);
    }
    return node;
  }
  [[nodiscard]] NodeStore at_a() const { return NodeStore(*a_); }
  [[nodiscard]] NodeStore at_b() const { return NodeStore(*b_); }
  [[nodiscard]] Store store() const { return Store(*b_); }

  /// What downloads of a.dev says to a request of b.dev.
  [[nodiscard]] Json remote(const Json& request) const {
    const Json event = b_->step(actor, await(a_->address(downloads_id), request, {{"expects", 20}}));
    return event["kind"] == "response" ? Json::parse(event["body"].get<std::string>()) : event["error"];
  }
  [[nodiscard]] Json remote_download(const std::string& hash, const std::string& worker) const {
    Json request = chat_version(hash, "desired_version_hash");
    request["worker_address"] = worker;
    return remote({{"RemoteDownload", request}});
  }
  /// Keeps a zip at a.dev, and mirrors it.
  void mirror(const std::string& bytes) const {
    Json request = chat_version(sha256_hex(bytes));
    request["mirror"] = true;
    ASSERT_EQ(at_a().downloads({{"AddDownload", request}}, Blob{{}, bytes}), "Success");
  }
  /// b.dev has what a.dev publishes as version 1.0.0, fetched and installed.
  void install_first(const std::string& bytes, const std::vector<std::string>& mirrors = {}) const {
    ASSERT_TRUE(at_a().publish("1.0.0", bytes, mirrors).contains("Ok"));
    ASSERT_EQ(at_b().refresh("a.dev")["accepted"], 1);
    ASSERT_EQ(at_b().download(sha256_hex(bytes), "a.dev"), "is complete");
    ASSERT_EQ(store().install(chat, sha256_hex(bytes), nullptr), "Success");
  }
  void TearDown() override {
    if (HasFailure()) {
      std::cerr << "a.dev said:\n" << a_->output() << "\nb.dev said:\n" << b_->output() << "\n";
    }
  }

  TempFolder folder_;
  std::unique_ptr<NodeProcess> a_;
  std::unique_ptr<NodeProcess> b_;
};

// ---- mirrors ---------------------------------------------------------------------------------------

TEST_F(StoreNetwork, Store_S1_S2_WhatIsNotMirroredOrNotThereIsSaid) {
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  const std::string worker = b_->address("1:app-store:sys");
  EXPECT_EQ(remote_download(hash, worker), error_of("NotMirroring"));
  EXPECT_EQ(remote({{"MirrorCheck", id_of(chat)}}), error_of("NotMirroring"));
  EXPECT_EQ(at_b().download(hash, "a.dev"), R"(failed: "NotMirroring")");
  EXPECT_EQ(at_a().downloads({{"StartMirroring", id_of(chat)}}), "Success");
  EXPECT_EQ(remote({{"MirrorCheck", id_of(chat)}}), "Success");
  EXPECT_EQ(remote_download(hash, worker), error_of("FileNotFound"));
  EXPECT_EQ(at_b().download(hash, "a.dev"), R"(failed: "FileNotFound")");
  EXPECT_EQ(at_a().downloads({{"StopMirroring", id_of(chat)}}), "Success");
  EXPECT_EQ(at_b().download(hash, "a.dev"), R"(failed: "NotMirroring")");
  EXPECT_EQ(at_b().download(hash, "nobody.dev"), R"(failed: "Offline")");
}

TEST_F(StoreNetwork, Store_S3_AZipIsFetchedInChunksWithProgress) {
  const std::string bytes = zip({{"manifest.json", "[]"}, {"filler", filler(600'000)}});
  const std::string hash = sha256_hex(bytes);
  mirror(bytes);
  const size_t before = b_->mark();
  EXPECT_EQ(at_b().download(hash, "a.dev"), "is complete");
  for (const size_t downloaded : {size_t{262'144}, size_t{524'288}, bytes.size()}) {
    EXPECT_TRUE(
        b_->said(hash + ": " + std::to_string(downloaded) + " of " + std::to_string(bytes.size()) + " bytes", before));
  }
  EXPECT_EQ(read_file(at_b().kept(hash)), bytes);
  EXPECT_TRUE(at_b().has_nothing_incoming());
  const Json file = {{"name", hash + ".zip"}, {"size", bytes.size()}, {"manifest", "[]"}};
  EXPECT_EQ(at_b().downloads({{"GetFiles", id_of(chat)}}), Json({{"GetFiles", Json::array({Json{{"File", file}}})}}));
  EXPECT_EQ(at_b().downloads({{"GetFiles", nullptr}}),
            Json({{"GetFiles", Json::array({Json{{"Dir", {{"name", chat}, {"mirroring", false}}}}})}}));
  // It is there, so nobody is asked.
  EXPECT_EQ(at_b().download(hash, "nobody.dev"), "is complete");
  EXPECT_EQ(at_b().downloads({{"RemoveFile", chat_version(hash)}}), "Success");
  EXPECT_EQ(at_b().downloads({{"GetFiles", id_of(chat)}}), Json({{"GetFiles", Json::array()}}));
}

TEST_F(StoreNetwork, Store_S3_AZipOfManyChunksArrivesWhole) {
  const std::string bytes = chat_zip("one", Json::object(), size_t{20} << 20U);
  mirror(bytes);
  EXPECT_EQ(at_b().download(sha256_hex(bytes), "a.dev"), "is complete");
  EXPECT_EQ(sha256_hex(read_file(at_b().kept(sha256_hex(bytes)))), sha256_hex(bytes));
}

TEST_F(StoreNetwork, Store_S4_AZipWhoseBytesAreOthersIsNotKept) {
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  mirror(bytes);
  const std::string tampered = chat_zip("two");
  write_file(at_a().kept(hash), tampered);
  EXPECT_EQ(at_b().download(hash, "a.dev"),
            "failed: " + Json({{"HashMismatch", {{"desired", hash}, {"actual", sha256_hex(tampered)}}}}).dump());
  EXPECT_FALSE(std::filesystem::exists(at_b().kept(hash)));
  EXPECT_TRUE(at_b().has_nothing_incoming());
  EXPECT_EQ(store().install(chat, hash, nullptr), "Failure");
}

TEST_F(StoreNetwork, Store_S4_AZipThatIsChangedAfterwardsIsNotInstalled) {
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  mirror(bytes);
  EXPECT_EQ(at_b().download(hash, "a.dev"), "is complete");
  write_file(at_b().kept(hash), chat_zip("two"));
  EXPECT_EQ(store().install(chat, hash, nullptr), "Failure");
  EXPECT_FALSE(b_->has_process(chat_process));
}

TEST_F(StoreNetwork, AUrlThatGivesNoZipIsAnErrorOfTheHttpClient) {
  EXPECT_EQ(at_b().download(sha256_hex("x"), "http://127.0.0.1:1/chat.zip"), R"(failed: "HttpClientError")");
  EXPECT_TRUE(at_b().has_nothing_incoming());
}

TEST_F(StoreNetwork, WhatIsNoPackageIsNotKept) {
  const std::string bytes = zip({{"file", "x"}});
  EXPECT_EQ(at_a().downloads({{"AddDownload", chat_version(sha256_hex(bytes))}}, Blob{{}, bytes}),
            error_of("InvalidManifest"));
  EXPECT_EQ(at_a().downloads({{"AddDownload", chat_version(sha256_hex("else"))}}, Blob{{}, bytes}),
            error_of({{"HashMismatch", {{"desired", sha256_hex("else")}, {"actual", sha256_hex(bytes)}}}}));
  EXPECT_EQ(at_a().downloads({{"AddDownload", chat_version(sha256_hex(bytes))}}), error_of("BlobNotFound"));
  EXPECT_EQ(at_a().downloads({{"AddDownload", chat_version("../../x")}}, Blob{{}, bytes}), error_of("NoPackage"));
  EXPECT_TRUE(at_a().has_nothing_incoming());
}

TEST_F(StoreNetwork, OtherNodesOnlyFetch) {
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  for (const Json& request : {Json{{"StartMirroring", id_of(chat)}}, Json{{"StopMirroring", id_of(chat)}},
                              Json{{"RemoveFile", chat_version(hash)}}, Json{{"GetFiles", nullptr}},
                              Json{{"AddDownload", chat_version(hash)}}, Json{{"LocalDownload", chat_version(hash)}},
                              Json{{"AutoUpdate", chat_version(hash)}}}) {
    EXPECT_TRUE(remote(request)["Err"].contains("HandlingError")) << request;
  }
  mirror(bytes);
  // Nobody has a zip sent to a third, nor to a process that is no store's.
  for (const char* worker : {"c.dev@1:app-store:sys", "a.dev@1:app-store:sys", "b.dev@1:other:sys", "nonsense"}) {
    EXPECT_TRUE(remote_download(hash, worker)["Err"].contains("HandlingError")) << worker;
  }
}

TEST_F(StoreNetwork, WhatIsMirroredIsSoAfterARestart) {
  mirror(chat_zip("one"));
  a_->kill9();
  a_->start();
  EXPECT_EQ(remote({{"MirrorCheck", id_of(chat)}}), "Success");
}

// ---- listings --------------------------------------------------------------------------------------

TEST_F(StoreNetwork, WhatOneNodePublishesAnotherFindsAndInstalls) {
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  EXPECT_EQ(at_b().app(), nullptr);
  const Json published = at_a().publish("1.0.0", bytes, {"mirror.dev"});
  ASSERT_TRUE(published.contains("Ok")) << published;
  EXPECT_EQ(published["Ok"]["version_hash"], hash);
  const Json found = at_b().refresh("a.dev");
  EXPECT_EQ(found["accepted"], 1) << found;

  const Json app = at_b().app();
  EXPECT_EQ(app["package_id"], id_of(chat));
  EXPECT_EQ(app["metadata"]["name"], "chat");
  EXPECT_EQ(app["metadata"]["properties"]["code_hashes"], Json::array({Json::array({"1.0.0", hash})}));
  EXPECT_EQ(app["metadata"]["properties"]["mirrors"], Json::array({"mirror.dev"}));
  EXPECT_EQ(app["metadata"]["properties"]["wit_version"], 1);
  EXPECT_EQ(app["auto_update"], false);
  EXPECT_EQ(at_b().chain(R"("GetApps")"), Json({{"GetApps", Json::array({app})}}));
  EXPECT_EQ(at_b().chain(R"("GetOurApps")"), Json({{"GetOurApps", Json::array()}}));
  EXPECT_EQ(at_a().chain(R"("GetOurApps")")["GetOurApps"].size(), 1);

  EXPECT_EQ(at_b().download(hash, "a.dev"), "is complete");
  EXPECT_EQ(store().install(chat, hash, nullptr), "Success");
  EXPECT_EQ(store().installed()[chat], hash);
  EXPECT_EQ(b_->ask(chat_process, script("our")).status, 200U);
  EXPECT_EQ(at_b().app()["auto_update"], true);
  EXPECT_EQ(b_->kernel({{"Debug", {{"Process", chat_process}}}})["Debug"]["Process"]["wit_version"], 1);
}

TEST_F(StoreNetwork, ListingsPassThroughARegistryThatNeedNotBeTrusted) {
  const auto c = make("c.dev");
  const NodeStore at_c(*c);
  ASSERT_TRUE(at_a().publish("1.0.0", chat_zip("one")).contains("Ok"));
  EXPECT_EQ(at_c.chain({{"AddRegistry", "a.dev"}}), "Ok");
  EXPECT_EQ(at_c.chain(R"("Registries")"), Json({{"Registries", {"a.dev"}}}));
  EXPECT_EQ(at_c.chain({{"Refresh", nullptr}})["Refresh"]["accepted"], 1);
  // c.dev tells of it, and the key of a.dev says that it is genuine.
  EXPECT_EQ(at_b().refresh("c.dev")["accepted"], 1);
  EXPECT_EQ(at_b().app()["package_id"], id_of(chat));
  // Nothing new: nothing is looked at twice.
  EXPECT_EQ(at_b().refresh("c.dev")["accepted"], 0);
}

TEST_F(StoreNetwork, APublisherWhoseKeyIsAnotherIsAskedAbout) {
  ASSERT_TRUE(at_a().publish("1.0.0", chat_zip("one")).contains("Ok"));
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  // Another node of that name, with a home and a key of its own.
  a_.reset();
  a_ = make("a.dev");
  ASSERT_TRUE(at_a().publish("2.0.0", chat_zip("two")).contains("Ok"));
  const size_t before = b_->mark();
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 0);
  EXPECT_TRUE(b_->said("the key of a.dev is not the one that it had", before));
  EXPECT_EQ(at_b().app()["metadata"]["properties"]["current_version"], "1.0.0");
  EXPECT_EQ(at_b().chain({{"ForgetKey", "a.dev"}}), "Ok");
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  EXPECT_EQ(at_b().app()["metadata"]["properties"]["current_version"], "2.0.0");
}

TEST_F(StoreNetwork, AListingThatIsOlderForgedOrAnothersIsRefused) {
  const auto give = [this](const Json& listing) {
    write_file(b_->home() / "vfs/app-store:sys/listings/one.json", listing.dump());
    return at_b().chain({{"Refresh", nullptr}});
  };
  const auto listing_of_a = [this] {
    const Json answer = at_a().chain({{"GetListings", {{"since", 0}}}});
    return answer.at("GetListings").at("listings").back().at("listing");
  };
  ASSERT_TRUE(at_a().publish("1.0.0", chat_zip("one")).contains("Ok"));
  const Json first = listing_of_a();
  ASSERT_TRUE(at_a().publish("2.0.0", chat_zip("two")).contains("Ok"));
  const Json second = listing_of_a();
  ASSERT_GT(second["serial"], first["serial"]);

  give(second);
  EXPECT_EQ(at_b().app()["metadata"]["properties"]["current_version"], "2.0.0");
  give(first);
  EXPECT_EQ(at_b().app()["metadata"]["properties"]["current_version"], "2.0.0");

  const size_t before = b_->mark();
  Json forged = first;
  forged["serial"] = second["serial"].get<uint64_t>() + 1;
  give(forged);
  EXPECT_EQ(at_b().app()["metadata"]["properties"]["current_version"], "2.0.0");
  EXPECT_TRUE(b_->said("the signature is not that of a.dev", before));
  Json anothers = second;
  anothers["package_id"] = id_of("other:a.dev");
  give(anothers);
  EXPECT_EQ(at_b().chain({{"GetApp", id_of("other:a.dev")}})["GetApp"], nullptr);
}

TEST_F(StoreNetwork, AWithdrawnPackageIsListedNoMore) {
  ASSERT_TRUE(at_a().publish("1.0.0", chat_zip("one")).contains("Ok"));
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  EXPECT_TRUE(at_a().chain({{"Unpublish", id_of(chat)}})["Unpublish"].contains("Ok"));
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  EXPECT_EQ(at_b().app(), nullptr);
  EXPECT_EQ(at_b().chain(R"("GetApps")"), Json({{"GetApps", Json::array()}}));
}

TEST_F(StoreNetwork, OnlyWhatIsOursAndWholeIsPublished) {
  const std::string bytes = chat_zip("one");
  const Json request = {{"package_id", id_of(chat)}, {"metadata", chat_metadata("1.0.0", bytes)}};
  EXPECT_THAT(at_b().chain({{"Publish", request}}, Blob{{}, bytes}).dump(), HasSubstr("its own packages alone"));
  EXPECT_THAT(at_a().chain({{"Publish", request}}).dump(), HasSubstr("is not here"));
  EXPECT_THAT(at_a().chain({{"Publish", request}}, Blob{{}, chat_zip("two")}).dump(), HasSubstr("HashMismatch"));
  EXPECT_EQ(at_a().chain(R"("GetApps")"), Json({{"GetApps", Json::array()}}));
}

TEST_F(StoreNetwork, APackageThatWasSideloadedIsAnAppWithItsMetadata) {
  const std::string bytes = chat_zip("one");
  ASSERT_EQ(store().sideload(chat, bytes), "Success");
  const Json app = at_b().app();
  EXPECT_EQ(app["metadata"], Store::metadata_of(chat, bytes));
  EXPECT_EQ(at_b().chain({{"StartAutoUpdate", id_of(chat)}}), error_of("NoPackage"));
}

TEST_F(StoreNetwork, AllOfItCanBeTyped) {
  const auto type = [](const NodeProcess& node, const std::string& line) {
    const Json outcome = node.ask("terminal:terminal:sys", {{"Exec", {{"line", line}}}}).json().at("Exec");
    return outcome.contains("Ok") ? outcome["Ok"].at("output").get<std::string>() : outcome.dump();
  };
  const std::string bytes = chat_zip("one");
  const std::string hash = sha256_hex(bytes);
  ASSERT_EQ(Store(*a_).new_package(chat, bytes), "Success");
  write_file(pkg_of(*a_, "test-kit:test.os") / "chat.json", chat_metadata("1.0.0", bytes));
  EXPECT_EQ(type(*a_, "publish:app-store:sys chat:a.dev /test-kit:test.os/pkg/chat.json"), "published version " + hash);

  EXPECT_EQ(type(*b_, "apps:app-store:sys"), "no package is listed");
  EXPECT_EQ(type(*b_, "apps:app-store:sys a.dev"), "chat:a.dev 1.0.0 " + hash);
  EXPECT_THAT(type(*b_, "apps:app-store:sys nobody.dev"), HasSubstr("nobody.dev: it is offline"));
  const size_t before = b_->mark();
  EXPECT_THAT(type(*b_, "download:app-store:sys a.dev chat:a.dev " + hash), HasSubstr("has begun"));
  EXPECT_EQ(at_b().end_of_download(hash, before), "is complete");
  EXPECT_EQ(type(*b_, "install:app-store:sys chat:a.dev " + hash), "installed chat:a.dev");
  EXPECT_EQ(store().installed()[chat], hash);
  EXPECT_EQ(type(*b_, "reset-store:app-store:sys"), "the listings of other nodes are read anew");
  EXPECT_EQ(type(*b_, "uninstall:app-store:sys chat:a.dev"), "removed chat:a.dev");
  EXPECT_THAT(type(*b_, "uninstall:app-store:sys chat:a.dev"), HasSubstr("not removed"));
  for (const char* script : {"download", "install", "uninstall", "publish"}) {
    EXPECT_THAT(type(*b_, std::string(script) + ":app-store:sys nonsense"), HasSubstr("usage"));
  }
}

// ---- updates ---------------------------------------------------------------------------------------

TEST_F(StoreNetwork, Store_S5_AnUpdateWithTheSameManifestIsInstalledByItself) {
  install_first(chat_zip("one"));
  const std::string next = chat_zip("two");
  const size_t before = b_->mark();
  ASSERT_TRUE(at_a().publish("2.0.0", next).contains("Ok"));
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  b_->wait_for("updated " + chat + " to version " + sha256_hex(next), before);
  EXPECT_EQ(store().installed()[chat], sha256_hex(next));
  EXPECT_EQ(b_->ask(store_id, "\"Updates\"").json(), Json({{"UpdatesResponse", Json::object()}}));
}

TEST_F(StoreNetwork, Store_S6_AnUpdateWithAnotherManifestWaitsForApproval) {
  const std::string first = chat_zip("one");
  install_first(first);
  const std::string next = chat_zip("two", {{"request_networking", true}});
  const size_t before = b_->mark();
  ASSERT_TRUE(at_a().publish("2.0.0", next).contains("Ok"));
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  b_->wait_for("waits for approval", before);
  EXPECT_EQ(store().installed()[chat], sha256_hex(first));
  const Json updates = b_->ask(store_id, "\"Updates\"").json()["UpdatesResponse"];
  const Json pending = updates[chat][sha256_hex(next)]["pending_manifest_hash"];
  EXPECT_THAT(pending.get<std::string>(), testing::StartsWith("0x"));
  // The person says yes.
  EXPECT_EQ(store().install(chat, sha256_hex(next), nullptr), "Success");
  EXPECT_TRUE(b_->holds(chat_process, kernel_id, network));
  EXPECT_EQ(b_->ask(store_id, "\"Updates\"").json(), Json({{"UpdatesResponse", Json::object()}}));
}

TEST_F(StoreNetwork, Store_S7_TheNextMirrorIsTriedAndTheLastFailureHarmsNothing) {
  const auto c = make("c.dev");
  const NodeStore at_c(*c);
  install_first(chat_zip("one"));
  const std::string next = chat_zip("two");
  ASSERT_TRUE(at_a().publish("2.0.0", next, {"gone.dev", "c.dev"}).contains("Ok"));
  ASSERT_EQ(at_c.download(sha256_hex(next), "a.dev"), "is complete");
  ASSERT_EQ(at_c.downloads({{"StartMirroring", id_of(chat)}}), "Success");
  ASSERT_EQ(at_a().downloads({{"StopMirroring", id_of(chat)}}), "Success");
  size_t before = b_->mark();
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  b_->wait_for("updated " + chat + " to version " + sha256_hex(next), before);

  // One mirror, which does not have it.
  const std::string third = chat_zip("three");
  ASSERT_TRUE(at_a().publish("3.0.0", third).contains("Ok"));
  ASSERT_EQ(at_a().downloads({{"StopMirroring", id_of(chat)}}), "Success");
  before = b_->mark();
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  b_->wait_for("no mirror gave the update", before);
  const Json updates = b_->ask(store_id, "\"Updates\"").json()["UpdatesResponse"];
  EXPECT_EQ(updates[chat][sha256_hex(third)]["errors"], Json::array({Json::array({"a.dev", "NotMirroring"})}));
  // Later it has.
  ASSERT_EQ(at_a().downloads({{"StartMirroring", id_of(chat)}}), "Success");
  before = b_->mark();
  EXPECT_EQ(at_b().chain({{"Refresh", nullptr}})["Refresh"]["accepted"], 0);
  b_->wait_for("updated " + chat + " to version " + sha256_hex(third), before);
}

TEST_F(StoreNetwork, WhoStoppedUpdatesGetsNone) {
  const std::string first = chat_zip("one");
  install_first(first);
  EXPECT_EQ(at_b().chain({{"StopAutoUpdate", id_of(chat)}}), "AutoUpdateStopped");
  ASSERT_TRUE(at_a().publish("2.0.0", chat_zip("two")).contains("Ok"));
  EXPECT_EQ(at_b().refresh("a.dev")["accepted"], 1);
  EXPECT_EQ(at_b().downloads({{"GetFiles", id_of(chat)}})["GetFiles"].size(), 1);
  EXPECT_EQ(store().install(chat, sha256_hex(first), nullptr), "Success");
  EXPECT_EQ(at_b().app()["auto_update"], false);
}

}  // namespace
}  // namespace kinode::conformance
