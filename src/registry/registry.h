// Registry: which nodes there are, their keys and how they are reached (networking.md 1).
//
// Several sources feed one table. Where more than one knows a name, the first in the order of `Source` is
// believed; each can take back only what it said itself.
//
// Threads: all are welcome. What `find` gives is immutable and stays good.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "types/identity.h"

namespace kinode::registry {

enum class Source : uint8_t {
  peers_file,  // written by the node's owner
  devnet,      // nodes of this machine
  messages,    // KnsUpdate, by the indexer
};
constexpr size_t source_count = 3;

struct Entry {
  Identity identity;
  crypto::PublicKey key;
};

class Registry {
 public:
  /// Entries one source may have: what the indexer sends is by others.
  static constexpr size_t entry_limit = 1'000'000;

  /// Null if the node is not known.
  [[nodiscard]] std::shared_ptr<const Entry> find(const std::string& name) const;
  [[nodiscard]] size_t size() const;

  /// Adds or replaces what `source` says of a node. Fails where the name or the key is none, or the node
  /// cannot be reached by what is said: then what was known stays (defect B28).
  Result<void> update(Source source, Identity identity);
  /// `source` says all it knows: names that are not among `identities` it no longer knows. Those that
  /// cannot be taken are left out; gives what was wrong with them.
  std::vector<Error> replace(Source source, std::vector<Identity> identities);
  void remove(Source source, const std::string& name);

  /// Called with the name of a node whose entry changed, on the thread that changed it, with nothing
  /// locked. Set before the first update.
  void on_change(std::function<void(const std::string& name)> notify) { notify_ = std::move(notify); }

 private:
  using EntryPointer = std::shared_ptr<const Entry>;
  using Slots = std::array<EntryPointer, source_count>;

  void put(Source source, EntryPointer entry);

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Slots> nodes_;
  std::array<size_t, source_count> sizes_{};
  std::function<void(const std::string&)> notify_;
};

/// An identity as an entry; the error says what is wrong with it.
Result<Entry> check(Identity identity);

}  // namespace kinode::registry
