// ComponentCache: components by the SHA-256 of their bytes, in memory and on disk, each compiled once.
//
//   memory   the components used last, and why others can never be had
//   disk     <folder>/<sha256>-<compatibility hash of the engine>.component, so that no restart
//            compiles again; the oldest go when the folder grows over its bound
//
// What lies in the folder is run as machine code: it is used only if it is owned by this process's
// user and no one else may write to it; else nothing is kept on disk, and one line says why. Files are
// written beside and renamed, after they are on disk, and end with a digest; one that is stale or
// damaged is compiled anew.
//
// Hashing costs as much as starting a process, so the bytes used last are remembered (and held, up to a
// bound): the same Bytes, or equal ones, are recognised without it.
//
// Compiling and reading are done on a BlockingPool, never on the calling thread. However many wait for
// one component, it is compiled once. Thread-safe. Work under way keeps what it needs alive; the pool
// must outlive it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/blocking_pool.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wasm/engine.h"

namespace kinode::wasm {

/// A compiled component. Processes made from it do not need it any more.
class Component {
 public:
  Component(std::shared_ptr<Engine> engine, kn_component* component)
      : engine_(std::move(engine)), component_(component) {}
  ~Component() { kn_component_delete(component_); }
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  [[nodiscard]] const kn_component* get() const { return component_; }
  [[nodiscard]] const std::shared_ptr<Engine>& engine() const { return engine_; }

 private:
  std::shared_ptr<Engine> engine_;
  kn_component* component_;
};

class ComponentCache {
 public:
  struct Options {
    /// Made with mode 0700 when it is not there. Empty: nothing is kept on disk.
    std::filesystem::path folder;
    /// Of the folder's files, in bytes.
    uint64_t disk_limit = uint64_t{2} << 30;
    /// Components (and errors) in memory.
    size_t components = 256;
    /// Bytes held to recognise a component without hashing.
    size_t held_bytes = size_t{64} << 20;
    /// Told what a person should know: that a long compilation began and ended, that the folder cannot
    /// be used. Called on a thread of the pool, or by the constructor.
    std::function<void(std::string line)> announce = {};
  };
  /// The component, or why there is none.
  using Found = Result<std::shared_ptr<const Component>>;

  ComponentCache(std::shared_ptr<Engine> engine, BlockingPool& pool, Options options);
  ~ComponentCache();
  ComponentCache(const ComponentCache&) = delete;
  ComponentCache& operator=(const ComponentCache&) = delete;

  /// At once, when the bytes are among those used last; else none.
  [[nodiscard]] std::optional<Found> find(const Bytes& wasm);
  /// Equal bytes among those used last, or these.
  [[nodiscard]] Bytes deduplicate(Bytes wasm);
  /// Calls `done` on a thread of the pool. `name` is for the lines announced.
  void get(const Bytes& wasm, const std::string& name, std::function<void(Found)> done);

  /// From now on, who asks for what is not compiled yet gets an error, so that the pool is soon done.
  void stop();

  struct Counters {
    uint64_t compiled = 0;
    uint64_t loaded = 0;  // from disk
    uint64_t hashed = 0;
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinode::wasm
