#include "node/node.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <unordered_map>

#include "backup/backups.h"
#include "backup/password.h"
#include "backup/plain_folder.h"
#include "backup/tree.h"
#include "base/blocking_pool.h"
#include "base/worker_pool.h"
#include "codec/json.h"
#include "modules/backup/backup_module.h"
#include "modules/database/database_module.h"
#include "modules/http_server/http_server.h"
#include "modules/net/net_module.h"
#include "modules/sqlite/sqlite_engine.h"
#include "modules/state/home_lock.h"
#include "modules/state/kernel_snapshot.h"
#include "modules/state/rocks_journal.h"
#include "modules/state/state_module.h"
#include "modules/terminal/terminal_module.h"
#include "modules/timer/timer_module.h"
#include "modules/vfs/vfs_module.h"
#include "node/log.h"
#include "node/metrics.h"
#include "node/networking.h"
#include "node/own_identity.h"
#include "node/shipped.h"
#include "node/timer_thread.h"
#include "wasm/component_cache.h"
#include "wasm/engine.h"
#include "wasm/factory.h"

namespace kinode::node {
namespace {

constexpr size_t disk_thread_count = 8;
/// Each is held up by one large read or write.
constexpr size_t drive_thread_count = 16;
/// Threads of their own, since a statement may take long: others' files and states do not wait for it.
constexpr size_t sqlite_thread_count = 8;

/// A folder that is there already stays as its owner made it; a new one is for the owner alone.
Result<void> make_home(const std::string& home) {
  std::error_code error;
  if (std::filesystem::is_directory(home, error)) {
    return {};
  }
  bool made = std::filesystem::create_directories(home, error);
  if (made) {
    std::filesystem::permissions(home, std::filesystem::perms::owner_all, error);
  }
  if (error) {
    return fail("cannot make the home {}: {}. Give a folder that this user may write to, or the name of a new one",
                home, error.message());
  }
  return {};
}

std::string what_to_try(const Options& options) {
  return options.detached ? fmt::format("kit inject-message talks to its processes; kill {} stops it", getpid())
                          : "type help for what can be done here; Ctrl-C stops the node";
}

}  // namespace

/// What backups need, in the order in which it is made.
struct Backing {
  crypto::Secret password;
  std::vector<std::unique_ptr<modules::SnapshotSource>> sources;
  std::unique_ptr<backup::SnapshotMaker> snapshots;
  std::unique_ptr<backup::RemoteWorker::Node> node;
  std::unique_ptr<backup::Backups> backups;
};

/// In the order in which they are made; taken down from the bottom up.
struct Node::Parts {
  explicit Parts(Options given) : options(std::move(given)) {}

  Result<void> open_home();
  Result<void> make_kernel(const std::function<void()>& shutdown_requested);
  void add_modules(const std::function<void()>& shutdown_requested);
  void make_backups(const std::string& name, const crypto::SigningKey& key);
  Result<void> boot(std::vector<package::PackageSource> shipped);
  Result<void> load_processes();
  std::string tmp_folder(const ProcessId& process);

