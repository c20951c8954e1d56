#include "kernel/commands.h"

#include "codec/json.h"
#include "kernel/capability_store.h"

namespace kinode::kernel {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

/// An answer that the reference does not give: there, the sender waits for its timeout (defect L13).
std::string error_answer(const std::string& message) { return codec::to_text({{"Err", message}}); }
std::string done_answer() { return "\"Ok\""; }

}  // namespace

void Commands::print(uint8_t verbosity, std::string text) const {
  kernel_.environment().printer.print({verbosity, address_.process(), std::move(text)});
}

std::optional<std::string> Commands::execute(ProcessEntry& from, const Request& request,
                                             const std::optional<Blob>& blob) {
  Result<codec::KernelCommand> command = codec::parse_kernel_command(request.body.text());
  if (!command) {
    print(0, fmt::format("command from {} not understood: {}", from.id().text(), command.error().message));
    return error_answer(command.error().message);
  }
  return execute(from, *command, request, blob);
}

std::optional<std::string> Commands::execute(ProcessEntry& from, codec::KernelCommand& command, const Request& request,
                                             const std::optional<Blob>& blob) {
  using Answer = std::optional<std::string>;
  return std::visit(
      Overloaded{
          [&](codec::InitializeProcess& initialize_command) -> Answer {
            return initialize(from, initialize_command, blob);
          },
          [&](const codec::RunProcess& run) -> Answer {
            Result<void> started = kernel_.run(run.id);
            if (!started) {
              print(2, fmt::format("RunProcess: {}", started.error().message));
            }
            return started ? codec::started_process() : codec::run_process_error();
          },
          [&](const codec::KillProcess& kill_command) -> Answer { return kill(kill_command, request); },
          [&](const codec::GrantCapabilities& grant) -> Answer {
            Result<void> granted = kernel_.promise(grant.target, grant.capabilities);
            return granted ? done_answer() : error_answer(granted.error().message);
          },
          [&](const codec::DropCapabilities& drop) -> Answer {
            kernel_.drop(drop.target, drop.capabilities);
            return done_answer();
          },
          [&](codec::SetOnExit& set) -> Answer {
            bool known = kernel_.set_on_exit(set.target, std::move(set.on_exit));
            return known ? done_answer() : error_answer(fmt::format("{}: no such process", set.target.text()));
          },
          [&](const codec::Booted&) -> Answer {
            return error_answer("Booted is for the runtime alone");  // defect S7
          },
          [&](const codec::Shutdown&) -> Answer {
            print(0, fmt::format("shutdown asked for by {}", from.id().text()));
            if (kernel_.environment().shutdown_requested) {
              kernel_.environment().shutdown_requested();
            }
            return std::nullopt;
          },
          [&](const codec::DebugProcessMap&) -> Answer { return codec::debug_process_map(kernel_.process_map()); },
          [&](const codec::DebugProcess& debug) -> Answer { return codec::debug_process(kernel_.process(debug.id)); },
          [&](const codec::DebugHasCap& debug) -> Answer {
            return codec::debug_has_cap(
                kernel_.exists(debug.on) ? std::optional(kernel_.holds(debug.on, debug.capability)) : std::nullopt);
          },
      },
      command);
}

std::string Commands::initialize(ProcessEntry& from, codec::InitializeProcess& command,
                                 const std::optional<Blob>& blob) {
  auto refuse = [&](std::string_view reason) {
    print(0, fmt::format("InitializeProcess {} from {}: {}", command.id.text(), from.id().text(), reason));
    return codec::initialize_process_error();
  };
  if (!blob) {
    return refuse("no blob with the component; send its bytes as the request's blob");
  }
  std::vector<AttachedCapability> allowed;
  for (const Capability& capability : command.initial_capabilities) {
    if (std::optional<AttachedCapability> held = CapabilityStore::find(from, capability)) {
      allowed.push_back(std::move(*held));
    } else {
      print(0, fmt::format("InitializeProcess {}: {} does not hold {} {} and cannot pass it on", command.id.text(),
                           from.id().text(), capability.issuer().text(), capability.params()));
    }
  }
  Result<void> made = kernel_.initialize({.id = command.id,
                                          .program = {blob->bytes, command.wasm_bytes_handle, command.wit_version},
                                          .on_exit = std::move(command.on_exit),
                                          .is_public = command.is_public,
                                          .capabilities = {},
                                          .passed_on = std::move(allowed)});
  if (!made) {
    return refuse(made.error().message);
  }
  kernel_.grant(from.id(), {Capability::messaging(kernel_.local(command.id))});
  return codec::initialized_process();
}

std::optional<std::string> Commands::kill(const codec::KillProcess& command, const Request& request) {
  bool revoke = request.metadata != "no-revoke";
  if (!kernel_.kill(command.id, revoke)) {
    print(2, fmt::format("KillProcess: no process {}", command.id.text()));
    return error_answer(fmt::format("{}: no such process", command.id.text()));
  }
  print(request.expects_response ? 0 : 2, fmt::format("killed process {}", command.id.text()));
  return codec::killed_process(command.id);
}

}  // namespace kinode::kernel
