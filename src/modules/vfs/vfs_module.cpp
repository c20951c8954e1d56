#include "modules/vfs/vfs_module.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace kinode::modules::vfs {
namespace {

const ProcessId& fd_manager() {
  static const ProcessId id("fd-manager", "distro", "sys");
  return id;
}

/// After so many envelopes others get their turn.
constexpr int envelopes_of_one_poll = 256;

}  // namespace

/// What is in work, and whether poll stopped taking because of it.
struct VfsModule::Work {
  std::mutex mutex;
  std::condition_variable idle;
  size_t calls = 0;
  /// Of these, those that wait for an earlier one of their process or for a thread, and their bytes.
  size_t calls_waiting = 0;
  size_t bytes_waiting = 0;
  bool stopped = false;

  /// With the mutex held: whether poll, which stopped, is to be woken.
  bool take_stopped() { return std::exchange(stopped, false); }
};

/// The answer to a request that went well.
struct VfsModule::Done {
  std::string body;
  std::optional<Bytes> blob;

  /// "Ok" if it went well.
  static VfsResult<Done> ok(VfsResult<void> result) {
    if (!result) {
      return std::unexpected(std::move(result.error()));
    }
    return Done{answers::ok(), std::nullopt};
  }
  static VfsResult<Done> bytes(VfsResult<Bytes> result) {
    if (!result) {
      return std::unexpected(std::move(result.error()));
    }
    return Done{answers::read(), std::move(*result)};
  }
  /// What `write` makes of the value.
  template <class Value, class Write>
  static VfsResult<Done> value(const VfsResult<Value>& result, Write write) {
    if (!result) {
      return std::unexpected(result.error());
    }
    return Done{write(*result), std::nullopt};
  }
};

VfsModule::VfsModule(kernel::ProcessContext& context, Vfs& vfs, BlockingPool& pool, ModuleSettings settings)
    : context_(context),
      drives_(vfs.drives()),
      settings_(settings),
      access_(context.our(), [&context](const ProcessId& holder,
                                        const Capability& capability) { return context.holds(holder, capability); }),
      queues_(pool),
      work_(std::make_unique<Work>()) {
  drives_.gate().on_release([this] {
    std::lock_guard lock(work_->mutex);
    if (work_->take_stopped()) {
      context_.wake();
    }
  });
  if (settings_.ask_fd_manager) {
    drives_.handles().on_limit([this] { send_to_fd_manager("\"FdsLimitHit\""); });
  }
}

VfsModule::~VfsModule() {
  drives_.gate().on_release({});
  wait_idle();
  drives_.handles().on_limit({});
}

void VfsModule::wait_idle() {
  std::unique_lock lock(work_->mutex);
  work_->idle.wait(lock, [this] { return work_->calls == 0; });
}

kernel::Process::Poll VfsModule::poll() {
  if (settings_.ask_fd_manager && !asked_fd_manager_) {
    asked_fd_manager_ = true;
    send_to_fd_manager("\"RequestFdsLimit\"");
  }
  for (int i = 0; i < envelopes_of_one_poll; ++i) {
    {
      std::lock_guard lock(work_->mutex);
      work_->stopped = work_->calls_waiting >= settings_.calls_waiting ||
                       work_->bytes_waiting >= settings_.bytes_waiting || drives_.gate().is_held();
      if (work_->stopped) {
        return {};
      }
    }
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (envelope == nullptr) {
      return {};
    }
    take(std::move(*envelope));
  }
  return {.status = Status::yielded, .exit = {}};
}

void VfsModule::take(kernel::Envelope&& envelope) {
  const size_t bytes = envelope.bytes();
  std::optional<Call> call = own_request(context_, std::move(envelope));
  if (!call) {
    return;
  }
  if (call->source().process() == fd_manager()) {
    if (auto limit = parse_fds_limit(call->body())) {
      set_fds_limit(*call, *limit);
      return;
    }
  }
  start(std::move(*call), bytes);
}

void VfsModule::start(Call call, size_t bytes) {
  {
    std::lock_guard lock(work_->mutex);
    ++work_->calls;
    ++work_->calls_waiting;
    work_->bytes_waiting += bytes;
  }
  std::string key = call.source().process().text();
  queues_.submit(key, [this, bytes, call = std::make_shared<Call>(std::move(call))]() mutable {
    {
      std::lock_guard lock(work_->mutex);
      --work_->calls_waiting;
      work_->bytes_waiting -= bytes;
      if (work_->take_stopped()) {
        context_.wake();
      }
    }
    carry_out(*call);
    call.reset();
    // The last words: with no call in work the module may be gone.
    std::lock_guard lock(work_->mutex);
    --work_->calls;
    if (work_->calls == 0) {
      work_->idle.notify_all();
    }
  });
}

void VfsModule::carry_out(const Call& call) {
  VfsResult<Done> done = act(call);
  if (done && call.wants_answer()) {
    std::optional<Blob> blob;
    if (done->blob) {
      blob = Blob{"application/octet-stream", std::move(*done->blob)};
    }
    answer(context_, call, std::move(done->body), std::move(blob), call.request.metadata);
  } else if (!done && call.prompting.expects_response) {
    answer(context_, call, answers::error(done.error()));
  }
  if (!done && done.error().kind == VfsError::Kind::malformed_request) {
    context_.print(2, fmt::format("vfs: malformed request of {}: {}", call.source().text(), done.error().text));
  }
}

