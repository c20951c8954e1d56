#include "listings.h"

#include <kinode/net.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace app_store {

using kinode::Bytes;
using kinode::Json;
using kinode::PackageId;
namespace kv = kinode::kv;

namespace {

constexpr size_t most_listings = 4096;
constexpr size_t most_of_a_publisher = 256;
constexpr size_t most_registries = 32;
constexpr uint64_t page_listings = 32;

std::string key_of(const PackageId& package) {
  return "listing/" + package.publisher_node + '/' + package.package_name;
}

/// Numbers in the order of their texts.
std::string sequence_key(uint64_t sequence) {
  std::string digits(16, '0');
  for (size_t i = digits.size(); i-- > 0; sequence /= 16) digits[i] = "0123456789abcdef"[sequence % 16];
  return "sequence/" + digits;
}

std::string with(const char* prefix, std::string_view rest) { return std::string(prefix).append(rest); }

/// A serial that is higher than all before, also where a publisher's node lost what it knew of them.
uint64_t next_serial(uint64_t last) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return std::max(last + 1, static_cast<uint64_t>(milliseconds));
}

uint64_t new_epoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::optional<Listings::Numbered> numbered_of(std::string_view text) {
  const auto json = kinode::parse_json(text);
  if (!json) return std::nullopt;
  const auto sequence = kinode::number_member(*json, "sequence");
  auto listing = listing_of(kinode::member(*json, "listing"));
  if (!sequence || !listing) return std::nullopt;
  return Listings::Numbered{*sequence, std::move(*listing)};
}

}  // namespace

Listings::Result<Listings> Listings::open(const kinode::Address& our) {
  auto database = kv::Database::open("listings");
  if (!database) return std::unexpected("cannot open the database of listings: " + database.error().text);
  Listings listings(std::move(*database), our);
  auto read = listings.read_counts();
  if (!read) return std::unexpected(std::move(read.error()));
  return listings;
}

Listings::Result<void> Listings::read_counts() {
  count_ = entries("listing/", true).size();
  const auto sequences = entries("sequence/", true);
  if (!sequences.empty()) {
    const std::string digits = sequences.back().key.string().substr(std::string_view("sequence/").size());
    for (const char digit : digits) last_ = last_ * 16 + std::string_view("0123456789abcdef").find(digit);
  }
  const auto epoch = database_.get("epoch");
  if (!epoch) return std::unexpected("cannot read the database of listings: " + epoch.error().text);
  const auto number = *epoch ? kinode::parse_json((*epoch)->text()) : std::nullopt;
  epoch_ = number && number->is_number_unsigned() ? number->get<uint64_t>() : new_epoch();
  if (!number) set("epoch", std::to_string(epoch_));
  return {};
}

// ---- taking in -------------------------------------------------------------------------------------

Listings::Result<Listings::Verdict> Listings::accept(const Listing& listing) {
  const auto known = numbered(key_of(listing.package));
  if (known && known->listing.serial >= listing.serial) return Verdict::known;
  const std::string& publisher = listing.package.publisher_node;
  if (!known) {
    const size_t of_publisher = entries(with("listing/", publisher + '/'), true).size();
    if (count_ >= most_listings || of_publisher >= most_of_a_publisher) {
      return std::unexpected("no room for more listings of " + publisher);
    }
  }
  auto checked = check_key(listing);
  if (!checked || *checked != Verdict::accepted) return checked;
  auto stored = store(listing, known ? std::optional(known->sequence) : std::nullopt);
  if (!stored) return std::unexpected(std::move(stored.error()));
  return Verdict::accepted;
}

Listings::Result<Listings::Verdict> Listings::check_key(const Listing& listing) const {
  const std::string& publisher = listing.package.publisher_node;
  auto key = kinode::net::networking_key(publisher);
  if (!key) return std::unexpected(std::move(key.error()));
  if (!*key) return Verdict::unverifiable;
  // Our own key is ours, whatever it was before.
  const bool is_ours = publisher == our_.node;
  const auto kept = is_ours ? std::nullopt : text(with("key/", publisher));
  if (kept && *kept != **key) {
    return std::unexpected("the key of " + publisher +
                           " is not the one that it had; if that is right, tell chain:app-store:sys "
                           "{\"ForgetKey\":\"" +
                           publisher + "\"}");
  }
  const kinode::Address signer{publisher, our_.process};
  const auto genuine = kinode::net::verify(signer, listing.signature, signed_bytes(listing));
  if (!genuine) return std::unexpected(genuine.error());
  if (!*genuine) return std::unexpected("the signature is not that of " + publisher);
  if (!kept && !is_ours) set(with("key/", publisher), **key);
  return Verdict::accepted;
}

Listings::Result<void> Listings::store(const Listing& listing, std::optional<uint64_t> replaced) {
  const std::string key = key_of(listing.package);
  const uint64_t sequence = last_ + 1;
  const Json record = {{"sequence", sequence}, {"listing", to_json(listing)}};
  const auto failed = [](const kv::Error& error) { return std::unexpected("listing not kept: " + error.text); };
  auto transaction = database_.begin();
  if (!transaction) return failed(transaction.error());
  const kv::Entry entries[] = {{Bytes(key), Bytes(kinode::dump(record))}, {Bytes(sequence_key(sequence)), Bytes(key)}};
  auto done = database_.set_many(entries, *transaction);
  if (done && replaced) done = database_.erase(Bytes(sequence_key(*replaced)), *transaction);
  if (done) done = database_.commit(*transaction);
  if (!done) return failed(done.error());
  last_ = sequence;
  if (!replaced) ++count_;
  return {};
}

