// Registries that are hostile or odd: b.dev asks c.dev for listings, whose chain:app-store:sys is an actor, which signs
// and says what the test has it (docs/formats/listing.md).
#include <gmock/gmock.h>

#include "app_store_network_suite.h"

namespace kinode::conformance {
namespace {

using testing::HasSubstr;

class StoreRegistry : public ::testing::Test {
 protected:
  StoreRegistry() {
    NodeOptions options{.name = "b.dev", .verbosity = 2};
    options.more = {"--devnet", folder_.path().string()};
    b_ = std::make_unique<NodeProcess>(options);
    b_->connect(chain_id);
    c_ = fake_store_node("c.dev", folder_.path());
  }
  void TearDown() override {
    if (HasFailure()) {
      std::cerr << "b.dev said:\n" << b_->output() << "\nc.dev said:\n" << c_->output() << "\n";
    }
  }

  [[nodiscard]] NodeStore at_b() const { return NodeStore(*b_); }

  static std::string metadata_of(const std::string& package, const std::string& publisher, const std::string& version) {
    Json json = metadata(package, publisher);
    json["properties"]["current_version"] = version;
    json["properties"]["code_hashes"] = {{version, sha256_hex(version)}};
    return json.dump();
  }
  /// A listing that `signer`, a process of c.dev, signs.
  [[nodiscard]] Json listing(const std::string& package, const std::string& publisher, uint64_t serial,
                             const std::string& version, const std::string& signer = chain_id) const {
    const std::string text = metadata_of(package, publisher, version);
    const std::string bytes =
        "kinode listing 1\n" + package + ":" + publisher + "\n" + std::to_string(serial) + "\n" + text;
    const Json sign = await("net:distro:sys", {{"hex", hex("\xa4Sign")}}, {{"blob", bytes}});
    const Json signature = c_->step(signer, sign)["blob"]["bytes"]["hex"];
    return {{"package_id", id_of(package + ":" + publisher)},
            {"serial", serial},
            {"metadata", text},
            {"signature", signature}};
  }
  /// Has c.dev give these from now on, numbered from 1.
  void give(const Json& listings, uint64_t epoch = 1) const {
    Json list = Json::array();
    for (const Json& each : listings) {
      list.push_back({{"sequence", list.size() + 1}, {"listing", each}});
    }
    give_answer({{"GetListings", {{"last", list.size()}, {"listings", list}, {"epoch", epoch}}}});
  }
  void give_answer(const Json& answer) const {
    c_->act(chain_id, steps(step("when", {{"event", "request"}, {"steps", steps(respond(answer))}})));
  }
  [[nodiscard]] Json refresh() const { return at_b().refresh("c.dev"); }
  /// The version that b.dev knows of a package.
  [[nodiscard]] Json version_of(const std::string& package) const {
    const Json app = at_b().chain({{"GetApp", id_of(package)}})["GetApp"];
    return app.is_null() ? app : app["metadata"]["properties"]["current_version"];
  }

