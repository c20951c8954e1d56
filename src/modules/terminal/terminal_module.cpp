#include "modules/terminal/terminal_module.h"

#include <algorithm>

#include "base/utf8.h"

namespace kinode::modules {
namespace {

constexpr size_t shown_body = 4096;

std::string shown(const Bytes& body) {
  std::string_view text = utf8_prefix(body.text(), shown_body);
  return text.size() < body.size() ? fmt::format("{} [{} bytes more]", text, body.size() - text.size())
                                   : std::string(text);
}

std::string_view on_exit_name(const OnExit& on_exit) {
  switch (on_exit.kind) {
    case OnExit::Kind::none:
      return "None";
    case OnExit::Kind::restart:
      return "Restart";
    case OnExit::Kind::requests:
      return "Requests";
  }
  return "";
}

}  // namespace

void TerminalModule::line(std::string text) {
  {
    std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(text));
  }
  context_.wake();
}

kernel::Process::Poll TerminalModule::poll() {
  std::deque<std::string> lines;
  {
    std::scoped_lock lock(mutex_);
    lines.swap(lines_);
  }
  for (const std::string& text : lines) {
    Result<std::optional<TerminalCommand>> command = parse_command_line(text);
    if (!command) {
      context_.print(0, command.error().message);
    } else if (*command) {
      execute(**command);
    }
  }
  while (std::unique_ptr<kernel::Envelope> envelope = context_.receive()) {
    if (envelope->kind != kernel::Envelope::Kind::request) {
      print_answer(*envelope);
    }
  }
  return {};
}

void TerminalModule::execute(const TerminalCommand& command) {
  if (std::holds_alternative<HelpCommand>(command)) {
    context_.print(0, command_help());
  } else if (std::holds_alternative<ExitCommand>(command)) {
    actions_.exit();
  } else if (const auto* verbosity = std::get_if<VerbosityCommand>(&command)) {
    actions_.set_verbosity(verbosity->level);
    context_.print(0, fmt::format("verbosity {}", verbosity->level));
  } else if (const auto* top = std::get_if<TopCommand>(&command)) {
    top->process ? print_process(*top->process) : print_processes();
  } else if (const auto* kill = std::get_if<KillCommand>(&command)) {
    this->kill(kill->process);
  } else if (const auto* message = std::get_if<MessageCommand>(&command)) {
    send(*message);
  }
}

void TerminalModule::kill(const ProcessId& id) {
  kernel::Kernel& kernel = context_.kernel();
  if (kernel.kill(id, /*revoke=*/true)) {
    print_when_durable(fmt::format("killed process {}", id.text()));
  } else if (kernel.exists(id)) {
    context_.print(0, fmt::format("{} is a part of the node: it ends with it", id.text()));
  } else {
    context_.print(0, fmt::format("no process {}", id.text()));
  }
}

void TerminalModule::print_when_durable(std::string text) const {
  // Nothing of this module is in the callback: it may come after its end.
  kernel::Kernel::Environment& environment = context_.kernel().environment();
  auto print = [&printer = environment.printer, source = context_.our().process(), text = std::move(text)] {
    printer.print({0, source, text});
  };
  environment.journal.when_durable(environment.journal.written(), std::move(print));
}

void TerminalModule::send(const MessageCommand& command) {
  kernel::Outgoing outgoing{
      .target = command.target,
      .request = {.expects_response = command.await_seconds, .body = Bytes::copy_of(command.body)}};
  if (context_.send(outgoing) == kernel::SendStatus::full) {
    context_.print(0, fmt::format("{} has a full mailbox; try again", command.target.text()));
  }
}

void TerminalModule::print_answer(const kernel::Envelope& envelope) {
  if (envelope.kind == kernel::Envelope::Kind::response) {
    print_when_durable(fmt::format("{}: {}", envelope.source.text(), shown(envelope.response().body)));
  } else {
    print_when_durable(fmt::format("{}: {}", envelope.target.text(),
                                   envelope.error == SendErrorKind::offline ? "offline" : "no answer (timeout)"));
  }
}

void TerminalModule::print_processes() const {
  codec::ProcessMap map = context_.kernel().process_map();
  std::string text = fmt::format("{} processes:", map.size());
  for (const auto& [id, entry] : map) {
    text += fmt::format("\n{}  {}{}  {} capabilities", id.text(),
                        entry.wasm_bytes_handle.empty() ? "runtime" : on_exit_name(entry.on_exit),
                        entry.is_public ? "  public" : "", entry.capabilities.size());
  }
  context_.print(0, text);
}

void TerminalModule::print_process(const ProcessId& id) const {
  std::optional<codec::ProcessMapEntry> entry = context_.kernel().process(id);
  if (!entry) {
    context_.print(0, fmt::format("no process {}", id.text()));
    return;
  }
  std::string text = entry->wasm_bytes_handle.empty()
                         ? fmt::format("{}\n  a part of the node", id.text())
                         : fmt::format("{}\n  component {}\n  on exit {}", id.text(), entry->wasm_bytes_handle,
                                       on_exit_name(entry->on_exit));
  text += entry->is_public ? "\n  public" : "\n  not public";
  std::vector<std::string> held;
  for (const Capability& capability : entry->capabilities) {
    held.push_back(fmt::format("\n  may {} at {}", capability.params(), capability.issuer().text()));
  }
  std::ranges::sort(held);
  for (const std::string& line : held) {
    text += line;
  }
  context_.print(0, text);
}

}  // namespace kinode::modules
