#include "letter.h"

#include <fmt/format.h>

#include "base/check.h"
#include "codec/json.h"

namespace kinode::simulation {

const std::string node_name = "node.os";

Address local(std::string_view process_id) {
  Result<ProcessId> id = ProcessId::parse(process_id);
  KINODE_CHECK(id.has_value(), "{}", process_id);
  return {node_name, std::move(*id)};
}

const Address kernel_address = local("kernel:distro:sys");

std::string key_of(const Capability& capability) {
  return capability.issuer().text() + " " + capability.canonical_params();
}

Capability make_capability(const Address& issuer, std::string params) {
  Result<Capability> made = Capability::make(issuer, std::move(params));
  KINODE_CHECK(made.has_value(), "{}", made.error().message);
  return std::move(*made);
}

std::string Command::body() const {
  using codec::to_json;
  switch (kind) {
    case Kind::kill:
      return codec::to_text({{"KillProcess", to_json(process)}});
    case Kind::run:
      return codec::to_text({{"RunProcess", to_json(process)}});
    case Kind::grant:
      return codec::to_text(
          {{"GrantCapabilities", {{"target", to_json(process)}, {"capabilities", to_json(capabilities)}}}});
    case Kind::drop:
      return codec::to_text(
          {{"DropCapabilities", {{"target", to_json(process)}, {"capabilities", to_json(capabilities)}}}});
    case Kind::set_on_exit:
      return codec::to_text({{"SetOnExit", {{"target", to_json(process)}, {"on_exit", to_json(on_exit)}}}});
    case Kind::initialize:
      return codec::to_text({{"InitializeProcess",
                              {{"id", to_json(process)},
                               {"wasm_bytes_handle", "/made/by/command"},
                               {"wit_version", 1},
                               {"on_exit", to_json(on_exit)},
                               {"initial_capabilities", to_json(capabilities)},
                               {"public", is_public}}}});
  }
  return {};
}

namespace {

std::vector<AttachedCapability> attached(const std::vector<Capability>& capabilities) {
  std::vector<AttachedCapability> all;
  all.reserve(capabilities.size());
  for (const Capability& capability : capabilities) {
    all.push_back({capability, {}});
  }
  return all;
}

}  // namespace

Request request_of(const Letter& letter) {
  return {.inherit = letter.inherit,
          .expects_response = letter.expects,
          .body = Bytes::copy_of(letter.body),
          .metadata = letter.tag,
          .capabilities = attached(letter.capabilities)};
}

Response response_of(const Letter& letter) {
  return {.inherit = letter.inherit,
          .body = Bytes::copy_of(letter.body),
          .metadata = letter.tag,
          .capabilities = attached(letter.capabilities)};
}

std::optional<Blob> blob_of(const std::optional<std::string>& text) {
  return text ? std::optional(Blob{std::nullopt, Bytes::copy_of(*text)}) : std::nullopt;
}

std::optional<Bytes> bytes_of(const std::optional<std::string>& text) {
  return text ? std::optional(Bytes::copy_of(*text)) : std::nullopt;
}

Letter letter_of(const OnExitRequest& request, uint64_t number) {
  Letter letter{.number = number,
                .tag = request.request.metadata,
                .body = std::string(request.request.body.text()),
                .target = request.target,
                .inherit = request.request.inherit};
  for (const AttachedCapability& attached : request.request.capabilities) {
    letter.capabilities.push_back(attached.capability);
  }
  if (request.blob) {
    letter.blob = std::string(request.blob->bytes.text());
  }
  return letter;
}

std::string short_name(const Address& address) {
  const ProcessId& id = address.process();
  std::string name(id.package() == "sim" || id.package() == "distro" ? std::string(id.process()) : id.text());
  return address.node() == node_name ? name : address.node() + "@" + name;
}

std::string describe(const std::vector<Capability>& capabilities) {
  std::string all;
  for (const Capability& capability : capabilities) {
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", short_name(capability.issuer()), capability.params());
  }
  return "[" + all + "]";
}

std::string describe(const OnExit& on_exit) {
  switch (on_exit.kind) {
    case OnExit::Kind::none:
      return "None";
    case OnExit::Kind::restart:
      return "Restart";
    case OnExit::Kind::requests:
      break;
  }
  std::string all;
  for (const OnExitRequest& request : on_exit.requests) {
    all += fmt::format("{}{} -> {}", all.empty() ? "" : ", ", request.request.metadata.value_or("?"),
                       short_name(request.target));
  }
  return "Requests[" + all + "]";
}

std::string describe(const Letter& letter) {
  std::string text = letter.name();
  text += letter.command ? " " + letter.command->body() : "";
  text += letter.inherit ? " inherits" : "";
  text += letter.expects ? fmt::format(" expects {} s", *letter.expects) : "";
  text += letter.capabilities.empty() ? "" : " with " + describe(letter.capabilities);
  text += letter.blob ? " blob " + *letter.blob : "";
  return text;
}

}  // namespace kinode::simulation
