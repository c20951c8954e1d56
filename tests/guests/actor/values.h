#pragma once

#include <kinode/json.h>
#include <kinode/process.h>

#include <expected>
#include <string>

/// How the actor's scripts write the values of the interface, and how its reports show them. The forms
/// are described in tests/guests/README.md, "Values".

namespace actor {

using kinode::Json;

/// A value read from a script, or what is wrong with the script.
template <class T>
using Read = std::expected<T, std::string>;

/// What the words `$source`, `$received`, `{"ref":"body"}` ... stand for while a script runs.
struct Scope {
  kinode::Address our;
  /// The message being handled; null at start.
  const kinode::Message* message = nullptr;
  std::optional<kinode::ProcessId> spawned;
};

Read<kinode::Address> read_address(const Json& json, const Scope& scope);
Read<kinode::ProcessId> read_process_id(const Json& json, const Scope& scope);
Read<kinode::Bytes> read_data(const Json& json, const Scope& scope);
/// Nothing where `json` is null.
Read<std::optional<kinode::Blob>> read_blob(const Json& json, const Scope& scope);
Read<kinode::Capability> read_capability(const Json& json, const Scope& scope);
Read<std::vector<kinode::Capability>> read_capabilities(const Json& json, const Scope& scope);
/// `default_expects` is what a missing `expects` means.
Read<kinode::Outgoing> read_outgoing(const Json& json, const Scope& scope,
                                     std::optional<uint64_t> default_expects = std::nullopt);
Read<kinode::OnExit> read_on_exit(const Json& json, const Scope& scope);

Json show_data(const kinode::Bytes& bytes);
Json show_blob(const std::optional<kinode::Blob>& blob);
Json show_capabilities(const std::vector<kinode::Capability>& capabilities);
Json show_message(const kinode::Message& message);
Json show_error(const kinode::SendError& error);
Json show_on_exit(const kinode::OnExit& on_exit);

}  // namespace actor
