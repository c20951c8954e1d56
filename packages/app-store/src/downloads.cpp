// downloads:app-store:sys: fetches zips of packages, keeps them, and gives them to other nodes
// (packages-and-kit.md 3.3). Requests are JSON. Of any node:
//
//   {"RemoteDownload":{"package_id","worker_address","desired_version_hash"}}  send a zip to a worker of the asking
//   node
//   {"MirrorCheck":ID}                                                          whether we mirror the package
//
// of this node alone:
//
//   {"LocalDownload":{"package_id","download_from","desired_version_hash","timeout"?}}  fetch a zip; answered when
//   begun.
//                      timeout: the seconds of silence after which the mirror is given up
//   {"AddDownload":{"package_id","version_hash","mirror":bool}} + blob                  keep a zip
//   {"RemoveFile":{"package_id","version_hash"}}
//   {"GetFiles":ID or null}      -> {"GetFiles":[{"File":{"name","size","manifest"}}|{"Dir":{"name","mirroring"}},...]}
//   {"StartMirroring":ID}, {"StopMirroring":ID}
//   {"AutoUpdate":{"package_id","metadata"}}    fetch the current version; from chain:app-store:sys
//   {"Progress":...}, {"DownloadComplete":...}  from our workers
//
// The other answers are "Success" and {"Err":error}. main:app-store:sys is told of what happens: the arguments of
// Progress and DownloadComplete, and for an AutoUpdate {"Success":{"package_id","version_hash","manifest_hash"}} or
// {"Err":{"package_id","version_hash","tries":[[mirror,error],...]}}.

#include <kinode/process.h>
#include <kinode/vfs.h>

#include <utility>

#include "auto_updates.h"
#include "keccak.h"
#include "messages.h"
#include "mirroring.h"
#include "names.h"
#include "transfers.h"
#include "zips.h"

namespace {

using app_store::DownloadError;
using app_store::err;
using app_store::handling_error;
using app_store::Named;
using app_store::success;
using app_store::Version;
using kinode::Json;
using kinode::PackageId;
namespace vfs = kinode::vfs;

class Downloads {
 public:
  explicit Downloads(kinode::Address our)
      : our_(std::move(our)),
        main_{our_.node, {"main", our_.process.package_name, our_.process.publisher_node}},
        mirroring_(app_store::Mirroring::load()),
        transfers_(our_) {}

  using Event = std::expected<kinode::Message, kinode::SendError>;
  void handle(const Event& event);

 private:
  using Download = app_store::Transfers::Download;
  void answered_by_node(const Download& download, const Event& event);
  void answered_by_url(const Download& download, const Event& event);

  // Each gives the answer; null: there is none.
  Json request(const kinode::Message& message);
  Json request_of_anybody(const kinode::Address& source, const Named& named);
  Json request_of_this_node(const kinode::Address& source, const Named& named);
  Json send_zip(const kinode::Address& source, const Json& arguments);
  Json fetch(const Json& arguments);
  Json add(const Json& arguments);
  Json remove(const Json& arguments) const;
  Json files(const Json& arguments) const;
  Json set_mirroring(const Json& arguments, bool is_on);
  Json update(const kinode::Address& source, const Json& arguments);

  /// Keeps the zip that is the blob of the message received last: null, or what is wrong with it.
  DownloadError keep_blob(const Version& version) const;
  static DownloadError keep_zip(const Version& version, const std::string& zip);
  void from_worker(const kinode::ProcessId& worker, Named named);

  std::expected<void, DownloadError> begin(const Version& version, const std::string& mirror,
                                           const Json& timeout = nullptr);
  /// A fetch ended: null, or what went wrong.
  void completed(const Version& version, DownloadError error);
  /// Tries the next mirror, or tells main that there is none.
  void try_next(const Version& version);
  void updated(const Version& version);
  bool is_kept(const Version& version) const { return is_file(app_store::kept(version.package, version.hash, ".zip")); }
  static bool is_file(const std::string& path) { return vfs::metadata(path).has_value(); }
  void tell_main(const Json& message) const {
    kinode::send({.target = main_, .request = {.body = kinode::dump(message)}});
  }

