#include "task.h"

#include <kinode/json.h>
#include <kinode/vfs.h>

#include <utility>

#include "state.h"

namespace app_store {

using kinode::Json;
using kinode::member;

namespace {

const std::string file = "/app-store:sys/staging/task.json";

uint64_t last_ended() {
  const Json ended = state_member("ended");
  return ended.is_number_unsigned() ? ended.get<uint64_t>() : 0;
}

std::expected<void, std::string> write(const Task& task) {
  Json json = {{"number", task.number}, {"attempts", task.attempts}, {"package_id", kinode::to_json(task.package)}};
  if (task.version_hash) json["version_hash"] = *task.version_hash;
  auto written = kinode::vfs::write(file, kinode::dump(json));
  if (!written) return std::unexpected("cannot note what is begun: " + written.error().text);
  return {};
}

}  // namespace

std::expected<Task, std::string> begin_task(const kinode::PackageId& package, std::optional<std::string> version_hash) {
  Task task{.number = last_ended() + 1, .package = package, .version_hash = std::move(version_hash)};
  if (auto written = write(task); !written) return std::unexpected(std::move(written.error()));
  return task;
}

std::expected<void, std::string> begin_again(Task& task) {
  ++task.attempts;
  return write(task);
}

void end_task(const Task& task) { set_state_member("ended", task.number); }

std::optional<Task> unfinished_task() {
  const auto text = kinode::vfs::read(file);
  const auto json = text ? kinode::parse_json(text->text()) : std::nullopt;
  if (!json) return std::nullopt;
  const auto number = kinode::number_member(*json, "number");
  auto package = kinode::package_id_of(member(*json, "package_id"));
  if (!number || !package || *number == last_ended()) return std::nullopt;
  return Task{.number = *number,
              .attempts = kinode::number_member(*json, "attempts").value_or(1),
              .package = std::move(*package),
              .version_hash = kinode::text_member(*json, "version_hash")};
}

}  // namespace app_store
