// homepage:homepage:sys: the node's first page. Apps ask it to be shown, by JSON, from processes of this node only:
//
//   {"Add":{"label":text,"icon":text?,"path":text?,"widget":text?}}    shows, or changes, what this process shows
//   "Remove"                                                           shows it no more
//   {"RemoveOther":process}      the same of another; the capability "RemoveOther" of this process must be attached
//   {"SetStylesheet":text}       /kinode.css, which apps share; the capability "SetStylesheet" must be attached
//   "GetApps"                    -> {"GetApps":[app,...]} (apps.h)
//
// Its pages are those at the root of the node's port (modules.md 6.10):
//
//   /  /home.js  /version        the page; for the owner alone
//   /apps                        GET: what is shown, as JSON
//   /favorite  /order            POST: [process, bool]; [[process, number],...]
//   /widget?app=process          GET: what an app shows inside the page; as if it came from nowhere
//   /our  /our.js  /amionline  /kinode.css  /kinode.svg                for everybody

#include <kinode/http_server.h>
#include <kinode/json.h>
#include <kinode/process.h>
#include <kinode/vfs.h>

#include <string>
#include <string_view>

#include "apps.h"

namespace {

namespace http = kinode::http_server;
using homepage::Apps;
using kinode::Json;

constexpr http::Access everybody{.authenticated = false};
constexpr std::string_view chosen_stylesheet = "/homepage:sys/chosen/kinode.css";
constexpr size_t longest_stylesheet = 1024 * 1024;

/// A page that cannot be served is told, and the others are.
void tell(const http::Result<void>& bound, std::string_view path) {
  if (!bound) kinode::print(0, "cannot serve " + std::string(path) + ": " + bound.error().text);
}

void serve_text(std::string_view path, const char* mime, std::string_view text, http::Access access) {
  tell(http::bind_content(path, {.mime = mime, .bytes = text}, access), path);
}

void serve_file(std::string_view path, const char* mime, std::string_view file, http::Access access) {
  auto content = kinode::vfs::read("/homepage:sys/pkg/ui/" + std::string(file));
  if (!content) return kinode::print(0, "cannot read the page " + std::string(file) + ": " + content.error().text);
  tell(http::bind_content(path, {.mime = mime, .bytes = std::move(*content)}, access), path);
}

void serve_stylesheet() {
  auto chosen = kinode::vfs::read(chosen_stylesheet);
  if (!chosen) return serve_file("/kinode.css", "text/css", "kinode.css", everybody);
  serve_text("/kinode.css", "text/css", chosen->text(), everybody);
}

void serve_pages(const std::string& node) {
  serve_file("/", "text/html; charset=utf-8", "index.html", {});
  serve_file("/home.js", "text/javascript", "home.js", {});
  serve_file("/kinode.svg", "image/svg+xml", "kinode.svg", everybody);
  serve_stylesheet();
  serve_text("/our", "text/html", node, everybody);
  serve_text("/our.js", "text/javascript", "window.our = { node: " + kinode::dump(node) + " };\n", everybody);
  serve_text("/amionline", "text/html", "yes", everybody);
  serve_text("/version", "text/plain", "1.0.0", {});
  for (const char* path : {"/apps", "/favorite", "/order", "/widget"}) tell(http::bind(path), path);
}

void save(const Apps& apps) { kinode::set_state(kinode::Bytes(kinode::dump(apps.arrangement()))); }

// ---- the page ------------------------------------------------------------------------------------

void answer_json(const Json& json) {
  http::answer(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, kinode::dump(json));
}

/// An app's own document may run scripts, but it is of no origin: it has neither the owner's login nor the page around
/// it.
void answer_widget(const Apps& apps, const http::Request& request) {
  const auto app = request.query_parameters.find("app");
  const std::string* widget = app != request.query_parameters.end() ? apps.widget_of(app->second) : nullptr;
  if (widget == nullptr) return http::answer(404);
  http::answer(
      200,
      {{"Content-Type", "text/html; charset=utf-8"},
       {"Content-Security-Policy",
        "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"},
       {"Cache-Control", "no-store"}},
      *widget);
}

void change(Apps& apps, const http::Request& request, bool (Apps::*how)(const Json&)) {
  if (request.method != "POST") return http::answer(405, {{"Allow", "POST"}});
  const auto blob = kinode::get_blob();
  const auto json = blob ? kinode::parse_json(blob->bytes.text()) : std::nullopt;
  if (!json || !(apps.*how)(*json)) return http::answer(400);
  save(apps);
  http::answer(200);
}

void serve(Apps& apps, const http::Request& request) {
  if (request.bound_path == "/apps") return answer_json(apps.list());
  if (request.bound_path == "/favorite") return change(apps, request, &Apps::set_favorite);
  if (request.bound_path == "/order") return change(apps, request, &Apps::set_order);
  if (request.bound_path == "/widget") return answer_widget(apps, request);
  http::answer(404);
}

// ---- apps ----------------------------------------------------------------------------------------

bool holds(const kinode::Message& message, const kinode::Address& our, const char* params) {
  for (const kinode::Capability& each : message.capabilities()) {
    const auto json = kinode::parse_json(each.params);
    if (each.issuer == our && json && *json == params) return true;
  }
  return false;
}

void set_stylesheet(const std::string& text) {
  auto kept = text.size() <= longest_stylesheet ? kinode::vfs::create_drive("/homepage:sys/chosen")
                                                : std::unexpected(kinode::vfs::Error{"it is longer than 1 MiB"});
  if (kept) kept = kinode::vfs::write(chosen_stylesheet, text);
  if (!kept) return kinode::print(0, "cannot keep the stylesheet: " + kept.error().text);
  serve_stylesheet();
}

/// Whether it was a request of those above.
bool handle(Apps& apps, const kinode::Address& our, const kinode::Message& message) {
  const auto request = kinode::parse_json(message.body().text());
  if (!request) return false;
  if (*request == "GetApps") {
    kinode::respond({.body = kinode::dump({{"GetApps", apps.list()}})});
    return true;
  }
  if (*request == "Remove") {
    apps.remove(message.source.process.text());
    return true;
  }
  if (const Json& add = kinode::member(*request, "Add"); !add.is_null()) return apps.add(message.source.process, add);
  if (const auto other = kinode::text_member(*request, "RemoveOther"); other && holds(message, our, "RemoveOther")) {
    apps.remove(*other);
    return true;
  }
  if (const auto text = kinode::text_member(*request, "SetStylesheet"); text && holds(message, our, "SetStylesheet")) {
    set_stylesheet(*text);
    return true;
  }
  return false;
}

Json saved() {
  const auto state = kinode::get_state();
  return state ? kinode::parse_json(state->text()).value_or(nullptr) : Json();
}

}  // namespace

void init(kinode::Address our) {
  Apps apps(saved());
  serve_pages(our.node);
  while (true) {
    const auto message = kinode::receive();
    if (!message || !message->is_request() || message->source.node != our.node) continue;
    if (const auto event = http::event_of(*message)) {
      if (const auto* request = std::get_if<http::Request>(&*event)) serve(apps, *request);
    } else if (!handle(apps, our, *message)) {
      kinode::print(1, "refused a request from " + message->source.text());
    }
  }
}
