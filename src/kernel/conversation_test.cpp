// Messages as a guest sees them: inheritance, awaiting, what is being handled, blobs (kernel.md 5, 6).
#include "kernel/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using testing::blob;
using testing::describe;
using testing::Guest;
using testing::inheriting;
using ::testing::StartsWith;
using testing::TestNode;
using testing::to;

class ConversationTest : public ::testing::Test {
 protected:
  static GuestRequest with_blob(GuestRequest request, std::string_view bytes) {
    request.blob = blob(bytes);
    return request;
  }
  static std::string last_blob(const Guest& guest) {
    const Blob* found = guest.conversation().last_blob();
    return found == nullptr ? "-" : std::string(found->bytes.text());
  }

  TestNode node_;
  Guest& alice_ = node_.add_guest("alice:test:sys", {.is_public = true});
  Guest& bob_ = node_.add_guest("bob:test:sys", {.is_public = true});
  Guest& carol_ = node_.add_guest("carol:test:sys", {.is_public = true});
  Guest& dave_ = node_.add_guest("dave:test:sys", {.is_public = true});
};

// ---- inheritance ---------------------------------------------------------------------------------

TEST_F(ConversationTest, K19_3_TheResponseToAnInheritedRequestGoesToWhoAskedFirst) {
  GuestRequest request = to(bob_.address(), "for bob", 5);
  request.context = Bytes::copy_of("alice's context");
  alice_.send(std::move(request));
  EXPECT_EQ(bob_.next(), "request for bob");
  bob_.send(inheriting(carol_.address(), "for carol"));
  EXPECT_EQ(carol_.next(), "request for carol");
  EXPECT_EQ(carol_.last().source, bob_.address());
  EXPECT_EQ(carol_.last().rsvp, alice_.address());
  EXPECT_EQ(carol_.last().request().expects_response, std::nullopt);
  carol_.respond("from carol");
  EXPECT_EQ(bob_.next(), "-");
  EXPECT_EQ(alice_.next(), "response from carol");
  EXPECT_EQ(alice_.last().source, carol_.address());
  EXPECT_EQ(alice_.last().context->text(), "alice's context");
}

TEST_F(ConversationTest, AChainMayBeLongAndTheFirstToAnswerIsHeard) {
  alice_.send(to(bob_.address(), "1", 5));
  EXPECT_EQ(bob_.next(), "request 1");
  bob_.send(inheriting(carol_.address(), "2"));
  EXPECT_EQ(carol_.next(), "request 2");
  carol_.send(inheriting(dave_.address(), "3"));
  EXPECT_EQ(dave_.next(), "request 3");
  dave_.send(inheriting(dave_.address(), "4, to myself"));
  EXPECT_EQ(dave_.next(), "request 4, to myself");
  dave_.respond("from dave");
  carol_.respond("from carol");
  bob_.respond("from bob");
  EXPECT_EQ(alice_.next(), "response from dave");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(node_.kernel.counters().late, 2U);
}

TEST_F(ConversationTest, K19_4_AnInheritedRequestThatExpectsAResponseIsAnsweredToItsSender) {
  alice_.send(to(bob_.address(), "for bob", 60));
  EXPECT_EQ(bob_.next(), "request for bob");
  uint64_t id = bob_.last().id;
  bob_.send(inheriting(carol_.address(), "for carol", 5));
  EXPECT_EQ(carol_.next(), "request for carol");
  EXPECT_NE(carol_.last().id, id) << "C8: an id of its own";
  EXPECT_EQ(carol_.last().rsvp, bob_.address());
  carol_.respond("from carol");
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(bob_.next(), "response from carol");
  bob_.respond("from bob");
  EXPECT_EQ(alice_.next(), "response from bob");
}

