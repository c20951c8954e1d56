#include "kernel/conversation.h"

#include <deque>

#include "codec/json.h"
#include "kernel/parts.h"
#include "kernel/planted_fault.h"

namespace kinode::kernel {
namespace {

constexpr uint64_t spawn_read_timeout_seconds = 5;

/// The capabilities that came in messages lately: what a guest may save beside what it issues or holds
/// (defect C1). Of the newest 1024 none is forgotten.
class ReceivedCapabilities {
 public:
  void remember(const AttachedCapability& attached, size_t byte_limit) {
    if (bytes_of(attached.capability) > byte_limit) {
      return;  // could not be saved
    }
    newer_.insert_or_assign(attached.capability, attached.signature);
    if (newer_.size() > 1024) {
      older_ = std::exchange(newer_, {});
    }
  }
  [[nodiscard]] std::optional<AttachedCapability> find(const Capability& capability) const {
    for (const CapabilitySet* set : {&newer_, &older_}) {
      if (auto found = set->find(capability); found != set->end()) {
        return AttachedCapability{found->first, found->second};
      }
    }
    return std::nullopt;
  }

 private:
  CapabilitySet newer_;
  CapabilitySet older_;
};

}  // namespace

/// An answer that another thread brings. Shared with that thread, as the guest may be gone by then.
struct StateAnswer {
  std::mutex mutex;
  std::optional<Result<std::optional<Bytes>>> value;
};

struct Conversation::State {
  std::shared_ptr<const Prompting> prompting;
  std::optional<Blob> last_blob;
  bool last_message_had_blob = false;
  /// What inheriting carries on: the blob of the message delivered last. A response or an error without
  /// one brings back that of the request being handled, so no data of another request (defect M2).
  std::optional<Blob> inheritable;
  std::unique_ptr<Envelope> current;  // what `receive` or an await handed out last

  std::deque<Outgoing> sending;                   // of a call that waits for room
  std::shared_ptr<const Prompting> before_await;  // what is handled again after it
  std::shared_ptr<StateAnswer> reading;
  std::optional<SpawnArguments> spawning;
  bool await_sent = false;

