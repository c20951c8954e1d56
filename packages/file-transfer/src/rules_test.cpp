#include "rules.h"

#include <gtest/gtest.h>

#include "messages.h"
#include "names.h"

namespace file_transfer {
namespace {

using namespace std::chrono_literals;

// ---- names ---------------------------------------------------------------------------------------

TEST(Names, AreOneComponentOfAPath) {
  for (const char* good : {"a", "my file.txt", "..a", "a..", ".hidden", "größe", "%2e%2e", "x.part"}) {
    EXPECT_TRUE(check_name(good)) << good;
  }
  EXPECT_TRUE(check_name(std::string(200, 'a')));
  using std::string_view_literals::operator""sv;
  for (const std::string_view bad : {""sv, "."sv, ".."sv, "/"sv, "a/b"sv, "../a"sv, "a\\b"sv, "a\n"sv, "a\0b"sv}) {
    EXPECT_FALSE(check_name(bad)) << bad;
  }
  EXPECT_FALSE(check_name(std::string(201, 'a')));
}

TEST(Names, OfWorkersAreSafeAndOfTheirOwnForEachFile) {
  for (const std::string& name : {sender_name("a/ Ö"), receiver_name("a/ Ö")}) {
    EXPECT_TRUE((kinode::PackageId{name, "n.os"}.is_safe())) << name;
  }
  EXPECT_EQ(sender_name("a"), sender_name("a"));
  EXPECT_NE(sender_name("a"), sender_name("b"));
  EXPECT_NE(sender_name("a"), receiver_name("a"));
}

TEST(Names, NoPartIsTheRecordOfAnother) {
  const Paths paths({"file-transfer", "n.os"});
  EXPECT_EQ(paths.file("a"), "/file-transfer:n.os/files/a");
  EXPECT_NE(paths.part("a.json"), paths.origin("a"));
  EXPECT_NE(paths.part("a"), paths.origin("a.part"));
}

// ---- sending -------------------------------------------------------------------------------------

constexpr SendWindow::Time now{};

TEST(SendWindow, GivesTheFileInPiecesInOrder) {
  SendWindow window(25, 0, {10, 10, 1});
  EXPECT_EQ(window.next(now), (Piece{0, 10}));
  EXPECT_EQ(window.next(now), std::nullopt);
  window.acknowledge(now);
  EXPECT_EQ(window.next(now), (Piece{10, 10}));
  window.acknowledge(now);
  EXPECT_EQ(window.next(now), (Piece{20, 5}));
  EXPECT_EQ(window.acknowledged(), 20);
  EXPECT_FALSE(window.all_acknowledged());
  window.acknowledge(now);
  EXPECT_TRUE(window.all_acknowledged());
  EXPECT_EQ(window.next(now), std::nullopt);
}

TEST(SendWindow, GoesOnWhereTheReceiverIs) {
  SendWindow window(25, 20, {10, 10, 2});
  EXPECT_EQ(window.next(now), (Piece{20, 5}));
  EXPECT_EQ(window.acknowledged(), 20);
  SendWindow whole(25, 25, {10, 10, 2});
  EXPECT_EQ(whole.next(now), std::nullopt);
  EXPECT_TRUE(whole.all_acknowledged());
  EXPECT_TRUE(SendWindow(0, 0, {10, 10, 2}).all_acknowledged());
}

/// The lengths of the pieces that it gives now.
std::vector<uint64_t> all_of(SendWindow& window, SendWindow::Time at) {
  std::vector<uint64_t> lengths;
  while (const auto piece = window.next(at)) lengths.push_back(piece->length);
  return lengths;
}

TEST(SendWindow, FillsAFastLineAndNotASlowOne) {
  using Lengths = std::vector<uint64_t>;
  SendWindow window(1000, 0, {10, 40, 3});
  EXPECT_EQ(all_of(window, now), Lengths{10});
  window.acknowledge(now + 1s);
  EXPECT_EQ(all_of(window, now), Lengths{20});
  window.acknowledge(now + 1s);
  EXPECT_EQ(all_of(window, now), Lengths{40});
  window.acknowledge(now + 1s);
  EXPECT_EQ(all_of(window, now), Lengths({40, 40}));
  window.acknowledge(now + 1s);
  EXPECT_EQ(all_of(window, now), Lengths({40, 40}));
  window.acknowledge(now + 1s);
  EXPECT_EQ(all_of(window, now), Lengths{40});
  // Three are on their way, and late.
  window.acknowledge(now + 3s);
  EXPECT_EQ(all_of(window, now), Lengths());
  window.acknowledge(now + 3s);
  window.acknowledge(now + 3s);
  EXPECT_EQ(all_of(window, now), Lengths{10});
}

TEST(SendWindow, AnAcknowledgementTooManyIsNothing) {
  SendWindow window(25, 0, {10, 10, 1});
  window.acknowledge(now);
  EXPECT_EQ(window.acknowledged(), 0);
}

// ---- receiving -----------------------------------------------------------------------------------

TEST(Incoming, TakesPiecesInOrder) {
  Incoming incoming(25, 0);
  EXPECT_TRUE(incoming.take({0, 10}));
  EXPECT_TRUE(incoming.take({10, 15}));
  EXPECT_TRUE(incoming.wrote(10, 10));
  EXPECT_FALSE(incoming.is_whole());
  EXPECT_TRUE(incoming.wrote(25, 25));
  EXPECT_TRUE(incoming.is_whole());
}

TEST(Incoming, AnotherOrderIsRefusedAndNoViolation) {
  Incoming incoming(25, 5);
  for (const Piece& piece : {Piece{0, 5}, Piece{4, 2}, Piece{6, 1}}) {
    const auto taken = incoming.take(piece);
    ASSERT_FALSE(taken);
    EXPECT_FALSE(taken.error().is_violation);
  }
  EXPECT_TRUE(incoming.take({5, 20}));
}

TEST(Incoming, WhatLiesOutsideIsAViolation) {
  constexpr uint64_t most = UINT64_MAX;
  for (const Piece& piece : {Piece{0, 0}, Piece{0, 26}, Piece{25, 1}, Piece{26, 1}, Piece{most, 1}, Piece{1, most}}) {
    const auto taken = Incoming(25, 0).take(piece);
    ASSERT_FALSE(taken);
    EXPECT_TRUE(taken.error().is_violation);
  }
  EXPECT_TRUE(Incoming(most, 0).take({0, longest_chunk}));
  EXPECT_TRUE(Incoming(most, 0).take({0, longest_chunk + 1}).error().is_violation);
}

TEST(Incoming, KnowsOtherBytesThanWereDeclared) {
  Incoming incoming(25, 0);
  EXPECT_TRUE(incoming.take({0, 10}));
  EXPECT_FALSE(incoming.wrote(10, 11));
  EXPECT_FALSE(incoming.wrote(10, 9));
  EXPECT_EQ(incoming.written(), 0);
}

// ---- time ----------------------------------------------------------------------------------------

TEST(BackOff, WaitsLongerEachTimeAndNotForEver) {
  BackOff back_off;
  std::chrono::milliseconds before{0};
  uint64_t times = 0;
  for (; const auto wait = back_off.next(); ++times) {
    EXPECT_TRUE(*wait > before || *wait == 60s);
    before = *wait;
  }
  EXPECT_EQ(times, 10);
  back_off.reset();
  EXPECT_EQ(back_off.next(), 500ms);
  EXPECT_EQ(back_off.attempts(), 1);
}

TEST(Meter, CountsBytesForEachSecond) {
  const Meter::Time begin{};
  Meter meter;
  meter.start(begin);
  EXPECT_EQ(meter.rate(), 0);
  meter.add(1000, begin + 500ms);
  EXPECT_EQ(meter.rate(), 2000);
  meter.add(1000, begin + 4s);
  EXPECT_EQ(meter.rate(), 500);
  meter.start(begin + 5s);
  EXPECT_EQ(meter.rate(), 0);
}

}  // namespace
}  // namespace file_transfer