Listings::Result<Listing> Listings::publish(const PackageId& package, std::string metadata) {
  const auto known = find(package);
  Listing listing{package, next_serial(known ? known->serial : 0), std::move(metadata), {}};
  auto signature = kinode::net::sign(signed_bytes(listing));
  if (!signature) return std::unexpected(std::move(signature.error()));
  listing.signature = std::move(*signature);
  auto verdict = accept(listing);
  if (!verdict) return std::unexpected(std::move(verdict.error()));
  if (*verdict != Verdict::accepted) return std::unexpected("this node's own key is not known to net:distro:sys");
  return listing;
}

// ---- what there is ---------------------------------------------------------------------------------

std::optional<Listings::Numbered> Listings::numbered(std::string_view key) const {
  const auto record = text(key);
  return record ? numbered_of(*record) : std::nullopt;
}

std::optional<Listing> Listings::find(const PackageId& package) const {
  auto found = numbered(key_of(package));
  if (!found) return std::nullopt;
  return std::move(found->listing);
}

std::vector<Listing> Listings::all() const { return of({}); }

std::vector<Listing> Listings::of(std::string_view publisher) const {
  std::vector<Listing> found;
  const std::string prefix = publisher.empty() ? "listing/" : with("listing/", publisher) + '/';
  for (const kv::Entry& entry : entries(prefix, false)) {
    if (auto each = numbered_of(entry.value.text())) found.push_back(std::move(each->listing));
  }
  return found;
}

std::vector<Listings::Numbered> Listings::since(uint64_t since) const {
  std::vector<Numbered> found;
  const auto page =
      database_.page({.prefix = "sequence/", .from = Bytes(sequence_key(since + 1)), .limit = page_listings});
  if (!page) return found;
  for (const kv::Entry& entry : page->entries) {
    if (auto each = numbered(entry.value.text())) found.push_back(std::move(*each));
  }
  return found;
}

void Listings::forget_key(std::string_view publisher) const { erase(with("key/", publisher)); }

// ---- settings --------------------------------------------------------------------------------------

bool Listings::updates_by_itself(const PackageId& package) const {
  return text(with("update/", package.text())).has_value();
}

void Listings::set_update_by_itself(const PackageId& package, bool is_on) const {
  const std::string key = with("update/", package.text());
  is_on ? set(key, "") : erase(key);
}

std::vector<PackageId> Listings::updated_by_themselves() const {
  std::vector<PackageId> packages;
  for (const kv::Entry& entry : entries("update/", true)) {
    if (auto package = PackageId::parse(entry.key.text().substr(std::string_view("update/").size()))) {
      packages.push_back(std::move(*package));
    }
  }
  return packages;
}

std::vector<std::string> Listings::registries() const {
  std::vector<std::string> nodes;
  for (const kv::Entry& entry : entries("registry/", true)) {
    nodes.emplace_back(entry.key.text().substr(std::string_view("registry/").size()));
  }
  return nodes;
}

bool Listings::add_registry(std::string_view node) const {
  if (entries("registry/", true).size() >= most_registries) return false;
  set(with("registry/", node), "");
  return true;
}

void Listings::remove_registry(std::string_view node) const { erase(with("registry/", node)); }

Listings::Seen Listings::seen(std::string_view node) const {
  const auto kept = text(with("seen/", node));
  const auto json = kept ? kinode::parse_json(*kept) : std::nullopt;
  if (!json) return {};
  return {kinode::number_member(*json, "epoch").value_or(0), kinode::number_member(*json, "sequence").value_or(0)};
}

void Listings::set_seen(std::string_view node, const Seen& seen) const {
  set(with("seen/", node), kinode::dump({{"epoch", seen.epoch}, {"sequence", seen.sequence}}));
}

void Listings::forget_seen() const {
  for (const kv::Entry& entry : entries("seen/", true)) erase(entry.key.text());
}

// ---- the store -------------------------------------------------------------------------------------

std::optional<std::string> Listings::text(std::string_view key) const {
  auto value = database_.get(Bytes(key));
  if (!value) kinode::print(0, "listings: cannot read: " + value.error().text);
  return value && *value ? std::optional((*value)->string()) : std::nullopt;
}

void Listings::set(std::string_view key, std::string_view value) const {
  if (auto done = database_.set(Bytes(key), Bytes(value)); !done) {
    kinode::print(0, "listings: cannot write: " + done.error().text);
  }
}

void Listings::erase(std::string_view key) const {
  if (auto done = database_.erase(Bytes(key)); !done) {
    kinode::print(0, "listings: cannot write: " + done.error().text);
  }
}

std::vector<kv::Entry> Listings::entries(std::string_view prefix, bool keys_only) const {
  std::vector<kv::Entry> found;
  kv::Range range{.prefix = Bytes(prefix), .keys_only = keys_only};
  while (true) {
    auto page = database_.page(range);
    if (!page) {
      kinode::print(0, "listings: cannot read: " + page.error().text);
      return found;
    }
    std::move(page->entries.begin(), page->entries.end(), std::back_inserter(found));
    if (!page->next) return found;
    range.from = std::move(*page->next);
  }
}

}  // namespace app_store
