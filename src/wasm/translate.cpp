#include "wasm/translate.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "base/utf8.h"

namespace kinode::wasm {
namespace {

constexpr std::string_view mark = "\xEF\xBF\xBD";  // U+FFFD

bool is_part(std::string_view part) { return !part.empty() && part.find(':') == std::string_view::npos; }

bool is_id(const kn_process_id& id) {
  return is_part(text_of(id.process_name)) && is_part(text_of(id.package_name)) && is_part(text_of(id.publisher_node));
}

std::string marked(std::string_view part) {
  if (part.empty()) {
    return std::string(mark);
  }
  std::string text;
  for (char c : part) {
    c == ':' ? text.append(mark) : text.append(1, c);
  }
  return text;
}

ProcessId process_id(const kn_process_id& id) {
  return {text_of(id.process_name), text_of(id.package_name), text_of(id.publisher_node)};
}

// For a message to people, of bounded length.
std::string brief(std::string_view text) {
  constexpr size_t longest = 200;
  if (text.size() <= longest) {
    return std::string(text);
  }
  return std::string(utf8_prefix(text, longest)) + "...";
}

std::string brief(const kn_process_id& id) {
  return brief(fmt::format("{}:{}:{}", text_of(id.process_name), text_of(id.package_name), text_of(id.publisher_node)));
}

std::optional<std::string> optional_text(const kn_optional_bytes& bytes) {
  return bytes.present ? std::optional<std::string>(text_of(bytes.value)) : std::nullopt;
}

kn_optional_bytes optional_view(const std::optional<std::string>& text) {
  return text ? kn_optional_bytes{wasm::view(std::string_view(*text)), true} : kn_optional_bytes{};
}

Bytes copy(kn_bytes bytes) { return Bytes::copy_of(text_of(bytes)); }

template <class T>
std::span<const T> list(const T* data, size_t size) {
  return size == 0 ? std::span<const T>() : std::span<const T>(data, size);
}

}  // namespace

kn_process_id view(const ProcessId& id) { return {view(id.process()), view(id.package()), view(id.publisher())}; }

kn_address view(const Address& address) { return {view(std::string_view(address.node())), view(address.process())}; }

kn_blob view(const Blob& blob) { return {optional_view(blob.mime), view(blob.bytes)}; }

std::optional<Address> AddressBook::find(const kn_address& address) {
  for (const std::optional<Address>& known : known_) {
    if (known && known->process().process() == text_of(address.process.process_name) &&
        known->process().package() == text_of(address.process.package_name) &&
        known->process().publisher() == text_of(address.process.publisher_node) &&
        known->node() == text_of(address.node)) {
      return known;
    }
  }
  if (!is_id(address.process)) {
    return std::nullopt;
  }
  std::optional<Address>& place = known_[next_++ % known_.size()];
  place.emplace(text_of(address.node), process_id(address.process));
  return place;
}

// ---- inward --------------------------------------------------------------------------------------

Address Translator::address(const kn_address& address) {
  if (std::optional<Address> found = addresses_.find(address)) {
    return std::move(*found);
  }
  complain_(fmt::format("'{}' cannot be a process: a part is empty or has a ':' in it", brief(address.process)));
  return {text_of(address.node),
          ProcessId(marked(text_of(address.process.process_name)), marked(text_of(address.process.package_name)),
                    marked(text_of(address.process.publisher_node)))};
}

std::optional<Capability> Translator::capability(const kn_capability& capability) {
  std::optional<Address> issuer = addresses_.find(capability.issuer);
  if (!issuer) {
    complain_(fmt::format("a capability was left out: its issuer '{}' cannot be a process",
                          brief(capability.issuer.process)));
    return std::nullopt;
  }
  Result<Capability> made = Capability::make(std::move(*issuer), std::string(text_of(capability.params)));
  if (!made) {
    complain_(fmt::format("a capability was left out: its params '{}' are not JSON: {}",
                          brief(text_of(capability.params)), made.error().message));
    return std::nullopt;
  }
  return std::move(*made);
}

std::vector<Capability> Translator::capabilities(kn_capabilities capabilities) {
  std::vector<Capability> result;
  for (const kn_capability& given : list(capabilities.data, capabilities.size)) {
    if (std::optional<Capability> made = capability(given)) {
      result.push_back(std::move(*made));
    }
  }
  return result;
}

std::vector<AttachedCapability> Translator::attached(kn_capabilities capabilities) {
  std::vector<AttachedCapability> result;
  for (const kn_capability& given : list(capabilities.data, capabilities.size)) {
    if (std::optional<Capability> made = capability(given)) {
      result.push_back({std::move(*made), {}});
    }
  }
  return result;
}

Request Translator::request(const kn_request& request) {
  return {.inherit = request.inherit,
          .expects_response = request.expects_response ? std::optional(request.timeout_seconds) : std::nullopt,
          .body = copy(request.body),
          .metadata = optional_text(request.metadata),
          .capabilities = attached(request.capabilities)};
}

Blob Translator::blob(const kn_blob& blob) { return {optional_text(blob.mime), copy(blob.bytes)}; }

kernel::GuestRequest Translator::request(const kn_outgoing& outgoing) {
  return {.target = address(outgoing.target),
          .request = request(outgoing.request),
          .context = outgoing.context.present ? std::optional(copy(outgoing.context.value)) : std::nullopt,
          .blob = outgoing.blob != nullptr ? std::optional(blob(*outgoing.blob)) : std::nullopt};
}

Response Translator::response(const kn_response& response) {
  return {.inherit = response.inherit,
          .body = copy(response.body),
          .metadata = optional_text(response.metadata),
          .capabilities = attached(response.capabilities)};
}

OnExit Translator::on_exit(const kn_on_exit& on_exit) {
  if (on_exit.kind == KN_ON_EXIT_RESTART) {
    return OnExit::restart();
  }
  if (on_exit.kind == KN_ON_EXIT_NONE) {
    return OnExit::none();
  }
  OnExit result{OnExit::Kind::requests, {}};
  for (const kn_outgoing& outgoing : list(on_exit.requests, on_exit.request_count)) {
    result.requests.push_back({.target = address(outgoing.target),
                               .request = request(outgoing.request),
                               .blob = outgoing.blob != nullptr ? std::optional(blob(*outgoing.blob)) : std::nullopt});
  }
  return result;
}

kernel::SpawnArguments Translator::spawn(const kn_spawn& spawn) {
  kernel::SpawnArguments arguments{.name = optional_text(spawn.name),
                                   .wasm_path = std::string(text_of(spawn.wasm_path)),
                                   .on_exit = on_exit(spawn.on_exit),
                                   .request_capabilities = capabilities(spawn.request_capabilities),
                                   .grant_capabilities = {},
                                   .is_public = spawn.is_public};
  for (const kn_grant& grant : list(spawn.grants, spawn.grant_count)) {
    if (is_id(grant.to)) {
      arguments.grant_capabilities.emplace_back(process_id(grant.to), std::string(text_of(grant.params)));
    } else {
      complain_(fmt::format("spawn: nothing was granted to '{}', which cannot be a process", brief(grant.to)));
    }
  }
  return arguments;
}

// ---- outward -------------------------------------------------------------------------------------

Translator::Held& Translator::held() {
  if (!held_) {
    held_ = std::make_unique<Held>();
  }
  return *held_;
}

namespace {

kn_capabilities fill(std::vector<kn_capability>& views, const std::vector<AttachedCapability>& attached) {
  views.clear();
  for (const AttachedCapability& one : attached) {
    views.push_back({view(one.capability.issuer()), view(std::string_view(one.capability.params()))});
  }
  return {views.data(), views.size()};
}

}  // namespace

kn_request Translator::view_of(const Request& request, std::vector<kn_capability>& attached) {
  return {.body = view(request.body),
          .metadata = optional_view(request.metadata),
          .capabilities = fill(attached, request.capabilities),
          .timeout_seconds = request.expects_response.value_or(0),
          .expects_response = request.expects_response.has_value(),
          .inherit = request.inherit};
}

void Translator::event(const kernel::Envelope& envelope, kn_event& out) {
  out = {};
  bool is_error = envelope.kind == kernel::Envelope::Kind::send_error;
  bool is_response = std::holds_alternative<Response>(envelope.message);
  out.kind = is_error ? KN_EVENT_SEND_ERROR : is_response ? KN_EVENT_RESPONSE : KN_EVENT_REQUEST;
  out.source = view(is_error ? envelope.target : envelope.source);
  if (is_response) {
    const Response& response = envelope.response();
    out.response = {.body = view(response.body),
                    .metadata = optional_view(response.metadata),
                    .capabilities = fill(attached_views_, response.capabilities),
                    .inherit = response.inherit};
  } else {
    out.request = view_of(envelope.request(), attached_views_);
  }
  if (envelope.context) {
    out.context = {view(*envelope.context), true};
  }
  if (is_error) {
    out.error_kind = envelope.error == SendErrorKind::offline ? KN_OFFLINE : KN_TIMEOUT;
    out.error_message_is_response = is_response;
    if (envelope.blob) {
      error_blob_ = view(*envelope.blob);
      out.error_blob = &error_blob_;
    }
  }
}

void Translator::capabilities(std::vector<Capability> capabilities, kn_capabilities& out) {
  Held& held = this->held();
  held.capabilities = std::move(capabilities);
  held.capability_views.clear();
  for (const Capability& capability : held.capabilities) {
    held.capability_views.push_back({view(capability.issuer()), view(std::string_view(capability.params()))});
  }
  out = {held.capability_views.data(), held.capability_views.size()};
}

void Translator::on_exit(OnExit on_exit, kn_on_exit& out) {
  Held& held = this->held();
  held.on_exit = std::move(on_exit);
  const std::vector<OnExitRequest>& requests = held.on_exit.requests;
  held.requests.clear();
  held.blobs.assign(requests.size(), {});
  held.attached.assign(requests.size(), {});
  for (size_t i = 0; i < requests.size(); ++i) {
    kn_outgoing outgoing{};
    outgoing.target = view(requests[i].target);
    outgoing.request = view_of(requests[i].request, held.attached[i]);
    if (requests[i].blob) {
      held.blobs[i] = view(*requests[i].blob);
      outgoing.blob = &held.blobs[i];
    }
    held.requests.push_back(outgoing);
  }
  out.kind = held.on_exit.kind == OnExit::Kind::none      ? KN_ON_EXIT_NONE
             : held.on_exit.kind == OnExit::Kind::restart ? KN_ON_EXIT_RESTART
                                                          : KN_ON_EXIT_REQUESTS;
  out.requests = held.requests.data();
  out.request_count = held.requests.size();
}

}  // namespace kinode::wasm
