#include "wasm/component_cache.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wasm/component_files.h"
#include "wasm/digest.h"

namespace kinode::wasm {
namespace {

// Compiling takes about a second for so much: below it, nobody is told.
constexpr size_t announced_size = 512 << 10;

std::string take(kn_text text) {
  std::string taken(text.data == nullptr ? "" : std::string(text.data, text.size));
  kn_text_delete(text);
  return taken;
}

bool are_same(const Bytes& a, const Bytes& b) {
  return a.size() == b.size() && (a.data() == b.data() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

kn_bytes view(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

}  // namespace

struct ComponentCache::State : std::enable_shared_from_this<State> {
  // What is known of one component.
  struct Slot {
    std::optional<Found> found;  // none while somebody makes it
    std::vector<std::function<void(Found)>> waiting;
    std::list<std::string>::iterator use;  // in `uses`
  };
  struct Made {
    Found found;
    /// An error that may have come of a moment's want of memory is not kept.
    bool lasting = true;
  };
  // Bytes used lately. Held, so that their memory stays theirs.
  struct Recent {
    Bytes wasm;
    std::string digest;
  };

  State(std::shared_ptr<Engine> e, BlockingPool& p, Options o) : engine(std::move(e)), pool(p), options(std::move(o)) {}

  const std::shared_ptr<Engine> engine;
  BlockingPool& pool;
  const Options options;
  std::optional<ComponentFiles> files;
  std::atomic<bool> stopped = false;

  std::mutex mutex;
  std::list<Recent> recents;  // the last used first
  size_t held = 0;
  std::unordered_map<std::string, Slot> slots;  // by digest
  std::list<std::string> uses;                  // digests, the last used first
  Counters counters;

  void announce(const std::string& line) const {
    if (options.announce) {
      options.announce(line);
    }
  }

  // ---- with the mutex ---------------------------------------------------------------------------

  const std::string* known_digest(const Bytes& wasm) {
    for (auto recent = recents.begin(); recent != recents.end(); ++recent) {
      if (are_same(recent->wasm, wasm)) {
        recents.splice(recents.begin(), recents, recent);
        return &recent->digest;
      }
    }
    return nullptr;
  }

  void remember(const Bytes& wasm, const std::string& digest) {
    constexpr size_t most = 64;  // each is compared by size with what is looked for
    if (wasm.size() > options.held_bytes || known_digest(wasm) != nullptr) {
      return;
    }
    recents.push_front({wasm, digest});
    held += wasm.size();
    while (held > options.held_bytes || recents.size() > most) {
      held -= recents.back().wasm.size();
      recents.pop_back();
    }
  }

  // The slot, and whether the caller has to fill it.
  std::pair<Slot*, bool> slot_of(const std::string& digest) {
    auto [at, is_new] = slots.try_emplace(digest);
    if (is_new) {
      uses.push_front(digest);
      at->second.use = uses.begin();
    } else {
      uses.splice(uses.begin(), uses, at->second.use);
    }
    return {&at->second, is_new};
  }

  // Those that somebody waits for stay.
  void forget_oldest(std::vector<Found>& dropped) {
    auto oldest = uses.end();
    while (slots.size() > options.components && oldest != uses.begin()) {
      auto slot = slots.find(*--oldest);
      if (slot->second.found) {
        dropped.push_back(std::move(*slot->second.found));
        slots.erase(slot);
        oldest = uses.erase(oldest);
      }
    }
  }

  // ---- on the pool --------------------------------------------------------------------------------

  void find_or_make(const Bytes& wasm, const std::string& name, std::function<void(Found)> done) {
    if (stopped) {
      done(fail("the node stops"));
      return;
    }
    std::string digest;
    {
      std::lock_guard lock(mutex);
      if (const std::string* known = known_digest(wasm)) {
        digest = *known;
      } else {
        ++counters.hashed;
      }
    }
    if (digest.empty()) {
      digest = sha256_hex(wasm.span());
    }
    std::optional<Found> found;
    {
      std::lock_guard lock(mutex);
      remember(wasm, digest);
      auto [slot, must_make] = slot_of(digest);
      if (!must_make) {
        if (!slot->found) {
          slot->waiting.push_back(std::move(done));
          return;
        }
        found = slot->found;
      }
    }
    if (found) {
      done(std::move(*found));
      return;
    }
    Made made = make(wasm, digest, name);
    std::vector<std::function<void(Found)>> waiting;
    std::vector<Found> dropped;
    {
      std::lock_guard lock(mutex);
      auto slot = slots.find(digest);
      waiting = std::move(slot->second.waiting);
      slot->second.waiting.clear();
      if (made.lasting) {
        slot->second.found = made.found;
      } else {
        uses.erase(slot->second.use);
        slots.erase(slot);
      }
      forget_oldest(dropped);
    }
    done(made.found);
    for (auto& other : waiting) {
      other(made.found);
    }
  }

  Made make(const Bytes& wasm, const std::string& digest, const std::string& name) {
    std::filesystem::path file;
    if (files) {
      file = files->path(digest, engine->compatibility_hash());
      if (std::shared_ptr<const Component> loaded = load(file)) {
        return {loaded};
      }
    }
    kn_component* component = nullptr;
    kn_text error{};
    bool is_long = wasm.size() >= announced_size;
    if (is_long) {
      announce(
          fmt::format("compiling {} ({:.1f} MB): once, then it is kept", name, static_cast<double>(wasm.size()) / 1e6));
    }
    auto begin = std::chrono::steady_clock::now();
    kn_component_status status = kn_component_compile(engine->get(), {wasm.data(), wasm.size()}, &component, &error);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (is_long || seconds.count() > 1) {
      announce(fmt::format("compiled {} in {:.1f} s", name, seconds.count()));
    }
    std::string reason = take(error);
    {
      std::lock_guard lock(mutex);
      ++counters.compiled;
    }
    if (status != KN_COMPONENT_OK) {
      return {fail("{}", explain(status, reason)), status != KN_COMPONENT_INVALID};
    }
    auto made = std::make_shared<const Component>(engine, component);
    if (files) {
      store(file, *made);
    }
    return {made};
  }

  // Null if there is none, or none that can be used.
  std::shared_ptr<const Component> load(const std::filesystem::path& file) {
    if (!files->check(file)) {
      return nullptr;
    }
    kn_component* component = nullptr;
    kn_text error{};
    kn_component_status status = kn_component_load(engine->get(), view(file.native()), &component, &error);
    take(error);
    if (status != KN_COMPONENT_OK) {
      return nullptr;  // compiled anew, and the file replaced
    }
    std::lock_guard lock(mutex);
    ++counters.loaded;
    return std::make_shared<const Component>(engine, component);
  }

  void store(const std::filesystem::path& file, const Component& component) const {
    kn_text compiled = kn_component_serialize(component.get());
    if (compiled.size > 0) {
      Result<void> written = files->write(file, {compiled.data, compiled.size});
      if (!written) {
        announce("a compiled component could not be kept: " + written.error().message);
      }
    }
    kn_text_delete(compiled);
  }

  static std::string explain(kn_component_status status, const std::string& reason) {
    switch (status) {
      case KN_COMPONENT_UNKNOWN_IMPORT:
        return "the component asks for what this node does not offer: " + reason;
      case KN_COMPONENT_INVALID:
        return "the component is not valid: " + reason;
      default:
        return reason;
    }
  }
};

ComponentCache::ComponentCache(std::shared_ptr<Engine> engine, BlockingPool& pool, Options options)
    : state_(std::make_shared<State>(std::move(engine), pool, std::move(options))) {
  if (state_->options.folder.empty()) {
    return;
  }
  Result<ComponentFiles> files = ComponentFiles::open(state_->options.folder, state_->options.disk_limit);
  if (files) {
    state_->files = std::move(*files);
  } else {
    state_->announce("compiled components are not kept on disk, so each start compiles them again: " +
                     files.error().message);
  }
}

ComponentCache::~ComponentCache() = default;

std::optional<ComponentCache::Found> ComponentCache::find(const Bytes& wasm) {
  std::lock_guard lock(state_->mutex);
  const std::string* digest = state_->known_digest(wasm);
  if (digest == nullptr) {
    return std::nullopt;
  }
  auto slot = state_->slots.find(*digest);
  if (slot == state_->slots.end()) {
    return std::nullopt;
  }
  state_->uses.splice(state_->uses.begin(), state_->uses, slot->second.use);
  return slot->second.found;
}

Bytes ComponentCache::deduplicate(Bytes wasm) {
  std::lock_guard lock(state_->mutex);
  return state_->known_digest(wasm) != nullptr ? state_->recents.front().wasm : std::move(wasm);
}

void ComponentCache::get(const Bytes& wasm, const std::string& name, std::function<void(Found)> done) {
  state_->pool.submit([state = state_, wasm, name, done = std::move(done)]() mutable {
    state->find_or_make(wasm, name, std::move(done));
  });
}

void ComponentCache::stop() { state_->stopped = true; }

ComponentCache::Counters ComponentCache::counters() const {
  std::lock_guard lock(state_->mutex);
  return state_->counters;
}

}  // namespace kinode::wasm