VfsResult<VfsModule::Done> VfsModule::act(const Call& call) {
  Result<VfsRequest> request = parse_request(call.body());
  if (!request) {
    return malformed(request.error().message);
  }
  const Action& action = request->action;
  if (action.kind == Action::Kind::read_dir && VfsPath::names_root(request->path)) {
    if (auto allowed = access_.check_root_listing(call.source()); !allowed) {
      return std::unexpected(allowed.error());
    }
    return Done::value(drives_.read_root(), answers::read_dir);
  }
  auto path = VfsPath::parse(request->path);
  if (!path) {
    return std::unexpected(path.error());
  }
  std::optional<VfsPath> to;
  if (action.kind == Action::Kind::rename || action.kind == Action::Kind::copy_file) {
    auto parsed = VfsPath::parse(action.new_path);
    if (!parsed) {
      return std::unexpected(parsed.error());
    }
    to = std::move(*parsed);
  }
  if (auto allowed = access_.check(call.source(), action, *path, to); !allowed) {
    return std::unexpected(allowed.error());
  }
  return act_on(call, action, *path, to);
}

VfsResult<VfsModule::Done> VfsModule::act_on(const Call& call, const Action& action, const VfsPath& path,
                                             const std::optional<VfsPath>& to) {
  using Kind = Action::Kind;
  bool needs_blob = action.kind == Kind::write || action.kind == Kind::write_all || action.kind == Kind::append ||
                    action.kind == Kind::add_zip;
  if (needs_blob && !call.blob) {
    return std::unexpected(VfsError{VfsError::Kind::no_blob, "the request has no blob", 0, {}});
  }
  switch (action.kind) {
    case Kind::create_drive:
      return create_drive(call, path);
    case Kind::create_dir:
      return Done::ok(drives_.create_dir(path));
    case Kind::create_dir_all:
      return Done::ok(drives_.create_dir_all(path));
    case Kind::create_file:
      return Done::ok(drives_.create_file(path));
    case Kind::open_file:
      return Done::ok(drives_.open_file(path, action.create));
    case Kind::close_file:
      drives_.close_file(path);
      return Done::ok({});
    case Kind::write:
      return Done::ok(drives_.write(path, call.blob->bytes.span()));
    case Kind::write_all:
      return Done::ok(drives_.write_all(path, call.blob->bytes.span()));
    case Kind::append:
      return Done::ok(drives_.append(path, call.blob->bytes.span()));
    case Kind::sync_all:
      return Done::ok(drives_.sync_all(path));
    case Kind::read:
      return Done::bytes(drives_.read(path));
    case Kind::read_to_end:
      return Done::bytes(drives_.read_to_end(path));
    case Kind::read_exact:
      return Done::bytes(drives_.read_exact(path, action.number));
    case Kind::read_range:
      return Done::bytes(drives_.read_range(path, action.offset, action.number));
    case Kind::read_to_string:
      return Done::value(drives_.read_to_string(path), answers::read_to_string);
    case Kind::read_dir:
      return Done::value(drives_.read_dir(path), answers::read_dir);
    case Kind::seek:
      return Done::value(drives_.seek(path, action.seek), answers::seek_from);
    case Kind::remove_file:
      return Done::ok(drives_.remove_file(path));
    case Kind::remove_dir:
      return Done::ok(drives_.remove_dir(path));
    case Kind::remove_dir_all:
      return Done::ok(drives_.remove_dir_all(path));
    case Kind::rename:
      return Done::ok(drives_.rename(path, *to));
    case Kind::copy_file:
      return Done::ok(drives_.copy_file(path, *to));
    case Kind::metadata:
      return Done::value(drives_.metadata(path), answers::metadata);
    case Kind::len:
      return Done::value(drives_.length(path), answers::len);
    case Kind::set_len:
      return Done::ok(drives_.set_length(path, action.number));
    case Kind::hash:
      return Done::value(drives_.hash(path), answers::hash);
    case Kind::add_zip:
      return Done::ok(drives_.add_zip(path, call.blob->bytes));
  }
  return malformed("no such action");
}

VfsResult<VfsModule::Done> VfsModule::create_drive(const Call& call, const VfsPath& path) {
  Result<Capability> read = drive_capability(context_.our(), Right::read, path);
  Result<Capability> write = drive_capability(context_.our(), Right::write, path);
  if (!read || !write || !context_.grant(call.source().process(), {*read, *write})) {
    return std::unexpected(
        VfsError{VfsError::Kind::add_cap_failed, call.source().text() + " cannot be given capabilities", 0, {}});
  }
  return Done::ok(drives_.create_dir_all(path.drive_root()));
}

void VfsModule::send_to_fd_manager(std::string_view body) {
  kernel::Outgoing outgoing{.target = Address(context_.our().node(), fd_manager()),
                            .request = {.inherit = false,
                                        .expects_response = std::nullopt,
                                        .body = Bytes::copy_of(body),
                                        .metadata = std::nullopt,
                                        .capabilities = {}},
                            .blob = std::nullopt,
                            .context = std::nullopt,
                            .prompting = nullptr,
                            .awaited = false};
  (void)context_.send(outgoing);  // where there is no room it has enough of these
}

void VfsModule::set_fds_limit(const Call& call, uint64_t limit) {
  context_.print(2, fmt::format("vfs: {} sets the limit of open files to {}", call.source().text(), limit));
  drives_.handles().set_limit(limit);
}

}  // namespace kinode::modules::vfs
