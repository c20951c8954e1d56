#include "wasm/translate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kinode::wasm {
namespace {

using kernel::Envelope;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

kn_bytes text(std::string_view text) { return view(text); }
kn_process_id raw_id(std::string_view process, std::string_view package = "p", std::string_view publisher = "q") {
  return {text(process), text(package), text(publisher)};
}
kn_address raw_address(std::string_view process, std::string_view package = "p", std::string_view publisher = "q") {
  return {text("n.os"), raw_id(process, package, publisher)};
}
kn_optional_bytes some(std::string_view value) { return {text(value), true}; }
Address address(std::string_view text) { return *Address::parse(text); }

struct TranslatorTest : ::testing::Test {
  /// A request to `target`, as a guest gives it.
  static kn_outgoing outgoing(const kn_address& target) {
    return {.target = target, .request = {.body = text("body")}};
  }
  std::string target_of(const kn_address& target) { return translator.request(outgoing(target)).target.text(); }

  std::vector<std::string> complaints;
  Translator translator{[this](const std::string& line) { complaints.push_back(line); }};
};

// ---- addresses -----------------------------------------------------------------------------------

TEST_F(TranslatorTest, AnyLettersMakeAnAddress) {
  EXPECT_EQ(target_of(raw_address("a", "b", "c")), "n.os@a:b:c");
  EXPECT_EQ(target_of(raw_address("A b", "\u20AC@", "..")), "n.os@A b:\u20AC@:..");
  EXPECT_EQ(target_of({text(""), raw_id("a")}), "@a:p:q");
  EXPECT_EQ(target_of({text("x@y:z"), raw_id("a")}), "x@y:z@a:p:q");
  EXPECT_THAT(complaints, IsEmpty());
}

TEST_F(TranslatorTest, AnAddressThatNoProcessCanHaveBecomesOneThatIsNotReached) {
  EXPECT_EQ(target_of(raw_address("", "p", "q")), "n.os@\uFFFD:p:q");
  EXPECT_EQ(target_of(raw_address("a", "", "")), "n.os@a:\uFFFD:\uFFFD");
  EXPECT_EQ(target_of(raw_address("a:b", ":", "q")), "n.os@a\uFFFDb:\uFFFD:q");
  ASSERT_EQ(complaints.size(), 3U);
  EXPECT_THAT(complaints[2], HasSubstr("'a:b:::q' cannot be a process: a part is empty or has a ':' in it"));
  EXPECT_FALSE(ProcessId("\uFFFD", "p", "q").is_name_safe()) << "so that there is none";
}

TEST_F(TranslatorTest, AComplaintIsBriefAndWholeText) {
  std::string endless(1'000, 'a');
  std::string wide;
  for (int i = 0; i < 500; ++i) {
    wide += "\u20AC";
  }
  target_of(raw_address("", endless));
  target_of(raw_address("", wide));
  EXPECT_LT(complaints[0].size(), 300U);
  EXPECT_LT(complaints[1].size(), 300U);
  EXPECT_THAT(complaints[1], HasSubstr("\u20AC...'"));
}

TEST_F(TranslatorTest, AddressesAreKnownAgainByAllTheirParts) {
  AddressBook book;
  std::optional<Address> first = book.find(raw_address("a"));
  EXPECT_EQ(&first->node(), &book.find(raw_address("a"))->node()) << "the same text, not a copy";
  EXPECT_EQ(book.find(raw_address("b"))->text(), "n.os@b:p:q");
  EXPECT_EQ(book.find(raw_address("a", "x"))->text(), "n.os@a:x:q");
  EXPECT_EQ(book.find(raw_address("a", "p", "x"))->text(), "n.os@a:p:x");
  EXPECT_EQ(book.find({text("m.os"), raw_id("a")})->text(), "m.os@a:p:q");
  EXPECT_EQ(book.find(raw_address("a"))->text(), "n.os@a:p:q") << "pushed out, and made again";
  EXPECT_EQ(book.find(raw_address("ab", "c"))->text(), "n.os@ab:c:q");
  EXPECT_EQ(book.find(raw_address("a", "bc"))->text(), "n.os@a:bc:q");
  EXPECT_EQ(book.find(raw_address("")), std::nullopt);
}

// ---- inward --------------------------------------------------------------------------------------

TEST_F(TranslatorTest, ARequestIsCopiedWhole) {
  std::string body = "body";
  kn_blob raw_blob{some("text/plain"), text("blob")};
  kn_capability capability{raw_address("issuer"), text("{\"a\": 1}")};
  kn_outgoing raw{.target = raw_address("a"),
                  .request = {.body = text(body),
                              .metadata = some("meta"),
                              .capabilities = {&capability, 1},
                              .timeout_seconds = 7,
                              .expects_response = true,
                              .inherit = true},
                  .context = some("context"),
                  .blob = &raw_blob};
  kernel::GuestRequest made = translator.request(raw);
  body = "gone";  // the guest's memory is its own again
  EXPECT_EQ(made.request.body.text(), "body");
  EXPECT_EQ(made.request.metadata, "meta");
  EXPECT_EQ(made.request.expects_response, 7U);
  EXPECT_TRUE(made.request.inherit);
  EXPECT_EQ(made.context->text(), "context");
  EXPECT_EQ(made.blob, (Blob{"text/plain", Bytes::copy_of("blob")}));
  ASSERT_EQ(made.request.capabilities.size(), 1U);
  EXPECT_EQ(made.request.capabilities[0].capability, *Capability::make(address("n.os@issuer:p:q"), "{\"a\":1}"));
}

TEST_F(TranslatorTest, WhatIsAbsentStaysAbsent) {
  kn_outgoing raw = outgoing(raw_address("a"));
  raw.request.timeout_seconds = 7;  // without meaning here
  kernel::GuestRequest made = translator.request(raw);
  EXPECT_EQ(made.request.expects_response, std::nullopt);
  EXPECT_EQ(made.request.metadata, std::nullopt);
  EXPECT_EQ(made.context, std::nullopt);
  EXPECT_EQ(made.blob, std::nullopt);
  kn_blob empty{{}, {}};
  raw.blob = &empty;
  EXPECT_EQ(translator.request(raw).blob, (Blob{std::nullopt, Bytes()})) << "an empty one is there";
}

TEST_F(TranslatorTest, C6_ACapabilityWhoseParamsAreNotJsonIsLeftOut) {
  kn_capability given[] = {{raw_address("a"), text("not json")},
                           {raw_address("a"), text("\"messaging\"")},
                           {raw_address(""), text("\"messaging\"")},
                           {raw_address("a"), text("")}};
  std::vector<Capability> made = translator.capabilities({given, 4});
  EXPECT_THAT(made, ElementsAre(Capability::messaging(address("n.os@a:p:q"))));
  ASSERT_EQ(complaints.size(), 3U);
  EXPECT_THAT(complaints[0], AllOf(HasSubstr("a capability was left out"), HasSubstr("'not json' are not JSON")));
  EXPECT_THAT(complaints[1], HasSubstr("its issuer ':p:q' cannot be a process"));
}

TEST_F(TranslatorTest, OnExitOfEachKind) {
  EXPECT_EQ(translator.on_exit({.kind = KN_ON_EXIT_NONE}), OnExit::none());
  EXPECT_EQ(translator.on_exit({.kind = KN_ON_EXIT_RESTART}), OnExit::restart());
  kn_outgoing request = outgoing(raw_address("a"));
  OnExit made = translator.on_exit({.kind = KN_ON_EXIT_REQUESTS, .requests = &request, .request_count = 1});
  EXPECT_EQ(made, (OnExit{OnExit::Kind::requests, {{address("n.os@a:p:q"), {.body = Bytes::copy_of("body")}, {}}}}));
  EXPECT_EQ(translator.on_exit({.kind = KN_ON_EXIT_REQUESTS}), (OnExit{OnExit::Kind::requests, {}}));
}

TEST_F(TranslatorTest, SpawnGrantsToThoseThatCanBe) {
  kn_grant grants[] = {{raw_id("a"), text("\"x\"")}, {raw_id(""), text("\"y\"")}};
  kernel::SpawnArguments made = translator.spawn({.name = some("child"),
                                                  .wasm_path = text("/p:q/pkg/c.wasm"),
                                                  .grants = grants,
                                                  .grant_count = 2,
                                                  .is_public = true});
  EXPECT_EQ(made.name, "child");
  EXPECT_EQ(made.wasm_path, "/p:q/pkg/c.wasm");
  EXPECT_TRUE(made.is_public);
  EXPECT_THAT(made.grant_capabilities, ElementsAre(std::pair(ProcessId("a", "p", "q"), std::string("\"x\""))));
  EXPECT_THAT(complaints, ElementsAre("spawn: nothing was granted to ':p:q', which cannot be a process"));
  EXPECT_EQ(translator.spawn({}).name, std::nullopt);
}

// ---- outward -------------------------------------------------------------------------------------

TEST_F(TranslatorTest, ARequestAsAnEvent) {
  Envelope envelope{.source = address("n.os@a:p:q"), .target = address("n.os@b:p:q"), .message = Request{}};
  Request request{.inherit = true, .expects_response = 9, .body = Bytes::copy_of("body"), .metadata = "meta"};
  request.capabilities.push_back({Capability::messaging(address("n.os@c:p:q")), {}});
  envelope.message = request;
  kn_event event;
  translator.event(envelope, event);
  EXPECT_EQ(event.kind, KN_EVENT_REQUEST);
  EXPECT_EQ(text_of(event.source.process.process_name), "a");
  EXPECT_EQ(text_of(event.request.body), "body");
  EXPECT_EQ(text_of(event.request.metadata.value), "meta");
  EXPECT_TRUE(event.request.inherit && event.request.expects_response);
  EXPECT_EQ(event.request.timeout_seconds, 9U);
  ASSERT_EQ(event.request.capabilities.size, 1U);
  EXPECT_EQ(text_of(event.request.capabilities.data[0].issuer.process.process_name), "c");
  EXPECT_FALSE(event.context.present);
}

TEST_F(TranslatorTest, AResponseAsAnEventBringsTheContext) {
  Envelope envelope{.kind = Envelope::Kind::response,
                    .source = address("n.os@a:p:q"),
                    .target = address("n.os@b:p:q"),
                    .message = Response{.body = Bytes::copy_of("answer")},
                    .context = Bytes::copy_of("context")};
  kn_event event;
  translator.event(envelope, event);
  EXPECT_EQ(event.kind, KN_EVENT_RESPONSE);
  EXPECT_EQ(text_of(event.response.body), "answer");
  EXPECT_TRUE(event.context.present);
  EXPECT_EQ(text_of(event.context.value), "context");
}

TEST_F(TranslatorTest, AnErrorAsAnEventNamesTheTargetAndGivesTheMessageBack) {
  Envelope envelope{.kind = Envelope::Kind::send_error,
                    .error = SendErrorKind::offline,
                    .source = address("n.os@me:p:q"),
                    .target = address("m.os@far:p:q"),
                    .message = Request{.body = Bytes::copy_of("sent")},
                    .blob = Blob{std::nullopt, Bytes::copy_of("blob")},
                    .context = Bytes::copy_of("")};
  kn_event event;
  translator.event(envelope, event);
  EXPECT_EQ(event.kind, KN_EVENT_SEND_ERROR);
  EXPECT_EQ(event.error_kind, KN_OFFLINE);
  EXPECT_EQ(text_of(event.source.node), "m.os");
  EXPECT_EQ(text_of(event.request.body), "sent");
  EXPECT_FALSE(event.error_message_is_response);
  ASSERT_NE(event.error_blob, nullptr);
  EXPECT_EQ(text_of(event.error_blob->bytes), "blob");
  EXPECT_TRUE(event.context.present) << "an empty one is there";
  envelope.error = SendErrorKind::timeout;
  envelope.message = Response{.body = Bytes::copy_of("refused")};
  envelope.blob.reset();
  translator.event(envelope, event);
  EXPECT_EQ(event.error_kind, KN_TIMEOUT);
  EXPECT_TRUE(event.error_message_is_response);
  EXPECT_EQ(text_of(event.response.body), "refused");
  EXPECT_EQ(event.error_blob, nullptr);
}

TEST_F(TranslatorTest, OnExitOutwardHoldsWhatItShows) {
  OnExit on_exit{OnExit::Kind::requests, {}};
  for (const char* name : {"n.os@a:p:q", "n.os@b:p:q"}) {
    Request request{.expects_response = 5, .body = Bytes::copy_of(name)};
    request.capabilities.push_back({Capability::messaging(address(name)), {}});
    on_exit.requests.push_back({address(name), request, Blob{"m", Bytes::copy_of(name)}});
  }
  kn_on_exit shown;
  translator.on_exit(std::move(on_exit), shown);
  EXPECT_EQ(shown.kind, KN_ON_EXIT_REQUESTS);
  ASSERT_EQ(shown.request_count, 2U);
  EXPECT_EQ(text_of(shown.requests[1].target.process.process_name), "b");
  EXPECT_EQ(text_of(shown.requests[1].request.body), "n.os@b:p:q");
  EXPECT_EQ(text_of(shown.requests[1].blob->bytes), "n.os@b:p:q");
  EXPECT_EQ(text_of(shown.requests[1].request.capabilities.data[0].issuer.process.process_name), "b");
  EXPECT_EQ(shown.requests[0].request.timeout_seconds, 5U) << "shown as it was set";
}

TEST_F(TranslatorTest, CapabilitiesOutwardHoldWhatTheyShow) {
  kn_capabilities shown;
  translator.capabilities({Capability::messaging(address("n.os@a:p:q")), Capability::network(address("n.os@b:p:q"))},
                          shown);
  ASSERT_EQ(shown.size, 2U);
  EXPECT_EQ(text_of(shown.data[0].params), "\"messaging\"");
  EXPECT_EQ(text_of(shown.data[1].issuer.process.process_name), "b");
  translator.capabilities({}, shown);
  EXPECT_EQ(shown.size, 0U);
}

}  // namespace
}  // namespace kinode::wasm
