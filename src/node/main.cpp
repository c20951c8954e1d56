// kinode: the node's program.
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <span>

#include "node/node.h"
#include "node/options.h"

extern "C" {
extern const unsigned char kinode_embedded_packages[];      // NOLINT: the assembler's names
extern const unsigned char kinode_embedded_packages_end[];  // NOLINT
}

namespace kinode::node {
namespace {

/// If stopping takes longer than this, the program ends all the same: all that was told is on disk.
constexpr unsigned stop_patience_seconds = 20;
constexpr size_t longest_command = 64 * 1024;

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

/// Signals that end the node arrive here as bytes of a file.
int open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread made later
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

/// Reads what the operator types and gives it to the node by lines, until a signal or `stop`.
void serve(Node& node, int signals, int stop, bool read_input) {
  std::string typed;
  std::array<pollfd, 3> files = {
      {{signals, POLLIN, 0}, {stop, POLLIN, 0}, {read_input ? STDIN_FILENO : -1, POLLIN, 0}}};
  while (true) {
    if (poll(files.data(), files.size(), -1) < 0) {
      continue;
    }
    if (files[0].revents != 0 || files[1].revents != 0) {
      return;
    }
    std::array<char, 4096> part;
    ssize_t size = read(STDIN_FILENO, part.data(), part.size());
    if (size <= 0) {
      files[2].fd = -1;  // no more input; the node goes on
      continue;
    }
    typed.append(part.data(), static_cast<size_t>(size));
    size_t end = 0;
    while ((end = typed.find('\n')) != std::string::npos) {
      node.command(typed.substr(0, end));
      typed.erase(0, end + 1);
    }
    if (typed.size() > longest_command) {
      typed.clear();
    }
  }
}

int run(const Options& options) {
  int signals = open_signals();
  int stop = eventfd(0, EFD_CLOEXEC);
  auto request_stop = [stop] {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(stop, &one, sizeof one);
  };
  std::vector<Error> skipped;
  Result<std::vector<package::PackageSource>> shipped = shipped_packages(options, skipped);
  for (const Error& error : skipped) {
    fmt::print(stderr, "kinode: package left out: {}\n", error.message);
  }
  Result<std::unique_ptr<Node>> node =
      shipped ? Node::start(options, std::move(*shipped), request_stop) : std::unexpected(shipped.error());
  if (!node) {
    fmt::print(stderr, "kinode: {}\n", node.error().message);
    return 1;
  }
  serve(**node, signals, stop, !options.detached && isatty(STDIN_FILENO) == 1);
  alarm(stop_patience_seconds);  // its default action ends the program
  node->reset();
  return 0;
}

}  // namespace
}  // namespace kinode::node

int main(int argc, char** argv) {
  auto options = kinode::node::parse_options(argc, argv);
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
    return options.error().status;
  }
  return kinode::node::run(*options);
}
