#include "modules/backup/backup_module.h"

#include "codec/json.h"
#include "modules/backup/backup_api.h"

namespace kinode::modules {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view root_params = R"({"root":true})";

std::string error_body(const Error& error) { return codec::to_text(Json{{"Err", error.message}}); }

bool is_of_owner(const ProcessId& process) {
  const PackageId package = process.package_id();
  return package == PackageId("distro", "sys") || package == PackageId("terminal", "sys");
}

}  // namespace

kernel::Process::Poll BackupModule::poll() {
  while (std::unique_ptr<kernel::Envelope> envelope = context_.receive()) {
    if (envelope->kind == kernel::Envelope::Kind::request) {
      handle(call_of(std::move(*envelope)));
    }
  }
  return {};
}

bool BackupModule::may_ask(const Call& call) const {
  const ProcessId& process = call.source().process();
  const Result<Capability> root = Capability::make(context_.our(), std::string(root_params));
  return is_of_owner(process) || (root && context_.holds(process, *root));
}

void BackupModule::handle(const Call& call) {
  if (call.source().node() != context_.our().node()) {
    return;
  }
  if (!may_ask(call)) {
    const Error error{fmt::format(
        "{} may not ask for backups: it needs the capability {} of {}, to be requested in its package's manifest",
        call.source().process().text(), root_params, id().text())};
    return answer(context_, call, error_body(error));
  }
  Result<BackupRequest> request = parse_backup_request(call.body());
  if (!request) {
    return answer(context_, call, error_body(request.error()));
  }
  struct Handler {
    BackupModule& module;
    const Call& call;
    void operator()(const BackupStatus& request) const { module.status(call, request.after); }
    void operator()(const BackupReload& /*request*/) const { module.reload(call); }
    void operator()(const BackupList& request) const { module.list(call, request.remote); }
    void operator()(const BackupStart& request) const { module.start(call, request.remote, request.task); }
  };
  std::visit(Handler{*this, call}, *request);
}

void BackupModule::status(const Call& call, const std::optional<uint64_t>& after) {
  const auto tell = [&context = context_, &backups = backups_, call] {
    answer(context, call, codec::to_text(Json{{"Status", backups.status()}}));
  };
  if (after) {
    backups_.when_changed(*after, tell);
  } else {
    tell();
  }
}

void BackupModule::start(const Call& call, const std::optional<std::string>& remote,
                         const backup::RemoteWorker::Task& task) {
  Result<backup::Backups::Tickets> tickets = backups_.ask(remote, task);
  answer(context_, call, tickets ? codec::to_text(Json{{"Started", Json(*tickets)}}) : error_body(tickets.error()));
}

void BackupModule::list(const Call& call, const std::string& remote) {
  backups_.list(remote, [&context = context_, call](const Result<std::vector<restic::Snapshot>>& snapshots) {
    if (!snapshots) {
      return answer(context, call, error_body(snapshots.error()));
    }
    Json list = Json::array();
    for (const restic::Snapshot& snapshot : *snapshots) {
      list.push_back({{"id", snapshot.id}, {"time", snapshot.time}});
    }
    answer(context, call, codec::to_text(Json{{"Snapshots", std::move(list)}}));
  });
}

void BackupModule::reload(const Call& call) {
  backups_.reload([&context = context_, call](const Result<void>& read) {
    answer(context, call, read ? R"("Reloaded")" : error_body(read.error()));
  });
}

}  // namespace kinode::modules
