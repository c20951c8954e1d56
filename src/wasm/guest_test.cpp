#include "wasm/guest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/test_guests.h"

namespace kinode::wasm {
namespace {

using kernel::Envelope;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// ---- what a guest can do -------------------------------------------------------------------------

TEST(Guest, AnswersWithBodyMetadataAndTheBlobItInherits) {
  WasmNode node;
  Address echo = node.start("echo");
  node.tester->request(echo, "hello", 60, Blob{"text/plain", Bytes::copy_of("a blob")}, "some metadata");
  node.node.run();
  std::unique_ptr<Envelope> answer = node.tester->take();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->source, echo);
  EXPECT_EQ(answer->response().body.text(), "hello");
  EXPECT_EQ(answer->response().metadata, "some metadata");
  EXPECT_EQ(answer->blob, (Blob{"text/plain", Bytes::copy_of("a blob")}));
}

TEST(Guest, SpeaksUnderTheSecondNameOfTheInterface) {
  WasmNode node;
  EXPECT_EQ(node.answer_to(node.start("hyperware-echo"), "hello"), "hello");
}

TEST(Guest, CarriesTwentyMebibytesBothWays) {
  WasmNode node;
  Address echo = node.start("echo");
  std::string large(20 << 20, 'x');
  large.back() = 'y';
  EXPECT_TRUE(node.answer_to(echo, large) == large);
}

TEST(Guest, IsToldItsOwnAddress) {
  WasmNode node;
  nlohmann::json results = node.run_script(node.start("actor"), R"(["our"])");
  EXPECT_EQ(results[0]["our"], "node.os@actor:guests:test.os");
  EXPECT_EQ(results[0]["given_to_init"], "node.os@actor:guests:test.os");
}

TEST(Guest, ItsStateOutlivesACrash) {
  WasmNode node;
  Address counter = node.start("counter", "counter", OnExit::restart());
  EXPECT_EQ(node.answer_to(counter, ""), "1");
  node.ask(counter, "crash");
  EXPECT_EQ(node.answer_to(counter, ""), "3");
}

TEST(Guest, AwaitsAnotherAndGoesOn) {
  WasmNode node;
  node.start("echo");
  Address actor = node.start("actor");
  nlohmann::json results = node.run_script(actor, R"([
      {"do":"send_and_await","to":"echo:guests:test.os","body":"one"}, "message"])");
  EXPECT_EQ(results[0]["kind"], "response");
  EXPECT_EQ(results[0]["body"], "one");
  EXPECT_EQ(results[1]["source"], "node.os@tester:test:sys");
}

TEST(Guest, SleepsByWasiWithoutAThreadOfItsOwn) {
  WasmNode node;
  Address actor = node.start("actor");
  node.tester->request(actor, R"({"steps":[{"do":"nap","ms":20}]})", 60);
  node.node.run();
  EXPECT_EQ(node.tester->take(), nullptr);
  node.run_until_told();
  EXPECT_THAT(std::string(node.tester->take()->response().body.text()), HasSubstr(R"("ok":true)"));
}

TEST(Guest, C18_SeesItsFolderAsTmp) {
  kernel::testing::TempFolder folder;
  WasmNode node({.tmp_folder = [&](const ProcessId&) { return folder.path().string(); }});
  Address actor = node.start("actor");
  EXPECT_EQ(node.run_script(actor, R"(["env"])")[0], nlohmann::json({{"TEMP_DIR", "/tmp"}}));
  node.run_script(actor, R"([{"do":"file","op":"write","path":"it","data":"written"}])");
  std::ifstream file(folder.path() / "it");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "written");
}

TEST(Guest, RunsWithoutAFolder) {
  for (const char* folder : {"", "/nowhere/at/all"}) {
    WasmNode node({.tmp_folder = [&](const ProcessId&) { return folder; }});
    EXPECT_EQ(node.run_script(node.start("actor"), R"(["env"])")[0], nlohmann::json::object()) << folder;
  }
}

TEST(Guest, ItsOutputIsPrintedAtVerbosityOne) {
  WasmNode node;
  node.run_script(node.start("actor"), R"([{"do":"stream","to":"stdout","data":"a line\nand "},
                                           {"do":"stream","to":"stdout","data":"another\n"}])");
  EXPECT_TRUE(node.node.printer.has("actor:guests:test.os stdout: a line", 1));
  EXPECT_TRUE(node.node.printer.has("actor:guests:test.os stdout: and another", 1));
  EXPECT_FALSE(node.node.printer.has("a line", 0));
}