TEST_F(ConversationTest, M5_TwoInheritedRequestsThatExpectAResponseBothGetTheirs) {
  alice_.send(to(bob_.address(), "for bob", 60));
  EXPECT_EQ(bob_.next(), "request for bob");
  for (const char* context : {"one", "two"}) {
    GuestRequest request = inheriting(carol_.address(), context, 5);
    request.context = Bytes::copy_of(context);
    bob_.send(std::move(request));
  }
  EXPECT_EQ(carol_.next(), "request one");
  carol_.respond("1");
  EXPECT_EQ(carol_.next(), "request two");
  carol_.respond("2");
  EXPECT_EQ(bob_.next(), "response 1");
  EXPECT_EQ(bob_.last().context->text(), "one");
  EXPECT_EQ(bob_.next(), "response 2");
  EXPECT_EQ(bob_.last().context->text(), "two");
  node_.advance(10s);
  EXPECT_EQ(bob_.next(), "-") << "no timer was left";
}

TEST_F(ConversationTest, M6_AnInheritedRequestThatComesBackIsARequest) {
  alice_.send(to(bob_.address(), "for bob", 60));
  EXPECT_EQ(bob_.next(), "request for bob");
  EXPECT_EQ(bob_.await(inheriting(carol_.address(), "for carol", 5)), "pending");
  EXPECT_EQ(carol_.next(), "request for carol");
  carol_.send(inheriting(bob_.address(), "back to bob"));
  EXPECT_EQ(bob_.resume_await(), "pending");
  node_.advance(5s);
  EXPECT_EQ(bob_.resume_await(), "timeout for carol");
  EXPECT_EQ(bob_.next(), "request back to bob");
}

TEST_F(ConversationTest, InheritingFromNothingIsSendingPlainly) {
  bob_.send(inheriting(carol_.address(), "plain"));
  EXPECT_EQ(carol_.next(), "request plain");
  EXPECT_EQ(carol_.last().rsvp, std::nullopt);
  EXPECT_TRUE(carol_.last().request().inherit);
}

TEST_F(ConversationTest, AnInheritedRequestOutlivesTheOneThatIsHandledNext) {
  alice_.send(to(bob_.address(), "1", 5));
  dave_.send(to(bob_.address(), "2", 5));
  EXPECT_EQ(bob_.next(), "request 1");
  bob_.send(inheriting(carol_.address(), "from 1"));
  EXPECT_EQ(bob_.next(), "request 2");
  bob_.respond("for dave");
  EXPECT_EQ(carol_.next(), "request from 1");
  carol_.respond("for alice");
  EXPECT_EQ(alice_.next(), "response for alice");
  EXPECT_EQ(dave_.next(), "response for dave");
}

// ---- what is being handled -----------------------------------------------------------------------

TEST_F(ConversationTest, K19_5_AResponseToNothingIsALineAndNoMore) {
  bob_.respond("to whom?");
  EXPECT_TRUE(node_.printer.has("need non-None prompting_message", 0));
  EXPECT_EQ(node_.kernel.counters().delivered, 0U);
}

TEST_F(ConversationTest, M8_ARequestThatExpectsNothingLeavesTheOlderOneToBeAnswered) {
  alice_.send(to(bob_.address(), "answer me", 5));
  carol_.send(to(bob_.address(), "for your information"));
  EXPECT_EQ(bob_.next(), "request answer me");
  EXPECT_EQ(bob_.next(), "request for your information");
  bob_.respond("deferred");
  EXPECT_EQ(alice_.next(), "response deferred");
  EXPECT_EQ(carol_.next(), "-");
}

TEST_F(ConversationTest, AResponseBringsBackWhatWasHandledWhenItsRequestWasSent) {
  alice_.send(to(bob_.address(), "alice asks", 60));
  EXPECT_EQ(bob_.next(), "request alice asks");
  bob_.send(to(dave_.address(), "for alice", 60));
  carol_.send(to(bob_.address(), "carol asks", 60));
  EXPECT_EQ(bob_.next(), "request carol asks");
  EXPECT_EQ(dave_.next(), "request for alice");
  dave_.respond("here");
  EXPECT_EQ(bob_.next(), "response here");
  bob_.respond("to alice");
  EXPECT_EQ(alice_.next(), "response to alice");
  EXPECT_EQ(carol_.next(), "-");
}

