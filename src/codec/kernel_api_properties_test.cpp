// Commands as a process writes them are read as they were meant, and answers show what they were made of.
#include <gtest/gtest.h>

#include "codec/generators_test.h"
#include "codec/json.h"
#include "codec/kernel_api.h"

namespace kinode::codec {
namespace {

using nlohmann::ordered_json;

template <class Command>
Command parsed(const ordered_json& command) {
  Result<KernelCommand> read = parse_kernel_command(to_text(command));
  if (!read) {
    RC_FAIL(read.error().message);
  }
  RC_ASSERT(std::holds_alternative<Command>(*read));
  return std::get<Command>(*read);
}

std::optional<uint32_t> maybe_version() {
  return *rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::arbitrary<uint32_t>()) : std::nullopt;
}

TEST(KernelCommandProperty, InitializeProcessIsReadAsItWasMeant) {
  EXPECT_TRUE(rc::check("InitializeProcess", [] {
    ProcessId id = any_process();
    std::string handle = any_text();
    std::optional<uint32_t> version = maybe_version();
    OnExit on_exit = any_on_exit();
    std::vector<Capability> capabilities = some(any_capability);
    bool is_public = *rc::gen::arbitrary<bool>();
    auto command = parsed<InitializeProcess>({{"InitializeProcess",
                                               {{"id", to_json(id)},
                                                {"wasm_bytes_handle", handle},
                                                {"wit_version", to_json(version)},
                                                {"on_exit", to_json(on_exit)},
                                                {"initial_capabilities", to_json(capabilities)},
                                                {"public", is_public}}}});
    RC_ASSERT(command.id == id);
    RC_ASSERT(command.wasm_bytes_handle == handle);
    RC_ASSERT(command.wit_version == version);
    RC_ASSERT(command.on_exit == on_exit);
    RC_ASSERT(command.initial_capabilities == capabilities);
    RC_ASSERT(command.is_public == is_public);
  }));
}

TEST(KernelCommandProperty, TheOthersAreReadAsTheyWereMeant) {
  EXPECT_TRUE(rc::check("those of one process", [] {
    ProcessId id = any_process();
    RC_ASSERT(parsed<RunProcess>({{"RunProcess", to_json(id)}}).id == id);
    RC_ASSERT(parsed<KillProcess>({{"KillProcess", to_json(id)}}).id == id);
    RC_ASSERT(parsed<DebugProcess>({{"Debug", {{"Process", to_json(id)}}}}).id == id);
    OnExit on_exit = any_on_exit();
    auto set = parsed<SetOnExit>({{"SetOnExit", {{"target", to_json(id)}, {"on_exit", to_json(on_exit)}}}});
    RC_ASSERT(set.target == id);
    RC_ASSERT(set.on_exit == on_exit);
  }));
  EXPECT_TRUE(rc::check("those of capabilities", [] {
    ProcessId id = any_process();
    std::vector<Capability> capabilities = some(any_capability);
    ordered_json both = {{"target", to_json(id)}, {"capabilities", to_json(capabilities)}};
    auto grant = parsed<GrantCapabilities>({{"GrantCapabilities", both}});
    RC_ASSERT(grant.target == id);
    RC_ASSERT(grant.capabilities == capabilities);
    auto drop = parsed<DropCapabilities>({{"DropCapabilities", both}});
    RC_ASSERT(drop.target == id);
    RC_ASSERT(drop.capabilities == capabilities);
    Capability one = any_capability();
    auto has = parsed<DebugHasCap>({{"Debug", {{"HasCap", {{"on", to_json(id)}, {"cap", to_json(one)}}}}}});
    RC_ASSERT(has.on == id);
    RC_ASSERT(has.capability == one);
  }));
}

TEST(KernelAnswerProperty, ShowsWhatItWasMadeOf) {
  EXPECT_TRUE(rc::check("Debug of processes", [] {
    ProcessMap map;
    for (const ProcessId& id : some(any_process)) {
      std::string handle = any_text();
      std::optional<uint32_t> version = maybe_version();
      OnExit on_exit = any_on_exit();
      map.insert_or_assign(id, ProcessMapEntry{handle, version, on_exit, some(any_capability), true});
    }
    const nlohmann::json answer = *parse_json(debug_process_map(map));
    const nlohmann::json& shown = answer["Debug"]["ProcessMap"];
    RC_ASSERT(shown.size() == map.size());
    for (const auto& [id, entry] : map) {
      JsonStruct fields = *JsonReader(shown[id.text()])
                               .fields({"wasm_bytes_handle", "wit_version", "on_exit", "capabilities", "public"});
      RC_ASSERT(*fields["wasm_bytes_handle"].string() == entry.wasm_bytes_handle);
      RC_ASSERT(*fields["wit_version"].optional(&JsonReader::u32) == entry.wit_version);
      RC_ASSERT(*read_on_exit(fields["on_exit"]) == entry.on_exit);
      RC_ASSERT(*fields["capabilities"].list(read_capability) == entry.capabilities);
      RC_ASSERT(*fields["public"].boolean() == entry.is_public);
      RC_ASSERT(parse_json(debug_process(entry)).value()["Debug"]["Process"] == shown[id.text()]);
    }
  }));
}

}  // namespace
}  // namespace kinode::codec
