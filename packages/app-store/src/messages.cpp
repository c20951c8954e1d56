#include "messages.h"

#include <utility>

#include "names.h"

namespace app_store {

using kinode::Json;
using kinode::member;
using kinode::number_member;

namespace {

constexpr size_t longest_body = 65'536;

/// An answer of another node, whose error is handed on.
constexpr size_t longest_answer = 1024;

/// A sender may send longer chunks than we do.
constexpr uint64_t longest_chunk = 16 * chunk_bytes;

}  // namespace

std::optional<Named> named_of(std::string_view body) {
  auto json = body.size() > longest_body ? std::nullopt : kinode::parse_json(body);
  if (!json) return std::nullopt;
  if (json->is_string()) return Named{json->get<std::string>(), nullptr};
  if (!json->is_object() || json->size() != 1) return std::nullopt;
  return Named{json->begin().key(), std::move(json->begin().value())};
}

std::string named(const char* name, Json arguments) { return kinode::dump({{name, std::move(arguments)}}); }

std::optional<kinode::PackageId> package_of(const Json& json) {
  auto package = kinode::package_id_of(json);
  if (!package || refusal(*package)) return std::nullopt;
  return package;
}

std::optional<Version> version_of(const Json& arguments, std::string_view hash_field) {
  auto package = package_of(member(arguments, "package_id"));
  auto hash = kinode::text_member(arguments, hash_field);
  if (!package || !hash || !is_hash(*hash)) return std::nullopt;
  return Version{std::move(*package), std::move(*hash)};
}

Json to_json(const Version& version, const char* hash_field) {
  return {{"package_id", kinode::to_json(version.package)}, {hash_field, version.hash}};
}

Json err(DownloadError error) { return {{"Err", std::move(error)}}; }

DownloadError handling_error(std::string_view text) { return {{"HandlingError", text}}; }

DownloadError hash_mismatch(std::string_view desired, std::string_view actual) {
  return {{"HashMismatch", {{"desired", desired}, {"actual", actual}}}};
}

std::optional<DownloadError> error_of(std::string_view answer) {
  const auto json = answer.size() > longest_answer ? std::nullopt : kinode::parse_json(answer);
  if (json && *json == success) return std::nullopt;
  Json error = json ? member(*json, "Err") : Json();
  if (error.is_null()) return handling_error("the mirror gave an answer that is not understood");
  return error;
}

std::expected<void, std::string> Arrival::begin(const Json& arguments) {
  const auto size = number_member(arguments, "size");
  if (total_) return std::unexpected("the mirror told the size twice");
  if (!size || package_of(member(arguments, "package_id")) != version_.package) {
    return std::unexpected("the mirror told the size of another package");
  }
  if (*size > longest_zip) return std::unexpected("the zip is longer than 1 GiB");
  total_ = *size;
  return {};
}

std::expected<void, std::string> Arrival::take(const Json& arguments, uint64_t blob_bytes) {
  const auto offset = number_member(arguments, "offset");
  const auto length = number_member(arguments, "length");
  if (!total_) return std::unexpected("the mirror sent a chunk before the size");
  if (version_of(arguments) != version_) return std::unexpected("the mirror sent a chunk of another version");
  if (!offset || !length || *length != blob_bytes || *length == 0 || *length > longest_chunk) {
    return std::unexpected("the mirror sent a chunk whose length is not what it says");
  }
  if (*offset != received_ || *length > *total_ - received_) {
    return std::unexpected("the mirror sent a chunk that does not follow the one before");
  }
  received_ += *length;
  return {};
}

Json Arrival::progress() const {
  Json json = to_json(version_);
  json["downloaded"] = received_;
  json["total"] = total_.value_or(0);
  return json;
}

}  // namespace app_store
