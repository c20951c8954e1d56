// Greets whoever asks, and says how many bytes came along. It never learns that the desk was in between.

#include <kinode/process.h>

#include <string>

void init(kinode::Address our) {
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->is_request()) continue;
    std::string answer = "hello " + std::string(event->body().text()) + ", says " + our.text();
    if (auto blob = kinode::get_blob()) answer += "; with " + std::to_string(blob->bytes.size()) + " bytes beside";
    kinode::respond({.body = answer});
  }
}
