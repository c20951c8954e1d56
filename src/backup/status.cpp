#include "backup/status.h"

#include "base/file.h"
#include "codec/json.h"

namespace kinode::backup {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t most_bytes = size_t{1} << 20;

std::filesystem::path path_of(const std::filesystem::path& home, const std::string& remote) {
  return home / "backup" / (remote + ".json");
}

template <class Value, class Write>
Json or_null(const std::optional<Value>& value, Write write) {
  return value ? Json(write(*value)) : Json(nullptr);
}

std::optional<Time> read_time(const codec::JsonReader& reader) { return parse_utc(reader.string().value_or("")); }

std::optional<RemoteStatus::Stored> read_stored(const codec::JsonReader& reader) {
  auto fields = reader.fields({"snapshot", "time", "bytes", "bytes_added"});
  const std::optional<Time> time = fields ? read_time((*fields)["time"]) : std::nullopt;
  if (!time) {
    return std::nullopt;
  }
  return RemoteStatus::Stored{(*fields)["snapshot"].string().value_or(""), *time, (*fields)["bytes"].u64().value_or(0),
                              (*fields)["bytes_added"].u64().value_or(0)};
}

std::optional<RemoteStatus::Failed> read_failed(const codec::JsonReader& reader) {
  auto fields = reader.fields({"text", "time"});
  const std::optional<Time> time = fields ? read_time((*fields)["time"]) : std::nullopt;
  return time ? std::optional(RemoteStatus::Failed{(*fields)["text"].string().value_or(""), *time}) : std::nullopt;
}

std::optional<RemoteStatus::Verified> read_verified(const codec::JsonReader& reader) {
  auto fields = reader.fields({"time", "percent", "error"});
  const std::optional<Time> time = fields ? read_time((*fields)["time"]) : std::nullopt;
  if (!time) {
    return std::nullopt;
  }
  RemoteStatus::Verified verified{*time, (*fields)["percent"].u32().value_or(0), std::nullopt};
  if (Result<std::string> error = (*fields)["error"].string()) {
    verified.error = *error;
  }
  return verified;
}

/// What is kept; the rest is of the running node.
Json kept_json(const RemoteStatus& status) {
  return {{"last", or_null(status.last,
                           [](const auto& last) {
                             return Json{{"snapshot", last.snapshot},
                                         {"time", utc_text(last.time)},
                                         {"bytes", last.bytes},
                                         {"bytes_added", last.bytes_added}};
                           })},
          {"stored_bytes", or_null(status.stored_bytes, [](uint64_t bytes) { return bytes; })},
          {"pending_since", or_null(status.pending_since, utc_text)},
          {"next_try", or_null(status.next_try, utc_text)},
          {"last_error",
           or_null(status.last_error,
                   [](const auto& error) { return Json{{"text", error.text}, {"time", utc_text(error.time)}}; })},
          {"failures", status.failures},
          {"verified", or_null(status.verified,
                               [](const auto& verified) {
                                 return Json{{"time", utc_text(verified.time)},
                                             {"percent", verified.percent},
                                             {"error", codec::to_json(verified.error)}};
                               })},
          {"forgotten", or_null(status.forgotten, utc_text)}};
}

}  // namespace

nlohmann::ordered_json to_json(const RemoteStatus& status) {
  Json json = kept_json(status);
  json["activity"] = status.activity.empty() ? Json(nullptr) : Json(status.activity);
  json["percent"] = status.activity.empty() ? Json(nullptr) : Json(status.percent);
  json["done"] = Json::object();
  for (const RemoteStatus::Done& done : status.done) {
    json["done"][std::to_string(done.ticket)] = codec::to_json(done.error);
  }
  return json;
}

RemoteStatus read_status(const std::filesystem::path& home, const std::string& remote) {
  RemoteStatus status;
  Result<std::optional<std::string>> text = read_file(path_of(home, remote), most_bytes, Links::refused);
  auto json = text && *text ? codec::parse_json(**text) : Result<nlohmann::json>(fail("no file"));
  if (!json) {
    return status;
  }
  auto fields = codec::JsonReader(*json).fields(
      {"last", "stored_bytes", "pending_since", "next_try", "last_error", "failures", "verified", "forgotten"});
  if (!fields) {
    return status;
  }
  status.last = read_stored((*fields)["last"]);
  if (Result<uint64_t> bytes = (*fields)["stored_bytes"].u64()) {
    status.stored_bytes = *bytes;
  }
  status.pending_since = read_time((*fields)["pending_since"]);
  status.next_try = read_time((*fields)["next_try"]);
  status.last_error = read_failed((*fields)["last_error"]);
  status.failures = (*fields)["failures"].u32().value_or(0);
  status.verified = read_verified((*fields)["verified"]);
  status.forgotten = read_time((*fields)["forgotten"]);
  return status;
}

Result<void> write_status(const std::filesystem::path& home, const std::string& remote, const RemoteStatus& status) {
  std::error_code error;
  std::filesystem::create_directories(home / "backup", error);
  if (error) {
    return fail("cannot make {}: {}", (home / "backup").string(), error.message());
  }
  return write_private_file(path_of(home, remote), codec::to_text(kept_json(status)) + "\n", Existing::replaced);
}

void forget_status(const std::filesystem::path& home, const std::string& remote) {
  std::error_code ignored;
  std::filesystem::remove(path_of(home, remote), ignored);
}

}  // namespace kinode::backup
