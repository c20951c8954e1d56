#include "guest_calls.h"

#include "codec/json.h"

namespace kinode::simulation {

using kernel::Progress;

// ---- calls that wait -----------------------------------------------------------------------------

GuestCalls::Outcome GuestCalls::outcome(Call call, const Progress& progress, bool done) {
  require(progress.kind != Progress::Kind::trap, Invariant::conversation, "{} traps: {}", life_.name(),
          progress.trap_reason);
  bool pending = progress.kind == Progress::Kind::pending;
  require(pending || done, Invariant::bounded, "{} goes on, though what it waits for is not there", life_.name());
  require(!pending || !done, Invariant::no_starvation, "{} waits, though it could go on", life_.name());
  call_ = done ? Call::none : call;
  return done ? Outcome::done : Outcome::pending;
}

GuestCalls::Outcome GuestCalls::resume() {
  switch (call_) {
    case Call::none:
      break;
    case Call::send:
      return sent(conversation_.resume_send());
    case Call::await: {
      const kernel::Envelope* end = nullptr;
      Progress progress = conversation_.resume_await(end);
      return awaited(progress, end);
    }
    case Call::read: {
      std::optional<Bytes> state;
      Progress progress = conversation_.resume_get_state(state);
      return read(progress, state);
    }
    case Call::spawn: {
      Spawned child;
      Progress progress = conversation_.resume_spawn(child);
      return spawned(progress, child);
    }
  }
  return Outcome::done;
}

// ---- messages ------------------------------------------------------------------------------------

std::optional<Arrival> GuestCalls::receive() {
  const kernel::Envelope* envelope = conversation_.receive();
  std::optional<Arrival> arrival = scene_.model.receive(life_, envelope);
  if (arrival) {
    life_.memory.take_in(*arrival, /*awaited=*/false);
    look_at_blobs();
    if (arrival->kind == kernel::Envelope::Kind::request) {
      scene_.overhear(*envelope, *arrival);
    }
  }
  return arrival;
}

void GuestCalls::look_at_blobs() const {
  const Memory& memory = life_.memory;
  auto same = [&](const Blob* got, const std::optional<std::string>& right, std::string_view call) {
    std::string text = got != nullptr ? std::string(got->bytes.text()) : "nothing";
    require(text == right.value_or("nothing"), Invariant::conversation, "{} of {} gives {} in place of {}", call,
            life_.name(), text, right.value_or("nothing"));
  };
  require(conversation_.has_blob() == memory.has_blob, Invariant::conversation, "has-blob of {} is wrong",
          life_.name());
  same(conversation_.get_blob(), memory.has_blob ? memory.last_blob : std::nullopt, "get-blob");
  same(conversation_.last_blob(), memory.last_blob, "last-blob");
}

Sent GuestCalls::prepare(Letter letter) const {
  if (!letter.blob && letter.inherit) {
    letter.blob = life_.memory.inheritable;
  }
  return {.letter = std::move(letter), .handled = life_.memory.handled};
}

GuestCalls::Outcome GuestCalls::send(std::vector<Letter> letters) {
  std::vector<kernel::GuestRequest> requests;
  for (Letter& letter : letters) {
    requests.push_back({letter.target, request_of(letter), bytes_of(letter.context), blob_of(letter.blob)});
    life_.sending.push_back(prepare(std::move(letter)));
  }
  return sent(conversation_.send(std::move(requests)));
}

GuestCalls::Outcome GuestCalls::sent(const Progress& progress) {
  return outcome(Call::send, progress, scene_.model.send_all(life_));
}

GuestCalls::Outcome GuestCalls::send_and_await(Letter letter) {
  letter.context.reset();  // the call has none
  const std::string& node = letter.target.node();
  bool to_itself = letter.target.process() == life_.address.process() && (node == node_name || node == "our");
  const kernel::Envelope* end = nullptr;
  Progress progress =
      conversation_.send_and_await({letter.target, request_of(letter), std::nullopt, blob_of(letter.blob)}, end);
  if (!letter.expects || to_itself) {
    require(progress.kind == Progress::Kind::trap, Invariant::conversation, "{} awaits what never comes", life_.name());
    return Outcome::trapped;
  }
  life_.sending.push_back(prepare(std::move(letter)));
  life_.sending.back().awaited = true;
  return awaited(progress, end);
}

GuestCalls::Outcome GuestCalls::awaited(const Progress& progress, const kernel::Envelope* end) {
  if (!scene_.model.send_all(life_)) {
    return outcome(Call::await, progress, /*done=*/false);
  }
  std::optional<Arrival> arrival = scene_.model.receive_awaited(life_, end);
  if (arrival) {
    life_.memory.take_in(*arrival, /*awaited=*/true);
    look_at_blobs();
  }
  return outcome(Call::await, progress, arrival.has_value());
}

void GuestCalls::respond(Letter letter) {
  Memory& memory = life_.memory;
  conversation_.respond(response_of(letter), blob_of(letter.blob));
  if (letter.inherit && memory.inheritable) {
    letter.blob = memory.inheritable;
  }
  if (memory.handled) {
    scene_.model.respond(life_, Handled(*memory.handled), std::move(letter));
  }
}

// ---- state ---------------------------------------------------------------------------------------

GuestCalls::Outcome GuestCalls::get_state() {
  life_.state_answered = false;
  std::optional<Bytes> state;
  Progress progress = conversation_.get_state(state);
  if (!scene_.profile.slow_reads) {
    scene_.model.answer_read(life_);
  }
  return read(progress, state);
}

GuestCalls::Outcome GuestCalls::read(const Progress& progress, const std::optional<Bytes>& state) {
  life_.waits = life_.state_answered ? Life::Waits::nothing : Life::Waits::state;
  Outcome result = outcome(Call::read, progress, life_.state_answered);
  if (result == Outcome::done) {
    std::string text = state ? std::string(state->text()) : "nothing";
    require(text == life_.state.value_or("nothing"), Invariant::store_is_prefix, "{} reads the state {} in place of {}",
            life_.name(), text, life_.state.value_or("nothing"));
  }
  return result;
}

GuestCalls::Outcome GuestCalls::set_state(std::string state) {
  scene_.trace.note([&] { return fmt::format("{} saves {}", life_.name(), state); });
  Progress progress = conversation_.set_state(Bytes::copy_of(state));
  scene_.model.set_state(life_, std::move(state));
  return outcome(Call::none, progress, /*done=*/true);
}

GuestCalls::Outcome GuestCalls::clear_state() {
  Progress progress = conversation_.clear_state();
  scene_.model.set_state(life_, std::nullopt);
  return outcome(Call::none, progress, /*done=*/true);
}

// ---- the process ---------------------------------------------------------------------------------

GuestCalls::Outcome GuestCalls::spawn(Child child) {
  uint64_t number = scene_.model.next_number();
  std::string path = fmt::format("/m{}/{}", number, guest_program);
  // What the kernel asks the vfs in the guest's name.
  Letter file{.number = number,
              .body = codec::to_text({{"path", path}, {"action", "Read"}}),
              .target = local("vfs:distro:sys"),
              .expects = 5};
  life_.sending.push_back({.letter = std::move(file), .awaited = true});
  child_ = std::move(child);
  Spawned out;
  Progress progress = conversation_.spawn({.name = child_->name,
                                           .wasm_path = path,
                                           .on_exit = child_->on_exit,
                                           .request_capabilities = child_->capabilities,
                                           .grant_capabilities = child_->grants,
                                           .is_public = child_->is_public},
                                          out);
  child_->path = std::move(path);
  return spawned(progress, out);
}

GuestCalls::Outcome GuestCalls::spawned(const Progress& progress, const Spawned& spawned) {
  if (!scene_.model.send_all(life_)) {
    return outcome(Call::spawn, progress, /*done=*/false);
  }
  std::optional<Arrival> file = scene_.model.receive_unseen(life_, progress.kind == Progress::Kind::done);
  if (!file) {
    return outcome(Call::spawn, progress, /*done=*/false);
  }
  require(spawned.has_value(), Invariant::conversation, "spawn of {} gives nothing", life_.name());
  std::optional<ProcessId> made;
  if (*spawned) {
    made = **spawned;
  }
  NewProcess child{.id = ProcessId(child_->name.value_or(made ? std::string(made->process()) : "unnamed"),
                                   life_.address.process().package(), life_.address.process().publisher()),
                   .handle = child_->path,
                   .program = file->letter->blob.value_or(""),
                   .on_exit = std::move(child_->on_exit),
                   .is_public = child_->is_public,
                   .capabilities = std::move(child_->capabilities)};
  bool got_file = file->kind == kernel::Envelope::Kind::response && file->letter->blob;
  bool taken = got_file && (!is_safe_name(child.id.process()) || scene_.model.find(child.id) != nullptr);
  ProcessId id = child.id;
  bool right = got_file && scene_.model.spawn(life_, std::move(child), child_->grants);
  require(right == made.has_value(), Invariant::conversation, "spawn of {} by {} {}", id.text(), life_.name(),
          right ? "fails" : "succeeds");
  if (made) {
    require(*made == id, Invariant::conversation, "{} spawned {} in place of {}", life_.name(), made->text(),
            id.text());
  } else {
    require((spawned->error() == kernel::SpawnError::name_taken) == taken, Invariant::conversation,
            "spawn of {} by {} fails for the wrong reason", id.text(), life_.name());
  }
  return outcome(Call::spawn, progress, /*done=*/true);
}

void GuestCalls::set_on_exit(OnExit on_exit) {
  conversation_.set_on_exit(on_exit);
  Model::filter(life_, on_exit);
  scene_.model.set_on_exit(life_, std::move(on_exit));
}

void GuestCalls::save(const std::vector<Capability>& capabilities) {
  scene_.trace.note([&] { return fmt::format("{} saves {}", life_.name(), describe(capabilities)); });
  conversation_.save_capabilities(capabilities);
  std::vector<Capability> allowed;
  for (const Capability& capability : capabilities) {
    auto received = life_.memory.received.find(key_of(capability));
    if (capability.issuer() == life_.address) {
      allowed.push_back(capability);
    } else if (received != life_.memory.received.end()) {
      allowed.push_back(received->second);
    }
  }
  scene_.model.add(life_, allowed);
}

void GuestCalls::drop(const std::vector<Capability>& capabilities) {
  scene_.trace.note([&] { return fmt::format("{} drops {}", life_.name(), describe(capabilities)); });
  conversation_.drop_capabilities(capabilities);
  scene_.model.drop(life_, capabilities);
}

void GuestCalls::look() const {
  if (life_.ended()) {
    return;
  }
  require(conversation_.our() == life_.address, Invariant::right_receiver, "{} is told it is {}", life_.name(),
          conversation_.our().text());
  require(conversation_.on_exit() == life_.on_exit, Invariant::conversation, "{} is told another on-exit",
          life_.name());
  CapabilityMap held;
  for (const Capability& capability : conversation_.capabilities()) {
    held.emplace(key_of(capability), capability);
  }
  require(held == life_.capabilities, Invariant::granted_before, "{} is told other capabilities than it holds",
          life_.name());
}

}  // namespace kinode::simulation
