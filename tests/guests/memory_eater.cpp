// Takes memory and keeps it, every page touched. The body of a request says how many MiB, in decimal; without
// a number, as much as there is. Answers how many MiB it then holds.

#include <kinode/process.h>

#include <charconv>
#include <cstdlib>
#include <limits>

namespace {

constexpr size_t mebibyte = 1024 * 1024;

bool take_mebibyte() {
  auto* memory = static_cast<volatile char*>(std::malloc(mebibyte));
  if (memory == nullptr) return false;
  for (size_t i = 0; i < mebibyte; i += 4096) memory[i] = 1;
  return true;
}

}  // namespace

void init(kinode::Address) {
  uint32_t held = 0;
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->is_request()) continue;
    const std::string_view order = event->body().text();
    uint32_t wanted = std::numeric_limits<uint32_t>::max();
    std::from_chars(order.data(), order.data() + order.size(), wanted);
    for (uint32_t i = 0; i < wanted && take_mebibyte(); ++i) ++held;

    char digits[10];
    const char* end = std::to_chars(digits, digits + sizeof digits, held).ptr;
    kinode::respond({.body = std::string_view(digits, end)});
  }
}
