#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

/// A listing: what a publisher says of a package, signed (docs/formats/listing.md). Values; nothing is awaited.
namespace app_store {

struct Listing {
  kinode::PackageId package;
  /// Grows with every listing of the package.
  uint64_t serial = 0;
  /// metadata.json as it was published, byte for byte; empty: the package is withdrawn.
  std::string metadata;
  /// Ed25519, 64 bytes, by chain:app-store:sys on the publisher's node, of `signed_bytes`.
  kinode::Bytes signature;

  bool is_withdrawn() const { return metadata.empty(); }
};

inline constexpr size_t longest_metadata = 16'384;

/// What a listing may say of a package: metadata.json names it, its current version, and that version's hash; or it is
/// empty. Else what is wrong.
std::expected<void, std::string> check_metadata(const kinode::PackageId& package, std::string_view metadata);

/// What the signature covers, after the address of the signing process (kinode/net.h).
kinode::Bytes signed_bytes(const Listing& listing);

/// `{"package_id","serial","metadata","signature"}`. What is read is well formed; the signature was not looked at.
kinode::Json to_json(const Listing& listing);
std::expected<Listing, std::string> listing_of(const kinode::Json& json);

/// metadata.json as it stands in messages: `code_hashes` is `[[version,hash],...]`, each field is there, and what is
/// no part of it is not. Null if the text is no such thing.
kinode::Json message_metadata(std::string_view metadata);

/// The hash of the version that such metadata call the current one; empty: there is none.
std::string current_hash(const kinode::Json& message_metadata);

}  // namespace app_store
