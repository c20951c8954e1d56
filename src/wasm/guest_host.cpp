#include "wasm/guest_host.h"

#include <exception>
#include <utility>
#include <vector>

#include "base/check.h"
#include "kernel/kernel.h"

namespace kinode::wasm {

using kernel::Envelope;
using kernel::Progress;

// The functions of the table.
struct GuestHost::Calls {
  static GuestHost& host(void* process) { return *static_cast<GuestHost*>(process); }

  // Runs a call; an exception (there is hardly another than want of memory) ends the guest.
  template <class Call>
  static kn_call guarded(void* process, const Call& call) noexcept {
    GuestHost& self = host(process);
    try {
      return call(self);
    } catch (const std::exception& exception) {
      self.waiting_ = false;
      self.trap_reason_ = std::string("the node could not carry out the call: ") + exception.what();
      return KN_CALL_TRAP;
    }
  }
  template <class Call>
  static void quietly(void* process, const Call& call) noexcept {
    guarded(process, [&](GuestHost& self) {
      call(self);
      return KN_CALL_DONE;
    });
  }

  static void print_to_terminal(void* process, uint8_t verbosity, kn_bytes message) {
    quietly(process, [&](GuestHost& self) { self.conversation_.print(verbosity, text_of(message)); });
  }

  static void our(void* process, kn_address* out) { *out = view(host(process).conversation_.our()); }

  // ---- the process ------------------------------------------------------------------------------

  static void get_on_exit(void* process, kn_on_exit* out) {
    *out = {};
    quietly(process, [&](GuestHost& self) { self.translator_.on_exit(self.conversation_.on_exit(), *out); });
  }

  static kn_call set_on_exit(void* process, const kn_on_exit* on_exit) {
    return guarded(process, [&](GuestHost& self) {
      self.conversation_.set_on_exit(self.translator_.on_exit(*on_exit));
      return KN_CALL_DONE;
    });
  }

  static kn_call spawn(void* process, const kn_spawn* spawn, kn_spawn_result* out) {
    return guarded(process, [&](GuestHost& self) {
      std::optional<kernel::Conversation::Spawned> spawned;
      kn_call call = self.settle(self.waiting_ ? self.conversation_.resume_spawn(spawned)
                                               : self.conversation_.spawn(self.translator_.spawn(*spawn), spawned));
      if (call == KN_CALL_DONE) {
        KINODE_CHECK(spawned.has_value());
        if (*spawned) {
          self.child_ = std::move(**spawned);
          *out = {KN_SPAWNED, view(*self.child_)};
        } else {
          bool taken = spawned->error() == kernel::SpawnError::name_taken;
          *out = {taken ? KN_SPAWN_NAME_TAKEN : KN_SPAWN_NO_FILE_AT_PATH, {}};
        }
      }
      return call;
    });
  }

  // ---- state ------------------------------------------------------------------------------------

  static kn_call get_state(void* process, kn_optional_bytes* out) {
    return guarded(process, [&](GuestHost& self) {
      std::optional<Bytes> state;
      kn_call call =
          self.settle(self.waiting_ ? self.conversation_.resume_get_state(state) : self.conversation_.get_state(state));
      if (call == KN_CALL_DONE) {
        self.state_ = std::move(state);
        *out = self.state_ ? kn_optional_bytes{view(*self.state_), true} : kn_optional_bytes{};
      }
      return call;
    });
  }

  static kn_call set_state(void* process, const kn_bytes* state) {
    return guarded(process, [&](GuestHost& self) {
      return self.settle(self.conversation_.set_state(Bytes::copy_of(text_of(*state))));
    });
  }

  static kn_call clear_state(void* process) {
    return guarded(process, [](GuestHost& self) { return self.settle(self.conversation_.clear_state()); });
  }

  // ---- capabilities -----------------------------------------------------------------------------

  static kn_call save_capabilities(void* process, kn_capabilities capabilities) {
    return guarded(process, [&](GuestHost& self) {
      self.conversation_.save_capabilities(self.translator_.capabilities(capabilities));
      return KN_CALL_DONE;
    });
  }

  static kn_call drop_capabilities(void* process, kn_capabilities capabilities) {
    return guarded(process, [&](GuestHost& self) {
      self.conversation_.drop_capabilities(self.translator_.capabilities(capabilities));
      return KN_CALL_DONE;
    });
  }

  static void our_capabilities(void* process, kn_capabilities* out) {
    *out = {};
    quietly(process, [&](GuestHost& self) { self.translator_.capabilities(self.conversation_.capabilities(), *out); });
  }