TEST_F(ConversationTest, AnErrorDoesSoToo) {
  alice_.send(to(bob_.address(), "alice asks", 60));
  EXPECT_EQ(bob_.next(), "request alice asks");
  bob_.send(to(dave_.address(), "for alice", 5));
  carol_.send(to(bob_.address(), "carol asks", 60));
  EXPECT_EQ(bob_.next(), "request carol asks");
  node_.advance(5s);
  EXPECT_EQ(bob_.next(), "timeout for alice");
  bob_.respond("to alice");
  EXPECT_EQ(alice_.next(), "response to alice");
  EXPECT_EQ(carol_.next(), "-");
}

TEST_F(ConversationTest, AResponseToWhatWasSentUnpromptedLeavesNothingToAnswer) {
  bob_.send(to(carol_.address(), "unprompted", 60));
  alice_.send(to(bob_.address(), "alice asks", 60));
  EXPECT_EQ(bob_.next(), "request alice asks");
  EXPECT_EQ(carol_.next(), "request unprompted");
  carol_.respond("here");
  EXPECT_EQ(bob_.next(), "response here");
  bob_.respond("to nobody");
  EXPECT_EQ(alice_.next(), "-");
}

TEST_F(ConversationTest, M4_ALateDuplicateDoesNotBecomeWhatIsHandled) {
  bob_.send(to(carol_.address(), "ping", 5));
  EXPECT_EQ(carol_.next(), "request ping");
  carol_.respond("pong");
  carol_.respond("pong again");
  EXPECT_EQ(bob_.next(), "response pong");
  EXPECT_EQ(bob_.next(), "-");
}

// ---- awaiting ------------------------------------------------------------------------------------

TEST_F(ConversationTest, K19_11_WhatArrivesWhileAwaitingIsReceivedAfterwardsInItsOrder) {
  carol_.send(to(bob_.address(), "before"));
  EXPECT_EQ(bob_.await(to(alice_.address(), "ping", 60)), "pending");
  carol_.send(to(bob_.address(), "1"));
  dave_.send(to(bob_.address(), "2", 60));
  node_.run();
  EXPECT_EQ(bob_.resume_await(), "pending");
  EXPECT_EQ(alice_.next(), "request ping");
  alice_.respond("pong");
  dave_.send(to(bob_.address(), "3"));
  EXPECT_EQ(bob_.resume_await(), "response pong");
  EXPECT_EQ(bob_.last().context, std::nullopt);
  EXPECT_EQ(bob_.next(), "request before");
  EXPECT_EQ(bob_.next(), "request 1");
  EXPECT_EQ(bob_.next(), "request 2");
  EXPECT_EQ(bob_.next(), "request 3");
  EXPECT_EQ(bob_.next(), "-");
}

TEST_F(ConversationTest, WhoAwaitsIsWokenByTheEndAlone) {
  EXPECT_EQ(bob_.await(to(alice_.address(), "ping", 60)), "pending");
  size_t polls = bob_.polls();
  carol_.send(to(bob_.address(), "not now"));
  node_.run();
  EXPECT_EQ(bob_.polls(), polls);
  EXPECT_EQ(alice_.next(), "request ping");
  alice_.respond("pong");
  node_.run();
  EXPECT_EQ(bob_.polls(), polls + 1);
}

TEST_F(ConversationTest, ResponsesToOtherRequestsKeepToo) {
  bob_.send(to(alice_.address(), "first", 60));
  EXPECT_EQ(bob_.await(to(alice_.address(), "second", 60)), "pending");
  EXPECT_EQ(alice_.next(), "request first");
  alice_.respond("to the first");
  EXPECT_EQ(bob_.resume_await(), "pending");
  EXPECT_EQ(alice_.next(), "request second");
  alice_.respond("to the second");
  EXPECT_EQ(bob_.resume_await(), "response to the second");
  EXPECT_EQ(bob_.next(), "response to the first");
}

