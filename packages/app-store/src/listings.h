#pragma once

#include <kinode/kv.h>
#include <kinode/process.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "listing.h"

/// The listings that this node knows, in the key-value store: what it has accepted it keeps, and tells others.
///
///     listing/<publisher>/<name>   {"sequence","listing"}
///     sequence/<16 hex digits>     the key of the listing that was accepted as the so many-th
///     key/<publisher>              the publisher's networking key, as it was when its first listing was accepted
///     update/<package>             updates of this package are installed by themselves
///     registry/<node>              a node that is asked for listings
///     seen/<node>                  {"epoch","sequence"}: how much of that node's listings was seen
///     epoch                        a number that no other database has
///
/// A listing is accepted if it is genuine by the key that is kept of its publisher, and newer than the one known.
namespace app_store {

class Listings {
 public:
  template <class T>
  using Result = std::expected<T, std::string>;

  /// Opens the store, or says why it cannot.
  static Result<Listings> open(const kinode::Address& our);

  enum class Verdict {
    accepted,
    /// As new as the one known, or older.
    known,
    /// The publisher's node is not known: it may be later.
    unverifiable,
  };
  /// An error: it is forged, or there are too many.
  Result<Verdict> accept(const Listing& listing);
  /// Signs and accepts a listing of our own. Empty metadata withdraw the package.
  Result<Listing> publish(const kinode::PackageId& package, std::string metadata);

  std::optional<Listing> find(const kinode::PackageId& package) const;
  std::vector<Listing> all() const;
  std::vector<Listing> of(std::string_view publisher) const;

  struct Numbered {
    uint64_t sequence;
    Listing listing;
  };
  /// Those accepted after the number `since`, oldest first; a page of them.
  std::vector<Numbered> since(uint64_t since) const;
  /// The number of the one accepted last.
  uint64_t last() const { return last_; }
  /// Numbers of another epoch are others: the database was lost, and begun anew.
  uint64_t epoch() const { return epoch_; }

  /// From now on another key of the publisher is taken: the one it has when its next listing comes.
  void forget_key(std::string_view publisher) const;

  bool updates_by_itself(const kinode::PackageId& package) const;
  void set_update_by_itself(const kinode::PackageId& package, bool is_on) const;
  std::vector<kinode::PackageId> updated_by_themselves() const;

  std::vector<std::string> registries() const;
  /// False: there are too many.
  bool add_registry(std::string_view node) const;
  void remove_registry(std::string_view node) const;
  /// Up to which number of which of its epochs the listings of another node were seen.
  struct Seen {
    uint64_t epoch = 0;
    uint64_t sequence = 0;
  };
  Seen seen(std::string_view node) const;
  void set_seen(std::string_view node, const Seen& seen) const;
  void forget_seen() const;

 private:
  Listings(kinode::kv::Database database, kinode::Address our) : database_(std::move(database)), our_(std::move(our)) {}

  Result<void> read_counts();
  Result<Verdict> check_key(const Listing& listing) const;
  Result<void> store(const Listing& listing, std::optional<uint64_t> replaced);
  std::optional<Numbered> numbered(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  void set(std::string_view key, std::string_view value) const;
  void erase(std::string_view key) const;
  /// Keys, or entries, that begin so; what cannot be read is told and left out.
  std::vector<kinode::kv::Entry> entries(std::string_view prefix, bool keys_only) const;

  kinode::kv::Database database_;
  kinode::Address our_;
  uint64_t epoch_ = 0;
  uint64_t last_ = 0;
  size_t count_ = 0;
};

}  // namespace app_store