  TempFolder folder_;
  std::unique_ptr<NodeProcess> b_;
  std::unique_ptr<NodeProcess> c_;
};

TEST_F(StoreRegistry, GenuineListingsAreTakenAndForgedOnesBesideThemAreNot) {
  Json forged = listing("forged", "c.dev", 5, "1.0.0");
  forged["serial"] = 6;
  // Another process of the publisher's node is not its store.
  const Json by_other = listing("by-other", "c.dev", 5, "1.0.0", "other:app-store:sys");
  // Signed by c.dev, said to be of b.dev, whose key is another.
  const Json of_other = listing("of-other", "b.dev", 5, "1.0.0");
  Json short_signature = listing("short", "c.dev", 5, "1.0.0");
  short_signature["signature"] = "00";
  give(Json::array({forged, by_other, of_other, short_signature, nullptr, listing("good", "c.dev", 5, "1.0.0")}));
  const Json found = refresh();
  EXPECT_EQ(found["accepted"], 1);
  EXPECT_EQ(found["refused"], 5);
  EXPECT_EQ(version_of("good:c.dev"), "1.0.0");
  for (const char* package : {"forged:c.dev", "by-other:c.dev", "of-other:b.dev", "short:c.dev"}) {
    EXPECT_EQ(version_of(package), nullptr) << package;
  }
}

TEST_F(StoreRegistry, AnOlderOrEqualSerialIsNotTaken) {
  give(Json::array({listing("chat", "c.dev", 5, "5.0.0")}));
  EXPECT_EQ(refresh()["accepted"], 1);
  for (const uint64_t serial : {uint64_t{5}, uint64_t{4}, uint64_t{0}}) {
    give(Json::array({listing("chat", "c.dev", serial, "4.0.0")}), 10 + serial);
    EXPECT_EQ(refresh()["accepted"], 0) << serial;
    EXPECT_EQ(version_of("chat:c.dev"), "5.0.0") << serial;
  }
  // As little after a restart.
  b_->restart();
  give(Json::array({listing("chat", "c.dev", 4, "4.0.0")}), 20);
  EXPECT_EQ(refresh()["accepted"], 0);
  give(Json::array({listing("chat", "c.dev", 6, "6.0.0")}), 21);
  EXPECT_EQ(refresh()["accepted"], 1);
  EXPECT_EQ(version_of("chat:c.dev"), "6.0.0");
}

TEST_F(StoreRegistry, WhatCannotBeVerifiedYetIsLookedAtAgainAndHoldsUpNothing) {
  const Json unknown = listing("chat", "nobody.dev", 5, "1.0.0");
  give(Json::array({listing("early", "c.dev", 5, "1.0.0"), unknown, listing("late", "c.dev", 5, "1.0.0")}));
  EXPECT_EQ(refresh()["accepted"], 2);
  EXPECT_EQ(version_of("chat:nobody.dev"), nullptr);
  EXPECT_EQ(version_of("late:c.dev"), "1.0.0");
  (void)c_->step(chain_id, "events");
  EXPECT_EQ(refresh()["accepted"], 0);
  // From before it, not from the beginning.
  const Json events = c_->step(chain_id, "events");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(Json::parse(events[0]["body"].get<std::string>()), Json({{"GetListings", {{"since", 1}}}}));
}

TEST_F(StoreRegistry, ARegistryThatNumbersAnewIsReadFromTheBeginning) {
  give(Json::array({listing("one", "c.dev", 5, "1.0.0"), listing("two", "c.dev", 5, "1.0.0")}), 1);
  EXPECT_EQ(refresh()["accepted"], 2);
  give(Json::array({listing("three", "c.dev", 5, "1.0.0")}), 2);
  EXPECT_EQ(refresh()["accepted"], 1);
}

TEST_F(StoreRegistry, AnswersThatAreNoneEndTheRound) {
  for (const Json& answer :
       {Json("nonsense"), Json::object(), Json{{"GetListings", nullptr}},
        Json{{"GetListings", {{"listings", "x"}, {"last", 1}, {"epoch", 1}}}},
        Json{{"GetListings", {{"listings", Json::array()}, {"last", -1}, {"epoch", 1}}}},
        // Always more to come, and never anything.
        Json{{"GetListings", {{"listings", Json::array({Json::object(), 5, nullptr})}, {"last", 9}, {"epoch", 1}}}}}) {
    give_answer(answer);
    EXPECT_EQ(refresh()["accepted"], 0) << answer;
  }
  give(Json::array({listing("good", "c.dev", 5, "1.0.0")}));
  EXPECT_EQ(refresh()["accepted"], 1);
  EXPECT_THAT(at_b().refresh("nobody.dev").dump(), HasSubstr("offline"));
}

TEST_F(StoreRegistry, MoreListingsThanAPublisherMayHaveAreRefused) {
  Json listings = Json::array();
  const auto give_range = [&](int from, int to, uint64_t epoch) {
    listings = Json::array();
    for (int i = from; i < to; ++i) {
      listings.push_back(listing("p" + std::to_string(i), "c.dev", 5, "1.0.0"));
    }
    give(listings, epoch);
  };
  give_range(0, 200, 1);
  EXPECT_EQ(refresh()["accepted"], 200);
  give_range(200, 260, 2);
  const Json found = refresh();
  EXPECT_EQ(found["accepted"], 56);
  EXPECT_EQ(found["refused"], 4);
  EXPECT_EQ(at_b().chain(R"("GetApps")")["GetApps"].size(), 256U);
}

}  // namespace
}  // namespace kinode::conformance
