// What a process says to http-server: an action, a response to a client, and what an extension sends. Read, none is
// more than it may be.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "modules/http_server/bindings.h"
#include "modules/http_server/extension_frames.h"
#include "modules/http_server/page_message.h"
#include "modules/http_server/server_actions.h"

using namespace kinode;
using namespace kinode::modules;

namespace {

/// What is bound is found below the process's own id, and nowhere else.
void check_binding(const std::string& path, bool secure) {
  static const HttpSettings settings{};
  const ProcessId process("p", "k", "n.os");
  Bindings bindings(settings);
  if (!bindings.bind(process, path,
                     {.authenticated = true, .local_only = false, .secure = secure, .content = nullptr})) {
    return;
  }
  const std::string bound = bound_path(process, path);
  KINODE_CHECK(bound == "/p:k:n.os" || bound.starts_with("/p:k:n.os/"), "{}", bound);
  KINODE_CHECK(!bindings.find("") && !bindings.find("/q:k:n.os"), "{}", path);
  KINODE_CHECK(bindings.is_secure_subdomain("k-n-os") == secure);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto action = read_server_action(text)) {
    if (const auto* bind = std::get_if<BindAction>(&*action)) {
      check_binding(bind->path, bind->secure);
    }
  }
  if (const auto answer = read_page_response(text, std::nullopt)) {
    KINODE_CHECK(static_cast<unsigned>(answer->status) >= 200 && static_cast<unsigned>(answer->status) <= 999);
    for (const auto& [name, value] : answer->headers) {
      KINODE_CHECK(name.find_first_of(" :\r\n") == std::string::npos, "{}", name);
      KINODE_CHECK(value.find_first_of("\r\n") == std::string::npos && !value.contains('\0'), "{}", value);
    }
  }
  const ExtensionInput input = read_extension_frame(Bytes::copy_of(text));
  if (input.kind == ExtensionInput::Kind::frame) {
    const ExtensionInput again = read_extension_frame(write_extension_frame(input.frame));
    KINODE_CHECK(again.kind == ExtensionInput::Kind::frame && again.frame.id == input.frame.id &&
                 again.frame.is_response == input.frame.is_response && again.frame.blob == input.frame.blob);
  }
  return 0;
}