TEST(Guest, S11_StandardErrorNeverCloses) {
  WasmNode node;
  nlohmann::json results = node.run_script(node.start("actor"), R"([
      {"do":"stream","to":"stderr","data":{"size":100000,"fill":"x"}}, {"do":"stream","to":"stderr","data":"still\n"}])");
  EXPECT_EQ(results[0]["ok"], 100000);
  EXPECT_EQ(results[1]["ok"], 6);
}

// ---- how it ends ---------------------------------------------------------------------------------

TEST(GuestEnd, AReturnIsNoCrash) {
  WasmNode node;
  Address actor = node.start("actor");
  EXPECT_EQ(node.end_of(actor, R"(["return"])"), "process actor:guests:test.os returned without error");
  EXPECT_FALSE(node.node.kernel.exists(actor.process()));
}

TEST(GuestEnd, ATrapTellsWhatWhereAndWhatItSaidLast) {
  WasmNode node;
  std::string line = node.end_of(node.start("actor"), R"([{"do":"stream","to":"stderr","data":"first\n"},
      {"do":"trap","kind":"unreachable","reason":"because of the test"}])");
  EXPECT_THAT(line, StartsWith("process actor:guests:test.os ended with error: trapped: "));
  EXPECT_THAT(line, HasSubstr("wasm `unreachable` instruction executed"));
  EXPECT_THAT(line, HasSubstr("\nin:\n  "));
  EXPECT_THAT(line, AllOf(HasSubstr("\nstandard error ended with:\n  first\n"), HasSubstr("because of the test")));
}

TEST(GuestEnd, ADivisionByZeroIsTold) {
  WasmNode node;
  EXPECT_THAT(node.end_of(node.start("actor"), R"([{"do":"trap","kind":"divide"}])"),
              HasSubstr("trapped: integer divide by zero"));
}

TEST(GuestEnd, AReadOutsideOfMemoryIsTold) {
  WasmNode node;
  EXPECT_THAT(node.end_of(node.start("actor"), R"([{"do":"trap","kind":"memory"}])"),
              HasSubstr("trapped: out of bounds memory access"));
}

TEST(GuestEnd, DeepRecursionIsTold) {
  WasmNode node;
  EXPECT_THAT(node.end_of(node.start("actor"), R"([{"do":"trap","kind":"stack"}])"),
              AllOf(HasSubstr("stack overflow: the process used up its stack"), Not(HasSubstr("standard error"))));
}

TEST(GuestEnd, AnExitByWasiIsACrashWithItsStatus) {
  WasmNode node;
  EXPECT_THAT(node.end_of(node.start("actor"), R"([{"do":"exit","code":3}])"), HasSubstr("ended with error: exited"));
}

TEST(GuestEnd, WantOfMemoryTellsTheLimit) {
  WasmNode node({.limits = {.memory = 8 << 20}});
  std::string line = node.end_of(node.start("memory-eater"), "[]");
  EXPECT_EQ(line, "");  // malloc copes, and it lives
  EXPECT_THAT(node.end_of(node.start("actor"), R"([{"do":"allocate","size":100000000},
      {"do":"trap","kind":"unreachable"}])"),
              AllOf(HasSubstr("out of memory: "), HasSubstr("the limit is 8 MiB")));
}

TEST(GuestEnd, AGuestLargerThanTheLimitDoesNotStart) {
  WasmNode node({.limits = {.memory = 64 << 10}});
  node.start("echo");
  EXPECT_THAT(node.line_with("process echo"), AllOf(HasSubstr("out of memory: "), HasSubstr("the limit is 64 KiB")));
}

TEST(GuestEnd, ACallThatCarriesTooMuchTellsTheLimit) {
  WasmNode node({.limits = {.call = 1 << 20}});
  EXPECT_THAT(node.end_of(node.start("actor"), R"([{"do":"set_state","bytes":{"size":2000000,"fill":"x"}}])"),
              HasSubstr("trapped: one call carried more than the limit of 1 MiB"));
}