  const Options options;
  SystemClock clock;
  SystemRandom random;
  std::optional<modules::HomeLock> lock;
  std::unique_ptr<Log> log;
  std::shared_ptr<modules::HttpListener> http;
  std::unique_ptr<modules::sqlite::SqliteEngine> sqlite;  // the journal flushes it
  std::unique_ptr<modules::RocksJournal> journal;
  std::unique_ptr<modules::vfs::Vfs> vfs;
  modules::database::WorkGate sqlite_gate;
  std::unique_ptr<BlockingPool> disk_threads;
  std::unique_ptr<BlockingPool> drive_threads;
  std::unique_ptr<BlockingPool> sqlite_threads;
  std::unique_ptr<BlockingPool> compile_threads;
  std::shared_ptr<wasm::Engine> engine;
  std::unique_ptr<WorkerPool> workers;
  std::unique_ptr<wasm::ComponentCache> components;
  std::unique_ptr<wasm::WasmFactory> factory;
  std::unique_ptr<TimerThread> timer_thread;
  std::shared_ptr<modules::Timers> timers;
  std::unique_ptr<Networking> networking;
  std::unique_ptr<kernel::Kernel> kernel;
  std::unique_ptr<Backing> backing;
  std::optional<Metrics> metrics;
  // The kernel's:
  modules::HttpServer* http_server = nullptr;
  modules::TerminalModule* terminal = nullptr;
  bool is_booted = false;
};

Result<void> Node::Parts::open_home() {
  Result<void> made = make_home(options.home);
  if (!made) {
    return made;
  }
  Result<modules::HomeLock> taken = modules::HomeLock::take(options.home);
  if (!taken) {
    return std::unexpected(taken.error());
  }
  lock = std::move(*taken);
  modules::HttpSettings settings;
  settings.port = options.port;
  auto listener = modules::HttpListener::open(settings);
  auto opened_log = Log::open(options);
  auto opened_journal = modules::RocksJournal::open(options.home, {.report = [this](const std::string& line) {
                                                      if (log) {
                                                        log->say(line);
                                                      }
                                                    }});
  modules::vfs::Settings drives;
  drives.quota.bytes = options.drive_quota;
  drives.journal = opened_journal ? opened_journal->get() : nullptr;
  auto opened_vfs = modules::vfs::Vfs::open(options.home, drives);
  auto opened_sqlite =
      modules::sqlite::SqliteEngine::open(options.home, {.on_write = [this] { (void)journal->write({}); }});
  if (auto error = codec::first_error(listener, opened_log, opened_journal, opened_vfs, opened_sqlite)) {
    return std::unexpected(*error);
  }
  http = std::move(*listener);
  log = std::move(*opened_log);
  journal = std::move(*opened_journal);
  vfs = std::move(*opened_vfs);
  journal->also_flush(vfs->flush());
  sqlite = std::move(*opened_sqlite);
  journal->also_flush([this] { return sqlite->sync(); });
  return {};
}

Result<void> Node::Parts::make_kernel(const std::function<void()>& shutdown_requested) {
  Result<OwnIdentity> ours = settle_identity(*journal, options);
  if (!ours) {
    return std::unexpected(ours.error());
  }
  const std::string name = ours->name;
  const std::shared_ptr<const crypto::SigningKey> key = ours->key;
  disk_threads = std::make_unique<BlockingPool>("disk", disk_thread_count);
  drive_threads = std::make_unique<BlockingPool>("drive", drive_thread_count);
  sqlite_threads = std::make_unique<BlockingPool>("sqlite", sqlite_thread_count);
  compile_threads = std::make_unique<BlockingPool>("compile", std::max(1U, std::thread::hardware_concurrency()));
  auto started = wasm::Engine::start({});
  if (!started) {
    return std::unexpected(started.error());
  }
  engine = std::move(*started);
  workers = std::make_unique<WorkerPool>(
      WorkerPool::Options{.on_active = [this] { engine->on_active(); }, .preempt = [this] { engine->tick(); }});
  engine->tick_for(*workers);
  std::string cache = options.component_cache.empty() ? options.home + "/cache/components" : options.component_cache;
  components = std::make_unique<wasm::ComponentCache>(
      engine, *compile_threads,
      wasm::ComponentCache::Options{.folder = cache, .announce = [this](const std::string& line) { log->say(line); }});
  factory = std::make_unique<wasm::WasmFactory>(
      *engine, *components,
      wasm::WasmFactory::Options{.tmp_folder = [this](const ProcessId& process) { return tmp_folder(process); }});
  timer_thread = std::make_unique<TimerThread>(clock);
  timers = std::make_shared<modules::Timers>([this](Instant earliest) { timer_thread->notify(earliest); });

  auto opened =
      Networking::open(options, std::move(*ours), *workers, [this](const std::string& line) { log->say(line); });
  if (!opened) {
    return std::unexpected(opened.error());
  }
  networking = std::move(*opened);

  kernel::Limits limits;
  limits.processes = options.max_processes;
  kernel = std::make_unique<kernel::Kernel>(kernel::Kernel::Environment{.node = name,
                                                                        .limits = limits,
                                                                        .clock = clock,
                                                                        .random = random,
                                                                        .executor = *workers,
                                                                        .journal = *journal,
                                                                        .printer = *log,
                                                                        .factory = *factory,
                                                                        .shutdown_requested = shutdown_requested,
                                                                        .network = &networking->network()});
  make_backups(name, *key);
  metrics.emplace(*kernel, *workers, networking->network(), clock);
  kernel->on_deadline([this](Instant earliest) { timer_thread->notify(earliest); });
  timer_thread->add({[this] { return kernel->next_deadline(); }, [this] { kernel->advance(); }});
  timer_thread->add({[this] { return timers->next_deadline(); }, [this] { timers->advance(clock.now()); }});
  add_modules(shutdown_requested);
  timer_thread->start();
  return {};
}

void Node::Parts::make_backups(const std::string& name, const crypto::SigningKey& key) {
  backing = std::make_unique<Backing>();
  backing->password = backup::node_password(key);
  backing->sources.push_back(std::make_unique<modules::KernelSnapshot>(*journal));
  backing->sources.push_back(std::make_unique<backup::PlainFolder>(options.home, "vfs"));
  std::vector<modules::SnapshotSource*> sources;
  for (const auto& source : backing->sources) {
    sources.push_back(source.get());
  }
  backing->snapshots = std::make_unique<backup::SnapshotMaker>(options.home, std::move(sources));
  backing->node.reset(new backup::RemoteWorker::Node{
      .home = options.home,
      .name = name,
      .password = backing->password,
      .take_snapshot = [snapshots = backing->snapshots.get()](Instant since) { return snapshots->take(since); },
      .report = [this](const std::string& line) { log->say(line); },
      .random = random});
}

void Node::Parts::add_modules(const std::function<void()>& shutdown_requested) {
  kernel->add_module(ProcessId("state", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::StateModule>(context, *journal, *disk_threads,
                                                  [this] { return journal->checkpoint(journal->backup_path()); });
  });
  kernel->add_module(ProcessId("vfs", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::vfs::VfsModule>(context, *vfs, *drive_threads);
  });
  kernel->add_module(ProcessId("sqlite", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::database::DatabaseModule>(context, *sqlite, sqlite_gate, *sqlite_threads);
  });
  kernel->add_module(ProcessId("timer", "distro", "sys"), true, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::TimerModule>(context, clock, timers);
  });
  kernel->add_module(modules::net::NetModule::id(), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::net::NetModule>(context, networking->network());
  });
  kernel->add_module(modules::HttpServer::id(), false, [this](kernel::ProcessContext& context) {
    auto module = std::make_unique<modules::HttpServer>(context, http, [this] { return metrics->text(); });
    http_server = module.get();
    return module;
  });
  kernel->add_module(modules::BackupModule::id(), false, [this](kernel::ProcessContext& context) {
    backing->backups = std::make_unique<backup::Backups>(*backing->node);
    return std::make_unique<modules::BackupModule>(context, *backing->backups);
  });
  kernel->add_module(modules::TerminalModule::id(), true, [&](kernel::ProcessContext& context) {
    auto module = std::make_unique<modules::TerminalModule>(
        context,
        modules::TerminalModule::Actions{[this](uint8_t level) { log->set_verbosity(level); }, shutdown_requested});
    terminal = module.get();
    return module;
  });
}