  kinode::Address our_;
  kinode::Address main_;
  app_store::Mirroring mirroring_;
  app_store::Transfers transfers_;
  app_store::AutoUpdates auto_updates_;
};

// ---- messages --------------------------------------------------------------------------------------

void Downloads::handle(const Event& event) {
  if (event && event->is_request()) {
    const Json answer = request(*event);
    if (!answer.is_null()) kinode::respond({.body = kinode::dump(answer)});
    return;
  }
  const auto download = transfers_.find_download(event ? event->context : event.error().context);
  if (!download) return;
  if (download->worker) {
    answered_by_node(*download, event);
  } else {
    answered_by_url(*download, event);
  }
}

void Downloads::answered_by_node(const Download& download, const Event& event) {
  DownloadError error = nullptr;
  if (!event) {
    error = event.error().kind == kinode::SendError::Kind::offline ? "Offline" : "Timeout";
  } else if (auto told = app_store::error_of(event->body().text())) {
    error = std::move(*told);
  }
  // Without an error its worker goes on.
  if (error.is_null()) return;
  transfers_.cancel_download(download);
  completed(download.version, std::move(error));
}

void Downloads::answered_by_url(const Download& download, const Event& event) {
  transfers_.cancel_download(download);
  const auto json = event ? kinode::parse_json(event->body().text()) : std::nullopt;
  const Json http = json ? kinode::member(kinode::member(*json, "Ok"), "Http") : Json();
  if (kinode::number_member(http, "status") != 200) {
    kinode::print(1, "no zip of " + download.version.package.text() + " from its URL: " +
                         (event ? event->body().string().substr(0, 1024) : "http-client:distro:sys does not answer"));
    return completed(download.version, "HttpClientError");
  }
  completed(download.version, keep_blob(download.version));
}

Json Downloads::request(const kinode::Message& message) {
  auto named = app_store::named_of(message.body().text());
  if (!named) return err(handling_error("the request is not understood"));
  const bool is_local = message.source.node == our_.node;
  const bool is_worker = named->name == "Progress" || named->name == "DownloadComplete" || named->name == "WorkerEnded";
  if (is_worker) {
    if (is_local) from_worker(message.source.process, std::move(*named));
    return nullptr;
  }
  Json answer = request_of_anybody(message.source, *named);
  if (answer.is_null() && is_local) answer = request_of_this_node(message.source, *named);
  return answer.is_null() ? err(handling_error("there is no such request, or it is not for other nodes")) : answer;
}

Json Downloads::request_of_anybody(const kinode::Address& source, const Named& named) {
  if (named.name == "RemoteDownload") return send_zip(source, named.arguments);
  if (named.name != "MirrorCheck") return nullptr;
  const auto package = app_store::package_of(named.arguments);
  return package && mirroring_.contains(*package) ? success : err("NotMirroring");
}

Json Downloads::request_of_this_node(const kinode::Address& source, const Named& named) {
  if (named.name == "LocalDownload") return fetch(named.arguments);
  if (named.name == "AddDownload") return add(named.arguments);
  if (named.name == "RemoveFile") return remove(named.arguments);
  if (named.name == "GetFiles") return files(named.arguments);
  if (named.name == "StartMirroring") return set_mirroring(named.arguments, true);
  if (named.name == "StopMirroring") return set_mirroring(named.arguments, false);
  if (named.name == "AutoUpdate") return update(source, named.arguments);
  return nullptr;
}

// ---- giving ----------------------------------------------------------------------------------------

Json Downloads::send_zip(const kinode::Address& source, const Json& arguments) {
  const auto version = app_store::version_of(arguments, "desired_version_hash");
  const auto worker = kinode::Address::parse(kinode::text_member(arguments, "worker_address").value_or(""));
  if (!version || !mirroring_.contains(version->package)) return err("NotMirroring");
  if (!is_kept(*version)) return err("FileNotFound");
  // Nobody has a zip sent to a third.
  if (!worker || worker->node != source.node || worker->node == our_.node ||
      worker->process.package() != our_.process.package()) {
    return err(handling_error("worker_address is no worker of the asking node"));
  }
  auto begun = transfers_.begin_upload(*version, *worker);
  return begun ? success : err(std::move(begun.error()));
}

Json Downloads::set_mirroring(const Json& arguments, bool is_on) {
  const auto package = app_store::package_of(arguments);
  if (!package) return err("NoPackage");
  if (!is_on) {
    mirroring_.stop(*package);
  } else if (!mirroring_.start(*package)) {
    return err(handling_error("too many packages are mirrored"));
  }
  return success;
}

// ---- fetching --------------------------------------------------------------------------------------

std::expected<void, DownloadError> Downloads::begin(const Version& version, const std::string& mirror,
                                                    const Json& timeout) {
  if (mirror == our_.node) return std::unexpected("FileNotFound");
  return transfers_.begin_download(version, mirror, timeout);
}

Json Downloads::fetch(const Json& arguments) {
  const auto version = app_store::version_of(arguments, "desired_version_hash");
  const auto mirror = kinode::text_member(arguments, "download_from");
  if (!version || !mirror) {
    return err(handling_error("a download needs package_id, download_from and a hash of 64 hexadecimal digits"));
  }
  if (transfers_.is_downloading(*version)) return success;
  if (is_kept(*version)) {
    completed(*version, nullptr);
    return success;
  }
  auto begun = begin(*version, *mirror, kinode::member(arguments, "timeout"));
  return begun ? success : err(std::move(begun.error()));
}

void Downloads::from_worker(const kinode::ProcessId& worker, Named named) {
  if (named.name == "Progress") return tell_main(named.arguments);
  if (named.name == "WorkerEnded") transfers_.end_upload(worker);
  const auto download = transfers_.end_download(worker);
  if (!download) return;
  DownloadError error = handling_error("the worker of the transfer ended before its time");
  if (named.name == "DownloadComplete") error = kinode::member(named.arguments, "err");
  completed(download->version, std::move(error));
}

void Downloads::completed(const Version& version, DownloadError error) {
  Json told = app_store::to_json(version);
  told["err"] = error;
  tell_main(told);
  if (!auto_updates_.contains(version)) return;
  if (error.is_null()) return updated(version);
  auto_updates_.failed(version, std::move(error));
  try_next(version);
}

// ---- updates ---------------------------------------------------------------------------------------

Json Downloads::update(const kinode::Address& source, const Json& arguments) {
  if (source.process.package() != our_.process.package() || source.process.process_name != "chain") {
    return err(handling_error("only chain:app-store:sys tells of updates"));
  }
  auto update = app_store::auto_update_of(arguments);
  if (!update) return err(handling_error(update.error()));
  const Version version = update->version;
  if (!auto_updates_.add(std::move(*update))) return success;
  if (is_kept(version)) {
    updated(version);
  } else if (!transfers_.is_downloading(version)) {
    try_next(version);
  }
  return success;
}

void Downloads::try_next(const Version& version) {
  while (const auto mirror = auto_updates_.next_mirror(version)) {
    auto begun = begin(version, *mirror);
    if (begun) return;
    auto_updates_.failed(version, std::move(begun.error()));
  }
  Json failure = app_store::to_json(version);
  failure["tries"] = auto_updates_.end(version);
  tell_main({{"Err", std::move(failure)}});
}

void Downloads::updated(const Version& version) {
  (void)auto_updates_.end(version);
  const auto manifest = vfs::read(app_store::kept(version.package, version.hash, ".json"));
  if (!manifest) {
    kinode::print(0, "no manifest of " + version.package.text() + ' ' + version.hash + ": " + manifest.error().text);
    return;
  }
  Json done = app_store::to_json(version);
  done["manifest_hash"] = app_store::keccak_256_text(manifest->text());
  tell_main({{"Success", std::move(done)}});
}

// ---- what is kept ----------------------------------------------------------------------------------

DownloadError Downloads::keep_blob(const Version& version) const {
  if (!kinode::has_blob()) return "BlobNotFound";
  const std::string zip = app_store::incoming_drive + "/whole.zip";
  if (auto written = app_store::write_blob(zip); !written) {
    kinode::print(0, "a zip is not taken: " + written.error());
    return "VfsError";
  }
  DownloadError error = keep_zip(version, zip);
  if (!error.is_null()) (void)vfs::remove_file(zip);
  return error;
}

DownloadError Downloads::keep_zip(const Version& version, const std::string& zip) {
  const auto hash = app_store::hash_of(zip);
  if (!hash) return "VfsError";
  if (*hash != version.hash) return app_store::hash_mismatch(version.hash, *hash);
  if (auto done = app_store::keep(version.package, version.hash, zip, app_store::incoming_drive + "/whole"); !done) {
    kinode::print(0, version.package.text() + ": " + done.error());
    return "InvalidManifest";
  }
  return nullptr;
}

Json Downloads::add(const Json& arguments) {
  const auto version = app_store::version_of(arguments);
  if (!version) return err("NoPackage");
  if (DownloadError error = keep_blob(*version); !error.is_null()) return err(std::move(error));
  const bool is_mirrored = kinode::bool_member(arguments, "mirror").value_or(false);
  return is_mirrored ? set_mirroring(kinode::to_json(version->package), true) : success;
}

Json Downloads::remove(const Json& arguments) const {
  const auto version = app_store::version_of(arguments);
  if (!version) return err("NoPackage");
  // That there is none is as good.
  for (const char* ending : {".zip", ".json", ".metadata.json"}) {
    (void)vfs::remove_file(app_store::kept(version->package, version->hash, ending));
  }
  return success;
}

Json Downloads::files(const Json& arguments) const {
  const auto package = app_store::package_of(arguments);
  if (!package && !arguments.is_null()) return err("NoPackage");
  const auto entries = vfs::read_dir(package ? app_store::kept_folder(*package) : app_store::downloads_drive);
  if (!entries) return err(package ? "NoPackage" : "VfsError");
  Json list = Json::array();
  for (const vfs::Entry& entry : *entries) {
    const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
    if (entry.file_type == "Directory") {
      const auto listed = PackageId::parse(name);
      list.push_back({{"Dir", {{"name", name}, {"mirroring", listed && mirroring_.contains(*listed)}}}});
    } else if (name.ends_with(".zip")) {
      const auto zip = vfs::metadata('/' + entry.path);
      const auto manifest = vfs::read('/' + entry.path.substr(0, entry.path.size() - 3) + "json");
      list.push_back({{"File",
                       {{"name", name},
                        {"size", zip ? zip->size : 0},
                        {"manifest", manifest ? manifest->string() : std::string()}}}});
    }
  }
  return {{"GetFiles", std::move(list)}};
}

/// What an earlier life left on its way is worth nothing.
void make_drives() {
  for (const std::string& drive : {app_store::downloads_drive, app_store::incoming_drive}) {
    if (drive == app_store::incoming_drive) (void)vfs::remove_dir_all(drive);
    if (auto made = vfs::create_drive(drive); !made) {
      kinode::print(0, "cannot make " + drive + ": " + made.error().text);
    }
  }
}

}  // namespace

void init(kinode::Address our) {
  make_drives();
  Downloads downloads(std::move(our));
  while (true) downloads.handle(kinode::receive());
}
