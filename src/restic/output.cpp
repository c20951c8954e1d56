// What restic prints, and its addresses.
#include <algorithm>
#include <array>

#include "codec/json.h"
#include "restic/restic.h"

namespace kinode::restic {
namespace {

constexpr size_t longest_url = 4096;
constexpr size_t longest_list = size_t{64} << 20;

uint64_t number_of(const codec::JsonStruct& line, std::string_view name) { return line[name].u64().value_or(0); }

Result<Snapshot> read_snapshot(const codec::JsonReader& reader) {
  auto fields = reader.fields({"id", "time", "hostname", "tags"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<std::string> id = (*fields)["id"].string();
  Result<std::string> time = (*fields)["time"].string();
  Result<std::string> host = (*fields)["hostname"].string();
  auto tags =
      (*fields)["tags"].optional([](const codec::JsonReader& list) { return list.list(&codec::JsonReader::string); });
  if (auto error = codec::first_error(id, time, host, tags)) {
    return std::unexpected(*error);
  }
  // Whole seconds of UTC: restic is told so.
  constexpr size_t seconds_end = 19;
  if (time->size() <= seconds_end || !time->ends_with('Z')) {
    return fail("a snapshot's time is '{}', which is not one of UTC", *time);
  }
  return Snapshot{std::move(*id), time->substr(0, seconds_end) + "Z", std::move(*host),
                  tags->value_or(std::vector<std::string>())};
}

}  // namespace

Result<void> check_url(const std::string& url) {
  constexpr std::array schemes{"sftp:", "s3:", "rest:", "rclone:", "b2:", "azure:", "gs:", "swift:", "local:"};
  if (url.size() > longest_url || std::ranges::any_of(url, [](unsigned char c) { return c < ' ' || c == 127; })) {
    return fail("an address of a repository is one line of {} bytes at most", longest_url);
  }
  const auto fits = [&](std::string_view scheme) { return url.starts_with(scheme) && url.size() > scheme.size(); };
  if (url.starts_with('/') || std::ranges::any_of(schemes, fits)) {
    return {};
  }
  return fail(
      "'{}' is not the address of a repository: give a folder by its whole path, sftp:USER@HOST:/PATH, "
      "s3:https://HOST/BUCKET, rest:https://HOST/, or rclone:REMOTE:PATH",
      shown_url(url));
}

std::string shown_url(const std::string& url) {
  const size_t host = url.find("://");
  if (host == std::string::npos) {
    return url;
  }
  const size_t begin = host + 3;
  const size_t end = std::min(url.find('/', begin), url.size());
  const size_t at = url.rfind('@', end);
  if (at == std::string::npos || at < begin) {
    return url;
  }
  const size_t colon = url.find(':', begin);
  return colon < at ? url.substr(0, colon) + ":***" + url.substr(at) : url;
}

Result<std::vector<Snapshot>> parse_snapshots(std::string_view json) {
  if (json == "null\n" || json == "null") {
    return std::vector<Snapshot>();
  }
  auto tree = codec::parse_json(json, {.size = longest_list});
  if (!tree) {
    return std::unexpected(tree.error());
  }
  return codec::JsonReader(*tree).list(read_snapshot);
}

Result<uint64_t> parse_total_size(std::string_view json) {
  auto tree = codec::parse_json(json);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  auto fields = codec::JsonReader(*tree).fields({"total_size"});
  return fields ? (*fields)["total_size"].u64() : std::unexpected(fields.error());
}

BackupLine parse_backup_line(std::string_view line) {
  auto tree = codec::parse_json(line);
  if (!tree || !tree->is_object()) {
    return {};
  }
  auto fields = codec::JsonReader(*tree).fields({"message_type", "percent_done", "bytes_done", "total_bytes",
                                                 "snapshot_id", "total_bytes_processed", "data_added",
                                                 "total_files_processed", "files_new", "files_changed"});
  if (!fields) {
    return {};
  }
  const std::string type = (*fields)["message_type"].string().value_or("");
  if (type == "status") {
    const double part = (*fields)["percent_done"].number().value_or(0);
    return {.progress = Progress{std::clamp(part, 0.0, 1.0), number_of(*fields, "bytes_done"),
                                 number_of(*fields, "total_bytes")}};
  }
  if (type == "summary") {
    return {.summary =
                Summary{(*fields)["snapshot_id"].string().value_or(""), number_of(*fields, "total_bytes_processed"),
                        number_of(*fields, "data_added"), number_of(*fields, "total_files_processed"),
                        number_of(*fields, "files_new") + number_of(*fields, "files_changed")}};
  }
  return {};
}

}  // namespace kinode::restic