  // ---- messages ---------------------------------------------------------------------------------

  static kn_call receive(void* process, kn_event* out) {
    return guarded(process, [&](GuestHost& self) {
      const Envelope* envelope = self.conversation_.receive();
      if (envelope == nullptr) {
        return KN_CALL_PENDING;  // there is nothing to resume: it is asked again
      }
      self.translator_.event(*envelope, *out);
      return KN_CALL_DONE;
    });
  }

  static bool has_blob(void* process) { return host(process).conversation_.has_blob(); }

  static bool hand_out(const Blob* blob, kn_blob* out) {
    if (blob != nullptr) {
      *out = view(*blob);
    }
    return blob != nullptr;
  }
  static bool get_blob(void* process, kn_blob* out) { return hand_out(host(process).conversation_.get_blob(), out); }
  static bool last_blob(void* process, kn_blob* out) { return hand_out(host(process).conversation_.last_blob(), out); }

  static kn_call send_requests(void* process, const kn_outgoing* requests, size_t count) {
    return guarded(process, [&](GuestHost& self) {
      if (self.waiting_) {
        return self.settle(self.conversation_.resume_send());
      }
      std::vector<kernel::GuestRequest> taken;
      taken.reserve(count);
      for (size_t i = 0; i < count; ++i) {
        taken.push_back(self.translator_.request(requests[i]));
      }
      return self.settle(self.conversation_.send(std::move(taken)));
    });
  }

  static kn_call send_response(void* process, const kn_response* response, const kn_blob* blob) {
    return guarded(process, [&](GuestHost& self) {
      self.conversation_.respond(self.translator_.response(*response),
                                 blob != nullptr ? std::optional(Translator::blob(*blob)) : std::nullopt);
      return KN_CALL_DONE;
    });
  }

  static kn_call send_and_await_response(void* process, const kn_outgoing* request, kn_event* out) {
    return guarded(process, [&](GuestHost& self) {
      const Envelope* envelope = nullptr;
      kn_call call =
          self.settle(self.waiting_ ? self.conversation_.resume_await(envelope)
                                    : self.conversation_.send_and_await(self.translator_.request(*request), envelope));
      if (call == KN_CALL_DONE) {
        KINODE_CHECK(envelope != nullptr);
        self.translator_.event(*envelope, *out);
      }
      return call;
    });
  }

  // ---- the rest ---------------------------------------------------------------------------------

  static kn_bytes trap_reason(void* process) { return view(std::string_view(host(process).trap_reason_)); }

  static void output(void* process, int stream, kn_bytes text) {
    quietly(process, [&](GuestHost& self) {
      if (!self.output_) {
        self.output_ =
            std::make_unique<Output>(self.context_, self.limits_, self.context_.kernel().environment().clock);
      }
      self.output_->write(stream == 2 ? Output::Stream::error : Output::Stream::out, text_of(text));
    });
  }
};

GuestHost::GuestHost(kernel::ProcessContext& context, const OutputLimits& limits)
    : context_(context),
      limits_(limits),
      conversation_(context),
      translator_([this](const std::string& text) { conversation_.print(1, text); }) {}

kn_call GuestHost::settle(Progress progress) {
  waiting_ = progress.kind == Progress::Kind::pending;
  switch (progress.kind) {
    case Progress::Kind::done:
      return KN_CALL_DONE;
    case Progress::Kind::pending:
      return KN_CALL_PENDING;
    case Progress::Kind::trap:
      trap_reason_ = std::move(progress.trap_reason);
      return KN_CALL_TRAP;
  }
  return KN_CALL_TRAP;
}

kn_host GuestHost::functions() {
  return {.print_to_terminal = Calls::print_to_terminal,
          .our = Calls::our,
          .get_on_exit = Calls::get_on_exit,
          .set_on_exit = Calls::set_on_exit,
          .get_state = Calls::get_state,
          .set_state = Calls::set_state,
          .clear_state = Calls::clear_state,
          .spawn = Calls::spawn,
          .save_capabilities = Calls::save_capabilities,
          .drop_capabilities = Calls::drop_capabilities,
          .our_capabilities = Calls::our_capabilities,
          .receive = Calls::receive,
          .has_blob = Calls::has_blob,
          .get_blob = Calls::get_blob,
          .last_blob = Calls::last_blob,
          .send_requests = Calls::send_requests,
          .send_response = Calls::send_response,
          .send_and_await_response = Calls::send_and_await_response,
          .trap_reason = Calls::trap_reason,
          .output = Calls::output,
          .wake = nullptr,
          .release_waker = nullptr};
}

}  // namespace kinode::wasm
