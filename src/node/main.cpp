// kinode: the node's program.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <span>
#include <string_view>

#include "backup_tool/backup_tool.h"
#include "exec_tool/exec_tool.h"
#include "identity_tool/identity_tool.h"
#include "node/console.h"
#include "node/node.h"
#include "node/options.h"
#include "node/shutdown.h"
#include "top/top.h"

extern "C" {
extern const unsigned char kinode_embedded_packages[];      // NOLINT: the assembler's names
extern const unsigned char kinode_embedded_packages_end[];  // NOLINT
}

namespace kinode::node {
namespace {

/// If stopping takes longer than this, the program ends all the same: all that was told is on disk. Less
/// than the ten seconds after which containers are killed.
constexpr std::chrono::seconds stop_patience{8};

Result<std::vector<package::PackageSource>> shipped_packages(const Options& options, std::vector<Error>& skipped) {
  size_t size = kinode_embedded_packages_end - kinode_embedded_packages;
  Bytes bundle = Bytes::view(nullptr, std::span(kinode_embedded_packages, size));
  Result<std::vector<package::PackageSource>> all = package::open_bundle(bundle, "embedded packages", &skipped);
  for (const std::string& path : options.bootstrap) {
    if (!all) {
      break;
    }
    Result<std::vector<package::PackageSource>> more = package::open_packages(path, &skipped);
    if (!more) {
      return std::unexpected(more.error().at("--bootstrap"));
    }
    for (package::PackageSource& source : *more) {
      std::erase_if(*all, [&](const package::PackageSource& other) { return other.id == source.id; });
      all->push_back(std::move(source));
    }
  }
  return all;
}

/// Guests open files, and clients connections: as many as the system lets this user have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void prepare_process() {
  umask(077);  // what processes keep is for the node's owner alone
  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);
  // In the background of a shell the node goes on; it sees no input there.
  std::signal(SIGTTIN, SIG_IGN);
  std::signal(SIGTTOU, SIG_IGN);
  terminal::LineEditor::block_signals();
}

void end_at_once() {
  fmt::print(stderr, "kinode: stopped without waiting for what is still at work\n");
  _exit(0);
}

int run(Options options) {
  prepare_process();
  Shutdown shutdown(stop_patience, end_at_once);
  options.detached = options.detached || isatty(STDIN_FILENO) != 1;
  std::vector<Error> skipped;
  Result<std::vector<package::PackageSource>> shipped = shipped_packages(options, skipped);
  for (const Error& error : skipped) {
    fmt::print(stderr, "kinode: package left out: {}\n", error.message);
  }
  Result<std::unique_ptr<Node>> node =
      shipped ? Node::start(options, std::move(*shipped), [&shutdown] { shutdown.request(); })
              : std::unexpected(shipped.error());
  if (!node) {
    fmt::print(stderr, "kinode: {}\n", node.error().message);
    return 1;
  }
  Console(**node, options).run(shutdown.file());
  node->reset();
  return 0;
}

}  // namespace
}  // namespace kinode::node

int main(int argc, char** argv) {
  // A home of such a name is given as ./top.
  if (argc > 1 && std::string_view(argv[1]) == "top") {
    return kinode::top::run({argv + 2, argv + argc}, std::cout, std::cerr);
  }
  if (argc > 1 && std::string_view(argv[1]) == "exec") {
    return kinode::exec_tool::run({argv + 2, argv + argc}, std::cout, std::cerr);
  }
  if (argc > 1 && std::string_view(argv[1]) == "identity") {
    umask(077);  // what it writes is for the node's owner alone
    return kinode::identity_tool::run({argv + 2, argv + argc}, std::cout, std::cerr,
                                      kinode::identity_tool::ask_on_terminal);
  }
  if (argc > 1 && (std::string_view(argv[1]) == "backup" || std::string_view(argv[1]) == "restore")) {
    umask(077);
    auto* const run =
        std::string_view(argv[1]) == "backup" ? kinode::backup_tool::run_backup : kinode::backup_tool::run_restore;
    return run({argv + 2, argv + argc}, std::cout, std::cerr, kinode::identity_tool::ask_on_terminal);
  }
  auto options = kinode::node::parse_options(argc, argv);
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
    return options.error().status;
  }
  return kinode::node::run(std::move(*options));
}
