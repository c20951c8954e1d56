// Answers with what it was sent. A request without a body brings a blob: that is taken into its memory and sent
// back from there. Body `end`: answers, and ends.

#include <kinode/process.h>

#include <utility>
#include <variant>

namespace {

void send_blob_back() {
  const auto blob = kinode::get_blob();
  kinode::respond({}, blob ? &*blob : nullptr);
}

}  // namespace

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->expects_response()) continue;
    kinode::Bytes body = std::move(std::get<kinode::Request>(event->content).body);
    if (body.empty()) {
      send_blob_back();
      continue;
    }
    const bool last = body.text() == "end";
    kinode::respond({.body = std::move(body)});
    if (last) return;
  }
}
