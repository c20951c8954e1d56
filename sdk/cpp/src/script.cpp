#include "kinode/script.h"

#include <utility>

namespace kinode {

void run_script(ScriptResult (*script)(std::string_view arguments)) {
  while (true) {
    const auto event = receive();
    if (!event || !event->is_request()) continue;
    ScriptResult result = script(event->body().text());
    const std::string& text = result ? *result : result.error();
    if (event->expects_response()) {
      Response response{.body = text};
      if (!result) response.metadata = script_error;
      respond(response);
    } else if (!text.empty()) {
      // The node puts our package's name before the first line.
      print(0, text.find('\n') == std::string::npos ? text : "\n" + text);
    }
    return;
  }
}

}  // namespace kinode
