#include "wasm/factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/test_guests.h"

namespace kinode::wasm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string refusal(WasmFactory& factory, std::string wasm, const std::string& handle = "/p:q/pkg/it.wasm") {
  Result<void> judged = factory.inspect({Bytes::from(std::move(wasm)), handle, 1});
  return judged ? "" : judged.error().message;
}

TEST(WasmFactory, JudgesByTheFirstBytes) {
  Machinery machinery;
  EXPECT_EQ(refusal(machinery.factory, std::string(guest_bytes("echo").text())), "");
  EXPECT_EQ(refusal(machinery.factory, std::string("\0asm\x0d\0\x01\0", 8)), "");
}

TEST(WasmFactory, TellsWhatAFileIsInPlaceOfAComponent) {
  Machinery machinery;
  EXPECT_THAT(refusal(machinery.factory, std::string("\0asm\x01\0\0\0", 8)),
              AllOf(HasSubstr("/p:q/pkg/it.wasm is a core Wasm module"), HasSubstr("`wasm-tools component new`")));
  for (const char* text : {"(component)", "  \n\t(module)", ";; a comment\n(component)"}) {
    EXPECT_THAT(refusal(machinery.factory, text), HasSubstr("text format, and a process must be binary")) << text;
  }
  EXPECT_EQ(refusal(machinery.factory, ""), "/p:q/pkg/it.wasm is empty, not a Wasm component");
  EXPECT_EQ(refusal(machinery.factory, " \n"), "/p:q/pkg/it.wasm is empty, not a Wasm component");
  for (const std::string& text : {std::string("garbage"), std::string("\0as", 3),
                                  std::string("\x7f"
                                              "ELF")}) {
    EXPECT_THAT(refusal(machinery.factory, text), HasSubstr("is not a Wasm component: it does not begin as one"));
  }
  EXPECT_THAT(refusal(machinery.factory, "garbage", ""), HasSubstr("the program is not a Wasm component"));
}

TEST(WasmFactory, S1_TheKernelRefusesWhatIsNoComponent) {
  WasmNode node;
  Result<void> made = node.node.kernel.initialize({.id = ProcessId("it", "guests", "test.os"),
                                                   .program = {Bytes::copy_of("garbage"), "/it.wasm", 1},
                                                   .on_exit = {},
                                                   .is_public = false,
                                                   .capabilities = {}});
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message, HasSubstr("/it.wasm is not a Wasm component"));
  EXPECT_FALSE(node.node.kernel.exists(ProcessId("it", "guests", "test.os")));
}

TEST(WasmFactory, CountsTheGuestsThatLive) {
  WasmNode node;
  Address actor = node.start("actor");
  Address echo = node.start("echo");
  EXPECT_EQ(node.machinery.factory.processes(), 2U);
  node.end_of(actor, R"(["return"])");
  EXPECT_EQ(node.machinery.factory.processes(), 1U);
  node.node.kernel.kill(echo.process(), true);
  node.node.run();
  EXPECT_EQ(node.machinery.factory.processes(), 0U);
}

TEST(WasmFactory, WhereTheMachineHasNoRoomAProcessEndsWithTheLimit) {
  WasmNode node({.machine = {.maps_per_process = size_t{1} << 40}});
  Address echo = node.start("echo");
  EXPECT_THAT(node.line_with("process echo"),
              AllOf(HasSubstr("no room for another process: "), HasSubstr("sysctl -w vm.max_map_count=")));
  EXPECT_FALSE(node.node.kernel.exists(echo.process()));
  EXPECT_EQ(node.machinery.factory.processes(), 0U);
}

TEST(WasmFactory, DenseProcessesRunAsOthersDo) {
  WasmNode node({.machine = {.maps_per_roomy_process = size_t{1} << 40}});  // so that all are dense
  Address actor = node.start("actor");
  EXPECT_EQ(node.run_script(actor, R"([{"do":"allocate","size":20000000}])")[0]["ok"], 20'000'000);
  EXPECT_EQ(node.answer_to(node.start("echo"), "hello"), "hello");
}

TEST(WasmFactory, ManyProcessesKeepOneComponentOnce) {
  WasmNode node;
  node.start("echo", "first");
  Bytes known = guest_bytes("echo");
  auto copy = std::make_shared<std::string>(known.text());
  Bytes second = Bytes::view(copy, {reinterpret_cast<const uint8_t*>(copy->data()), copy->size()});
  known = {};
  Address address = node.start_bytes(std::move(second), "second");
  EXPECT_EQ(copy.use_count(), 1) << "nobody holds the copy";
  EXPECT_EQ(node.answer_to(address, "hello"), "hello");
}

TEST(WasmFactory, AsksForTheFolderOfEachProcess) {
  std::vector<std::string> asked;
  WasmNode node({.tmp_folder = [&](const ProcessId& id) {
    asked.push_back(id.text());
    return "";
  }});
  node.start("echo", "one");
  node.start("echo", "two");
  EXPECT_THAT(asked, ::testing::ElementsAre("one:guests:test.os", "two:guests:test.os"));
}

}  // namespace
}  // namespace kinode::wasm
