// exit: stops the node.

#include <kinode/kernel.h>
#include <kinode/script.h>

void init(kinode::Address /*our*/) {
  kinode::run_script([](std::string_view /*arguments*/) -> kinode::ScriptResult {
    kinode::kernel::shut_down();
    return "";
  });
}