TEST_F(ConversationTest, AnAwaitEndsInATimeoutAndLeavesWhatIsHandled) {
  carol_.send(to(bob_.address(), "carol asks", 60));
  EXPECT_EQ(bob_.next(), "request carol asks");
  EXPECT_EQ(bob_.await(to(alice_.address(), "ping", 2)), "pending");
  node_.advance(2s);
  EXPECT_EQ(bob_.resume_await(), "timeout ping");
  EXPECT_EQ(bob_.await(to(node_.local("missing:test:sys"), "lost", 60)), "timeout lost");
  bob_.respond("for carol");
  EXPECT_EQ(carol_.next(), "response for carol");
}

TEST_F(ConversationTest, K19_10_AnAwaitThatCannotEndTraps) {
  EXPECT_THAT(bob_.await(to(alice_.address(), "expects nothing")), StartsWith("trap: "));
  EXPECT_THAT(bob_.await(to(bob_.address(), "myself", 5)), StartsWith("trap: "));
  EXPECT_EQ(alice_.next(), "-");
  EXPECT_EQ(bob_.next(), "-");
}

TEST_F(ConversationTest, M7_AnAwaitOfOneselfTrapsByTheAliasToo) {
  EXPECT_THAT(bob_.await(to(Address("our", bob_.id()), "myself", 5)), StartsWith("trap: "));
  EXPECT_EQ(bob_.await(to(*Address::parse("far.os@bob:test:sys"), "my namesake", 5)), "timeout my namesake");
}

// ---- blobs ---------------------------------------------------------------------------------------

TEST_F(ConversationTest, K19_6_ABlobIsGivenAsOftenAsAskedAndTheLastOneIsKept) {
  EXPECT_FALSE(bob_.conversation().has_blob());
  EXPECT_EQ(last_blob(bob_), "-");
  alice_.send(with_blob(to(bob_.address(), "with"), "the blob"));
  alice_.send(to(bob_.address(), "without"));
  alice_.send(with_blob(to(bob_.address(), "an empty one"), ""));
  EXPECT_EQ(bob_.next(), "request with");
  EXPECT_TRUE(bob_.conversation().has_blob());
  EXPECT_EQ(bob_.get_blob(), "the blob");
  EXPECT_EQ(bob_.get_blob(), "the blob");
  EXPECT_EQ(bob_.next(), "request without");
  EXPECT_FALSE(bob_.conversation().has_blob());
  EXPECT_EQ(bob_.get_blob(), "-");
  EXPECT_EQ(last_blob(bob_), "the blob");
  EXPECT_EQ(bob_.next(), "request an empty one");
  EXPECT_TRUE(bob_.conversation().has_blob());
  EXPECT_EQ(last_blob(bob_), "");
}

TEST_F(ConversationTest, AnErrorHasNoBlobToGetAndLeavesTheLastOne) {
  alice_.send(with_blob(to(bob_.address(), "with"), "the blob"));
  EXPECT_EQ(bob_.next(), "request with");
  bob_.send(with_blob(to(node_.local("missing:test:sys"), "lost", 5), "lost blob"));
  EXPECT_EQ(bob_.next(), "timeout lost");
  EXPECT_FALSE(bob_.conversation().has_blob());
  EXPECT_EQ(bob_.get_blob(), "-");
  EXPECT_EQ(last_blob(bob_), "the blob");
}

