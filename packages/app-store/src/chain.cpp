// chain:app-store:sys: which packages there are. Its name is that of the process which packages ask; in place of a
// chain it has listings that publishers sign (listing.h), from other nodes and from files. Requests are JSON, of
// processes of this node:
//
//   {"GetApp":ID}            -> {"GetApp":APP or null}; of a package that was only installed here, too
//   "GetApps", "GetOurApps"  -> {"GetApps":[APP,...]}, {"GetOurApps":[APP,...]}
//   {"StartAutoUpdate":ID}   -> "AutoUpdateStarted" or {"Err":"NoPackage"}
//   {"StopAutoUpdate":ID}    -> "AutoUpdateStopped"
//   "Reset"                  -> "ResetOk"; what other nodes know is looked at from the beginning
//
//   {"Publish":{"package_id","metadata":text}} + blob or none
//                            -> {"Publish":{"Ok":{"serial","version_hash"}}} or {"Publish":{"Err":text}}
//   {"Unpublish":ID}         -> {"Unpublish":{"Ok":{"serial"}}} or {"Unpublish":{"Err":text}}
//   {"Refresh":node or null} -> {"Refresh":{"accepted":n,"refused":n,"failures":[text,...]}}
//   "Registries"             -> {"Registries":[node,...]}
//   {"AddRegistry":node}, {"RemoveRegistry":node}, {"ForgetKey":node}  -> "Ok" or {"Err":text}
//
// and of any node {"GetListings":{"since"}} (refresh.h).
//
//   APP = {"package_id","tba","metadata_uri","metadata_hash","metadata","auto_update"}

#include <kinode/process.h>
#include <kinode/timer.h>
#include <kinode/vfs.h>

#include <algorithm>
#include <utility>

#include "keccak.h"
#include "listings.h"
#include "messages.h"
#include "names.h"
#include "refresh.h"

namespace {

using app_store::Listing;
using app_store::Listings;
using app_store::Named;
using kinode::Json;
using kinode::PackageId;
namespace vfs = kinode::vfs;

constexpr uint64_t first_refresh_ms = 10'000;
constexpr uint64_t refresh_ms = 3'600'000;
const kinode::Bytes refresh_context = "refresh";
/// There is no chain, and no account on it.
const char* const no_account = "0x0000000000000000000000000000000000000000";

class Chain {
 public:
  Chain(kinode::Address our, Listings listings)
      : our_(std::move(our)),
        downloads_{our_.node, {"downloads", our_.process.package_name, our_.process.publisher_node}},
        listings_(std::move(listings)),
        refresh_(
            listings_, [this](const Listing& listing) { offer_update(listing); },
            [](const Json& result) { kinode::respond({.body = app_store::named("Refresh", result)}); }) {}

  void start();
  void handle(const std::expected<kinode::Message, kinode::SendError>& event);

 private:
  /// The answer; null: there is none, or it comes later.
  Json request(const Named& named);
  Json ask(const Named& named) const;
  Json change(const Named& named);
  Json start_auto_update(const Json& arguments) const;
  Json stop_auto_update(const Json& arguments) const;
  Json publish(const Json& arguments);
  Json unpublish(const Json& arguments);
  std::expected<Json, std::string> do_publish(const Json& arguments);
  /// Has the version's zip kept and given to others; it is the blob, or kept already.
  std::expected<void, std::string> mirror(const PackageId& package, const std::string& version_hash) const;
  std::expected<void, std::string> ask_downloads(const Json& request, bool with_blob) const;

  Json app(const PackageId& package) const;
  Json app(const Listing& listing) const;
  Json apps(const std::vector<Listing>& listings) const;

  void begin_refresh(const Json& node, bool is_awaited);
  void read_files();
  /// Has the version that a listing calls the current one fetched, if the package is updated by itself.
  void offer_update(const Listing& listing) const;

