#include "kinode/process.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "process_v1.h"

/// The bindings that are generated from wit/kinode.wit are C: structs of pointers. What goes out is
/// lent: a view of our objects, for the time of one call. What comes in is ours: its bytes are
/// adopted, its strings copied and freed.

namespace kinode {

namespace {

// ---- lending -------------------------------------------------------------------------------------

process_v1_string_t lend(std::string_view text) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(text.data())), text.size()};
}

process_v1_list_u8_t lend(std::span<const uint8_t> bytes) { return {const_cast<uint8_t*>(bytes.data()), bytes.size()}; }

kinode_process_standard_process_id_t lend(const ProcessId& id) {
  return {lend(id.process_name), lend(id.package_name), lend(id.publisher_node)};
}

kinode_process_standard_address_t lend(const Address& address) { return {lend(address.node), lend(address.process)}; }

process_v1_option_string_t lend(const std::optional<std::string>& text) {
  if (!text) return {false, {}};
  return {true, lend(std::string_view(*text))};
}

/// In the generated code, JSON text has an option type of its own.
process_v1_option_json_t lend_json(const std::optional<std::string>& text) {
  if (!text) return {false, {}};
  return {true, lend(std::string_view(*text))};
}

kinode_process_standard_lazy_load_blob_t lend(const Blob& blob) {
  return {lend(blob.mime), lend(std::span<const uint8_t>(blob.bytes))};
}

kinode_process_standard_option_lazy_load_blob_t lend(const std::optional<Blob>& blob) {
  if (!blob) return {false, {}};
  return {true, lend(*blob)};
}

/// A list of capabilities as the bindings want it: an array of views.
class LentCapabilities {
 public:
  explicit LentCapabilities(std::span<const Capability> capabilities) {
    views_.reserve(capabilities.size());
    for (const Capability& capability : capabilities) {
      views_.push_back({lend(capability.issuer), lend(std::string_view(capability.params))});
    }
  }
  kinode_process_standard_list_capability_t list() { return {views_.data(), views_.size()}; }

 private:
  std::vector<kinode_process_standard_capability_t> views_;
};

class LentRequest {
 public:
  explicit LentRequest(const Request& request) : request_(request), capabilities_(request.capabilities) {}
  kinode_process_standard_request_t view() {
    return {request_.inherit,
            {request_.expects_response.has_value(), request_.expects_response.value_or(0)},
            lend(std::span<const uint8_t>(request_.body)),
            lend_json(request_.metadata),
            capabilities_.list()};
  }

 private:
  const Request& request_;
  LentCapabilities capabilities_;
};

/// The requests of an on-exit, with the arrays that they point to.
class LentOnExit {
 public:
  explicit LentOnExit(const OnExit& on_exit) : kind_(on_exit.kind) {
    requests_.reserve(on_exit.requests.size());
    for (const Outgoing& outgoing : on_exit.requests) {
      requests_.emplace_back(outgoing.request);
      views_.push_back({lend(outgoing.target), requests_.back().view(), lend(outgoing.blob)});
    }
  }
  kinode_process_standard_on_exit_t view() {
    kinode_process_standard_on_exit_t view = {};
    switch (kind_) {
      case OnExit::Kind::none:
        view.tag = KINODE_PROCESS_STANDARD_ON_EXIT_NONE;
        break;
      case OnExit::Kind::restart:
        view.tag = KINODE_PROCESS_STANDARD_ON_EXIT_RESTART;
        break;
      case OnExit::Kind::requests:
        view.tag = KINODE_PROCESS_STANDARD_ON_EXIT_REQUESTS;
        view.val.requests = {views_.data(), views_.size()};
        break;
    }
    return view;
  }

 private:
  OnExit::Kind kind_;
  std::vector<LentRequest> requests_;
  std::vector<kinode_process_standard_tuple3_address_request_option_lazy_load_blob_t> views_;
};

// ---- taking --------------------------------------------------------------------------------------

std::string take(process_v1_string_t& text) {
  std::string result(reinterpret_cast<char*>(text.ptr), text.len);
  process_v1_string_free(&text);
  return result;
}

/// Any list of bytes: the generated code has several types for it.
template <class List>
Bytes take_bytes(List& bytes) {
  return Bytes::adopt(bytes.ptr, bytes.len);
}

template <class Option>
std::optional<std::string> take_text(Option& text) {
  if (!text.is_some) return std::nullopt;
  return take(text.val);
}

std::optional<Bytes> take(process_v1_option_context_t& context) {
  if (!context.is_some) return std::nullopt;
  return take_bytes(context.val);
}

ProcessId take(kinode_process_standard_process_id_t& id) {
  return {take(id.process_name), take(id.package_name), take(id.publisher_node)};
}

Address take(kinode_process_standard_address_t& address) { return {take(address.node), take(address.process)}; }

