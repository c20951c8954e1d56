// A site, by the library.
//
//   /                    a page, cached                /item/:id     answers with what it got, as JSON
//   /private             for the owner alone           /files/*rest  the same
//   /local               for this machine alone        /silent       never answered
//   secure: /vault       on a host of its own          /crash        crashes, and binds again in its next life
//   POST /count          adds one to a saved number, and answers it
//   POST /unbind         unbinds the page
//   WebSocket /live      for anybody; /owner for the owner alone. Frames come back as they are; the text `close` has it
//                        closed, `burst N` brings N frames, `count` the saved number plus one
#include <kinode/http_server.h>

#include <charconv>
#include <string>

using namespace kinode;

namespace {

/// Ends the process where http-server refuses what it must do.
void need(http_server::Result<void> result) {
  if (!result) crash(result.error().text);
}

uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string count_on() {
  const auto saved = get_state();
  const std::string count = std::to_string((saved ? number_of(saved->text()) : 0) + 1);
  set_state(Bytes(count));
  return count;
}

void bind_all() {
  const Blob page{.mime = "text/html", .bytes = "<h1>site</h1>"};
  need(http_server::bind_content("/", page, {.authenticated = false}));
  for (const char* path : {"/item/:id", "/files/*rest", "/silent", "/crash", "/count", "/unbind"}) {
    need(http_server::bind(path, {.authenticated = false}));
  }
  need(http_server::bind("/private"));
  need(http_server::bind("/local", {.authenticated = false, .local_only = true}));
  need(http_server::bind_secure("/vault"));
  need(http_server::bind_socket("/live", false));
  need(http_server::bind_socket("/owner"));
}

void serve(const http_server::Request& request) {
  if (request.path.ends_with("/silent")) return;
  if (request.path.ends_with("/crash")) crash("asked to");
  if (request.path.ends_with("/count")) return http_server::answer(200, {{"Content-Type", "text/plain"}}, count_on());
  if (request.path.ends_with("/unbind")) {
    need(http_server::unbind("/"));
    return http_server::answer(200);
  }
  const auto body = get_blob();
  const Json seen = {{"method", request.method},
                     {"path", request.path},
                     {"bound_path", request.bound_path},
                     {"headers", request.headers},
                     {"url_parameters", request.url_parameters},
                     {"query_parameters", request.query_parameters},
                     {"body", body ? body->bytes.string() : ""}};
  http_server::answer(200, {{"Content-Type", "application/json"}}, dump(seen));
}

void take(const http_server::SocketFrame& frame) {
  using enum http_server::FrameType;
  const auto blob = get_blob();
  if (!blob || (frame.type != text && frame.type != binary)) return;
  const std::string payload = blob->bytes.string();
  if (payload == "close") {
    need(http_server::close(frame.channel));
  } else if (payload == "count") {
    need(http_server::push(frame.channel, text, count_on()));
  } else if (payload.starts_with("burst ")) {
    for (uint64_t i = number_of(std::string_view(payload).substr(6)); i > 0; --i) {
      need(http_server::push(frame.channel, text, std::to_string(i)));
    }
  } else {
    // The client may have gone meanwhile.
    (void)http_server::push(frame.channel, frame.type, payload);
  }
}

}  // namespace

void init(Address) {
  bind_all();
  while (true) {
    auto message = receive();
    if (!message) continue;
    const auto event = http_server::event_of(*message);
    if (!event) {
      if (message->expects_response()) respond({.body = "ready"});
      continue;
    }
    if (const auto* request = std::get_if<http_server::Request>(&*event)) serve(*request);
    if (const auto* frame = std::get_if<http_server::SocketFrame>(&*event)) take(*frame);
  }
}
