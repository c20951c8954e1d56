#include "kinode/vfs.h"

#include "module_call.h"

namespace kinode::vfs {

namespace {

constexpr uint64_t timeout_s = 30;

/// Sends one action; the response's body.
Result<Json> ask(std::string_view path, Json action, const Blob* blob, bool inherit = false) {
  static const Address module = Address::local("vfs:distro:sys");
  auto answer = kinode::ask({.module = module,
                             .body = {{"path", path}, {"action", std::move(action)}},
                             .blob = blob,
                             .timeout_s = timeout_s,
                             .inherit = inherit});
  if (!answer) return std::unexpected(Error{std::move(answer.error())});
  return std::move(*answer);
}

/// For actions that answer `Ok`.
Result<void> act(std::string_view path, Json action, const Blob* blob = nullptr, bool inherit = false) {
  auto answer = ask(path, std::move(action), blob, inherit);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (*answer != "Ok") return std::unexpected(Error{"unexpected answer " + dump(*answer)});
  return {};
}

/// For actions that are answered with bytes.
Result<Bytes> read_by(std::string_view path, Json action) {
  auto answer = ask(path, std::move(action), nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto blob = get_blob();
  if (*answer != "Read" || !blob) return std::unexpected(Error{"unexpected answer " + dump(*answer)});
  return std::move(blob->bytes);
}

Json action_to(const char* name, std::string_view new_path) { return {{name, {{"new_path", new_path}}}}; }

}  // namespace

Result<void> create_drive(std::string_view path) { return act(path, "CreateDrive"); }
Result<void> create_dir_all(std::string_view path) { return act(path, "CreateDirAll"); }

Result<Bytes> read(std::string_view path) { return read_by(path, "Read"); }

Result<Bytes> read_range(std::string_view path, uint64_t offset, uint64_t length) {
  return read_by(path, {{"ReadRange", {{"offset", offset}, {"length", length}}}});
}

Result<void> write(std::string_view path, Bytes content) {
  const Blob blob{.bytes = std::move(content)};
  return act(path, "Write", &blob);
}

Result<void> append(std::string_view path, Bytes content) {
  const Blob blob{.bytes = std::move(content)};
  return act(path, "Append", &blob);
}

Result<std::vector<Entry>> read_dir(std::string_view path) {
  auto answer = ask(path, "ReadDir", nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  const Json& list = member(*answer, "ReadDir");
  if (!list.is_array()) return std::unexpected(Error{"unexpected answer " + dump(*answer)});
  std::vector<Entry> entries;
  entries.reserve(list.size());
  for (const Json& entry : list) {
    entries.push_back({text_member(entry, "path").value_or(""), text_member(entry, "file_type").value_or("Other")});
  }
  return entries;
}

Result<Metadata> metadata(std::string_view path) {
  auto answer = ask(path, "Metadata", nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  const Json& found = member(*answer, "Metadata");
  return Metadata{text_member(found, "file_type").value_or("Other"), number_member(found, "len").value_or(0)};
}

Result<std::array<uint8_t, 32>> hash(std::string_view path) {
  auto answer = ask(path, "Hash", nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  const Json& numbers = member(*answer, "Hash");
  std::array<uint8_t, 32> sum;
  if (!numbers.is_array() || numbers.size() != sum.size()) {
    return std::unexpected(Error{"unexpected answer " + dump(*answer)});
  }
  for (size_t i = 0; i < sum.size(); ++i) {
    if (!numbers[i].is_number_unsigned()) return std::unexpected(Error{"unexpected answer " + dump(*answer)});
    sum[i] = numbers[i].get<uint8_t>();
  }
  return sum;
}

Result<void> rename(std::string_view path, std::string_view new_path) {
  return act(path, action_to("Rename", new_path));
}
Result<void> copy_file(std::string_view path, std::string_view new_path) {
  return act(path, action_to("CopyFile", new_path));
}
Result<void> remove_file(std::string_view path) { return act(path, "RemoveFile"); }
Result<void> remove_dir_all(std::string_view path) { return act(path, "RemoveDirAll"); }

Result<void> add_zip(std::string_view path, Bytes archive) {
  const Blob blob{.mime = "application/zip", .bytes = std::move(archive)};
  return act(path, "AddZip", &blob);
}

Result<void> add_zip_file(std::string_view path, std::string_view archive_path) {
  auto answer = ask(archive_path, "Read", nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return act(path, "AddZip", nullptr, true);
}

}  // namespace kinode::vfs