Blob take(kinode_process_standard_lazy_load_blob_t& blob) { return {take_text(blob.mime), take_bytes(blob.bytes)}; }

std::optional<Blob> take(kinode_process_standard_option_lazy_load_blob_t& blob) {
  if (!blob.is_some) return std::nullopt;
  return take(blob.val);
}

std::vector<Capability> take(kinode_process_standard_list_capability_t& list) {
  std::vector<Capability> capabilities;
  if (list.len == 0) return capabilities;
  capabilities.reserve(list.len);
  for (size_t i = 0; i < list.len; ++i) {
    capabilities.push_back({take(list.ptr[i].issuer), take(list.ptr[i].params)});
  }
  std::free(list.ptr);
  return capabilities;
}

Request take(kinode_process_standard_request_t& request) {
  Request result;
  result.inherit = request.inherit;
  if (request.expects_response.is_some) result.expects_response = request.expects_response.val;
  result.body = take_bytes(request.body);
  result.metadata = take_text(request.metadata);
  result.capabilities = take(request.capabilities);
  return result;
}

Response take(kinode_process_standard_response_t& response) {
  Response result;
  result.inherit = response.inherit;
  result.body = take_bytes(response.body);
  result.metadata = take_text(response.metadata);
  result.capabilities = take(response.capabilities);
  return result;
}

Message take(Address source, kinode_process_standard_message_t& message) {
  if (message.tag == KINODE_PROCESS_STANDARD_MESSAGE_REQUEST) {
    return {std::move(source), take(message.val.request), std::nullopt};
  }
  Response response = take(message.val.response.f0);
  return {std::move(source), std::move(response), take(message.val.response.f1)};
}

Message take(kinode_process_standard_tuple2_address_message_t& sent) {
  Address source = take(sent.f0);
  return take(std::move(source), sent.f1);
}

SendError take(kinode_process_standard_send_error_t& error) {
  const bool offline = error.kind == KINODE_PROCESS_STANDARD_SEND_ERROR_KIND_OFFLINE;
  return {offline ? SendError::Kind::offline : SendError::Kind::timeout, take(error.target), take(our(), error.message),
          take(error.lazy_load_blob), std::nullopt};
}

}  // namespace

// ---- messages ------------------------------------------------------------------------------------

std::expected<Message, SendError> receive() {
  kinode_process_standard_tuple2_address_message_t received;
  kinode_process_standard_tuple2_send_error_option_context_t failed;
  if (kinode_process_standard_receive(&received, &failed)) return take(received);
  SendError error = take(failed.f0);
  error.context = take(failed.f1);
  return std::unexpected(std::move(error));
}

bool has_blob() { return kinode_process_standard_has_blob(); }

std::optional<Blob> get_blob() {
  kinode_process_standard_lazy_load_blob_t blob;
  if (!kinode_process_standard_get_blob(&blob)) return std::nullopt;
  return take(blob);
}

std::optional<Blob> last_blob() {
  kinode_process_standard_lazy_load_blob_t blob;
  if (!kinode_process_standard_last_blob(&blob)) return std::nullopt;
  return take(blob);
}

void send(const Outgoing& outgoing) {
  auto target = lend(outgoing.target);
  LentRequest lent(outgoing.request);
  auto request = lent.view();
  kinode_process_standard_context_t context = {};
  if (outgoing.context) context = {const_cast<uint8_t*>(outgoing.context->data()), outgoing.context->size()};
  auto blob = lend(outgoing.blob);
  kinode_process_standard_send_request(&target, &request, outgoing.context ? &context : nullptr,
                                       blob.is_some ? &blob.val : nullptr);
}

void send(std::span<const Outgoing> outgoing) {
  std::vector<LentRequest> requests;
  std::vector<kinode_process_standard_tuple4_address_request_option_context_option_lazy_load_blob_t> views;
  requests.reserve(outgoing.size());
  views.reserve(outgoing.size());
  for (const Outgoing& each : outgoing) {
    requests.emplace_back(each.request);
    process_v1_option_context_t context = {};
    if (each.context) context = {true, {const_cast<uint8_t*>(each.context->data()), each.context->size()}};
    views.push_back({lend(each.target), requests.back().view(), context, lend(each.blob)});
  }
  kinode_process_standard_list_tuple4_address_request_option_context_option_lazy_load_blob_t list = {views.data(),
                                                                                                     views.size()};
  kinode_process_standard_send_requests(&list);
}

