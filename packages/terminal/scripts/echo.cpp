// echo TEXT: prints it.

#include <kinode/script.h>

void init(kinode::Address /*our*/) {
  kinode::run_script([](std::string_view text) -> kinode::ScriptResult { return std::string(text); });
}
