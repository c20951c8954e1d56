#include "modules/state/state_module.h"

#include <mutex>
#include <thread>
#include <utility>

#include "codec/json.h"

namespace kinode::modules {
namespace {

using codec::JsonReader;
using codec::JsonVariant;
using nlohmann::ordered_json;

/// More envelopes than this in one poll, and others come first.
constexpr int slice = 256;

std::string key_of(const ProcessId& id) { return "state/" + id.text(); }

bool may_do_all(const ProcessId& source) {
  return source.publisher() == "sys" && (source.package() == "distro" || source.package() == "terminal");
}

struct StateRequest {
  std::string action;
  std::optional<ProcessId> id;  // none: Backup
};

Result<StateRequest> parse(std::string_view body) {
  Result<nlohmann::json> json = codec::parse_json(body);
  if (!json) {
    return std::unexpected(json.error());
  }
  Result<JsonVariant> variant = JsonReader(*json).variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  const std::string& name = variant->name();
  if (name == "Backup") {
    return variant->unit(StateRequest{name, std::nullopt});
  }
  if (name != "GetState" && name != "SetState" && name != "DeleteState") {
    return variant->unknown();
  }
  Result<ProcessId> id = codec::read_process_id(variant->payload());
  if (!id) {
    return std::unexpected(id.error());
  }
  return StateRequest{name, std::move(*id)};
}

void answer_error(kernel::ProcessContext& context, const Call& call, ordered_json error) {
  ordered_json body;
  body["Err"] = std::move(error);
  answer(context, call, codec::to_text(body));
}

ordered_json bad_request(std::string error) { return {{"BadRequest", {{"error", std::move(error)}}}}; }
ordered_json store_error(std::string_view action, const Error& error) {
  return {{"RocksDBError", {{"action", action}, {"error", error.message}}}};
}

}  // namespace

/// A read or a copy that ended.
struct StateModule::Done {
  /// The request of a read; none: a copy.
  std::optional<Call> call;
  std::optional<ProcessId> id;  // of a read
  Result<std::optional<Bytes>> value;
};

/// What other threads reach: it outlives the module where their work does.
struct StateModule::Shared {
  std::mutex mutex;
  kernel::ProcessContext* context;  // null when the module is gone
  std::thread::id polling;          // who needs no wake-up
  std::vector<Done> done;

