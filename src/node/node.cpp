#include "node/node.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <unordered_map>

#include "base/blocking_pool.h"
#include "base/worker_pool.h"
#include "codec/json.h"
#include "modules/http_client/http_client_module.h"
#include "modules/http_server/http_server.h"
#include "modules/net/net_module.h"
#include "modules/state/home_lock.h"
#include "modules/timer/timer_module.h"
#include "node/log.h"
#include "node/metrics.h"
#include "node/networking.h"
#include "node/node_backups.h"
#include "node/operator_answers.h"
#include "node/own_identity.h"
#include "node/shipped.h"
#include "node/storage.h"
#include "node/timer_thread.h"
#include "wasm/component_cache.h"
#include "wasm/engine.h"
#include "wasm/factory.h"

namespace kinode::node {
namespace {

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

modules::http_client::Settings http_client_settings(const Options& options) {
  modules::http_client::Settings settings;
  settings.ca_file = options.ca_file;
  settings.local_for_all = options.allow_local_requests;
  return settings;
}

std::string what_to_try(const Options& options) {
  return options.detached ? fmt::format("kit inject-message talks to its processes; kill {} stops it", getpid())
                          : "type help for what can be done here; Ctrl-C stops the node";
}

}  // namespace

/// In the order in which they are made; taken down from the bottom up.
struct Node::Parts {
  explicit Parts(Options given) : options(std::move(given)) {}

  Result<void> open_home();
  Result<void> make_kernel(const std::function<void()>& shutdown_requested);
  void add_modules();
  Result<void> boot(std::vector<package::PackageSource> shipped);
  Result<void> load_processes();
  std::string tmp_folder(const ProcessId& process);

  const Options options;
  SystemClock clock;
  SystemRandom random;
  std::optional<modules::HomeLock> lock;
  std::unique_ptr<Log> log;
  std::shared_ptr<modules::HttpListener> http;
  std::unique_ptr<modules::http_client::HttpClient> http_client;
  std::unique_ptr<Storage> storage;
  std::unique_ptr<OperatorAnswers> printer;
  std::unique_ptr<BlockingPool> compile_threads;
  std::shared_ptr<wasm::Engine> engine;
  std::unique_ptr<WorkerPool> workers;
  std::unique_ptr<wasm::ComponentCache> components;
  std::unique_ptr<wasm::WasmFactory> factory;
  std::unique_ptr<TimerThread> timer_thread;
  std::shared_ptr<modules::Timers> timers;
  std::unique_ptr<Networking> networking;
  std::unique_ptr<kernel::Kernel> kernel;
  std::unique_ptr<NodeBackups> backups;
  std::optional<Metrics> metrics;
  modules::Owner owner;  // until http-server has it
  // The kernel's:
  modules::HttpServer* http_server = nullptr;
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
  settings.response_timeout = std::chrono::seconds(options.http_timeout);
  settings.websockets = options.max_websockets;
  auto listener = modules::HttpListener::open(settings);
  auto opened_log = Log::open(options);
  auto opened_client = modules::http_client::HttpClient::open(http_client_settings(options));
  if (auto error = codec::first_error(listener, opened_log, opened_client)) {
    return std::unexpected(*error);
  }
  http = std::move(*listener);
  http_client = std::move(*opened_client);
  log = std::move(*opened_log);
  auto opened_storage = Storage::open(options, [this](const std::string& line) { log->say(line); });
  if (!opened_storage) {
    return std::unexpected(opened_storage.error());
  }
  storage = std::move(*opened_storage);
  printer = std::make_unique<OperatorAnswers>(storage->journal(), *log);
  return {};
}

Result<void> Node::Parts::make_kernel(const std::function<void()>& shutdown_requested) {
  Result<OwnIdentity> ours = settle_identity(storage->journal(), options);
  if (!ours) {
    return std::unexpected(ours.error());
  }
  const std::string name = ours->name;
  const std::shared_ptr<const crypto::SigningKey> key = ours->key;
  owner = modules::Owner{.token_secret = std::move(ours->token_secret),
                         .password = options.password,
                         .is_for_development = ours->is_for_development};
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
                                                                        .journal = storage->journal(),
                                                                        .printer = *printer,
                                                                        .factory = *factory,
                                                                        .shutdown_requested = shutdown_requested,
                                                                        .network = &networking->network()});
  backups = std::make_unique<NodeBackups>(
      options.home, name, *key, storage->snapshot_sources(), [this](const std::string& line) { log->say(line); },
      random);
  metrics.emplace(*kernel, *workers, networking->network(), clock);
  kernel->on_deadline([this](Instant earliest) { timer_thread->notify(earliest); });
  timer_thread->add({[this] { return kernel->next_deadline(); }, [this] { kernel->advance(); }});
  timer_thread->add({[this] { return timers->next_deadline(); }, [this] { timers->advance(clock.now()); }});
  add_modules();
  timer_thread->start();
  return {};
}

void Node::Parts::add_modules() {
  storage->add_modules(*kernel);
  kernel->add_module(ProcessId("timer", "distro", "sys"), true, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::TimerModule>(context, clock, timers);
  });
  kernel->add_module(modules::net::NetModule::id(), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::net::NetModule>(context, networking->network());
  });
  kernel->add_module(modules::HttpServer::id(), false, [this](kernel::ProcessContext& context) {
    auto module = std::make_unique<modules::HttpServer>(
        context, http,
        modules::HttpServer::Parts{
            .owner = std::move(owner),
            .write_metrics = [this] { return metrics->text(); },
            .time = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }});
    http_server = module.get();
    return module;
  });
  kernel->add_module(modules::http_client::HttpClientModule::id(), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::http_client::HttpClientModule>(context, *http_client);
  });
  backups->start(*kernel);
}

Result<void> Node::Parts::load_processes() {
  std::unordered_map<std::string, Bytes> programs;  // many processes may be of one
  return kernel->load([&](const std::string& handle) -> Result<kernel::Program> {
    auto [program, is_new] = programs.try_emplace(handle);
    if (is_new) {
      Result<Bytes> wasm = storage->vfs().read(handle);
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
  Result<std::string> folder = storage->vfs().host_tmp_dir(process.package_id());
  if (!folder) {
    log->print({1, process, fmt::format("{} has no tmp folder: {}", process.text(), folder.error().message)});
    return {};
  }
  return *folder;
}

Result<void> Node::Parts::boot(std::vector<package::PackageSource> shipped) {
  ShippedPackages packages(storage->journal(), storage->vfs(), [this](const std::string& line) { log->say(line); });
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
Log& Node::log() { return *parts_->log; }

void Node::command(std::string line) {
  static const ProcessId terminal("terminal", "terminal", "sys");
  Result<void> told = parts_->kernel->tell_itself(terminal, {.body = Bytes::from(std::move(line))});
  if (!told) {
    parts_->log->say(fmt::format("what is typed here goes to the package terminal:sys, but {}", told.error().message));
  }
}

Node::~Node() {
  Parts& parts = *parts_;
  if (parts.is_booted) {
    parts.log->say("stopping");
  }
  if (parts.backups) {
    parts.backups->request_stop();
  }
  if (parts.components) {
    parts.components->stop();
  }
  if (parts.http) {
    parts.http->stop();
  }
  if (parts.http_client) {
    parts.http_client->stop();
  }
  if (parts.storage) {
    parts.storage->stop();
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
  parts.backups.reset();
  parts.compile_threads.reset();
}

}  // namespace kinode::node
