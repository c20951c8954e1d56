#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

/// The JSON that the store's processes and other nodes' stores say to each other (packages-and-kit.md 3.2, 3.3). What
/// is read was written by anybody: names that would become part of a path are checked here.
namespace app_store {

/// `{"Name":arguments}`, or `"Name"` with null arguments; of 64 KiB at most.
struct Named {
  std::string name;
  kinode::Json arguments;
};
std::optional<Named> named_of(std::string_view body);
std::string named(const char* name, kinode::Json arguments);

/// One version of a package. Both parts are safe in paths, and the package is one that may be installed.
struct Version {
  kinode::PackageId package;
  std::string hash;

  bool operator==(const Version&) const = default;
};
/// From `package_id` and the member `hash_field`.
std::optional<Version> version_of(const kinode::Json& arguments, std::string_view hash_field = "version_hash");

/// A package id that may be installed.
std::optional<kinode::PackageId> package_of(const kinode::Json& json);

// ---- answers of downloads ------------------------------------------------------------------------

inline const kinode::Json success = "Success";
/// A kind of error as it stands in an answer and in `DownloadComplete`: a name, or an object of one.
using DownloadError = kinode::Json;
kinode::Json err(DownloadError error);
/// What the protocol has no name for.
DownloadError handling_error(std::string_view text);
DownloadError hash_mismatch(std::string_view desired, std::string_view actual);
/// The error in another node's answer; nothing: it says `"Success"`.
std::optional<DownloadError> error_of(std::string_view answer);

// ---- between the workers of a transfer ------------------------------------------------------------

/// What a provider sends in one message.
inline constexpr uint64_t chunk_bytes = 262'144;
/// The longest zip that is fetched.
inline constexpr uint64_t longest_zip = uint64_t{1} << 30U;

/// Where a zip stands that arrives in chunks: each must begin where the one before ended.
class Arrival {
 public:
  explicit Arrival(Version version) : version_(std::move(version)) {}

  /// From `Size`, once. Else why the transfer cannot go on.
  std::expected<void, std::string> begin(const kinode::Json& arguments);
  /// From `Chunk`, whose blob has `blob_bytes`.
  std::expected<void, std::string> take(const kinode::Json& arguments, uint64_t blob_bytes);

  bool has_begun() const { return total_.has_value(); }
  bool is_whole() const { return total_ == received_; }
  /// The arguments of `Progress`.
  kinode::Json progress() const;

 private:
  Version version_;
  std::optional<uint64_t> total_;
  uint64_t received_ = 0;
};

/// The arguments of `Progress`, `DownloadComplete` and the like begin with these.
kinode::Json to_json(const Version& version, const char* hash_field = "version_hash");

}  // namespace app_store
