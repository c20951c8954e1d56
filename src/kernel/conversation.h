// Conversation: what the WIT interface remembers for a guest between its calls (kernel.md 5, 6): the
// request being handled, the last blob, the call that is waiting. One for each guest, in front of its
// ProcessContext; used by the polling thread alone.
//
// A call that must wait says so (`pending`), and the guest is polled again when it can go on; then the
// caller asks with the `resume_` of that call. A call that ends the guest says `trap` with a reason.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel/journal.h"
#include "kernel/process_context.h"

namespace kinode::kernel {

/// What became of a call that has no value.
struct Progress {
  enum class Kind : uint8_t { done, pending, trap };
  Kind kind = Kind::done;
  std::string trap_reason;

  static Progress done() { return {}; }
  static Progress pending() { return {Kind::pending, {}}; }
  static Progress trap(std::string reason) { return {Kind::trap, std::move(reason)}; }
};

/// A request as the guest gives it.
struct GuestRequest {
  Address target;
  Request request;
  std::optional<Bytes> context;
  std::optional<Blob> blob;
};

struct SpawnArguments {
  std::optional<std::string> name;
  std::string wasm_path;
  OnExit on_exit;
  std::vector<Capability> request_capabilities;
  std::vector<std::pair<ProcessId, std::string>> grant_capabilities;  // to whom, params
  bool is_public = false;
};

enum class SpawnError : uint8_t { name_taken, no_file_at_path };

class Conversation {
 public:
  explicit Conversation(ProcessContext& context);
  ~Conversation();

  [[nodiscard]] const Address& our() const { return context_.our(); }
  void print(uint8_t verbosity, std::string_view message);

  // ---- messages ---------------------------------------------------------------------------------

  /// The next message or error, or null: pending. Valid until the next call of a function that yields one.
  const Envelope* receive();
  [[nodiscard]] bool has_blob() const;
  [[nodiscard]] const Blob* get_blob() const;   // null: none
  [[nodiscard]] const Blob* last_blob() const;  // null: none

  Progress send(std::vector<GuestRequest> requests);
  Progress resume_send();
  /// The envelope is the response, or the error; valid as long as one of `receive`.
  Progress send_and_await(GuestRequest request, const Envelope*& out);
  Progress resume_await(const Envelope*& out);
  void respond(Response response, std::optional<Blob> blob);

  // ---- state ------------------------------------------------------------------------------------

  Progress get_state(std::optional<Bytes>& out);
  Progress resume_get_state(std::optional<Bytes>& out);
  Progress set_state(Bytes state);
  Progress clear_state();

  // ---- the process ------------------------------------------------------------------------------

  [[nodiscard]] OnExit on_exit() const;
  void set_on_exit(OnExit on_exit);
  using Spawned = std::expected<ProcessId, SpawnError>;
  Progress spawn(SpawnArguments arguments, std::optional<Spawned>& out);
  Progress resume_spawn(std::optional<Spawned>& out);

  void save_capabilities(const std::vector<Capability>& capabilities);
  void drop_capabilities(const std::vector<Capability>& capabilities);
  [[nodiscard]] std::vector<Capability> capabilities() const;

 private:
  struct State;
  const Envelope* take_in(std::unique_ptr<Envelope> envelope, bool awaited);
  [[nodiscard]] Outgoing outgoing(GuestRequest request) const;
  Progress write_state(const Batch& batch, std::string_view call);
  Spawned make_child(SpawnArguments arguments, Bytes wasm);

  ProcessContext& context_;
  std::unique_ptr<State> state_;
};

}  // namespace kinode::kernel
