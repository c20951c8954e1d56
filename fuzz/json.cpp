// JSON of processes: our types, and the commands of kernel:distro:sys. What can be read comes back equal
// when it is written and read again.
#include "codec/json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/kernel_api.h"

using namespace kinode;
using namespace kinode::codec;

namespace {

template <class Value>
void check_value(const nlohmann::json& tree, Result<Value> (*read)(const JsonReader&)) {
  Result<Value> value = read(JsonReader(tree));
  if (!value) {
    KINODE_CHECK(!value.error().message.empty());
    return;
  }
  const std::string text = to_text(to_json(*value));
  Result<nlohmann::json> tree_again = parse_json(text);
  KINODE_CHECK(tree_again.has_value(), "{}: {}", text, tree_again.error().message);
  Result<Value> again = read(JsonReader(*tree_again));
  KINODE_CHECK(again.has_value(), "{}: {}", text, again.error().message);
  KINODE_CHECK(*again == *value, "{}", text);
  KINODE_CHECK(to_text(to_json(*again)) == text, "{}", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Result<nlohmann::json> tree = parse_json(text);
  Result<KernelCommand> command = parse_kernel_command(text);
  if (!tree) {
    KINODE_CHECK(!tree.error().message.empty() && !command);
    return 0;
  }
  KINODE_CHECK(text.find('\0') == std::string_view::npos, "a zero byte is not JSON");
  KINODE_CHECK(*parse_json(to_text(*tree)) == *tree, "{}", to_text(*tree));
  check_value(*tree, read_address);
  check_value(*tree, read_process_id);
  check_value(*tree, read_package_id);
  check_value(*tree, read_capability);
  check_value(*tree, read_attached_capability);
  check_value(*tree, read_blob);
  check_value(*tree, read_request);
  check_value(*tree, read_response);
  check_value(*tree, read_on_exit);
  check_value(*tree, read_kernel_message);
  return 0;
}
