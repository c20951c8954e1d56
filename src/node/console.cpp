#include "node/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include "node/keyboard.h"
#include "node/log.h"

namespace kinode::node {

using terminal::Key;
using terminal::LineEditor;

Console::Console(Node& node, const Options& options)
    : node_(node), is_detached_(options.detached), history_(options.home + "/.terminal_history") {
  if (!is_detached_ && LineEditor::can_edit()) {
    editor_ = std::make_unique<LineEditor>(history_.load());
  }
}

void Console::run(int stop) {
  if (editor_) {
    node_.log().show_beside([this](const std::function<void()>& write) { editor_->above(write); });
    run_editor(stop);
    node_.log().show_beside({});
    return;
  }
  Keyboard keyboard(is_detached_ ? -1 : STDIN_FILENO);
  while (std::optional<std::string> line = keyboard.next_line(stop)) {
    node_.command(std::move(*line));
  }
}

void Console::run_editor(int stop) {
  const std::string prompt = fmt::format("{} > ", node_.name());
  std::string begun;
  while (std::optional<LineEditor::Typed> typed = editor_->next_line(prompt, stop, begun)) {
    begun.clear();
    if (typed->key) {
      begun = std::move(typed->line);
      take_key(*typed->key, stop);
      continue;
    }
    if (history_.add(typed->line)) {
      editor_->remember(typed->line);
    }
    node_.command(std::move(typed->line));
  }
}

void Console::take_key(Key key, int stop) {
  switch (key) {
    case Key::control_v:
      raise_verbosity();
      break;
    case Key::control_l:
      switch_logging();
      break;
    case Key::control_w:
      edit_process_verbosity(stop);
      break;
  }
}

void Console::raise_verbosity() {
  Log& log = node_.log();
  const uint8_t next = (log.verbosity() + 1) % 4;
  log.set_verbosity(next);
  log.say(fmt::format("verbosity {}: {}", next,
                      next == 0   ? "what is always shown"
                      : next == 1 ? "debugging"
                      : next == 2 ? "detail"
                                  : "everything"));
}

void Console::switch_logging() {
  Log& log = node_.log();
  const bool wanted = !log.logging();
  if (!wanted) {
    log.say("lines are written to no file from now on");
  }
  if (Result<void> switched = log.set_logging(wanted); !switched) {
    log.say(switched.error().message);
  } else if (wanted) {
    log.say("lines are written to files again");
  }
}

void Console::edit_process_verbosity(int stop) {
  Log& log = node_.log();
  log.say(process_verbosity_text(log.process_verbosity()));
  const std::string prompt = "PROCESS 0-3, or mute, or nothing more to clear; Ctrl-W leaves > ";
  while (std::optional<LineEditor::Typed> typed = editor_->next_line(prompt, stop)) {
    if (typed->line.empty() || typed->key == Key::control_w) {
      return;
    }
    if (typed->key) {
      continue;
    }
    ProcessVerbosity settings = log.process_verbosity();
    Result<void> changed = change_process_verbosity(settings, typed->line);
    if (changed) {
      log.set_process_verbosity(settings);
    }
    log.say(changed ? process_verbosity_text(settings) : changed.error().message);
  }
}

}  // namespace kinode::node
