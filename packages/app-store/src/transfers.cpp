#include "transfers.h"

#include <algorithm>
#include <utility>

namespace app_store {

using kinode::Address;
using kinode::Json;
using kinode::ProcessId;

namespace {

constexpr size_t most_downloads = 64;
constexpr size_t most_uploads = 64;
constexpr size_t most_uploads_of_a_node = 4;
constexpr uint64_t answer_timeout_s = 60;
/// The whole zip comes with the answer.
constexpr uint64_t url_timeout_s = 600;

const ProcessId vfs{"vfs", "distro", "sys"};
const ProcessId timer{"timer", "distro", "sys"};
const ProcessId http_client{"http-client", "distro", "sys"};

/// What a worker needs of what we hold.
std::vector<kinode::Capability> capabilities_of_a_worker() {
  std::vector<kinode::Capability> needed;
  for (kinode::Capability& each : kinode::our_capabilities()) {
    const ProcessId& issuer = each.issuer.process;
    const bool is_messaging = each.params == kinode::messaging && (issuer == vfs || issuer == timer);
    const bool is_network = each.params == "\"network\"" && issuer == ProcessId{"kernel", "distro", "sys"};
    if (is_messaging || is_network) needed.push_back(std::move(each));
  }
  return needed;
}

}  // namespace

std::expected<ProcessId, DownloadError> Transfers::spawn_worker(const char* order, Json arguments) const {
  const std::string messaging(kinode::messaging);
  kinode::Outgoing end{.target = our_, .request = {.body = "\"WorkerEnded\""}};
  auto worker = kinode::spawn({.wasm_path = "app-store:sys/pkg/ft-worker.wasm",
                               .on_exit = {.kind = kinode::OnExit::Kind::requests, .requests = {std::move(end)}},
                               .request_capabilities = capabilities_of_a_worker(),
                               .grant_capabilities = {{vfs, messaging}, {timer, messaging}}});
  if (!worker) return std::unexpected("WorkerSpawnFailed");
  kinode::send({.target = {our_.node, *worker}, .request = {.body = named(order, std::move(arguments))}});
  return std::move(*worker);
}

std::expected<void, DownloadError> Transfers::begin_download(const Version& version, const std::string& mirror,
                                                             const Json& timeout) {
  if (downloads_.size() == most_downloads) return std::unexpected(handling_error("too many downloads are under way"));
  if (!mirror.starts_with("http://") && !mirror.starts_with("https://")) return ask_node(version, mirror, timeout);
  ask_url(version, mirror);
  return {};
}

std::expected<void, DownloadError> Transfers::ask_node(const Version& version, const std::string& node,
                                                       const Json& timeout) {
  Json order = to_json(version, "desired_version_hash");
  order["download_from"] = node;
  order["timeout"] = timeout;
  auto worker = spawn_worker("LocalDownload", std::move(order));
  if (!worker) return std::unexpected(std::move(worker.error()));

  Json request = to_json(version, "desired_version_hash");
  request["worker_address"] = Address{our_.node, *worker}.text();
  std::string id = worker->text();
  kinode::send({.target = {node, our_.process},
                .request = {.expects_response = answer_timeout_s, .body = named("RemoteDownload", std::move(request))},
                .context = kinode::Bytes(id)});
  downloads_.push_back({version, std::move(*worker), std::move(id)});
  return {};
}

void Transfers::ask_url(const Version& version, const std::string& url) {
  std::string id = "url " + std::to_string(next_url_++);
  const Json request = {{"method", "GET"}, {"version", nullptr}, {"url", url}, {"headers", Json::object()}};
  kinode::send({.target = {our_.node, http_client},
                .request = {.expects_response = url_timeout_s, .body = named("Http", request)},
                .context = kinode::Bytes(id)});
  downloads_.push_back({version, std::nullopt, std::move(id)});
}

bool Transfers::is_downloading(const Version& version) const {
  return std::any_of(downloads_.begin(), downloads_.end(),
                     [&](const Download& download) { return download.version == version; });
}

std::optional<Transfers::Download> Transfers::end_download(const ProcessId& worker) {
  const auto found = std::find_if(downloads_.begin(), downloads_.end(),
                                  [&](const Download& download) { return download.worker == worker; });
  if (found == downloads_.end()) return std::nullopt;
  Download download = std::move(*found);
  downloads_.erase(found);
  return download;
}

std::optional<Transfers::Download> Transfers::find_download(const std::optional<kinode::Bytes>& context) const {
  if (!context) return std::nullopt;
  const auto found = std::find_if(downloads_.begin(), downloads_.end(),
                                  [&](const Download& download) { return download.id == context->text(); });
  return found == downloads_.end() ? std::nullopt : std::optional(*found);
}

void Transfers::cancel_download(const Download& download) {
  std::erase_if(downloads_, [&](const Download& each) { return each.id == download.id; });
  if (!download.worker) return;
  kinode::send({.target = {our_.node, *download.worker}, .request = {.body = "\"Cancel\""}});
}

std::expected<void, DownloadError> Transfers::begin_upload(const Version& version, const Address& worker_address) {
  const auto of_node = std::count_if(uploads_.begin(), uploads_.end(),
                                     [&](const Upload& upload) { return upload.node == worker_address.node; });
  if (uploads_.size() == most_uploads || static_cast<size_t>(of_node) >= most_uploads_of_a_node) {
    return std::unexpected(handling_error("too many fetch from this mirror; ask again later"));
  }
  Json order = to_json(version, "desired_version_hash");
  order["worker_address"] = worker_address.text();
  auto worker = spawn_worker("RemoteDownload", std::move(order));
  if (!worker) return std::unexpected(std::move(worker.error()));
  uploads_.push_back({worker_address.node, std::move(*worker)});
  return {};
}

void Transfers::end_upload(const ProcessId& worker) {
  std::erase_if(uploads_, [&](const Upload& upload) { return upload.worker == worker; });
}

}  // namespace app_store