std::expected<Message, SendError> send_and_await(const Address& target, const Request& request, const Blob* blob) {
  auto lent_target = lend(target);
  LentRequest lent(request);
  auto lent_request = lent.view();
  kinode_process_standard_lazy_load_blob_t lent_blob = {};
  if (blob != nullptr) lent_blob = lend(*blob);

  kinode_process_standard_tuple2_address_message_t answer;
  kinode_process_standard_send_error_t failed;
  if (kinode_process_standard_send_and_await_response(&lent_target, &lent_request,
                                                      blob != nullptr ? &lent_blob : nullptr, &answer, &failed)) {
    return take(answer);
  }
  return std::unexpected(take(failed));
}

void respond(const Response& response, const Blob* blob) {
  LentCapabilities capabilities(response.capabilities);
  kinode_process_standard_response_t lent = {response.inherit, lend(std::span<const uint8_t>(response.body)),
                                             lend_json(response.metadata), capabilities.list()};
  kinode_process_standard_lazy_load_blob_t lent_blob = {};
  if (blob != nullptr) lent_blob = lend(*blob);
  kinode_process_standard_send_response(&lent, blob != nullptr ? &lent_blob : nullptr);
}

// ---- the process itself --------------------------------------------------------------------------

Address our() {
  kinode_process_standard_address_t address;
  kinode_process_standard_our(&address);
  return take(address);
}

void print(uint8_t verbosity, std::string_view text) {
  auto lent = lend(text);
  kinode_process_standard_print_to_terminal(verbosity, &lent);
}

void crash(std::string_view reason) {
  // What stands in stderr is what the node reports. If it cannot be written, the trap alone tells.
  (void)!write(STDERR_FILENO, reason.data(), reason.size());
  __builtin_trap();
}

std::optional<Bytes> get_state() {
  process_v1_list_u8_t bytes;
  if (!kinode_process_standard_get_state(&bytes)) return std::nullopt;
  return take_bytes(bytes);
}

void set_state(std::span<const uint8_t> bytes) {
  auto lent = lend(bytes);
  kinode_process_standard_set_state(&lent);
}

void clear_state() { kinode_process_standard_clear_state(); }

OnExit get_on_exit() {
  kinode_process_standard_on_exit_t view;
  kinode_process_standard_get_on_exit(&view);
  OnExit on_exit;
  if (view.tag == KINODE_PROCESS_STANDARD_ON_EXIT_RESTART) on_exit.kind = OnExit::Kind::restart;
  if (view.tag != KINODE_PROCESS_STANDARD_ON_EXIT_REQUESTS) return on_exit;
  on_exit.kind = OnExit::Kind::requests;
  auto& list = view.val.requests;
  for (size_t i = 0; i < list.len; ++i) {
    Outgoing outgoing{.target = take(list.ptr[i].f0)};
    outgoing.request = take(list.ptr[i].f1);
    outgoing.blob = take(list.ptr[i].f2);
    on_exit.requests.push_back(std::move(outgoing));
  }
  if (list.len != 0) std::free(list.ptr);
  return on_exit;
}

void set_on_exit(const OnExit& on_exit) {
  LentOnExit lent(on_exit);
  auto view = lent.view();
  kinode_process_standard_set_on_exit(&view);
}

std::expected<ProcessId, SpawnError> spawn(const Child& child) {
  auto name = lend(child.name);
  auto path = lend(std::string_view(child.wasm_path));
  LentOnExit on_exit(child.on_exit);
  auto on_exit_view = on_exit.view();
  LentCapabilities requested(child.request_capabilities);
  auto requested_list = requested.list();
  std::vector<kinode_process_standard_tuple2_process_id_json_t> grants;
  grants.reserve(child.grant_capabilities.size());
  for (const Grant& grant : child.grant_capabilities) {
    grants.push_back({lend(grant.process), lend(std::string_view(grant.params))});
  }
  kinode_process_standard_list_tuple2_process_id_json_t grant_list = {grants.data(), grants.size()};

  kinode_process_standard_process_id_t id;
  kinode_process_standard_spawn_error_t error;
  if (kinode_process_standard_spawn(name.is_some ? &name.val : nullptr, &path, &on_exit_view, &requested_list,
                                    &grant_list, child.is_public, &id, &error)) {
    return take(id);
  }
  return std::unexpected(error == KINODE_PROCESS_STANDARD_SPAWN_ERROR_NAME_TAKEN ? SpawnError::name_taken
                                                                                 : SpawnError::no_file_at_path);
}

// ---- capabilities --------------------------------------------------------------------------------

std::vector<Capability> our_capabilities() {
  kinode_process_standard_list_capability_t list;
  kinode_process_standard_our_capabilities(&list);
  return take(list);
}

void save_capabilities(std::span<const Capability> capabilities) {
  LentCapabilities lent(capabilities);
  auto list = lent.list();
  kinode_process_standard_save_capabilities(&list);
}

void drop_capabilities(std::span<const Capability> capabilities) {
  LentCapabilities lent(capabilities);
  auto list = lent.list();
  kinode_process_standard_drop_capabilities(&list);
}

}  // namespace kinode