TEST(GuestEnd, M10_AFailedWriteOfStateStopsTheGuestWithTheReason) {
  WasmNode node;
  Address actor = node.start("actor");
  node.node.journal.fail({"the disk is full"});
  std::string line = node.end_of(actor, R"([{"do":"set_state","bytes":"x"}])");
  EXPECT_THAT(line, HasSubstr("stopped by the node: set-state: the disk is full\nin:\n"));
}

TEST(GuestEnd, M10_AFailedReadOfStateIsNotTakenForNoState) {
  WasmNode node;
  Address actor = node.start("actor");
  node.node.journal.hold_reads();
  node.tester->request(actor, R"({"steps":["get_state"]})", 60);
  node.node.run();
  EXPECT_TRUE(node.node.kernel.exists(actor.process())) << "it waits";
  node.node.journal.fail({"the disk is broken"});
  EXPECT_EQ(node.node.journal.answer_reads(), 1U);
  node.node.run();
  EXPECT_THAT(node.line_with("process actor"), HasSubstr("stopped by the node: get-state: the disk is broken"));
}

TEST(GuestEnd, AnAwaitOfNothingStopsTheGuestWithTheReason) {
  WasmNode node;
  EXPECT_THAT(
      node.end_of(node.start("actor"), R"([{"do":"send_and_await","to":"tester:test:sys","body":"x","expects":null}])"),
      HasSubstr("stopped by the node: send-and-await-response: the request must expect a response"));
}

TEST(GuestEnd, ACrashAtTheStartHeedsOnExit) {
  WasmNode node;
  Address crasher = node.start("crasher", "crasher", {OnExit::Kind::requests, {{node.tester->address(), {}, {}}}});
  EXPECT_THAT(node.line_with("process crasher"), HasSubstr("ended with error: trapped"));
  EXPECT_FALSE(node.node.kernel.exists(crasher.process()));
  ASSERT_EQ(node.tester->received(), 1U);
  EXPECT_EQ(node.tester->take()->source, crasher);
}

// ---- waiting for the compiler --------------------------------------------------------------------

TEST(GuestStart, S1_AComponentThatCannotBeCompiledEndsAsOneThatCrashed) {
  WasmNode node;
  Address broken = node.start_bytes(Bytes::from(std::string("\0asm\x0d\0\x01\0garbage", 15)), "broken",
                                    {OnExit::Kind::requests, {{node.tester->address(), {}, {}}}});
  node.run_until_told();
  EXPECT_THAT(node.line_with("process broken"),
              HasSubstr("ended with error: could not be started: the component is not valid: "));
  EXPECT_FALSE(node.node.kernel.exists(broken.process()));
}

TEST(GuestStart, WhatIsSentWhileItIsCompiledWaitsInItsMailbox) {
  WasmNode node;
  Address echo = node.start_bytes(noted(guest_bytes("echo"), "early"), "echo");
  node.tester->request(echo, "early", 60);
  node.run_until_told();
  EXPECT_EQ(node.tester->take()->response().body.text(), "early");
}

TEST(GuestStart, AProcessKilledWhileItIsCompiledIsGoneAndTheComponentIsKept) {
  WasmNode node;
  Bytes wasm = noted(guest_bytes("echo"), "killed");
  Address echo = node.start_bytes(wasm, "echo");
  EXPECT_EQ(node.machinery.factory.processes(), 1U);
  EXPECT_TRUE(node.node.kernel.kill(echo.process(), true));
  node.node.run();
  EXPECT_EQ(node.machinery.factory.processes(), 0U);
  EXPECT_TRUE(wait_for(node.machinery.cache, wasm).has_value());
  node.node.run();  // what the compiler may have woken is gone
  EXPECT_EQ(node.machinery.cache.counters().compiled, 1U);
}

TEST(GuestStart, AKilledGuestIsDeletedWhereverItWas) {
  WasmNode node;
  Address actor = node.start("actor");
  node.tester->request(actor, R"({"steps":[{"do":"send_and_await","to":"tester:test:sys","body":"x","expects":60}]})",
                       60);
  node.node.run();
  ASSERT_EQ(node.tester->received(), 1U) << "it is in the middle of a call";
  EXPECT_TRUE(node.node.kernel.kill(actor.process(), true));
  node.node.run();
  EXPECT_EQ(node.machinery.factory.processes(), 0U);
}

}  // namespace
}  // namespace kinode::wasm
