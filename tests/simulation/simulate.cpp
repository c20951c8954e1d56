// simulate: runs simulations of the kernel. See README.md.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "runner.h"

int main(int argc, char** argv) {
  using namespace kinode::simulation;
  CLI::App app("Runs simulations of the kernel, each from a seed.");
  uint64_t count = 10'000;
  uint64_t first = 1;
  uint64_t seed = 0;
  bool trace = false;
  app.add_option("--seeds", count, "how many")->capture_default_str();
  app.add_option("--from", first, "the first one")->capture_default_str();
  CLI::Option* one = app.add_option("--seed", seed, "this one alone");
  app.add_flag("--trace", trace, "with all that happens, step by step")->needs(one);
  CLI11_PARSE(app, argc, argv);

  std::optional<Failure> failure;
  if (*one) {
    std::function<void(const std::string&)> sink;
    if (trace) {
      sink = [](const std::string& line) { std::puts(line.c_str()); };
    }
    failure = run_seed(seed, sink);
  } else {
    failure = run_seeds(first, count, [&](uint64_t done) {
      std::fprintf(stderr, "\r%llu of %llu", static_cast<unsigned long long>(done),
                   static_cast<unsigned long long>(count));
    });
    std::fputs("\n", stderr);
  }
  if (failure) {
    std::fputs(failure->text().c_str(), stdout);
    return 1;
  }
  std::puts(*one ? "it holds" : "all hold");
  return 0;
}