  void add(Done result) {
    std::lock_guard lock(mutex);
    if (context == nullptr) {
      return;
    }
    done.push_back(std::move(result));
    if (polling != std::this_thread::get_id()) {
      context->wake();
    }
  }
  std::vector<Done> take() {
    std::lock_guard lock(mutex);
    return std::exchange(done, {});
  }
  void set_polling(std::thread::id thread) {
    std::lock_guard lock(mutex);
    polling = thread;
  }
};

StateModule::StateModule(kernel::ProcessContext& context, kernel::Journal& journal, BlockingPool& pool, Backup backup)
    : context_(context),
      journal_(journal),
      pool_(pool),
      backup_(std::move(backup)),
      shared_(std::make_shared<Shared>()) {
  shared_->context = &context;
}

StateModule::~StateModule() {
  std::lock_guard lock(shared_->mutex);
  shared_->context = nullptr;
}

kernel::Process::Poll StateModule::poll() {
  shared_->set_polling(std::this_thread::get_id());
  Poll result;
  for (int i = 0;; ++i) {
    for (Done& done : shared_->take()) {
      finish(std::move(done));
    }
    if (i == slice) {
      result.status = Status::yielded;
      break;
    }
    if (waiting_ >= max_waiting) {
      break;  // until something under way ends
    }
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (!envelope) {
      break;
    }
    if (envelope->kind == kernel::Envelope::Kind::request) {
      take(call_of(std::move(*envelope)));
    }
  }
  // What ended from here on wakes this process; what ended before was taken, or is found now.
  shared_->set_polling({});
  std::vector<Done> last = shared_->take();
  for (Done& done : last) {
    finish(std::move(done));
  }
  return result;
}

void StateModule::take(Call call) {
  if (call.source().node() != context_.our().node()) {
    context_.print(1, fmt::format("state: request from {} ignored: only processes of this node have state here",
                                  call.source().text()));
    return;
  }
  ProcessId sender = call.source().process();
  if (auto busy = busy_.find(sender); busy != busy_.end()) {
    busy->second.push_back(std::move(call));
    ++waiting_;
    return;
  }
  if (start(std::move(call)) == Progress::busy) {
    busy_.try_emplace(std::move(sender));
  }
}

StateModule::Progress StateModule::start(Call&& call) {
  Result<StateRequest> request = parse(call.body());
  if (!request) {
    answer_error(context_, call, {{"BadJson", {{"error", request.error().message}}}});
    return Progress::answered;
  }
  const ProcessId& source = call.source().process();
  const std::string& action = request->action;
  if (request->id != source && !may_do_all(source)) {
    std::string what = request->id ? "the state of " + request->id->text() : "the whole store";
    answer_error(context_, call,
                 bad_request(fmt::format("{}: {} may not use {}, only its own state", action, source.text(), what)));
    return Progress::answered;
  }
  if (action == "Backup") {
    return start_backup(std::move(call));
  }
  if (action == "GetState") {
    return start_get(std::move(call), *request->id);
  }
  kernel::Batch batch;
  if (action == "SetState") {
    if (!call.blob) {
      answer_error(context_, call, {{"BadBytes", {{"action", action}}}});
      return Progress::answered;
    }
    batch.put(key_of(*request->id), call.blob->bytes);
  } else {
    batch.erase(key_of(*request->id));
  }
  Result<uint64_t> written = journal_.write(batch);
  if (written) {
    succeed(call, action);
  } else {
    answer_error(context_, call, store_error(action, written.error()));
  }
  return Progress::answered;
}

StateModule::Progress StateModule::start_get(Call&& call, const ProcessId& id) {
  auto shared_call = std::make_shared<Call>(std::move(call));
  journal_.read_async(key_of(id), [shared = shared_, shared_call, id](Result<std::optional<Bytes>> value) {
    shared->add({std::move(*shared_call), id, std::move(value)});
  });
  return Progress::busy;
}

StateModule::Progress StateModule::start_backup(Call&& call) {
  for_next_backup_.push_back(std::move(call));
  if (in_backup_.empty()) {
    run_backup();
  }
  return Progress::busy;
}

void StateModule::run_backup() {
  in_backup_ = std::exchange(for_next_backup_, {});
  pool_.submit([shared = shared_, backup = backup_] {
    Result<void> made = backup();
    Result<std::optional<Bytes>> value;
    if (!made) {
      value = std::unexpected(made.error());
    }
    shared->add({std::nullopt, std::nullopt, std::move(value)});
  });
}

void StateModule::finish(Done&& done) {
  if (done.call) {
    const Call& call = *done.call;
    if (!done.value) {
      answer_error(context_, call, store_error("GetState", done.value.error()));
    } else if (!*done.value) {
      answer_error(context_, call, {{"NotFound", {{"process_id", done.id->text()}}}});
    } else {
      succeed(call, "GetState", Blob{"application/octet-stream", std::move(**done.value)});
    }
    go_on(call.source().process());
    return;
  }
  std::vector<Call> answered = std::exchange(in_backup_, {});
  if (!for_next_backup_.empty()) {
    run_backup();
  }
  for (const Call& call : answered) {
    if (done.value) {
      succeed(call, "Backup");
    } else {
      answer_error(context_, call, store_error("Backup", done.value.error()));
    }
    go_on(call.source().process());
  }
}

void StateModule::go_on(const ProcessId& sender) {
  auto busy = busy_.find(sender);
  while (!busy->second.empty()) {
    Call next = std::move(busy->second.front());
    busy->second.pop_front();
    --waiting_;
    if (start(std::move(next)) == Progress::busy) {
      return;
    }
  }
  busy_.erase(busy);
}

void StateModule::succeed(const Call& call, std::string_view action, std::optional<Blob> blob) {
  if (call.wants_answer()) {
    answer(context_, call, codec::to_text(action), std::move(blob), call.request.metadata);
  }
}

}  // namespace kinode::modules