Result<void> Node::Parts::load_processes() {
  std::unordered_map<std::string, Bytes> programs;  // many processes may be of one
  return kernel->load([&](const std::string& handle) -> Result<kernel::Program> {
    auto [program, is_new] = programs.try_emplace(handle);
    if (is_new) {
      Result<Bytes> wasm = vfs->read(handle);
      if (!wasm) {
        programs.erase(program);
        return std::unexpected(wasm.error().at(handle));
      }
      program->second = std::move(*wasm);
    }
    return kernel::Program{program->second, handle, std::nullopt};
  });
}

std::string Node::Parts::tmp_folder(const ProcessId& process) {
  Result<std::string> folder = vfs->host_tmp_dir(process.package_id());
  if (!folder) {
    log->print({1, process, fmt::format("{} has no tmp folder: {}", process.text(), folder.error().message)});
    return {};
  }
  return *folder;
}

Result<void> Node::Parts::boot(std::vector<package::PackageSource> shipped) {
  ShippedPackages packages(*journal, *vfs, [this](const std::string& line) { log->say(line); });
  packages.unpack(std::move(shipped));
  Result<void> loaded = load_processes();
  if (!loaded) {
    return loaded;
  }
  packages.install(*kernel);
  if (Result<void> started = networking->start(*kernel); !started) {
    return started;
  }
  kernel->run_all();
  // Not earlier, so that a request finds every process in its place.
  http->start(*http_server);
  lock->publish_port(http->port());
  return {};
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Node>> Node::start(const Options& options, std::vector<package::PackageSource> shipped,
                                          const std::function<void()>& shutdown_requested) {
  std::unique_ptr<Node> node(new Node(std::make_unique<Parts>(options)));
  Parts& parts = *node->parts_;
  Result<void> step = parts.open_home();
  if (step) {
    step = parts.make_kernel(shutdown_requested);
  }
  if (step) {
    step = parts.boot(std::move(shipped));
  }
  if (!step) {
    return std::unexpected(step.error());
  }
  parts.log->say(fmt::format("{} is ready at http://localhost:{}", node->name(), node->port()));
  parts.log->say(what_to_try(options));
  parts.is_booted = true;
  return node;
}

const std::string& Node::name() const { return parts_->kernel->node(); }
uint16_t Node::port() const { return parts_->http->port(); }
void Node::command(std::string line) { parts_->terminal->line(std::move(line)); }

Node::~Node() {
  Parts& parts = *parts_;
  if (parts.is_booted) {
    parts.log->say("stopping");
  }
  if (parts.backing && parts.backing->backups) {
    parts.backing->backups->request_stop();
  }
  if (parts.components) {
    parts.components->stop();
  }
  if (parts.http) {
    parts.http->stop();
  }
  if (parts.sqlite) {
    parts.sqlite->stop();
  }
  if (parts.kernel) {
    parts.kernel->shutdown();
  }
  if (parts.networking) {
    parts.networking->stop();
  }
  if (parts.workers) {
    parts.workers->stop();
    parts.engine->stop_ticking();
  }
  if (parts.timer_thread) {
    parts.timer_thread->stop();
  }
  // Work still queued there may answer into the kernel, which drops it by now.
  parts.backing.reset();
  parts.compile_threads.reset();
}

}  // namespace kinode::node