TEST_F(ConversationTest, K19_6_WhatAnAwaitBroughtIsInherited) {
  alice_.send(with_blob(to(bob_.address(), "read a file", 60), "of alice"));
  EXPECT_EQ(bob_.next(), "request read a file");
  EXPECT_EQ(bob_.await(to(carol_.address(), "file?", 5)), "pending");
  EXPECT_EQ(carol_.next(), "request file?");
  carol_.conversation().respond(answer("here"), blob("the file"));
  EXPECT_EQ(bob_.resume_await(), "response here");
  EXPECT_EQ(bob_.get_blob(), "the file");
  bob_.send(inheriting(dave_.address(), "take it"));
  EXPECT_EQ(dave_.next(), "request take it");
  EXPECT_EQ(dave_.get_blob(), "the file");

  EXPECT_EQ(bob_.await(to(node_.local("missing:test:sys"), "lost", 5)), "timeout lost");
  bob_.conversation().respond(answer("done", /*inherit=*/true), std::nullopt);
  EXPECT_EQ(alice_.next(), "response done");
  EXPECT_EQ(alice_.get_blob(), "the file") << "an await without a blob changes nothing";
}

TEST_F(ConversationTest, M2_NoBlobOfAnotherRequestIsInherited) {
  alice_.send(with_blob(to(bob_.address(), "alice's", 60), "secret of alice"));
  EXPECT_EQ(bob_.next(), "request alice's");
  bob_.send(to(dave_.address(), "for alice", 60));
  carol_.send(to(bob_.address(), "carol's", 60));
  EXPECT_EQ(bob_.next(), "request carol's");
  bob_.send(inheriting(dave_.address(), "for carol"));
  bob_.conversation().respond(answer("to carol", /*inherit=*/true), std::nullopt);
  EXPECT_EQ(carol_.next(), "response to carol");
  EXPECT_EQ(carol_.get_blob(), "-");
  EXPECT_EQ(dave_.next(), "request for alice");
  dave_.respond("here");
  EXPECT_EQ(dave_.next(), "request for carol");
  EXPECT_EQ(dave_.get_blob(), "-");

  EXPECT_EQ(bob_.next(), "response here");
  bob_.send(inheriting(dave_.address(), "alice's again"));
  EXPECT_EQ(dave_.next(), "request alice's again");
  EXPECT_EQ(dave_.get_blob(), "secret of alice") << "with the request comes its blob";
}

TEST_F(ConversationTest, M3_OfTwoBlobsARequestSendsTheOneGivenAResponseTheOneInherited) {
  alice_.send(with_blob(to(bob_.address(), "with", 60), "inherited"));
  EXPECT_EQ(bob_.next(), "request with");
  bob_.send(with_blob(inheriting(carol_.address(), "both"), "given"));
  EXPECT_EQ(carol_.next(), "request both");
  EXPECT_EQ(carol_.get_blob(), "given");
  bob_.conversation().respond(answer("both", /*inherit=*/true), blob("given"));
  EXPECT_EQ(alice_.next(), "response both");
  EXPECT_EQ(alice_.get_blob(), "inherited");

  alice_.send(to(bob_.address(), "without", 60));
  EXPECT_EQ(bob_.next(), "request without");
  bob_.conversation().respond(answer("only one", /*inherit=*/true), blob("given"));
  EXPECT_EQ(alice_.next(), "response only one");
  EXPECT_EQ(alice_.get_blob(), "given") << "where there is nothing to inherit";
}

TEST_F(ConversationTest, AResponseWithoutInheritSendsTheBlobGivenOrNone) {
  alice_.send(with_blob(to(bob_.address(), "1", 60), "of alice"));
  alice_.send(with_blob(to(bob_.address(), "2", 60), "of alice"));
  EXPECT_EQ(bob_.next(), "request 1");
  bob_.conversation().respond(answer("given"), blob("of bob"));
  EXPECT_EQ(alice_.next(), "response given");
  EXPECT_EQ(alice_.get_blob(), "of bob");
  EXPECT_EQ(bob_.next(), "request 2");
  bob_.conversation().respond(answer("none"), std::nullopt);
  EXPECT_EQ(alice_.next(), "response none");
  EXPECT_EQ(alice_.get_blob(), "-");
}

}  // namespace
}  // namespace kinode::kernel
