#include "modules/vfs/vfs_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/json.h"

namespace kinode::modules::vfs {
namespace {

using codec::JsonReader;
using codec::JsonVariant;
using Json = nlohmann::ordered_json;

constexpr auto unit_actions = std::to_array<std::pair<std::string_view, Action::Kind>>({
    {"CreateDrive", Action::Kind::create_drive},
    {"CreateDir", Action::Kind::create_dir},
    {"CreateDirAll", Action::Kind::create_dir_all},
    {"CreateFile", Action::Kind::create_file},
    {"CloseFile", Action::Kind::close_file},
    {"Write", Action::Kind::write},
    {"WriteAll", Action::Kind::write_all},
    {"Append", Action::Kind::append},
    {"SyncAll", Action::Kind::sync_all},
    {"Read", Action::Kind::read},
    {"ReadToEnd", Action::Kind::read_to_end},
    {"ReadToString", Action::Kind::read_to_string},
    {"ReadDir", Action::Kind::read_dir},
    {"RemoveFile", Action::Kind::remove_file},
    {"RemoveDir", Action::Kind::remove_dir},
    {"RemoveDirAll", Action::Kind::remove_dir_all},
    {"Metadata", Action::Kind::metadata},
    {"Len", Action::Kind::len},
    {"Hash", Action::Kind::hash},
    {"AddZip", Action::Kind::add_zip},
});

Result<Action> read_new_path(Action::Kind kind, const JsonReader& payload) {
  auto fields = payload.fields({"new_path"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto new_path = (*fields)["new_path"].string();
  if (!new_path) {
    return std::unexpected(new_path.error());
  }
  return Action{.kind = kind, .new_path = std::move(*new_path)};
}

Result<Action> read_seek(const JsonReader& payload) {
  auto from = payload.variant();
  if (!from) {
    return std::unexpected(from.error());
  }
  SeekFrom seek;
  std::optional<Error> error;
  if (from->name() == "Start") {
    auto start = from->payload().u64();
    error = codec::first_error(start);
    seek = {SeekFrom::Kind::start, start.value_or(0), 0};
  } else if (from->name() == "End" || from->name() == "Current") {
    auto offset = from->payload().i64();
    error = codec::first_error(offset);
    seek = {from->name() == "End" ? SeekFrom::Kind::end : SeekFrom::Kind::current, 0, offset.value_or(0)};
  } else {
    return from->unknown();
  }
  if (error) {
    return std::unexpected(*error);
  }
  return Action{.kind = Action::Kind::seek, .seek = seek};
}

Result<Action> read_range(const JsonReader& payload) {
  auto fields = payload.fields({"offset", "length"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto offset = (*fields)["offset"].u64();
  auto length = (*fields)["length"].u64();
  if (auto error = codec::first_error(offset, length)) {
    return std::unexpected(*error);
  }
  return Action{.kind = Action::Kind::read_range, .number = *length, .offset = *offset};
}

Result<Action> read_action(const JsonVariant& variant) {
  const std::string& name = variant.name();
  if (const auto* unit = std::ranges::find(unit_actions, name, [](const auto& pair) { return pair.first; });
      unit != unit_actions.end()) {
    if (auto empty = variant.unit(); !empty) {
      return std::unexpected(empty.error());
    }
    return Action{.kind = unit->second};
  }
  if (name == "OpenFile") {
    auto fields = variant.payload().fields({"create"});
    auto create = fields ? (*fields)["create"].boolean() : Result<bool>(std::unexpected(fields.error()));
    if (!create) {
      return std::unexpected(create.error());
    }
    return Action{.kind = Action::Kind::open_file, .create = *create};
  }
  if (name == "ReadExact") {
    auto fields = variant.payload().fields({"length"});
    auto length = fields ? (*fields)["length"].u64() : Result<uint64_t>(std::unexpected(fields.error()));
    if (!length) {
      return std::unexpected(length.error());
    }
    return Action{.kind = Action::Kind::read_exact, .number = *length};
  }
  if (name == "ReadRange") {
    return read_range(variant.payload());
  }
  if (name == "SetLen") {
    auto length = variant.payload().u64();
    if (!length) {
      return std::unexpected(length.error());
    }
    return Action{.kind = Action::Kind::set_len, .number = *length};
  }
  if (name == "Seek") {
    return read_seek(variant.payload());
  }
  if (name == "Rename" || name == "CopyFile") {
    return read_new_path(name == "Rename" ? Action::Kind::rename : Action::Kind::copy_file, variant.payload());
  }
  return variant.unknown();
}

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::file:
      return "File";
    case FileKind::directory:
      return "Directory";
    case FileKind::symlink:
      return "Symlink";
    case FileKind::other:
      return "Other";
  }
  return "Other";
}

std::string tagged(const char* name, Json value) {
  Json whole;
  whole[name] = std::move(value);
  return codec::to_text(whole);
}

}  // namespace

Result<VfsRequest> parse_request(std::string_view body) {
  Result<nlohmann::json> tree = codec::parse_json(body);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  auto fields = JsonReader(*tree).fields({"path", "action"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto path = (*fields)["path"].string();
  auto variant = (*fields)["action"].variant();
  if (auto error = codec::first_error(path, variant)) {
    return std::unexpected(*error);
  }
  Result<Action> action = read_action(*variant);
  if (!action) {
    return std::unexpected(action.error());
  }
  return VfsRequest{std::move(*path), std::move(*action)};
}

std::optional<uint64_t> parse_fds_limit(std::string_view body) {
  Result<nlohmann::json> tree = codec::parse_json(body);
  if (!tree) {
    return std::nullopt;
  }
  auto variant = JsonReader(*tree).variant();
  if (!variant || variant->name() != "FdsLimit") {
    return std::nullopt;
  }
  auto limit = variant->payload().u64();
  return limit ? std::optional(*limit) : std::nullopt;
}

namespace answers {

std::string ok() { return "\"Ok\""; }

std::string read() { return "\"Read\""; }

std::string read_to_string(std::string_view text) { return tagged("ReadToString", text); }

std::string read_dir(const std::vector<ListedFile>& files) {
  Json list = Json::array();
  for (const ListedFile& file : files) {
    Json entry;
    entry["path"] = file.path;
    entry["file_type"] = name_of(file.kind);
    list.push_back(std::move(entry));
  }
  return tagged("ReadDir", std::move(list));
}

std::string seek_from(uint64_t new_offset) { return fmt::format(R"({{"SeekFrom":{{"new_offset":{}}}}})", new_offset); }

std::string metadata(const FileMetadata& metadata) {
  return fmt::format(R"({{"Metadata":{{"file_type":"{}","len":{}}}}})", name_of(metadata.kind), metadata.length);
}

std::string len(uint64_t length) { return fmt::format(R"({{"Len":{}}})", length); }

std::string hash(const package::Sha256Digest& digest) { return tagged("Hash", Json(digest)); }

std::string error(const VfsError& error) {
  Json value(vfs::name_of(error.kind));
  if (error.kind == VfsError::Kind::io_error) {
    value = Json::object();
    value["IOError"] = error.text;
  } else if (error.kind == VfsError::Kind::parse_error) {
    Json details;
    details["error"] = error.text;
    details["path"] = error.path;
    value = Json::object();
    value["ParseError"] = std::move(details);
  }
  return tagged("Err", std::move(value));
}

}  // namespace answers

}  // namespace kinode::modules::vfs