  kinode::Address our_;
  kinode::Address downloads_;
  Listings listings_;
  app_store::Refresh refresh_;
};

// ---- messages --------------------------------------------------------------------------------------

void Chain::start() {
  if (auto made = vfs::create_drive(app_store::listings_drive); !made) {
    kinode::print(0, "cannot make " + app_store::listings_drive + ": " + made.error().text);
  }
  read_files();
  kinode::set_timer(first_refresh_ms, refresh_context);
}

void Chain::handle(const std::expected<kinode::Message, kinode::SendError>& event) {
  if (refresh_.answer(event)) return;
  if (!event) return;
  if (!event->is_request()) {
    if (event->context != refresh_context) return;
    begin_refresh(nullptr, false);
    return kinode::set_timer(refresh_ms, refresh_context);
  }
  const auto named = app_store::named_of(event->body().text());
  if (!named) return;
  Json answer;
  if (named->name == "GetListings") {
    answer = app_store::Refresh::listings_since(listings_, named->arguments);
  } else if (event->source.node == our_.node) {
    answer = request(*named);
  }
  if (!answer.is_null()) kinode::respond({.body = kinode::dump(answer)});
}

Json Chain::request(const Named& named) {
  if (named.name == "Refresh") {
    begin_refresh(named.arguments, true);
    return nullptr;
  }
  Json answer = ask(named);
  return answer.is_null() ? change(named) : answer;
}

Json Chain::ask(const Named& named) const {
  if (named.name == "GetApps") return {{"GetApps", apps(listings_.all())}};
  if (named.name == "GetOurApps") return {{"GetOurApps", apps(listings_.of(our_.node))}};
  if (named.name == "Registries") return {{"Registries", listings_.registries()}};
  if (named.name != "GetApp") return nullptr;
  const auto package = app_store::package_of(named.arguments);
  return {{"GetApp", package ? app(*package) : Json()}};
}

Json Chain::change(const Named& named) {
  if (named.name == "StartAutoUpdate") return start_auto_update(named.arguments);
  if (named.name == "StopAutoUpdate") return stop_auto_update(named.arguments);
  if (named.name == "Publish") return publish(named.arguments);
  if (named.name == "Unpublish") return unpublish(named.arguments);
  if (named.name == "Reset") {
    listings_.forget_seen();
    begin_refresh(nullptr, false);
    return "ResetOk";
  }
  // The others are told a node's name.
  if (!named.arguments.is_string()) return nullptr;
  const std::string node = named.arguments.get<std::string>();
  if (!PackageId{"x", node}.is_safe()) return {{"Err", "this is no name of a node"}};
  if (named.name == "AddRegistry") {
    return listings_.add_registry(node) ? Json("Ok") : Json({{"Err", "there are 32 registries already"}});
  }
  if (named.name == "RemoveRegistry") {
    listings_.remove_registry(node);
    return "Ok";
  }
  if (named.name == "ForgetKey") {
    listings_.forget_key(node);
    // What was refused is looked at again.
    listings_.forget_seen();
    return "Ok";
  }
  return nullptr;
}

// ---- apps ------------------------------------------------------------------------------------------

Json Chain::app(const PackageId& package) const {
  if (const auto listing = listings_.find(package); listing && !listing->is_withdrawn()) return app(*listing);
  const auto text = vfs::read(app_store::kept_folder(package) + "/metadata.json");
  const auto metadata = text ? kinode::parse_json(text->text()) : std::nullopt;
  if (!metadata) return nullptr;
  return {{"package_id", kinode::to_json(package)},
          {"tba", no_account},
          {"metadata_uri", ""},
          {"metadata_hash", app_store::keccak_256_text(text->text())},
          {"metadata", *metadata},
          {"auto_update", false}};
}

Json Chain::app(const Listing& listing) const {
  return {{"package_id", kinode::to_json(listing.package)},
          {"tba", no_account},
          {"metadata_uri", ""},
          {"metadata_hash", app_store::keccak_256_text(listing.metadata)},
          {"metadata", app_store::message_metadata(listing.metadata)},
          {"auto_update", listings_.updates_by_itself(listing.package)}};
}

Json Chain::apps(const std::vector<Listing>& listings) const {
  Json list = Json::array();
  for (const Listing& listing : listings) {
    if (!listing.is_withdrawn()) list.push_back(app(listing));
  }
  return list;
}

// ---- updates ---------------------------------------------------------------------------------------

Json Chain::start_auto_update(const Json& arguments) const {
  const auto package = app_store::package_of(arguments);
  if (!package || !listings_.find(*package)) return {{"Err", "NoPackage"}};
  listings_.set_update_by_itself(*package, true);
  return "AutoUpdateStarted";
}

Json Chain::stop_auto_update(const Json& arguments) const {
  const auto package = app_store::package_of(arguments);
  if (!package) return {{"Err", "NoPackage"}};
  listings_.set_update_by_itself(*package, false);
  return "AutoUpdateStopped";
}

void Chain::offer_update(const Listing& listing) const {
  if (listing.is_withdrawn() || !listings_.updates_by_itself(listing.package)) return;
  Json metadata = app_store::message_metadata(listing.metadata);
  const std::string hash = app_store::current_hash(metadata);
  if (vfs::metadata(app_store::kept(listing.package, hash, ".zip"))) return;
  const Json update = {{"package_id", kinode::to_json(listing.package)}, {"metadata", std::move(metadata)}};
  kinode::send({.target = downloads_, .request = {.body = app_store::named("AutoUpdate", update)}});
}

// ---- where listings come from ----------------------------------------------------------------------

void Chain::begin_refresh(const Json& node, bool is_awaited) {
  if (node.is_string()) return refresh_.begin({node.get<std::string>()}, is_awaited);
  read_files();
  std::vector<std::string> nodes = listings_.registries();
  for (const PackageId& package : listings_.updated_by_themselves()) {
    // What could not be fetched is tried again.
    if (const auto listing = listings_.find(package)) offer_update(*listing);
    const std::string& publisher = package.publisher_node;
    if (publisher != our_.node && std::find(nodes.begin(), nodes.end(), publisher) == nodes.end()) {
      nodes.push_back(publisher);
    }
  }
  refresh_.begin(std::move(nodes), is_awaited);
}

void Chain::read_files() {
  const auto entries = vfs::read_dir(app_store::listings_drive);
  if (!entries) return;
  for (const vfs::Entry& entry : *entries) {
    if (!entry.path.ends_with(".json")) continue;
    const auto text = vfs::read_range('/' + entry.path, 0, 4 * app_store::longest_metadata);
    const auto json = text ? kinode::parse_json(text->text()) : std::nullopt;
    const auto listing = json ? app_store::listing_of(*json) : std::unexpected("it is no JSON");
    const auto verdict = listing ? listings_.accept(*listing) : std::unexpected(listing.error());
    if (!verdict) {
      kinode::print(0, "the listing " + entry.path + " is refused: " + verdict.error());
    } else if (*verdict == Listings::Verdict::accepted) {
      offer_update(*listing);
    }
  }
}

Json Chain::publish(const Json& arguments) {
  auto published = do_publish(arguments);
  return {{"Publish", published ? Json({{"Ok", std::move(*published)}}) : Json({{"Err", published.error()}})}};
}

std::expected<Json, std::string> Chain::do_publish(const Json& arguments) {
  const auto package = app_store::package_of(kinode::member(arguments, "package_id"));
  auto metadata = kinode::text_member(arguments, "metadata");
  if (!package || !metadata || metadata->empty()) {
    return std::unexpected("it needs package_id, and metadata: the text of metadata.json");
  }
  if (package->publisher_node != our_.node) {
    return std::unexpected("a node publishes its own packages alone, and this one is " + our_.node);
  }
  if (auto checked = app_store::check_metadata(*package, *metadata); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  const std::string hash = app_store::current_hash(app_store::message_metadata(*metadata));
  if (auto mirrored = mirror(*package, hash); !mirrored) return std::unexpected(std::move(mirrored.error()));
  const auto listing = listings_.publish(*package, std::move(*metadata));
  if (!listing) return std::unexpected(listing.error());
  return Json{{"serial", listing->serial}, {"version_hash", hash}};
}

Json Chain::unpublish(const Json& arguments) {
  const auto package = app_store::package_of(arguments);
  if (!package || package->publisher_node != our_.node || !listings_.find(*package)) {
    return {{"Unpublish", {{"Err", "this node has not published such a package"}}}};
  }
  const auto listing = listings_.publish(*package, {});
  if (!listing) return {{"Unpublish", {{"Err", listing.error()}}}};
  return {{"Unpublish", {{"Ok", {{"serial", listing->serial}}}}}};
}

std::expected<void, std::string> Chain::mirror(const PackageId& package, const std::string& version_hash) const {
  if (kinode::has_blob()) {
    const Json add = {{"package_id", kinode::to_json(package)}, {"version_hash", version_hash}, {"mirror", true}};
    return ask_downloads({{"AddDownload", add}}, true);
  }
  if (!vfs::metadata(app_store::kept(package, version_hash, ".zip"))) {
    return std::unexpected("the zip of " + version_hash + " is not here: bring it as blob, or by NewPackage before");
  }
  return ask_downloads({{"StartMirroring", kinode::to_json(package)}}, false);
}

std::expected<void, std::string> Chain::ask_downloads(const Json& request, bool with_blob) const {
  const auto answer = kinode::send_and_await(
      downloads_, {.inherit = with_blob, .expects_response = 120, .body = kinode::dump(request)});
  if (!answer) return std::unexpected("downloads:app-store:sys does not answer");
  const auto error = app_store::error_of(answer->body().text());
  if (!error) return {};
  return std::unexpected("downloads:app-store:sys says " + kinode::dump(*error));
}

}  // namespace

void init(kinode::Address our) {
  auto listings = Listings::open(our);
  if (!listings) kinode::crash(listings.error());
  Chain chain(std::move(our), std::move(*listings));
  chain.start();
  while (true) chain.handle(kinode::receive());
}
