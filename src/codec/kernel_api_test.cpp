#include "codec/kernel_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::codec {
namespace {

ProcessId id(std::string_view text = "a:b:c") { return *ProcessId::parse(text); }

template <class Command>
Command parse(std::string_view text) {
  Result<KernelCommand> command = parse_kernel_command(text);
  EXPECT_TRUE(command) << text << (command ? "" : command.error().message);
  EXPECT_TRUE(std::holds_alternative<Command>(*command)) << text;
  return std::get<Command>(*command);
}

std::string refusal(std::string_view text) {
  Result<KernelCommand> command = parse_kernel_command(text);
  EXPECT_FALSE(command) << text;
  return command ? "" : command.error().message;
}

const Capability capability = Capability::messaging(*Address::parse("n@k:p:s"));
constexpr std::string_view capability_text = R"({"issuer":"n@k:p:s","params":"\"messaging\""})";

TEST(KernelCommand, InitializeProcess) {
  auto full = parse<InitializeProcess>(
      R"({"InitializeProcess":{"id":"a:b:c","wasm_bytes_handle":"h","wit_version":1,"on_exit":"Restart",)"
      R"("initial_capabilities":[{"issuer":"n@k:p:s","params":"\"messaging\""}],"public":true}})");
  EXPECT_EQ(full.id, id());
  EXPECT_EQ(full.wasm_bytes_handle, "h");
  EXPECT_EQ(full.wit_version, 1U);
  EXPECT_EQ(full.on_exit, OnExit::restart());
  EXPECT_EQ(full.initial_capabilities, std::vector{capability});
  EXPECT_TRUE(full.is_public);

  auto sparse = parse<InitializeProcess>(
      R"( {"InitializeProcess":{"public":false,"new_field":{"x":[]},"id":"Not:Safe:_","wasm_bytes_handle":"",)"
      R"("on_exit":{"None":null},"initial_capabilities":[]}} )");
  EXPECT_EQ(sparse.id, id("Not:Safe:_")) << "letters are the kernel's business";
  EXPECT_EQ(sparse.wit_version, std::nullopt);
  EXPECT_EQ(sparse.on_exit, OnExit::none());

  auto list = parse<InitializeProcess>(
      R"({"InitializeProcess":["a:b:c","h",null,{"Requests":[]},[["n@k:p:s","\"messaging\""]],true]})");
  EXPECT_EQ(list.on_exit.kind, OnExit::Kind::requests);
  EXPECT_EQ(list.initial_capabilities, std::vector{capability});
}

TEST(KernelCommand, OnExitTakesBothShapesOfCapabilities) {
  for (std::string shape : {fmt::format("[{},[1,2]]", capability_text), std::string(capability_text)}) {
    auto command = parse<SetOnExit>(fmt::format(
        R"({{"SetOnExit":{{"target":"a:b:c","on_exit":{{"Requests":[["n@k:p:s",{{"inherit":false,"expects_response":)"
        R"(null,"body":[104],"metadata":null,"capabilities":[{}]}},null]]}}}}}})",
        shape));
    ASSERT_EQ(command.on_exit.requests.size(), 1U);
    const Request& request = command.on_exit.requests[0].request;
    ASSERT_EQ(request.capabilities.size(), 1U);
    EXPECT_EQ(request.capabilities[0].capability, capability);
    EXPECT_EQ(request.body.text(), "h");
  }
}

TEST(KernelCommand, TheOthers) {
  parse<Booted>(R"("Booted")");
  parse<Booted>(R"({"Booted":null})");
  parse<Shutdown>("\n\"Shutdown\"\t");
  EXPECT_EQ(parse<RunProcess>(R"({"RunProcess":"a:b:c"})").id, id());
  EXPECT_EQ(parse<KillProcess>(R"({"KillProcess":"a:b:c"})").id, id());
  auto grant = parse<GrantCapabilities>(
      fmt::format(R"({{"GrantCapabilities":{{"target":"a:b:c","capabilities":[{}]}}}})", capability_text));
  EXPECT_EQ(grant.target, id());
  EXPECT_EQ(grant.capabilities, std::vector{capability});
  auto drop = parse<DropCapabilities>(fmt::format(R"({{"DropCapabilities":["a:b:c",[{}]]}})", capability_text));
  EXPECT_EQ(drop.capabilities, std::vector{capability});
  EXPECT_EQ(parse<SetOnExit>(R"({"SetOnExit":{"target":"a:b:c","on_exit":"None"}})").on_exit, OnExit::none());
  parse<DebugProcessMap>(R"({"Debug":"ProcessMap"})");
  EXPECT_EQ(parse<DebugProcess>(R"({"Debug":{"Process":"a:b:c"}})").id, id());
  auto has = parse<DebugHasCap>(fmt::format(R"({{"Debug":{{"HasCap":{{"on":"a:b:c","cap":{}}}}}}})", capability_text));
  EXPECT_EQ(has.on, id());
  EXPECT_EQ(has.capability, capability);
}

