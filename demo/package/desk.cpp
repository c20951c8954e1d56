// Passes every request on to the greeter, unread. The answer goes straight to who asked, and the blob
// never enters this process.

#include <kinode/process.h>

void init(kinode::Address our) {
  const kinode::Address greeter{our.node, {"greeter", our.process.package_name, our.process.publisher_node}};
  while (true) {
    auto event = kinode::receive();
    if (event && event->is_request()) {
      kinode::send({.target = greeter, .request = {.inherit = true, .body = event->body()}});
    }
  }
}
