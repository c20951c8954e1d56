// Assertions for our own bugs. They stay in release builds, print the expression and the values
// named, and end the node: after a bug in the kernel nothing it says can be trusted.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace kinode::detail {

[[noreturn]] inline void check_failed(const char* file, int line, const char* expression, const std::string& values) {
  std::fprintf(stderr, "%s:%d: check failed: %s%s%s\n", file, line, expression, values.empty() ? "" : ": ",
               values.c_str());
  std::abort();
}

}  // namespace kinode::detail

/// KINODE_CHECK(a < b, "a {} b {}", a, b)
#define KINODE_CHECK(expression, ...)                                                                 \
  do {                                                                                                \
    if (!(expression)) [[unlikely]] {                                                                 \
      ::kinode::detail::check_failed(__FILE__, __LINE__, #expression, ::fmt::format("" __VA_ARGS__)); \
    }                                                                                                 \
  } while (false)