  ReceivedCapabilities received;
};

Conversation::Conversation(ProcessContext& context) : context_(context), state_(std::make_unique<State>()) {}
Conversation::~Conversation() = default;

void Conversation::print(uint8_t verbosity, std::string_view message) {
  const ProcessId& id = our().process();
  context_.print(verbosity, fmt::format("{}:{}: {}", id.package(), id.publisher(), message));
}

// ---- receiving -----------------------------------------------------------------------------------

/// What a delivered envelope changes (kernel.md 5.5).
const Envelope* Conversation::take_in(std::unique_ptr<Envelope> envelope, bool awaited) {
  State& state = *state_;
  const bool is_error = envelope->kind == Envelope::Kind::send_error;
  if (!is_error && envelope->blob) {
    state.last_blob = envelope->blob;
  }
  state.last_message_had_blob = !is_error && envelope->blob.has_value();
  std::visit(
      [&](const auto& message) {
        for (const AttachedCapability& attached : message.capabilities) {
          state.received.remember(attached, context_.kernel().environment().limits.capability_bytes);
        }
      },
      envelope->message);

  if (envelope->kind == Envelope::Kind::request) {
    if (envelope->blob || !planted(Fault::old_blob_inherited)) {
      state.inheritable = envelope->blob;
    }
    // One that expects nothing leaves the older request to be answered: deferred answers rely on it.
    if (envelope->request().expects_response || envelope->rsvp) {
      Prompting prompting = prompting_of(*envelope);
      prompting.blob = envelope->blob;
      state.prompting = std::make_shared<const Prompting>(std::move(prompting));
    }
  } else {
    state.prompting = planted(Fault::handled_request_lost) ? nullptr : envelope->prompting;
    if (state.last_message_had_blob) {
      state.inheritable = envelope->blob;
    } else if (!awaited) {
      state.inheritable = state.prompting ? state.prompting->blob : std::nullopt;
    }
  }
  state.current = std::move(envelope);
  return state.current.get();
}

const Envelope* Conversation::receive() {
  std::unique_ptr<Envelope> envelope = context_.receive();
  return envelope ? take_in(std::move(envelope), /*awaited=*/false) : nullptr;
}

bool Conversation::has_blob() const { return state_->last_message_had_blob && state_->last_blob; }
const Blob* Conversation::get_blob() const { return has_blob() ? &*state_->last_blob : nullptr; }
const Blob* Conversation::last_blob() const { return state_->last_blob ? &*state_->last_blob : nullptr; }

// ---- sending -------------------------------------------------------------------------------------

Outgoing Conversation::outgoing(GuestRequest request) const {
  const State& state = *state_;
  if (!request.blob && request.request.inherit) {
    request.blob = state.inheritable;
  }
  return {.target = std::move(request.target),
          .request = std::move(request.request),
          .blob = std::move(request.blob),
          .context = std::move(request.context),
          .prompting = state.prompting};
}

Progress Conversation::send(std::vector<GuestRequest> requests) {
  for (GuestRequest& request : requests) {
    state_->sending.push_back(outgoing(std::move(request)));
  }
  return resume_send();
}

Progress Conversation::resume_send() {
  std::deque<Outgoing>& sending = state_->sending;
  while (!sending.empty()) {
    if (context_.send(sending.front()) == SendStatus::full) {
      return Progress::pending();
    }
    sending.pop_front();
  }
  return Progress::done();
}

Progress Conversation::send_and_await(GuestRequest request, const Envelope*& out) {
  if (!request.request.expects_response) {
    return Progress::trap("send-and-await-response: the request must expect a response");
  }
  if (request.target.process() == our().process() &&
      (request.target.node() == our().node() || request.target.node() == "our")) {
    return Progress::trap("send-and-await-response: a process that awaits itself will deadlock");
  }
  Outgoing awaited = outgoing(std::move(request));
  awaited.awaited = true;
  state_->before_await = state_->prompting;
  state_->await_sent = false;
  state_->sending.push_back(std::move(awaited));
  return resume_await(out);
}

Progress Conversation::resume_await(const Envelope*& out) {
  State& state = *state_;
  if (!state.await_sent) {
    if (resume_send().kind == Progress::Kind::pending) {
      return Progress::pending();
    }
    state.await_sent = true;
  }
  std::unique_ptr<Envelope> end = context_.receive_awaited();
  if (!end) {
    return Progress::pending();
  }
  out = take_in(std::move(end), /*awaited=*/true);
  state.prompting = std::move(state.before_await);
  return Progress::done();
}

void Conversation::respond(Response response, std::optional<Blob> blob) {
  State& state = *state_;
  if (!state.prompting) {
    context_.print(0, "cannot respond: no request is being handled (need non-None prompting_message)");
    return;
  }
  if (response.inherit && state.inheritable) {
    blob = state.inheritable;  // the one given yields, unlike with requests (kernel.md M3)
  }
  context_.respond(*state.prompting, std::move(response), std::move(blob));
}

// ---- state ---------------------------------------------------------------------------------------

Progress Conversation::get_state(std::optional<Bytes>& out) {
  auto answer = std::make_shared<StateAnswer>();
  state_->reading = answer;
  std::weak_ptr<ProcessEntry> entry = context_.entry().weak_from_this();
  Executor& executor = context_.kernel().environment().executor;
  context_.kernel().environment().journal.read_async(Records::state_key(our().process()),
                                                     [answer, entry, &executor](Result<std::optional<Bytes>> value) {
                                                       {
                                                         std::scoped_lock lock(answer->mutex);
                                                         answer->value = std::move(value);
                                                       }
                                                       if (std::shared_ptr<ProcessEntry> alive = entry.lock()) {
                                                         executor.wake(std::move(alive), WakeHint::elsewhere);
                                                       }
                                                     });
  return resume_get_state(out);
}

Progress Conversation::resume_get_state(std::optional<Bytes>& out) {
  std::optional<Result<std::optional<Bytes>>> value;
  {
    std::scoped_lock lock(state_->reading->mutex);
    value = std::move(state_->reading->value);
  }
  if (!value) {
    return Progress::pending();
  }
  state_->reading.reset();
  if (!*value) {
    // Not "no state": a process that believes it starts afresh would write over what it had (M10).
    return Progress::trap(fmt::format("get-state: {}", value->error().message));
  }
  out = std::move(**value);
  return Progress::done();
}

Progress Conversation::set_state(Bytes state) {
  Batch batch;
  batch.put(Records::state_key(our().process()), std::move(state));
  return write_state(batch, "set-state");
}

Progress Conversation::clear_state() {
  Batch batch;
  batch.erase(Records::state_key(our().process()));
  return write_state(batch, "clear-state");
}

Progress Conversation::write_state(const Batch& batch, std::string_view call) {
  ProcessEntry& entry = context_.entry();
  // Locked until it is written: a kill comes before or after, and so does what the next process of its name
  // writes.
  std::unique_lock lock(entry.mutex);
  if (entry.ended() && !planted(Fault::dead_writes_state)) {
    return Progress::done();
  }
  Result<uint64_t> written = context_.kernel().environment().journal.write(batch);
  lock.unlock();
  return written ? Progress::done() : Progress::trap(fmt::format("{}: {}", call, written.error().message));
}

// ---- the process ---------------------------------------------------------------------------------

OnExit Conversation::on_exit() const {
  ProcessEntry& entry = context_.entry();
  std::scoped_lock lock(entry.mutex);
  return entry.on_exit;
}

void Conversation::set_on_exit(OnExit on_exit) {
  for (OnExitRequest& last_word : on_exit.requests) {
    CapabilityStore::filter(context_.entry(), last_word.request.capabilities);
  }
  context_.kernel().parts_->lifecycle.set_on_exit(context_.entry(), std::move(on_exit));
}

void Conversation::save_capabilities(const std::vector<Capability>& capabilities) {
  std::vector<AttachedCapability> allowed;
  for (const Capability& capability : capabilities) {
    if (capability.issuer() == our()) {
      allowed.push_back({capability, {}});
    } else if (std::optional<AttachedCapability> received = state_->received.find(capability)) {
      allowed.push_back(std::move(*received));
    } else if (!CapabilityStore::holds(context_.entry(), capability)) {
      print(0, fmt::format("cannot save capability {} {}: it was not received", capability.issuer().text(),
                           capability.params()));
    }
  }
  if (size_t refused = context_.kernel().parts_->capabilities.add(context_.entry(), allowed); refused > 0) {
    print(0, fmt::format("cannot save {} capabilities: over the limits of one process", refused));
  }
}

void Conversation::drop_capabilities(const std::vector<Capability>& capabilities) {
  context_.kernel().parts_->capabilities.drop(context_.entry(), capabilities);
}

std::vector<Capability> Conversation::capabilities() const { return CapabilityStore::all(context_.entry()); }

// ---- spawn ---------------------------------------------------------------------------------------

Progress Conversation::spawn(SpawnArguments arguments, std::optional<Spawned>& out) {
  std::string read = codec::to_text({{"path", arguments.wasm_path}, {"action", "Read"}});
  const Kernel& kernel = context_.kernel();
  Outgoing outgoing{.target = kernel.local(ProcessId("vfs", "distro", "sys")),
                    .request = {.expects_response = spawn_read_timeout_seconds, .body = Bytes::from(std::move(read))},
                    .awaited = true};
  state_->spawning = std::move(arguments);
  state_->await_sent = false;
  state_->sending.push_back(std::move(outgoing));
  return resume_spawn(out);
}

Progress Conversation::resume_spawn(std::optional<Spawned>& out) {
  State& state = *state_;
  if (!state.await_sent) {
    if (resume_send().kind == Progress::Kind::pending) {
      return Progress::pending();
    }
    state.await_sent = true;
  }
  // Taken past `take_in`: spawning leaves the blobs and the request being handled alone (defect M1).
  std::unique_ptr<Envelope> file = context_.receive_awaited();
  if (!file) {
    return Progress::pending();
  }
  SpawnArguments arguments = std::move(*state.spawning);
  state.spawning.reset();
  if (file->kind != Envelope::Kind::response || !file->blob) {
    out = std::unexpected(SpawnError::no_file_at_path);
    return Progress::done();
  }
  out = make_child(std::move(arguments), std::move(file->blob->bytes));
  return Progress::done();
}

Conversation::Spawned Conversation::make_child(SpawnArguments arguments, Bytes wasm) {
  Kernel& kernel = context_.kernel();
  ProcessEntry& parent = context_.entry();
  std::string name = arguments.name ? *arguments.name : std::to_string(kernel.environment().random.next());
  auto refuse = [&](SpawnError error, std::string_view reason) {
    print(0, fmt::format("spawn {}: {}", name, reason));
    return std::unexpected(error);
  };
  if (!is_safe_name(name)) {
    return refuse(SpawnError::name_taken, "a process name can only contain a-z, 0-9, `-`");
  }
  ProcessId id(name, our().process().package(), our().process().publisher());
  Address child = kernel.local(id);
  if (kernel.exists(id)) {
    return refuse(SpawnError::name_taken, "the name is taken");
  }

  std::vector<AttachedCapability> attached;
  attached.reserve(arguments.request_capabilities.size() + 1);
  for (Capability& capability : arguments.request_capabilities) {
    attached.push_back({std::move(capability), {}});
  }
  CapabilityStore::filter(parent, attached);
  for (OnExitRequest& last_word : arguments.on_exit.requests) {
    CapabilityStore::filter(parent, last_word.request.capabilities);
  }
  attached.push_back({parent.messaging, {}});

  std::optional<uint32_t> wit_version;
  {
    std::scoped_lock lock(parent.mutex);
    wit_version = parent.program.wit_version;
  }
  Result<void> made = kernel.initialize({.id = id,
                                         .program = {std::move(wasm), arguments.wasm_path, wit_version},
                                         .on_exit = std::move(arguments.on_exit),
                                         .is_public = arguments.is_public,
                                         .capabilities = {},
                                         .passed_on = std::move(attached)});
  if (!made) {
    // Not "name taken" for what another name would not mend: a guest may try names in a loop.
    return refuse(kernel.exists(id) ? SpawnError::name_taken : SpawnError::no_file_at_path, made.error().message);
  }
  // All of it before the child runs: its first message to the parent must find its right (defect L3).
  AttachedCapability to_parent{Capability::messaging(child), {}};
  kernel.parts_->capabilities.add(parent, std::span(&to_parent, 1));
  for (auto& [grantee, params] : arguments.grant_capabilities) {
    Result<Capability> granted = Capability::make(child, std::move(params));
    if (granted) {
      kernel.grant(grantee, {std::move(*granted)});
    } else {
      print(0, fmt::format("spawn {}: not granted to {}: {}", name, grantee.text(), granted.error().message));
    }
  }
  // Here, as its parent hardly does anything before it waits for it. Fails where it was killed meanwhile.
  (void)kernel.run(id, WakeHint::here);
  return id;
}

}  // namespace kinode::kernel
