#include <__verbose_abort>
#include <cstdlib>
#include <new>
#include <utility>

#include "kinode/process.h"
#include "process_v1.h"

/// What stands between the node and a guest's `init`, and between the guest and the C++ library.

/// The export that the node calls. The address is ours to free.
extern "C" void process_v1_init(process_v1_string_t* our) {
  auto address = kinode::Address::parse({reinterpret_cast<char*>(our->ptr), our->len});
  process_v1_string_free(our);
  if (!address) kinode::crash("the node gave us a malformed address");
  init(std::move(*address));
}

// The C++ library's own versions of these format their last words with printf, which would be a quarter of
// a small component.

/// Called where the library would throw.
void std::__libcpp_verbose_abort(const char* format, ...) noexcept { kinode::crash(format); }

void* operator new(size_t size) {
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) kinode::crash("out of memory");
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
