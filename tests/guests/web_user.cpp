// Uses the web by the library, as it is told: `get URL`, `open URL`, `push TEXT`, `close`. It answers with the status,
// a header and the body, or `ok`, or the error. What a socket says it prints: `heard Text hello`, `heard the end`.

#include <kinode/http_client.h>

#include <string>
#include <string_view>

namespace {

namespace web = kinode::http_client;

constexpr uint32_t channel = 7;

std::string told(const web::Result<void>& done) { return done ? "ok" : "error: " + done.error().text; }

std::string get(std::string_view url) {
  auto reply = web::fetch({.url = std::string(url), .headers = {{"x-from", "guest"}}});
  if (!reply) return "error: " + reply.error().text;
  return std::to_string(reply->status) + " " + reply->headers["X-Said"] + " " + reply->body.string();
}

std::string run(std::string_view command) {
  const size_t space = command.find(' ');
  const std::string_view verb = command.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : command.substr(space + 1);
  if (verb == "get") return get(rest);
  if (verb == "open") return told(web::open_socket(rest, channel));
  if (verb == "push") return told(web::push(channel, web::Frame::text, rest));
  if (verb == "close") return told(web::close_socket(channel));
  return "error: no such command";
}

void hear(const web::Event& event) {
  if (!event.frame) {
    kinode::print(0, "heard the end");
    return;
  }
  auto blob = kinode::get_blob();
  kinode::print(0, "heard " + std::string(event.frame == web::Frame::text ? "Text " : "another frame ") +
                       (blob ? blob->bytes.string() : ""));
}

}  // namespace

void init(kinode::Address) {
  while (true) {
    auto message = kinode::receive();
    if (!message) continue;
    if (auto event = web::event_of(*message)) {
      hear(*event);
    } else if (message->expects_response()) {
      kinode::respond({.body = run(message->body().text())});
    }
  }
}
