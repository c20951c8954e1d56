#include "wasm/guest.h"

#include <fmt/format.h>

#include <mutex>
#include <string_view>
#include <utility>

#include "kernel/kernel.h"
#include "kernel/process_entry.h"

namespace kinode::wasm {
namespace {

constexpr size_t longest_backtrace = 4 << 10;

// The engine's handle on a process to be polled. Outlives the process where the engine needs it.
struct Waker {
  std::weak_ptr<Task> task;
  Executor& executor;

  void wake() const {
    if (std::shared_ptr<Task> alive = task.lock()) {
      executor.wake(std::move(alive), WakeHint::elsewhere);
    }
  }
  static Waker of(kernel::ProcessContext& context) {
    return {context.entry().weak_from_this(), context.kernel().environment().executor};
  }
};

kn_host host_functions() {
  kn_host functions = GuestHost::functions();
  functions.wake = [](void* waker) { static_cast<Waker*>(waker)->wake(); };
  functions.release_waker = [](void* waker) { delete static_cast<Waker*>(waker); };
  return functions;
}

std::string_view kind_text(kn_end_kind kind) {
  switch (kind) {
    case KN_END_TRAPPED:
      return "trapped";
    case KN_END_OUT_OF_MEMORY:
      return "out of memory";
    case KN_END_STACK_OVERFLOW:
      return "stack overflow";
    case KN_END_HOST_REFUSED:
      return "stopped by the node";
    case KN_END_NOT_STARTED:
      return "could not be started";
    case KN_END_EXITED:
      return "exited";
    case KN_END_RETURNED:
      return "returned";
  }
  return "ended";
}

// `text` behind `title`, each line indented, at most `longest` bytes, whole lines.
void append_part(std::string& to, std::string_view title, std::string_view text, size_t longest) {
  if (text.empty()) {
    return;
  }
  to.append("\n").append(title).append(":");
  size_t end = to.size() + longest;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (to.size() + line.size() + 3 > end) {
      to.append("\n  ...");
      return;
    }
    to.append("\n  ").append(line);
  }
}

}  // namespace

struct WasmProcess::Arrival {
  std::mutex mutex;
  std::optional<ComponentCache::Found> found;
};

WasmProcess::WasmProcess(kernel::ProcessContext& context, const kernel::Program& program, const GuestSettings& settings,
                         ComponentCache& cache, std::string tmp_folder, MachineRoom::Place place)
    : context_(context),
      settings_(settings),
      cache_(cache),
      place_(std::move(place)),
      beginning_(std::make_unique<Beginning>(program.wasm, program.handle, std::move(tmp_folder), nullptr)),
      host_(context, settings.output) {}

WasmProcess::~WasmProcess() {
  if (process_ != nullptr) {
    kn_process_delete(process_);
  }
}

std::optional<ComponentCache::Found> WasmProcess::find_component() {
  if (!beginning_->arrival) {
    if (std::optional<ComponentCache::Found> found = cache_.find(beginning_->wasm)) {
      return found;
    }
    beginning_->arrival = std::make_shared<Arrival>();
    cache_.get(beginning_->wasm, beginning_->name.empty() ? context_.our().process().text() : beginning_->name,
               [arrival = beginning_->arrival, waker = Waker::of(context_)](ComponentCache::Found found) {
                 {
                   std::lock_guard lock(arrival->mutex);
                   arrival->found = std::move(found);
                 }
                 waker.wake();
               });
  }
  std::lock_guard lock(beginning_->arrival->mutex);
  return beginning_->arrival->found;
}

void WasmProcess::start(const Component& component) {
  std::string our = context_.our().text();
  const ProcessLimits& limits = settings_.limits;
  kn_process_options options{.our = view(std::string_view(our)),
                             .memory_limit = limits.memory,
                             .table_limit = limits.table,
                             .call_limit = limits.call,
                             .tmp = {view(std::string_view(beginning_->tmp_folder)), !beginning_->tmp_folder.empty()},
                             .dense = place_.is_dense()};
  static const kn_host functions = host_functions();
  process_ = kn_process_new(component.get(), &options, &functions, &host_, new Waker(Waker::of(context_)));
  beginning_.reset();
}

kernel::Process::Poll WasmProcess::poll() {
  if (process_ == nullptr) {
    std::optional<ComponentCache::Found> found = find_component();
    if (!found) {
      return {};
    }
    if (!*found) {
      return {Status::exited, {true, "could not be started: " + found->error().message}};
    }
    start(***found);
  }
  switch (kn_process_poll(process_)) {
    case KN_POLL_WAITING:
      return {};
    case KN_POLL_YIELDED:
      return {Status::yielded, {}};
    case KN_POLL_ENDED:
      break;
  }
  return {Status::exited, exit()};
}

kernel::Exit WasmProcess::exit() {
  kn_end end = kn_process_end(process_);
  Output* output = host_.output();
  if (output != nullptr) {
    output->finish();
  }
  if (end.kind == KN_END_RETURNED) {
    return {};
  }
  std::string_view message = text_of(end.message);
  std::string reason(kind_text(end.kind));
  if (!message.empty()) {
    reason = message.starts_with(reason) ? std::string(message) : fmt::format("{}: {}", reason, message);
  }
  append_part(reason, "in", text_of(end.backtrace), longest_backtrace);
  if (output != nullptr) {
    append_part(reason, "standard error ended with", output->last_errors(), 2 * settings_.output.kept_errors);
  }
  return {true, std::move(reason)};
}

}  // namespace kinode::wasm