TEST(KernelCommand, ErrorsNameThePlace) {
  const std::vector<std::pair<std::string, std::string>> errors = {
      {R"("Reboot")", "unknown variant `Reboot`"},
      {R"({"Booted":1})", "Booted: expected no value with this variant, found 1"},
      {R"("RunProcess")", "RunProcess: missing, expected a process id"},
      {R"({"RunProcess":5})", "RunProcess: expected a process id, found 5"},
      {R"({"RunProcess":"a:b"})",
       "RunProcess: 'a:b' is not a process id: Missing field in ProcessId string (expected process:package:publisher)"},
      {R"({"Debug":"Everything"})", "Debug: unknown variant `Everything`"},
      {R"({"Debug":{"HasCap":{"on":"a:b:c"}}})", "Debug.HasCap.cap: missing, expected an object with issuer, params"},
      {R"({"GrantCapabilities":{"target":"a:b:c","capabilities":[{"issuer":"n@k:p:s","params":"root"}]}})",
       "GrantCapabilities.capabilities[0].params: capability params are not JSON: root"},
      {R"({"InitializeProcess":{"id":"a:b:c","wasm_bytes_handle":"","wit_version":4294967296,"on_exit":"None",)"
       R"("initial_capabilities":[],"public":true}})",
       "InitializeProcess.wit_version: expected a whole number from 0 to 4294967295, found 4294967296"},
      {R"({"InitializeProcess":{"id":"a:b:c","wasm_bytes_handle":"","on_exit":"None","initial_capabilities":[]}})",
       "InitializeProcess.public: missing, expected true or false"},
      {R"({"SetOnExit":{"target":"a:b:c","on_exit":{"Requests":[["n@k:p:s",{"inherit":false,"body":"x",)"
       R"("capabilities":[]},null]]}}})",
       "SetOnExit.on_exit.Requests[0][1].body: expected a list of bytes, found a string"},
      {R"({"SetOnExit":{"target":"a:b:c","on_exit":{"Requests":[["n@k:p:s",{}]]}}})",
       "SetOnExit.on_exit.Requests[0]: expected a list of 3, found a list of 2"},
      {R"({"Booted":null,"Shutdown":null})", R"(expected "Name" or {"Name": value}, found an object)"},
      {"[]", R"(expected "Name" or {"Name": value}, found a list of 0)"},
  };
  for (const auto& [text, message] : errors) {
    EXPECT_EQ(refusal(text), message) << text;
  }
  for (const char* text : {"", "Booted", "\"Booted\" x", "\"Booted\"\"Booted\"", "{\"Booted\":null}}", "\xff"}) {
    EXPECT_THAT(refusal(text), testing::StartsWith("not JSON")) << text;
  }
  EXPECT_THAT(refusal(R"({"Debug":)" + std::string(1000, '[')), testing::HasSubstr("deeper"));
}

TEST(KernelAnswer, IsExact) {
  EXPECT_EQ(initialized_process(), "\"InitializedProcess\"");
  EXPECT_EQ(initialize_process_error(), "\"InitializeProcessError\"");
  EXPECT_EQ(started_process(), "\"StartedProcess\"");
  EXPECT_EQ(run_process_error(), "\"RunProcessError\"");
  EXPECT_EQ(killed_process(id()), R"({"KilledProcess":"a:b:c"})");
  EXPECT_EQ(debug_has_cap(true), R"({"Debug":{"HasCap":true}})");
  EXPECT_EQ(debug_has_cap(false), R"({"Debug":{"HasCap":false}})");
  EXPECT_EQ(debug_has_cap(std::nullopt), R"({"Debug":{"HasCap":null}})");
  EXPECT_EQ(debug_process(std::nullopt), R"({"Debug":{"Process":null}})");
  EXPECT_EQ(debug_process_map({}), R"({"Debug":{"ProcessMap":{}}})");

  ProcessMapEntry module{"", 1, OnExit::restart(), {}, true};
  ProcessMapEntry process{"h", std::nullopt, OnExit::none(), {capability}, false};
  EXPECT_EQ(debug_process(module),
            R"({"Debug":{"Process":{"wasm_bytes_handle":"","wit_version":1,"on_exit":"Restart","capabilities":[],)"
            R"("public":true}}})");
  EXPECT_EQ(debug_process_map({{id("vfs:distro:sys"), module}, {id(), process}}),
            fmt::format(R"({{"Debug":{{"ProcessMap":{{"a:b:c":{{"wasm_bytes_handle":"h","wit_version":null,)"
                        R"("on_exit":"None","capabilities":[{}],"public":false}},"vfs:distro:sys":)"
                        R"({{"wasm_bytes_handle":"","wit_version":1,"on_exit":"Restart","capabilities":[],)"
                        R"("public":true}}}}}}}})",
                        capability_text));
}

}  // namespace
}  // namespace kinode::codec
